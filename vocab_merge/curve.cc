#include "vocab_merge/curve.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/batches.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

constexpr std::uint64_t kFirstStep = 250;
constexpr std::uint64_t kEverything = ~std::uint64_t{0};

Status CheckCorpora(const std::vector<CurveCorpus>& corpora) {
  if (corpora.empty()) {
    return InvalidArgumentError(
        "curve: no corpus was given, text to measure on was expected; give --corpus NAME=PATH "
        "(in Python corpora)");
  }
  std::set<std::string_view> names;
  for (const CurveCorpus& corpus : corpora) {
    if (names.insert(corpus.name).second) continue;
    return InvalidArgumentError(
        Cat("curve: two corpora have the name \"", corpus.name, "\"; rename one of them"));
  }
  return {};
}

// How many tokens each corpus has, in their order.
StatusOr<std::vector<std::uint64_t>> CountTokens(const TokenizerSpec& spec,
                                                 const CurveOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(spec));
  std::vector<std::uint64_t> out;
  for (const CurveCorpus& corpus : options.corpora) {
    std::uint64_t tokens = 0;
    for (const auto texts : Batches(corpus.documents)) {
      tokens += tokenizer.EncodeBatch(texts, options.threads).ids.size();
    }
    out.push_back(tokens);
  }
  return out;
}

// The base with the best of the selection, `size` ids at most. Only these pieces are offered: what
// becomes of the others is not asked here.
StatusOr<MergePlan> PlanCut(const TokenizerSpec& base, const TokenizerSpec& donor,
                            const Alignment& alignment, const Selection& selection,
                            const CurveOptions& options, std::uint64_t size) {
  Selection cut;
  cut.budget = size == kEverything ? std::nullopt : std::optional(size);
  // The last cut is the selection itself, with those that stand in for impossible pieces.
  const bool whole = size == selection.budget.value_or(kEverything);
  const std::size_t count =
      whole ? selection.pieces.size() : std::min<std::uint64_t>(size, selection.pieces.size());
  cut.pieces.assign(selection.pieces.begin(),
                    selection.pieces.begin() + static_cast<std::ptrdiff_t>(count));
  Alignment offered = alignment;
  offered.missing.clear();
  for (const SelectedPiece& piece : cut.pieces) offered.missing.push_back(piece.donor_id);
  const MergeOptions merge{
      .protect = options.protect, .allow_bytes = options.allow_bytes, .threads = options.threads};
  return PlanMerge(base, donor, offered, cut, merge);
}

}  // namespace

StatusOr<CurveTexts> ReadCurveTexts(const std::vector<Corpus>& corpora, Documents documents) {
  CurveTexts out;
  for (const Corpus& corpus : corpora) {
    TOKGRAFT_ASSIGN_OR_RETURN(DocumentList list, ReadDocuments({corpus}, documents));
    out.corpora.push_back({.name = corpus.name, .documents = list.documents});
    out.files.push_back(std::move(list));
  }
  return out;
}

double CorpusCurve::bytes_per_token(const CurvePoint& point) const {
  return point.tokens == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(point.tokens);
}

CorpusCurve Curve::Total() const {
  CorpusCurve total{.name = "all"};
  for (const CorpusCurve& corpus : corpora) {
    total.documents += corpus.documents;
    total.bytes += corpus.bytes;
    total.points.resize(corpus.points.size());
    for (std::size_t i = 0; i < corpus.points.size(); ++i) {
      total.points[i].ids = corpus.points[i].ids;
      total.points[i].tokens += corpus.points[i].tokens;
    }
  }
  return total;
}

std::string Curve::ToJson() const {
  nlohmann::ordered_json out;
  out["held_out"] = held_out;
  out["corpora"] = nlohmann::ordered_json::object();
  for (const CorpusCurve& corpus : corpora) {
    nlohmann::ordered_json points = nlohmann::ordered_json::array();
    for (const CurvePoint& point : corpus.points) {
      // Signed: an unlucky merge may cost tokens on other text.
      const std::int64_t saved = static_cast<std::int64_t>(corpus.points.front().tokens) -
                                 static_cast<std::int64_t>(point.tokens);
      points.push_back({{"ids", point.ids},
                        {"tokens", point.tokens},
                        {"bytes_per_token", corpus.bytes_per_token(point)},
                        {"tokens_saved", saved}});
    }
    out["corpora"][Printable(corpus.name)] = {
        {"documents", corpus.documents}, {"bytes", corpus.bytes}, {"points", std::move(points)}};
  }
  return ReadableJson(out.dump());
}

std::string Curve::ToTable() const {
  const CorpusCurve total = Total();
  std::vector<std::vector<std::string>> rows(1, {"new ids"});
  for (const CorpusCurve& corpus : corpora) rows[0].push_back(Printable(corpus.name));
  rows[0].insert(rows[0].end(), {"tokens", "saved"});
  for (std::size_t i = 0; i < total.points.size(); ++i) {
    const CurvePoint& point = total.points[i];
    std::vector<std::string>& row = rows.emplace_back(1, Grouped(point.ids));
    for (const CorpusCurve& corpus : corpora) {
      row.push_back(Fixed(corpus.bytes_per_token(corpus.points[i]), 3));
    }
    const double before = static_cast<double>(total.points.front().tokens);
    const double saved = before == 0 ? 0 : 1 - static_cast<double>(point.tokens) / before;
    row.insert(row.end(), {Grouped(point.tokens), Fixed(100 * saved, 2) + " %"});
  }
  return Cat("bytes per token on ",
             held_out ? "text that the pieces were not chosen on"
                      : "the text that the pieces were chosen on",
             "\n", Table(rows, {.left_columns = 0, .indent = "  "}));
}

std::vector<std::uint64_t> CurveLadder(std::uint64_t all) {
  std::vector<std::uint64_t> out = {0};
  const std::uint64_t first = all >= 2 * kFirstStep ? kFirstStep : (all + 7) / 8;
  for (std::uint64_t size = first; size + size / 8 < all; size *= 2) out.push_back(size);
  if (all > 0) out.push_back(all);
  return out;
}

StatusOr<Curve> MeasureCurve(const TokenizerSpec& base, const TokenizerSpec& donor,
                             const Alignment& alignment, const Selection& selection,
                             const CurveOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(CheckCorpora(options.corpora));
  std::vector<std::uint64_t> sizes = options.sizes;
  if (sizes.empty()) {
    // Helper pieces come on top of those that are selected, as far as the budget allows.
    const std::uint64_t most = selection.budget.value_or(kEverything);
    sizes = CurveLadder(std::min<std::uint64_t>(most, selection.pieces.size()));
    sizes.back() = most;
  }
  sizes.push_back(0);
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  Curve curve;
  for (const CurveCorpus& corpus : options.corpora) {
    CorpusCurve& made = curve.corpora.emplace_back(CorpusCurve{.name = corpus.name});
    made.documents = corpus.documents.size();
    for (const std::string_view document : corpus.documents) made.bytes += document.size();
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (options.progress) {
      options.progress("measure curve", static_cast<double>(i) / static_cast<double>(sizes.size()));
    }
    TOKGRAFT_ASSIGN_OR_RETURN(const MergePlan plan,
                              PlanCut(base, donor, alignment, selection, options, sizes[i]));
    const std::uint64_t ids = plan.id_map.added.size();
    // Where nothing more could be had, there is no new point.
    const std::vector<CurvePoint>& points = curve.corpora.front().points;
    if (!points.empty() && points.back().ids >= ids) continue;
    TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec merged, Apply(base, plan));
    TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> tokens,
                              CountTokens(merged, options));
    for (std::size_t c = 0; c < tokens.size(); ++c) {
      curve.corpora[c].points.push_back({.ids = ids, .tokens = tokens[c]});
    }
  }
  return curve;
}

}  // namespace tokgraft
