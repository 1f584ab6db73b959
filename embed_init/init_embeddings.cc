// InitEmbeddings of init.h: the steps in one call, the merged tokenizer included.
#include "embed_init/config/auto_tokenizer.h"
#include "embed_init/gguf/model.h"
#include "embed_init/init.h"
#include "embed_init/output/inventory.h"
#include "tokenizer/save.h"

namespace tokgraft {

StatusOr<InitReport> InitEmbeddings(const std::string& model_dir, const IdMap& id_map,
                                    const Tokenizer& base, const Tokenizer& merged,
                                    const std::string& out, const InitOptions& init,
                                    const WriteOptions& write,
                                    const CheckpointOptions& checkpoint) {
  TOKGRAFT_ASSIGN_OR_RETURN(Checkpoint model, OpenCheckpoint(model_dir, checkpoint));
  TOKGRAFT_ASSIGN_OR_RETURN(std::vector<OldPieces> pieces,
                            SplitIntoOldPieces(id_map, base, &merged));
  InitOptions options = init;
  TOKGRAFT_RETURN_IF_ERROR(ForbidPadding(model, &options));
  TOKGRAFT_ASSIGN_OR_RETURN(
      InitPlan plan, PlanInit(model, id_map, pieces, options, &base, &merged, write.progress));
  MapRoles(base.spec().roles, merged.spec().roles, &plan);
  TOKGRAFT_ASSIGN_OR_RETURN(SerializedFiles files,
                            SerializeFiles(merged.spec(), merged.spec().format));
  plan.warnings.insert(plan.warnings.end(), files.notes.begin(), files.notes.end());
  const std::string warning =
      IsGguf(model) ? "" : AutoTokenizerWarning(model.model_type, merged.spec());
  if (!warning.empty()) plan.warnings.push_back(warning);
  WriteOptions with_tokenizer = write;
  with_tokenizer.tokenizer_files = std::move(files.files);
  with_tokenizer.extra_files.emplace("id_map.json", id_map.ToJson());
  if (!init.donor_model.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(const auto donor, FilesOfDonorModel(init.donor_model));
    with_tokenizer.other_inputs.insert(with_tokenizer.other_inputs.end(), donor.begin(),
                                       donor.end());
  }
  for (const std::string& file : FilesOf(init.auxiliary)) {
    with_tokenizer.other_inputs.push_back(file);
  }
  return WriteModel(model, plan, out, with_tokenizer);
}

}  // namespace tokgraft
