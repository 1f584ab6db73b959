// BudgetChoice's two forms, of a choice made by hand.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "vocab_merge/budget.h"

namespace tokgraft {
namespace {

BudgetChoice ChoiceByHand() {
  BudgetChoice choice{.budget = 1000, .model = {8, 1000, 1000, 256, true}};
  choice.curve.held_out = true;
  choice.curve.corpora = {{.name = "zh",
                           .documents = 3,
                           .bytes = 4000,
                           .points = {{0, 2000}, {1000, 1000}, {2000, 990}}}};
  choice.points = {{0, 2000, 1, 1, 1}, {1000, 1000, 0.6, 1.2, 0.72}, {2000, 990, 0.7, 1.4, 0.98}};
  choice.next_costs = 0.0001;
  choice.next_saves = 0.00001;
  choice.last_costs = 0.0001;
  choice.last_saves = 0.0007;
  return choice;
}

TEST(BudgetReportTest, TextHasTheCurveAndBothSidesOfTheChoice) {
  EXPECT_EQ(ChoiceByHand().ToText(),
            "budget       1,000 new ids, chosen by cost: compute x memory\n"
            "  model: 1,000 parameters beside 256 tied rows of 8\n"
            "  bytes per token on every second document, the others chose the pieces\n"
            "      new ids     zh  tokens    saved  compute  memory    cost\n"
            "            0  2.000   2,000   0.00 %   1.0000  1.0000  1.0000\n"
            "  ->    1,000  4.000   1,000  50.00 %   0.6000  1.2000  0.7200\n"
            "        2,000  4.040     990  50.50 %   0.7000  1.4000  0.9800\n"
            "  there, for 1,000 ids at the rate of their step: the last ones cost 10.52 % and "
            "saved 50.35 % of the tokens, the next ones would cost 10.52 % and save 1.00 %\n");
}

TEST(BudgetReportTest, TheEndOfTheCurveIsSaid) {
  BudgetChoice choice = ChoiceByHand();
  choice.memory_weight = 0.5;
  choice.reaches_end = true;
  const std::string text = choice.ToText();
  EXPECT_NE(text.find("chosen by cost: compute x memory ^ 0.5\n"), std::string::npos) << text;
  EXPECT_NE(text.find("the next ones would cost 10.52 %\n  but no other piece saves a token on the "
                      "documents that chose: more text, or another donor, may call for more ids\n"),
            std::string::npos)
      << text;
}

TEST(BudgetReportTest, JsonHasAllOfIt) {
  const auto json = nlohmann::json::parse(ChoiceByHand().ToJson());
  EXPECT_EQ(json["budget"], 1000);
  EXPECT_EQ(json["memory_weight"], 1.0);
  EXPECT_EQ(json["reaches_end"], false);
  EXPECT_EQ(json["next_id"], (nlohmann::json{{"costs", 0.0001}, {"saves", 0.00001}}));
  EXPECT_EQ(json["last_id"], (nlohmann::json{{"costs", 0.0001}, {"saves", 0.0007}}));
  EXPECT_EQ(json["model"]["body_parameters"], 1000);
  EXPECT_EQ(
      json["points"][1],
      (nlohmann::json{
          {"ids", 1000}, {"tokens", 1000}, {"compute", 0.6}, {"memory", 1.2}, {"cost", 0.72}}));
  EXPECT_EQ(json["curve"]["held_out"], true);
  EXPECT_EQ(json["curve"]["corpora"]["zh"]["points"].size(), 3U);
}

}  // namespace
}  // namespace tokgraft
