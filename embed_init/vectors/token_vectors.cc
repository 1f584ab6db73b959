#include "embed_init/vectors/token_vectors.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "embed_init/vectors/training.h"
#include "embed_init/vectors/vector_file.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

constexpr std::uint32_t kNoVector = 0xFFFFFFFF;

// Scales all to norm 1, takes out those that have none, and gives the new place of each.
std::vector<std::uint32_t> ToUnitVectors(TokenVectors* vectors) {
  const std::size_t columns = vectors->columns;
  std::vector<std::uint32_t> place(vectors->values.size() / columns, kNoVector);
  std::uint32_t kept = 0;
  for (std::size_t i = 0; i < place.size(); ++i) {
    const float* from = vectors->values.data() + i * columns;
    double square = 0;
    for (std::size_t j = 0; j < columns; ++j) {
      square += static_cast<double>(from[j]) * static_cast<double>(from[j]);
    }
    if (!std::isfinite(square) || !(square > 0)) continue;
    float* to = vectors->values.data() + std::size_t{kept} * columns;
    const double scale = 1 / std::sqrt(square);
    for (std::size_t j = 0; j < columns; ++j) {
      to[j] = static_cast<float>(static_cast<double>(from[j]) * scale);
    }
    place[i] = kept++;
  }
  vectors->values.resize(std::size_t{kept} * columns);
  return place;
}

// Calls f(id, bytes) for the old tokens that have a row and are found in text.
template <typename F>
void ForEachOldToken(const VectorSources& sources, const F& f) {
  const std::uint64_t count = std::min(sources.id_map.base_size, sources.old_rows);
  for (TokenId id = 0; id < count; ++id) {
    const std::optional<PieceKind> kind = sources.base->token_kind(id);
    const std::optional<std::string_view> bytes = sources.base->token_bytes(id);
    if (!bytes || !kind || *kind == PieceKind::kControl || *kind == PieceKind::kUnused ||
        *kind == PieceKind::kUnknown) {
      continue;
    }
    f(id, *bytes);
  }
}

bool IsShared(const IdMap& id_map, TokenId id) {
  return id < id_map.base_to_merged.size() && id_map.base_to_merged[id].has_value();
}

StatusOr<TokenVectors> ReadVectors(const VectorSources& sources, std::string* source) {
  std::unordered_set<std::string> wanted;
  const auto want = [&](std::string_view bytes) {
    for (std::string& spelling : SpellingsOf(bytes)) wanted.insert(std::move(spelling));
  };
  ForEachOldToken(sources, [&](TokenId, std::string_view bytes) { want(bytes); });
  for (const AddedPiece& added : sources.id_map.added) want(added.bytes);
  TOKGRAFT_ASSIGN_OR_RETURN(VectorFile file, ReadVectorFile(
                                                 sources.auxiliary.vectors,
                                                 [&](std::string_view text) {
                                                   return wanted.contains(std::string(text));
                                                 },
                                                 sources.progress));
  TokenVectors vectors{.columns = file.columns, .values = std::move(file.values)};
  const std::vector<std::uint32_t> place = ToUnitVectors(&vectors);
  const auto find = [&](std::string_view bytes) -> std::optional<std::uint32_t> {
    for (const std::string& spelling : SpellingsOf(bytes)) {
      const auto at = file.rows.find(spelling);
      if (at != file.rows.end() && place[at->second] != kNoVector) return place[at->second];
    }
    return std::nullopt;
  };
  ForEachOldToken(sources, [&](TokenId id, std::string_view bytes) {
    if (const auto at = find(bytes)) vectors.old.push_back({id, *at, IsShared(sources.id_map, id)});
  });
  for (const AddedPiece& added : sources.id_map.added) vectors.added.push_back(find(added.bytes));
  *source = Cat(sources.auxiliary.vectors, ": ", Counted(file.lines, "vector"), " of ",
                Counted(file.columns, "number"));
  if (file.repeated > 0) {
    *source += Cat(", ", file.repeated, " for a text that has one already, which are left out");
  }
  return vectors;
}

// Vectors of a tokenizer's ids.
struct VectorsOfIds {
  TokenVectors vectors;
  std::vector<std::uint32_t> of_id;  // or kNoVector

  std::optional<std::uint32_t> Find(std::uint64_t id) const {
    if (id >= of_id.size() || of_id[id] == kNoVector) return std::nullopt;
    return of_id[id];
  }
};

StatusOr<VectorsOfIds> Train(const VectorSources& sources, const Tokenizer& tokenizer,
                             std::string* source) {
  const std::string& path = sources.auxiliary.vector_text;
  TOKGRAFT_ASSIGN_OR_RETURN(const TokenizedText text, TokenizeLines(path, tokenizer));
  const TrainingOptions options{.columns = static_cast<std::size_t>(sources.settings.vector_size),
                                .epochs = sources.settings.vector_epochs,
                                .min_count = sources.settings.vector_min_count,
                                .seed = sources.seed,
                                .progress = sources.progress};
  StatusOr<TrainedVectors> trained = TrainVectors(text, tokenizer, options);
  if (!trained.ok()) return WithPlace(trained.status(), path);
  *source = Cat(path, ": ", Counted(trained->ids.size(), "vector"), " of ", trained->columns,
                " numbers trained on ", Counted(text.ids.size(), "token"));
  VectorsOfIds out;
  out.vectors.columns = trained->columns;
  out.vectors.values = std::move(trained->values);
  const std::vector<std::uint32_t> place = ToUnitVectors(&out.vectors);
  out.of_id.assign(tokenizer.vocab_size(), kNoVector);
  for (std::size_t i = 0; i < trained->ids.size(); ++i) out.of_id[trained->ids[i]] = place[i];
  return out;
}

StatusOr<TokenVectors> TrainNewVectors(const VectorSources& sources, std::string* source) {
  if (sources.merged == nullptr) {
    return FailedPreconditionError(
        "vectors: the new tokenizer was not given, it was expected to read the text with; give it "
        "to PlanInit");
  }
  TOKGRAFT_ASSIGN_OR_RETURN(VectorsOfIds trained, Train(sources, *sources.merged, source));
  TokenVectors vectors = std::move(trained.vectors);
  ForEachOldToken(sources, [&](TokenId id, std::string_view) {
    if (!IsShared(sources.id_map, id)) return;
    if (const auto at = trained.Find(*sources.id_map.base_to_merged[id])) {
      vectors.old.push_back({id, *at, true});
    }
  });
  for (const AddedPiece& added : sources.id_map.added) {
    vectors.added.push_back(trained.Find(added.id));
  }
  return vectors;
}

Status CheckBase(const VectorSources& sources) {
  if (sources.base != nullptr) return absl::OkStatus();
  return FailedPreconditionError(
      "vectors: the model's tokenizer was not given, it was expected to know its tokens; give it "
      "to PlanInit");
}

}  // namespace

StatusOr<TokenVectors> OpenTokenVectors(const VectorSources& sources,
                                        std::vector<std::string>* notes) {
  TOKGRAFT_RETURN_IF_ERROR(CheckBase(sources));
  const bool is_file = !sources.auxiliary.vectors.empty();
  std::string source;
  TOKGRAFT_ASSIGN_OR_RETURN(TokenVectors vectors, is_file ? ReadVectors(sources, &source)
                                                          : TrainNewVectors(sources, &source));
  const auto added = static_cast<std::uint64_t>(std::count_if(
      vectors.added.begin(), vectors.added.end(), [](const auto& at) { return at.has_value(); }));
  const auto shared = static_cast<std::uint64_t>(std::count_if(
      vectors.old.begin(), vectors.old.end(), [](const OldVector& old) { return old.shared; }));
  if ((added == 0 && !vectors.added.empty()) || shared == 0) {
    return FailedPreconditionError(
        Cat(is_file ? sources.auxiliary.vectors : sources.auxiliary.vector_text,
            ": has vectors of ", added, " of ", vectors.added.size(), " new tokens and of ", shared,
            " shared ones, some ", "of both were expected; ",
            is_file ? "give vectors of the tokens, spelt as the tokenizer's vocabulary is"
                    : "give text of the language of the new tokens, more of it, or set "
                      "vector_min_count lower"));
  }
  notes->push_back(Cat(source, "; ", Grouped(added), " of ",
                       Counted(vectors.added.size(), "new token"), " and ",
                       Counted(shared, "shared one"), " have a vector"));
  return vectors;
}

StatusOr<TokenVectors> TrainOldVectors(const VectorSources& sources,
                                       std::vector<std::string>* notes) {
  TOKGRAFT_RETURN_IF_ERROR(CheckBase(sources));
  std::string source;
  TOKGRAFT_ASSIGN_OR_RETURN(VectorsOfIds trained, Train(sources, *sources.base, &source));
  TokenVectors vectors = std::move(trained.vectors);
  ForEachOldToken(sources, [&](TokenId id, std::string_view) {
    if (const auto at = trained.Find(id)) {
      vectors.old.push_back({id, *at, IsShared(sources.id_map, id)});
    }
  });
  notes->push_back(Cat(source, " under the old tokenizer"));
  return vectors;
}

}  // namespace tokgraft
