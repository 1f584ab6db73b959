// How many pieces: the number of new ids at which one more costs as much as it saves.
//
// A new piece saves tokens, and each token runs through the whole body of the model; but every row
// makes each remaining token dearer, since the head computes all rows, and takes up memory. With
// the model's sizes (model_cost.h) both are numbers:
//
//   flops(n)   = 2 (active + d rows(n))                   per token; rows(n): after n new ids
//   compute(n) = tokens(n) flops(n) / (tokens(0) flops(0))      of the same text
//   memory(n)  = (body + d rows(n) (1 tied, 2 untied)) / (the same at 0)     of the weights
//   cost(n)    = compute(n) memory(n)^w
//
// and the budget is the n of least cost. w, the memory weight, is the rate of exchange: with w = 1,
// the default, a model that is 1 % larger has to be 1 % faster, so that what stays least is memory
// held times time, what a device is paid for. w = 0 counts compute only, w = 2 is for those whose
// memory is short. Bytes per weight cancel out, and so does training's factor of three.
//
// tokens(n) is measured, not estimated, and not on the text that pieces were chosen on, where each
// rare word pays for its piece: of every corpus one document out of two chooses, the other one
// measures (blank ones follow the one before). Corpora count by their bytes, so give text in the
// proportions that the model will see. Then the pieces are chosen again on all of the text:
//
//   StatusOr<ModelCost> model = ReadModelCost("SmolLM2-135M");
//   BudgetOptions options{.model = *model, .corpora = {{"zh", zh}}};
//   StatusOr<BudgetChoice> choice = ChooseBudget(base, donor, options);
//   std::cout << choice->ToText();   // the number, the curve of costs, one id more or less
//   MergeOptions merge{.budget = choice->budget, .corpus = zh};
//   StatusOr<MergeResult> m = MergeTokenizers(base, donor, merge);
//
// Sizes that are tried rise by a factor of two; around the best of them the gaps are then halved
// three times.
#ifndef TOKGRAFT_VOCAB_MERGE_BUDGET_H_
#define TOKGRAFT_VOCAB_MERGE_BUDGET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/curve.h"
#include "vocab_merge/merge.h"
#include "vocab_merge/model_cost.h"

namespace tokgraft {

struct BudgetOptions {
  ModelCost model{};
  double memory_weight = 1;            // w: 0 or more
  std::vector<CurveCorpus> corpora{};  // to choose and to measure on, two documents each at least
  // What the merge will be: its strategy ("extend", the only one that auto is for), scripts, pieces
  // (whose order is that of the list), old text, threads and progress count here.
  MergeOptions merge{};
};

// The base is 1 in all three.
struct BudgetPoint {
  std::uint64_t ids = 0;
  std::uint64_t tokens = 0;  // of the text that measures
  double compute = 1;
  double memory = 1;
  double cost = 1;
  friend bool operator==(const BudgetPoint&, const BudgetPoint&) = default;
};

struct BudgetChoice {
  std::uint64_t budget = 0;  // new ids at most
  ModelCost model{};
  double memory_weight = 1;
  Curve curve{};                      // on the text that measures
  std::vector<BudgetPoint> points{};  // at the ids of the curve
  // What one more id would cost, and save, at the rate of the next larger point, as shares of the
  // cost; what the last one cost and saved.
  double next_costs = 0;
  double next_saves = 0;
  double last_costs = 0;
  double last_saves = 0;
  // The largest size is the best: the donor has no more to give, or the text is too small to show.
  bool reaches_end = false;

  // {budget, model, memory_weight, reaches_end, next_id: {costs, saves}, last_id: {costs, saves},
  // points: [{ids, tokens, compute, memory, cost}], curve}
  std::string ToJson() const;
  std::string ToText() const;
  friend bool operator==(const BudgetChoice&, const BudgetChoice&) = default;
};

// `base_ids`: of the base's tokenizer; rows of padding that it leaves free cost nothing.
BudgetPoint CostOf(const ModelCost& model, double memory_weight, std::uint64_t base_ids,
                   const CurvePoint& base, const CurvePoint& point);

// InvalidArgument: another strategy than extend, no corpus, a corpus of fewer than two documents, a
// weight below 0, a model with fewer rows than the base has ids. Other errors: those of Select and
// PlanMerge.
StatusOr<BudgetChoice> ChooseBudget(const TokenizerSpec& base, const TokenizerSpec& donor,
                                    const BudgetOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_BUDGET_H_
