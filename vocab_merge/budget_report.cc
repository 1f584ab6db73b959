// BudgetChoice of budget.h, for machines and for people.
#include <cmath>
#include <nlohmann/json.hpp>

#include "tokenizer/base/report_text.h"
#include "vocab_merge/budget.h"

namespace tokgraft {
namespace {

using Json = nlohmann::ordered_json;

// A share of an id is small: what a thousand of them come to, at this rate.
std::string PerThousand(double share) {
  return Fixed(100 * std::expm1(1000 * std::log1p(share)), 2) + " %";
}
std::string SavedPerThousand(double share) {
  return Fixed(-100 * std::expm1(1000 * std::log1p(-share)), 2) + " %";
}

}  // namespace

std::string BudgetChoice::ToJson() const {
  Json json;
  json["budget"] = budget;
  json["model"] = Json::parse(model.ToJson());
  json["memory_weight"] = memory_weight;
  json["reaches_end"] = reaches_end;
  json["next_id"] = {{"costs", next_costs}, {"saves", next_saves}};
  json["last_id"] = {{"costs", last_costs}, {"saves", last_saves}};
  json["points"] = Json::array();
  for (const BudgetPoint& point : points) {
    json["points"].push_back({{"ids", point.ids},
                              {"tokens", point.tokens},
                              {"compute", point.compute},
                              {"memory", point.memory},
                              {"cost", point.cost}});
  }
  json["curve"] = Json::parse(curve.ToJson());
  return ReadableJson(json.dump());
}

std::string BudgetChoice::ToText() const {
  std::vector<std::vector<std::string>> rows(1, {"", "new ids"});
  for (const CorpusCurve& corpus : curve.corpora) rows[0].push_back(Printable(corpus.name));
  rows[0].insert(rows[0].end(), {"tokens", "saved", "compute", "memory", "cost"});
  for (std::size_t i = 0; i < points.size(); ++i) {
    const BudgetPoint& point = points[i];
    std::vector<std::string>& row = rows.emplace_back();
    row = {point.ids == budget ? "->" : "", Grouped(point.ids)};
    for (const CorpusCurve& corpus : curve.corpora) {
      row.push_back(Fixed(corpus.bytes_per_token(corpus.points[i]), 3));
    }
    const double tokens =
        static_cast<double>(point.tokens) / static_cast<double>(points.front().tokens);
    row.insert(row.end(), {Grouped(point.tokens), Fixed(100 * (1 - tokens), 2) + " %",
                           Fixed(point.compute, 4), Fixed(point.memory, 4), Fixed(point.cost, 4)});
  }
  std::string out =
      Cat("budget       ", Counted(budget, "new id"), ", chosen by cost: compute x memory",
          memory_weight == 1 ? "" : Cat(" ^ ", memory_weight), "\n  model: ", model.DebugString(),
          "\n  bytes per token on every second document, the others chose the pieces\n",
          Table(rows, {.left_columns = 1, .indent = "  "}));
  out += "  there, for 1,000 ids at the rate of their step: ";
  if (budget > 0) {
    out += Cat("the last ones cost ", PerThousand(last_costs), " and saved ",
               SavedPerThousand(last_saves), " of the tokens, ");
  }
  out += Cat("the next ones would cost ", PerThousand(next_costs));
  if (!reaches_end) return Cat(out, " and save ", SavedPerThousand(next_saves), "\n");
  out +=
      "\n  but no other piece saves a token on the documents that chose: more text, or another "
      "donor, may call for more ids\n";
  return out;
}

}  // namespace tokgraft
