#include "vocab_merge/budget.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

constexpr int kHalvings = 3;
constexpr std::uint64_t kFineEnough = 16;  // a gap of one part in so many is left as it is

bool IsBlank(std::string_view document) {
  return document.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

// Every second document measures; blank ones follow the one before, or blank lines between
// paragraphs would be all that one side gets.
struct Halves {
  std::vector<std::string_view> choose;
  std::vector<CurveCorpus> measure;
};
StatusOr<Halves> Split(const std::vector<CurveCorpus>& corpora) {
  Halves halves;
  for (const CurveCorpus& corpus : corpora) {
    CurveCorpus measured{.name = corpus.name};
    std::uint64_t seen = 0;
    for (const std::string_view document : corpus.documents) {
      if (!IsBlank(document)) ++seen;
      (seen % 2 == 0 && seen > 0 ? measured.documents : halves.choose).push_back(document);
    }
    if (seen < 2) {
      return InvalidArgumentError(Cat("budget: \"auto\": the corpus \"", corpus.name, "\" has ",
                                      Counted(seen, "document"),
                                      " with text, two or more were expected since every second "
                                      "one measures what the others chose; give more text, or "
                                      "take lines as documents"));
    }
    halves.measure.push_back(std::move(measured));
  }
  return halves;
}

Status CheckOptions(const TokenizerSpec& base, const BudgetOptions& options) {
  if (options.merge.strategy != "extend") {
    return InvalidArgumentError(Cat("budget: \"auto\": the strategy is \"", options.merge.strategy,
                                    "\", \"extend\" was expected, which alone adds as many rows "
                                    "as pieces; give a number, or leave the budget out"));
  }
  if (options.corpora.empty()) {
    return InvalidArgumentError(
        "budget: \"auto\": no corpus was given, text to weigh pieces on was expected; give "
        "--corpus NAME=PATH (in Python corpora)");
  }
  if (!(options.memory_weight >= 0) || !std::isfinite(options.memory_weight)) {
    return InvalidArgumentError(
        Cat("memory weight: is ", options.memory_weight,
            ", a number that is 0 or more was expected; 1 weighs memory like compute"));
  }
  if (options.model.rows < base.id_limit()) {
    return InvalidArgumentError(
        Cat("budget: \"auto\": the model has ", Grouped(options.model.rows), " rows, ",
            Grouped(base.id_limit()), " or more were expected, one for each id of ", base.source,
            "; give the config.json of the model that uses this tokenizer"));
  }
  return {};
}

// Sizes halfway between the best point and its neighbours, where there are any.
std::vector<std::uint64_t> Between(const std::vector<BudgetPoint>& points, std::size_t best) {
  std::vector<std::uint64_t> out;
  const auto add = [&](std::size_t low, std::size_t high) {
    const std::uint64_t gap = points[high].ids - points[low].ids;
    if (gap > 1 && gap > points[high].ids / kFineEnough) out.push_back(points[low].ids + gap / 2);
  };
  if (best > 0) add(best - 1, best);
  if (best + 1 < points.size()) add(best, best + 1);
  return out;
}

// Points of both, by ids; each once.
void AddPoints(const Curve& more, Curve* curve) {
  for (std::size_t c = 0; c < curve->corpora.size(); ++c) {
    std::vector<CurvePoint>& points = curve->corpora[c].points;
    points.insert(points.end(), more.corpora[c].points.begin(), more.corpora[c].points.end());
    std::sort(points.begin(), points.end(),
              [](const CurvePoint& a, const CurvePoint& b) { return a.ids < b.ids; });
    const auto same = [](const CurvePoint& a, const CurvePoint& b) { return a.ids == b.ids; };
    points.erase(std::unique(points.begin(), points.end(), same), points.end());
  }
}

std::vector<BudgetPoint> CostsOf(const BudgetOptions& options, std::uint64_t base_ids,
                                 const Curve& curve) {
  const CorpusCurve total = curve.Total();
  std::vector<BudgetPoint> out;
  for (const CurvePoint& point : total.points) {
    out.push_back(CostOf(options.model, options.memory_weight, base_ids, total.points[0], point));
  }
  return out;
}

// Of equal ones the smaller.
std::size_t Best(const std::vector<BudgetPoint>& points) {
  const auto cheaper = [](const BudgetPoint& a, const BudgetPoint& b) { return a.cost < b.cost; };
  return static_cast<std::size_t>(std::min_element(points.begin(), points.end(), cheaper) -
                                  points.begin());
}

// Of one id between two points: what it costs at the same number of tokens, and the tokens that it
// saves, as shares.
struct Rates {
  double costs = 0;
  double saves = 0;
};
Rates RatesBetween(const BudgetPoint& low, const BudgetPoint& high) {
  const auto ids = static_cast<double>(high.ids - low.ids);
  const double tokens = static_cast<double>(high.tokens) / static_cast<double>(low.tokens);
  return {std::pow(high.cost / low.cost / tokens, 1 / ids) - 1, 1 - std::pow(tokens, 1 / ids)};
}

void SetRates(std::uint64_t base_ids, std::size_t best, BudgetChoice* choice) {
  const std::vector<BudgetPoint>& points = choice->points;
  const BudgetPoint& at = points[best];
  if (best > 0) {
    const Rates last = RatesBetween(points[best - 1], at);
    choice->last_costs = last.costs;
    choice->last_saves = last.saves;
  }
  if (best + 1 < points.size()) {
    const Rates next = RatesBetween(at, points[best + 1]);
    choice->next_costs = next.costs;
    choice->next_saves = next.saves;
    return;
  }
  // There is nothing beyond; an id that saves nothing would cost this.
  const CurvePoint base{.ids = 0, .tokens = points[0].tokens};
  const CurvePoint more{.ids = at.ids + 1, .tokens = at.tokens};
  choice->next_costs =
      CostOf(choice->model, choice->memory_weight, base_ids, base, more).cost / at.cost - 1;
}

}  // namespace

BudgetPoint CostOf(const ModelCost& model, double memory_weight, std::uint64_t base_ids,
                   const CurvePoint& base, const CurvePoint& point) {
  const std::uint64_t rows = std::max(model.rows, base_ids + point.ids);
  BudgetPoint out{.ids = point.ids, .tokens = point.tokens};
  out.compute = static_cast<double>(point.tokens) * model.FlopsPerToken(rows) /
                (static_cast<double>(base.tokens) * model.FlopsPerToken(model.rows));
  out.memory = model.Parameters(rows) / model.Parameters(model.rows);
  out.cost = out.compute * std::pow(out.memory, memory_weight);
  return out;
}

StatusOr<BudgetChoice> ChooseBudget(const TokenizerSpec& base, const TokenizerSpec& donor,
                                    const BudgetOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(CheckOptions(base, options));
  TOKGRAFT_ASSIGN_OR_RETURN(Halves halves, Split(options.corpora));
  if (options.merge.progress) options.merge.progress("choose a budget", 0);
  TOKGRAFT_ASSIGN_OR_RETURN(const Alignment alignment, Align(base, donor));
  const SelectOptions select{.budget = std::nullopt,
                             .scripts = options.merge.scripts,
                             .pieces = options.merge.pieces,
                             .corpus = halves.choose,
                             .threads = options.merge.threads};
  TOKGRAFT_ASSIGN_OR_RETURN(const Selection selection, Select(base, donor, alignment, select));
  CurveOptions measure{.corpora = std::move(halves.measure),
                       .sizes = {},
                       .protect = options.merge.old_text(),
                       .allow_bytes = options.merge.allow_bytes,
                       .threads = options.merge.threads,
                       .progress = options.merge.progress};
  BudgetChoice choice{.model = options.model, .memory_weight = options.memory_weight};
  TOKGRAFT_ASSIGN_OR_RETURN(choice.curve, MeasureCurve(base, donor, alignment, selection, measure));
  choice.points = CostsOf(options, base.id_limit(), choice.curve);
  for (int i = 0; i < kHalvings; ++i) {
    measure.sizes = Between(choice.points, Best(choice.points));
    if (measure.sizes.empty()) break;
    TOKGRAFT_ASSIGN_OR_RETURN(const Curve more,
                              MeasureCurve(base, donor, alignment, selection, measure));
    AddPoints(more, &choice.curve);
    choice.points = CostsOf(options, base.id_limit(), choice.curve);
  }
  choice.curve.held_out = true;
  const std::size_t best = Best(choice.points);
  choice.budget = choice.points[best].ids;
  choice.reaches_end = best + 1 == choice.points.size();
  SetRates(base.id_limit(), best, &choice);
  return choice;
}

}  // namespace tokgraft
