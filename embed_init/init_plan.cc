#include "embed_init/init_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "embed_init/methods/auxiliary_cache.h"
#include "embed_init/methods/donor_tokens.h"
#include "embed_init/methods/method.h"
#include "embed_init/methods/rehearsal.h"
#include "embed_init/methods/role_rows.h"
#include "embed_init/vectors/token_vectors.h"
#include "embed_init/weights/opened_rows.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

// What each new id is, whatever the role.
struct Assignment {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> old_row;  // [new_rows] or kNone
  std::vector<std::uint32_t> added;    // [new_rows] index into id_map.added, or kNone
  std::vector<bool> lost;              // [new_rows] a base token that had no row
};

std::uint64_t PadMultiple(std::uint64_t wanted, std::uint64_t old_rows) {
  if (wanted != 0) return wanted;
  std::uint64_t multiple = 1;
  while (multiple < 64 && old_rows % (multiple * 2) == 0) multiple *= 2;
  return multiple;
}

Status CheckSizes(const Checkpoint& checkpoint, const IdMap& id_map,
                  const std::vector<OldPieces>& pieces, const InitOptions& options) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 31;
  if (checkpoint.embedding.rows >= kMost || id_map.merged_size >= kMost ||
      options.pad_to_multiple >= kMost) {
    return InvalidArgumentError("the vocabulary has more than 2^31 rows; nothing is that large");
  }
  if (id_map.base_to_merged.size() != id_map.base_size) {
    return InvalidArgumentError(Cat("id map: base_to_merged: has ", id_map.base_to_merged.size(),
                                    " entries, base_size says ", id_map.base_size,
                                    "; make the id map again"));
  }
  if (pieces.size() != id_map.added.size()) {
    return InvalidArgumentError(Cat("id map: added: has ", id_map.added.size(),
                                    " tokens, pieces of ", pieces.size(),
                                    " were given; split the same id map"));
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    for (const TokenId id : pieces[i].ids) {
      if (id >= id_map.base_size || pieces[i].size_bytes.size() != pieces[i].ids.size()) {
        return InvalidArgumentError(Cat("id map: added[", i, "]: piece ", id,
                                        " is no token of the base; split with its own tokenizer"));
      }
    }
  }
  return absl::OkStatus();
}

StatusOr<Assignment> Assign(const IdMap& id_map, InitPlan* plan) {
  Assignment assignment;
  const auto rows = static_cast<std::size_t>(plan->new_rows);
  assignment.old_row.assign(rows, Assignment::kNone);
  assignment.added.assign(rows, Assignment::kNone);
  assignment.lost.assign(rows, false);
  std::vector<bool> taken(rows, false);
  const auto take = [&](std::uint64_t id, std::string_view what) -> Status {
    if (id < id_map.merged_size && !taken[id]) {
      taken[id] = true;
      return absl::OkStatus();
    }
    return InvalidArgumentError(
        Cat("id map: ", what, ": new id ", id,
            id < id_map.merged_size ? " is given twice" : " is beyond merged_size",
            "; make the id map again"));
  };
  std::uint64_t lost = 0;
  for (std::size_t base = 0; base < id_map.base_to_merged.size(); ++base) {
    const std::optional<TokenId> id = id_map.base_to_merged[base];
    if (!id) continue;
    TOKGRAFT_RETURN_IF_ERROR(take(*id, Cat("base_to_merged[", base, "]")));
    if (base < plan->old_rows) {
      assignment.old_row[*id] = static_cast<std::uint32_t>(base);
    } else {
      assignment.lost[*id] = true;
      ++lost;
    }
  }
  for (std::size_t i = 0; i < id_map.added.size(); ++i) {
    TOKGRAFT_RETURN_IF_ERROR(take(id_map.added[i].id, Cat("added[", i, "]")));
    assignment.added[id_map.added[i].id] = static_cast<std::uint32_t>(i);
  }
  if (KeepsRows(id_map.strategy)) {
    // Rows that no token has keep what they hold: holes, and the padding that is not filled up.
    for (std::size_t row = 0; row < rows && row < plan->old_rows; ++row) {
      if (!taken[row]) assignment.old_row[row] = static_cast<std::uint32_t>(row);
    }
  }
  if (lost > 0) {
    plan->warnings.push_back(Cat("the base tokenizer has ", lost, " tokens beyond the ",
                                 plan->old_rows,
                                 " rows of the model; their new rows are the mean "
                                 "of the old rows"));
  }
  return assignment;
}

// That the caller's rows fit the tokens and the matrix.
Status CheckGiven(std::span<const float> rows, std::string_view role, const Checkpoint& checkpoint,
                  std::uint64_t added) {
  const std::uint64_t columns = checkpoint.embedding.columns;
  if (rows.size() != added * columns) {
    return InvalidArgumentError(Cat("rows: ", role, ": are ", rows.size(), " numbers, ", added,
                                    " rows of ", columns, " were expected, one for each added ",
                                    "token; give them in the order of the id map's `added`"));
  }
  const auto bad =
      std::find_if(rows.begin(), rows.end(), [](float v) { return !std::isfinite(v); });
  if (bad == rows.end()) return absl::OkStatus();
  const auto at = static_cast<std::uint64_t>(bad - rows.begin());
  return InvalidArgumentError(Cat("rows: ", role, ": row ", at / columns, " holds ", *bad,
                                  ", finite numbers were expected; make the rows again"));
}

Status CheckGiven(const GivenRows& given, const Checkpoint& checkpoint, std::uint64_t added) {
  if (!given.any()) return absl::OkStatus();
  if (given.name.empty()) {
    return InvalidArgumentError(
        "rows: have no name, how they were made was expected; name them for the manifest");
  }
  if (!given.input.empty()) {
    TOKGRAFT_RETURN_IF_ERROR(CheckGiven(given.input, "input", checkpoint, added));
  }
  if (given.output.empty()) return absl::OkStatus();
  if (checkpoint.head_kind == HeadKind::kNone) {
    return InvalidArgumentError(Cat("rows: output: were given, ", checkpoint.directory,
                                    " has no output head; leave them out"));
  }
  return CheckGiven(given.output, "output", checkpoint, added);
}

// Rows of all new ids, those of added tokens as they were made.
RolePlan PlanRole(const InitPlan& plan, const Assignment& assignment, Method method,
                  const MadeRows& made) {
  const auto mean_column = static_cast<std::uint32_t>(plan.old_rows);
  RolePlan role;
  role.method = method;
  role.noise = made.noise;
  const auto columns = static_cast<std::size_t>(made.dense.columns);
  for (std::size_t row = 0; row < plan.new_rows; ++row) {
    const std::uint32_t added = assignment.added[row];
    if (assignment.old_row[row] != Assignment::kNone) {
      role.AddRow(RowOrigin::kCopied, CopiedRow(assignment.old_row[row]));
    } else if (added == Assignment::kNone) {
      role.AddRow(assignment.lost[row] ? RowOrigin::kMeanOfAll : RowOrigin::kPadding,
                  MeanOfAllRow(mean_column));
    } else {
      if (const std::optional<std::size_t> at = made.dense.Find(added)) {
        role.dense.Add(static_cast<std::uint32_t>(row),
                       {made.dense.values.data() + *at * columns, columns});
      }
      role.AddRow(made.origins[added], made.entries[added]);
    }
  }
  return role;
}

const RowTensor& TensorOf(const Checkpoint& checkpoint, Role role) {
  return role == Role::kOutput && checkpoint.head ? *checkpoint.head : checkpoint.embedding;
}

// Makes the rows of the added tokens, role by role.
class RowMaker {
 public:
  RowMaker(const Checkpoint& checkpoint, const IdMap& id_map, const InitOptions& options,
           const Tokenizer* base, const Tokenizer* merged, InitPlan* plan,
           const Assignment& assignment)
      : checkpoint_(checkpoint),
        id_map_(id_map),
        options_(options),
        base_(base),
        merged_(merged),
        plan_(plan),
        assignment_(assignment) {}

  // The tokens, with what methods may ask of them.
  Status Open(const std::vector<OldPieces>& pieces, bool merge_order) {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const AddedPiece& added = id_map_.added[i];
      tokens_.push_back(
          {.pieces = pieces[i], .bytes = added.bytes, .donor_row = {}, .row = added.id});
    }
    if (merge_order) AddMergeOrder();
    if (!options_.donor_model.empty()) return OpenDonor();
    return absl::OkStatus();
  }

  // Of tokens, where a method needs them, as training takes time.
  Status OpenVectors(const MethodNeeds& needs) {
    if (!needs.vectors) return absl::OkStatus();
    VectorSources sources{.auxiliary = options_.auxiliary,
                          .settings = options_.settings,
                          .seed = options_.seed,
                          .id_map = id_map_,
                          .base = base_,
                          .merged = merged_,
                          .old_rows = plan_->old_rows};
    const auto report = [&](std::string_view stage) {
      sources.progress = [this, stage](double fraction) {
        if (options_.progress) options_.progress(stage, fraction);
      };
    };
    report("vectors");
    TOKGRAFT_ASSIGN_OR_RETURN(vectors_, OpenTokenVectors(sources, &plan_->notes));
    for (std::size_t i = 0; i < tokens_.size(); ++i) tokens_[i].vector = vectors_->added[i];
    if (needs.old_vectors) {
      report("old vectors");
      TOKGRAFT_ASSIGN_OR_RETURN(old_vectors_, TrainOldVectors(sources, &plan_->notes));
    }
    return absl::OkStatus();
  }

  // What auto takes for a matrix: `fallback`, unless another method is clearly better.
  StatusOr<Method> Choose(Role role, bool serves_both, Method fallback) {
    if (checkpoint_.tensors.empty() || base_ == nullptr || tokens_.empty()) return fallback;
    if (RehearsedMethods(role, serves_both, donor_.has_value()).size() < 2) return fallback;
    TOKGRAFT_ASSIGN_OR_RETURN(const Opened opened, OpenRole(role));
    TOKGRAFT_ASSIGN_OR_RETURN(AutoReport report, Rehearse(opened.input, serves_both, fallback));
    TOKGRAFT_ASSIGN_OR_RETURN(const Method chosen, ParseMethod(report.chosen));
    plan_->automatic.push_back(std::move(report));
    return chosen;
  }

  StatusOr<MadeRows> Make(Method method, Role role) {
    TOKGRAFT_ASSIGN_OR_RETURN(Opened opened, OpenRole(role));
    opened.input.tokens = tokens_;
    const NormPolicy norm = role == Role::kInput ? options_.input_norm : options_.output_norm;
    TOKGRAFT_ASSIGN_OR_RETURN(MadeRows made, MakeRoleRows(method, norm, opened.input));
    for (const std::string& note : made.notes) {
      plan_->notes.push_back(Cat(role == Role::kInput ? "input rows: " : "output rows: ", note));
    }
    return made;
  }

  // Of biases: numbers to be copied and averaged, whatever the rows are.
  StatusOr<MadeRows> MakeBiases() const {
    MethodInput input;
    input.options = &options_;
    input.old.rows = plan_->old_rows;
    input.tokens = tokens_;
    return MakeRows(Method::kMean, input);
  }

 private:
  // The matrices of a role, and views of them; no tokens.
  struct Opened {
    OpenedRows old;
    std::vector<double> mean;
    OpenedRows donor;
    MethodInput input;
  };
  StatusOr<Opened> OpenRole(Role role) {
    Opened opened;
    MethodInput& input = opened.input;
    input.role = role;
    input.options = &options_;
    input.old_tokens = plan_->old_tokens;
    input.base = base_;
    input.merged = merged_;
    input.cache = &cache_;
    input.vectors = vectors_ ? &*vectors_ : nullptr;
    input.old_vectors = old_vectors_ ? &*old_vectors_ : nullptr;
    const RowTensor& tensor = TensorOf(checkpoint_, role);
    input.old = {
        .data = nullptr, .dtype = tensor.dtype, .rows = tensor.rows, .columns = tensor.columns};
    // A checkpoint without tensors is a plan's alone: rows are planned without a look at them.
    if (!checkpoint_.tensors.empty()) {
      TOKGRAFT_ASSIGN_OR_RETURN(opened.old, OpenRows(checkpoint_, tensor));
      opened.mean =
          MeanOfRows(opened.old.view, std::min(plan_->old_tokens, tensor.rows), /*threads=*/0);
      input.old = opened.old.view;
      input.mean = opened.mean;
    }
    if (donor_) {
      TOKGRAFT_ASSIGN_OR_RETURN(opened.donor, OpenRows(*donor_, TensorOf(*donor_, role)));
      input.donor = opened.donor.view;
      input.anchors = anchors_;
    }
    return opened;
  }

  void AddMergeOrder() {
    std::vector<std::optional<std::uint32_t>> old_of(static_cast<std::size_t>(plan_->new_rows));
    for (std::size_t id = 0; id < old_of.size(); ++id) {
      if (assignment_.old_row[id] != Assignment::kNone) old_of[id] = assignment_.old_row[id];
    }
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      tokens_[i].merge_order = MergeOrderRow(id_map_, i, old_of);
    }
  }

  Status OpenDonor() {
    TOKGRAFT_ASSIGN_OR_RETURN(donor_, OpenCheckpoint(options_.donor_model));
    if (base_ == nullptr) {
      return InvalidArgumentError(Cat(options_.donor_model,
                                      ": a donor model needs the model's own tokenizer to find "
                                      "what both have; give it"));
    }
    const std::uint64_t rows = donor_->embedding.rows;
    TOKGRAFT_ASSIGN_OR_RETURN(DonorTokens found, FindDonorTokens(options_.donor_model, rows,
                                                                 id_map_, *base_, plan_->old_rows));
    if (found.beyond > 0) {
      plan_->warnings.push_back(Cat(options_.donor_model, ": has ", rows,
                                    " rows, the donor's tokenizer ", found.beyond,
                                    " tokens beyond them; is it the donor's model?"));
    }
    anchors_ = std::move(found.anchors);
    for (std::size_t i = 0; i < tokens_.size(); ++i) tokens_[i].donor_row = found.wanted[i];
    return absl::OkStatus();
  }

  const Checkpoint& checkpoint_;
  const IdMap& id_map_;
  const InitOptions& options_;
  const Tokenizer* base_;
  const Tokenizer* merged_;
  InitPlan* plan_;
  const Assignment& assignment_;
  std::vector<WantedToken> tokens_;
  std::optional<Checkpoint> donor_;
  std::vector<Anchor> anchors_;
  AuxiliaryCache cache_;
  std::optional<TokenVectors> vectors_;
  std::optional<TokenVectors> old_vectors_;
};

// The pieces that have a row: a base token beyond the matrix has none.
std::vector<OldPieces> PiecesWithRows(const std::vector<OldPieces>& pieces, std::uint64_t rows) {
  std::vector<OldPieces> kept = pieces;
  for (OldPieces& token : kept) {
    const bool all =
        std::all_of(token.ids.begin(), token.ids.end(), [&](TokenId id) { return id < rows; });
    if (!all) token = {};
  }
  return kept;
}

// What makes the rows of one role.
struct Maker {
  Method method = Method::kMean;
  Role role = Role::kInput;  // which differs from the plan's where a tied matrix keeps the other
  std::span<const float> rows = {};  // of kGiven
};

struct Makers {
  Maker input;
  Maker output;  // of the second matrix, or the second half of a compromise
  bool compromise = false;
};

constexpr std::string_view kTieHelp =
    "say what becomes of the tie: keep-input, keep-output, compromise or untie";

// The makers of one matrix that serves two roles, which differ.
StatusOr<Makers> ChooseTied(const Checkpoint& checkpoint, const InitOptions& options,
                            Makers makers) {
  const std::string place = Cat(checkpoint.directory, ": ", checkpoint.embedding.tensor);
  const GivenRows& given = options.given;
  if (given.any() && (given.input.empty() || given.output.empty())) {
    // One is given. It makes the matrix, unless the other role was to.
    const bool is_input = !given.input.empty();
    if (options.tie == (is_input ? TiePolicy::kKeepOutput : TiePolicy::kKeepInput)) {
      return FailedPreconditionError(Cat(place, ": tie ", TiePolicyName(options.tie), " keeps the ",
                                         is_input ? "output" : "input",
                                         " rows, rows were given for the other role only; give "
                                         "these, or another tie"));
    }
    if (options.tie == TiePolicy::kKeep) {
      if (!is_input) makers.input = makers.output;
      return makers;
    }
  }
  switch (options.tie) {
    case TiePolicy::kKeepInput:
      return makers;
    case TiePolicy::kKeepOutput:
      makers.input = makers.output;
      return makers;
    case TiePolicy::kCompromise:
      makers.compromise = true;
      return makers;
    case TiePolicy::kKeep:
    case TiePolicy::kUntie:
      break;
  }
  const std::string_view input = MethodName(makers.input.method);
  const std::string_view output = MethodName(makers.output.method);
  if (makers.input.method == Method::kGiven && input == output) {
    return FailedPreconditionError(Cat(place, ": input and output rows are one matrix, and rows ",
                                       "were given for both; give one, or ", kTieHelp));
  }
  if (input == output) {
    return FailedPreconditionError(Cat(place, ": input and output rows are one matrix, ", input,
                                       " makes different ones for each; choose another method, or ",
                                       kTieHelp));
  }
  return FailedPreconditionError(
      Cat(place, ": input and output rows are one matrix, one method was expected, ", input,
          " and ", output, " were asked for; choose one method, or ", kTieHelp));
}

// The method of each role, after the tie policy.
StatusOr<Makers> ChooseMakers(const Checkpoint& checkpoint, const InitOptions& options,
                              bool two_matrices) {
  const Method any = options.method;
  const GivenRows& given = options.given;
  Makers makers;
  makers.input = {ResolveMethod(options.input_method.value_or(any), Role::kInput, two_matrices),
                  Role::kInput, given.input};
  makers.output = {ResolveMethod(options.output_method.value_or(any), Role::kOutput, two_matrices),
                   Role::kOutput, given.output};
  for (Maker* maker : {&makers.input, &makers.output}) {
    if (!maker->rows.empty()) maker->method = Method::kGiven;
    if (maker->method == Method::kGiven && maker->rows.empty()) {
      return InvalidArgumentError(
          "method: is given, rows were expected but none were given; give rows, or choose a "
          "method");
    }
  }
  if (two_matrices) return makers;
  if (checkpoint.head_kind == HeadKind::kNone) {
    if (options.output_method) {
      return FailedPreconditionError(Cat(checkpoint.directory,
                                         ": the model has no output head, an "
                                         "output method was given; leave it out"));
    }
    return makers;
  }
  const bool same = makers.input.method == makers.output.method &&
                    makers.input.method != Method::kGiven && !DiffersByRole(makers.input.method);
  if (same && options.tie != TiePolicy::kKeepOutput && options.tie != TiePolicy::kCompromise) {
    return makers;
  }
  return ChooseTied(checkpoint, options, makers);
}

}  // namespace

std::string_view RowOriginName(RowOrigin origin) {
  switch (origin) {
    case RowOrigin::kCopied:
      return "copied";
    case RowOrigin::kMethod:
      return "method";
    case RowOrigin::kMeanOfPieces:
      return "mean_of_pieces";
    case RowOrigin::kMeanOfAll:
      return "mean_of_all";
    case RowOrigin::kPadding:
      return "padding";
  }
  return "?";
}

std::vector<std::pair<std::uint32_t, double>> RolePlan::Entries(std::size_t row) const {
  std::vector<std::pair<std::uint32_t, double>> entries;
  for (auto i = static_cast<std::size_t>(splits[row]); i < splits[row + 1]; ++i) {
    entries.emplace_back(sources[i], weights[i]);
  }
  return entries;
}

void RolePlan::AddRow(RowOrigin origin,
                      const std::vector<std::pair<std::uint32_t, double>>& entries) {
  if (splits.empty()) splits.push_back(0);
  for (const auto& [source, weight] : entries) {
    sources.push_back(source);
    weights.push_back(weight);
  }
  splits.push_back(sources.size());
  origins.push_back(origin);
}

std::optional<std::size_t> DenseRows::Find(std::uint64_t row) const {
  const auto at = std::lower_bound(rows.begin(), rows.end(), row);
  if (at == rows.end() || *at != row) return std::nullopt;
  return static_cast<std::size_t>(at - rows.begin());
}

void DenseRows::Add(std::uint32_t row, std::span<const float> numbers) {
  columns = numbers.size();
  rows.push_back(row);
  values.insert(values.end(), numbers.begin(), numbers.end());
}

std::string InitPlan::DebugString() const {
  return Cat("InitPlan{", old_rows, " -> ", new_rows, " rows, ", new_tokens, " tokens, method ",
             MethodName(method), ", input ", MethodName(input.method),
             output ? Cat(", output ", MethodName(output->method)) : "", tied_after ? ", tied" : "",
             "}");
}

void MapRoles(const SpecialRoles& base, const SpecialRoles& merged, InitPlan* plan) {
  for (const auto role :
       {&SpecialRoles::bos, &SpecialRoles::eos, &SpecialRoles::unk, &SpecialRoles::pad,
        &SpecialRoles::sep, &SpecialRoles::cls, &SpecialRoles::mask}) {
    const std::optional<TokenId>& old = base.*role;
    if (!old || *old >= plan->old_to_new.size()) continue;
    std::optional<TokenId>& now = plan->old_to_new[*old];
    if (!now) now = merged.*role;
  }
}

StatusOr<InitPlan> PlanInit(const Checkpoint& checkpoint, const IdMap& id_map,
                            const std::vector<OldPieces>& pieces, const InitOptions& options,
                            const Tokenizer* base, const Tokenizer* merged) {
  TOKGRAFT_RETURN_IF_ERROR(CheckSizes(checkpoint, id_map, pieces, options));
  TOKGRAFT_RETURN_IF_ERROR(CheckAuxiliary(options));
  TOKGRAFT_RETURN_IF_ERROR(CheckGiven(options.given, checkpoint, id_map.added.size()));
  InitPlan plan;
  plan.old_rows = checkpoint.embedding.rows;
  plan.old_tokens = std::min(id_map.base_size, plan.old_rows);
  plan.new_tokens = id_map.merged_size;
  plan.pad_to_multiple = PadMultiple(options.pad_to_multiple, plan.old_rows);
  const std::uint64_t needed =
      KeepsRows(id_map.strategy) ? std::max(id_map.merged_size, plan.old_rows) : id_map.merged_size;
  plan.new_rows = (needed + plan.pad_to_multiple - 1) / plan.pad_to_multiple * plan.pad_to_multiple;
  plan.seed = options.seed;
  plan.tied_before = checkpoint.head_kind == HeadKind::kTied;
  plan.tied_after = plan.tied_before && options.tie != TiePolicy::kUntie;
  const bool two_matrices = checkpoint.head_kind != HeadKind::kNone && !plan.tied_after;
  TOKGRAFT_ASSIGN_OR_RETURN(Makers makers, ChooseMakers(checkpoint, options, two_matrices));
  plan.method_was_auto = options.method == Method::kAuto;
  plan.method = plan.method_was_auto ? makers.input.method : options.method;
  if (makers.input.method == Method::kGiven &&
      (!two_matrices || makers.output.method == Method::kGiven)) {
    plan.method = Method::kGiven;
    plan.method_was_auto = false;
  }
  plan.old_to_new = id_map.base_to_merged;
  TOKGRAFT_ASSIGN_OR_RETURN(Assignment assignment, Assign(id_map, &plan));
  const std::vector<OldPieces> usable = PiecesWithRows(pieces, plan.old_rows);
  RowMaker maker(checkpoint, id_map, options, base, merged, &plan, assignment);
  const auto by_merges = [](const Maker& m) { return m.method == Method::kMergeOrder; };
  TOKGRAFT_RETURN_IF_ERROR(maker.Open(usable, by_merges(makers.input) || by_merges(makers.output)));
  MethodNeeds needs = NeedsOf(makers.input.method);
  if (two_matrices || makers.compromise) {
    const MethodNeeds output = NeedsOf(makers.output.method);
    needs.vectors = needs.vectors || output.vectors;
    needs.old_vectors = needs.old_vectors || output.old_vectors;
  }
  TOKGRAFT_RETURN_IF_ERROR(maker.OpenVectors(needs));
  const auto is_auto = [&](const Maker& m, const std::optional<Method>& own) {
    return m.method != Method::kGiven && own.value_or(options.method) == Method::kAuto;
  };
  if (is_auto(makers.input, options.input_method) && !makers.compromise) {
    const bool serves_both = checkpoint.head_kind != HeadKind::kNone && !two_matrices;
    TOKGRAFT_ASSIGN_OR_RETURN(makers.input.method,
                              maker.Choose(makers.input.role, serves_both, makers.input.method));
    if (plan.method_was_auto) plan.method = makers.input.method;
  }
  if (two_matrices && is_auto(makers.output, options.output_method)) {
    TOKGRAFT_ASSIGN_OR_RETURN(makers.output.method,
                              maker.Choose(Role::kOutput, false, makers.output.method));
  }
  const auto make = [&](const Maker& m) -> StatusOr<MadeRows> {
    if (m.method != Method::kGiven) return maker.Make(m.method, m.role);
    return TakeGivenRows(m.rows, static_cast<std::size_t>(checkpoint.embedding.columns));
  };
  TOKGRAFT_ASSIGN_OR_RETURN(MadeRows input, make(makers.input));
  std::string name = makers.input.method == Method::kGiven ? options.given.name : "";
  if (makers.compromise) {
    TOKGRAFT_ASSIGN_OR_RETURN(const MadeRows output, make(makers.output));
    input = AverageOf(input, output);
    if (makers.output.method == Method::kGiven) name = options.given.name;
  }
  plan.input = PlanRole(plan, assignment, makers.input.method, input);
  plan.input.given_name = name;
  if (makers.compromise) plan.input.averaged_with = makers.output.method;
  if (two_matrices) {
    TOKGRAFT_ASSIGN_OR_RETURN(const MadeRows output, make(makers.output));
    plan.output = PlanRole(plan, assignment, makers.output.method, output);
    if (makers.output.method == Method::kGiven) plan.output->given_name = options.given.name;
  }
  if (!checkpoint.head_biases.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(const MadeRows biases, maker.MakeBiases());
    plan.bias = PlanRole(plan, assignment, Method::kMean, biases);
  }
  if (plan.method == Method::kCopy && !id_map.added.empty()) {
    plan.warnings.push_back(Cat("method copy copies rows of old tokens only: the ",
                                Counted(id_map.added.size(), "new row is", "new rows are"),
                                " the mean of all old rows; mean would start closer"));
  }
  return plan;
}

}  // namespace tokgraft
