// The curve: what text costs in tokens as pieces are added, best first.
//
// A selection is cut after so many ids, the cut is merged like any other, helper pieces and
// witnesses included, and the merged tokenizer encodes the text: every point is a count by an exact
// tokenizer, none an estimate. Sizes rise by a factor of two.
//
//   StatusOr<Alignment> a = Align(base, donor);
//   StatusOr<Selection> s = Select(base, donor, *a, {.corpus = zh});
//   StatusOr<Curve> curve = MeasureCurve(base, donor, *a, *s, {.corpora = {{"zh", zh}}});
//   curve->corpora[0].points[1].ids;   // 250, or what of it could be had
//   std::cout << curve->ToTable();     // new ids, bytes per token of each corpus, tokens saved
//
// On the text that the pieces were chosen on the curve flatters: a piece that was chosen for one
// rare word saves its token there and nowhere else. ChooseBudget (budget.h) measures on other text.
#ifndef TOKGRAFT_VOCAB_MERGE_CURVE_H_
#define TOKGRAFT_VOCAB_MERGE_CURVE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/corpus.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/alignment.h"
#include "vocab_merge/select.h"

namespace tokgraft {

struct CurveCorpus {
  std::string name{};
  std::vector<std::string_view> documents{};  // borrowed for the call
};

// Files as such corpora; the views are valid as long as a copy of the value is.
struct CurveTexts {
  std::vector<CurveCorpus> corpora{};
  std::vector<DocumentList> files{};
};
StatusOr<CurveTexts> ReadCurveTexts(const std::vector<Corpus>& corpora, Documents documents);

struct CurvePoint {
  std::uint64_t ids = 0;     // new ids, helper pieces included
  std::uint64_t tokens = 0;  // of the corpus
  friend bool operator==(const CurvePoint&, const CurvePoint&) = default;
};

struct CorpusCurve {
  std::string name{};
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
  std::vector<CurvePoint> points{};  // by ids, rising; the first is the base alone

  double bytes_per_token(const CurvePoint& point) const;
  friend bool operator==(const CorpusCurve&, const CorpusCurve&) = default;
};

struct Curve {
  std::vector<CorpusCurve> corpora{};  // all with points at the same ids
  bool held_out = false;               // the pieces were chosen on other text

  // Of all corpora together, as if they were one.
  CorpusCurve Total() const;
  // {held_out, corpora: {NAME: {documents, bytes, points: [{ids, tokens, bytes_per_token,
  // tokens_saved}]}}}
  std::string ToJson() const;
  std::string ToTable() const;
  friend bool operator==(const Curve&, const Curve&) = default;
};

struct CurveOptions {
  std::vector<CurveCorpus> corpora{};
  // Ids at which to cut, in any order; 0 is always there. Empty: CurveLadder of the selection.
  std::vector<std::uint64_t> sizes{};
  std::vector<std::string_view> protect{};  // as MergeOptions has it; borrowed for the call
  bool allow_bytes = false;                 // as MergeOptions has it
  int threads = 0;                          // 0: all cores; the result does not depend on it
  std::function<void(std::string_view stage, double fraction)> progress{};  // may be empty
};

// 0, 250, 500, 1000, ... and `all`; fewer than 500 begin with an eighth of them. A size close below
// `all` is left out.
std::vector<std::uint64_t> CurveLadder(std::uint64_t all);

// InvalidArgument: no corpus, or two with one name. Other errors: those of PlanMerge and Compile.
StatusOr<Curve> MeasureCurve(const TokenizerSpec& base, const TokenizerSpec& donor,
                             const Alignment& alignment, const Selection& selection,
                             const CurveOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_CURVE_H_
