#include "embed_init/init_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <optional>

#include "embed_init/init.h"
#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Checkpoint MadeUpModel(std::uint64_t rows, HeadKind kind) {
  Checkpoint checkpoint;
  checkpoint.directory = "M";
  checkpoint.embedding = {"embed", DType::kF32, rows, 4};
  checkpoint.head_kind = kind;
  if (kind == HeadKind::kSeparate) checkpoint.head = {"head", DType::kF32, rows, 4};
  return checkpoint;
}

const std::vector<OldPieces> kTwoTokens = {{{3, 5}, {1, 3}}, {}};

TEST(InitPlanTest, EachMethodHasItsFormula) {
  const Checkpoint model = MadeUpModel(8, HeadKind::kSeparate);
  const IdMap map = testing::ExtendMap(8, 2);
  const auto plan = [&](Method method) {
    return *PlanInit(model, map, kTwoTokens, {.method = method});
  };
  EXPECT_THAT(plan(Method::kMean).input.Entries(8), ElementsAre(Pair(3, 0.5), Pair(5, 0.5)));
  EXPECT_THAT(plan(Method::kWeighted).input.Entries(8), ElementsAre(Pair(3, 0.25), Pair(5, 0.75)));
  EXPECT_THAT(plan(Method::kFirst).input.Entries(8), ElementsAre(Pair(3, 1.0)));
  EXPECT_THAT(plan(Method::kCopy).input.Entries(8), ElementsAre(Pair(8, 1.0)));
  EXPECT_EQ(plan(Method::kCopy).input.origins[8], RowOrigin::kMeanOfAll);
  EXPECT_THAT(plan(Method::kGaussian).input.Entries(8), ElementsAre(Pair(8, 1.0)));
  EXPECT_DOUBLE_EQ(plan(Method::kGaussian).input.noise, 0.01);
  const InitPlan asymmetric = plan(Method::kAsymmetric);
  EXPECT_THAT(asymmetric.input.Entries(8), ElementsAre(Pair(3, 0.5), Pair(5, 0.5)));
  EXPECT_THAT(asymmetric.output->Entries(8), ElementsAre(Pair(3, 1.0)));
  // A token without old pieces is told apart.
  EXPECT_EQ(asymmetric.input.origins[8], RowOrigin::kMethod);
  EXPECT_EQ(asymmetric.input.origins[9], RowOrigin::kMeanOfAll);
  EXPECT_THAT(asymmetric.output->Entries(9), ElementsAre(Pair(8, 1.0)));
  for (TokenId id = 0; id < 8; ++id) {
    EXPECT_EQ(asymmetric.input.origins[id], RowOrigin::kCopied);
    EXPECT_THAT(asymmetric.input.Entries(id), ElementsAre(Pair(id, 1.0)));
  }
}

TEST(InitPlanTest, AutoFollowsTheTie) {
  const IdMap map = testing::ExtendMap(8, 2);
  const auto output = [&](HeadKind kind, TiePolicy tie) -> std::optional<Method> {
    const InitPlan plan = *PlanInit(MadeUpModel(8, kind), map, kTwoTokens, {.tie = tie});
    EXPECT_EQ(plan.input.method, Method::kMean);
    if (!plan.output) return std::nullopt;
    return plan.output->method;
  };
  EXPECT_EQ(output(HeadKind::kSeparate, TiePolicy::kKeep), Method::kHalving);
  EXPECT_EQ(output(HeadKind::kTied, TiePolicy::kKeep), std::nullopt);
  EXPECT_EQ(output(HeadKind::kTied, TiePolicy::kUntie), Method::kHalving);
  EXPECT_EQ(output(HeadKind::kNone, TiePolicy::kKeep), std::nullopt);
}

TEST(InitPlanTest, TwoMethodsForOneMatrixNeedAChoice) {
  const Checkpoint model = MadeUpModel(8, HeadKind::kTied);
  const IdMap map = testing::ExtendMap(8, 2);
  InitOptions options{.method = Method::kAsymmetric};
  const Status refused = PlanInit(model, map, kTwoTokens, options).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(Message(refused),
            "M: embed: input and output rows are one matrix, one method was expected, mean and "
            "first were asked for; choose one method, or say what becomes of the tie: keep-input, "
            "keep-output, compromise or untie");
  options.tie = TiePolicy::kKeepInput;
  EXPECT_EQ(PlanInit(model, map, kTwoTokens, options)->input.method, Method::kMean);
  options.tie = TiePolicy::kKeepOutput;
  EXPECT_EQ(PlanInit(model, map, kTwoTokens, options)->input.method, Method::kFirst);
  options.tie = TiePolicy::kUntie;
  const InitPlan untied = *PlanInit(model, map, kTwoTokens, options);
  EXPECT_EQ(untied.input.method, Method::kMean);
  EXPECT_EQ(untied.output->method, Method::kFirst);
  EXPECT_TRUE(untied.tied_before);
  EXPECT_FALSE(untied.tied_after);
}

TEST(InitPlanTest, OneMethodOfTwoRulesNeedsAChoiceToo) {
  const Checkpoint model = MadeUpModel(8, HeadKind::kTied);
  const IdMap map = testing::ExtendMap(8, 2);
  InitOptions options{.method = Method::kHalving};
  EXPECT_THAT(Message(PlanInit(model, map, kTwoTokens, options).status()),
              HasSubstr("halving makes different ones for each"));
  const auto entries = [&](TiePolicy tie) {
    options.tie = tie;
    return PlanInit(model, map, kTwoTokens, options)->input.Entries(8);
  };
  EXPECT_THAT(entries(TiePolicy::kKeepInput), ElementsAre(Pair(3, 1.0 / 3), Pair(5, 2.0 / 3)));
  EXPECT_THAT(entries(TiePolicy::kKeepOutput), ElementsAre(Pair(3, 2.0 / 3), Pair(5, 1.0 / 3)));
  EXPECT_THAT(entries(TiePolicy::kCompromise), ElementsAre(Pair(3, 0.5), Pair(5, 0.5)));
  const InitPlan averaged = *PlanInit(model, map, kTwoTokens, options);
  EXPECT_EQ(averaged.input.averaged_with, Method::kHalving);
  EXPECT_TRUE(averaged.tied_after);
  options = {.method = Method::kAsymmetric, .tie = TiePolicy::kCompromise};
  EXPECT_THAT(PlanInit(model, map, kTwoTokens, options)->input.Entries(8),
              ElementsAre(Pair(3, 0.75), Pair(5, 0.25)));
}

// Whatever makes the rows, a bias of the head is the mean of those of the pieces.
TEST(InitPlanTest, BiasesAreMeansOfThePieces) {
  Checkpoint model = MadeUpModel(8, HeadKind::kSeparate);
  model.head_biases = {{"bias", DType::kF32, 8, 1}};
  const IdMap map = testing::ExtendMap(8, 2);
  for (const Method method : {Method::kFirst, Method::kZero, Method::kGaussian}) {
    const InitPlan plan = *PlanInit(model, map, kTwoTokens, {.method = method});
    EXPECT_THAT(plan.bias->Entries(8), ElementsAre(Pair(3, 0.5), Pair(5, 0.5)));
    EXPECT_THAT(plan.bias->Entries(9), ElementsAre(Pair(8, 1.0)));
    EXPECT_THAT(plan.bias->Entries(2), ElementsAre(Pair(2, 1.0)));
    EXPECT_EQ(plan.bias->noise, 0);
  }
}

TEST(InitPlanTest, RowsArePaddedByARule) {
  const IdMap map = testing::ExtendMap(8, 2);
  const auto rows = [&](std::uint64_t old_rows, std::uint64_t multiple) {
    return *PlanInit(MadeUpModel(old_rows, HeadKind::kTied), map, kTwoTokens,
                     {.pad_to_multiple = multiple});
  };
  EXPECT_EQ(rows(8, 0).new_rows, 16u);  // 8 divides 8
  EXPECT_EQ(rows(8, 1).new_rows, 10u);
  EXPECT_EQ(rows(8, 7).new_rows, 14u);
  EXPECT_EQ(rows(8, 7).input.origins[10], RowOrigin::kPadding);
  EXPECT_THAT(rows(8, 7).input.Entries(13), ElementsAre(Pair(8, 1.0)));
  // A model that is padded already: new tokens take padding rows, the rest stays as it is.
  const InitPlan padded = rows(12, 0);
  EXPECT_EQ(padded.new_rows, 12u);
  EXPECT_EQ(padded.input.origins[8], RowOrigin::kMethod);
  EXPECT_EQ(padded.input.origins[10], RowOrigin::kCopied);
  EXPECT_EQ(padded.old_tokens, 8u);
}

TEST(InitPlanTest, BaseTokensBeyondTheMatrixAreSaid) {
  const InitPlan plan =
      *PlanInit(MadeUpModel(6, HeadKind::kTied), testing::ExtendMap(8, 2), kTwoTokens, {});
  EXPECT_EQ(plan.input.origins[6], RowOrigin::kMeanOfAll);
  ASSERT_EQ(plan.warnings.size(), 1u);
  EXPECT_THAT(plan.warnings[0], HasSubstr("2 tokens beyond the 6 rows"));
}

TEST(InitPlanTest, AnIdMapThatContradictsItselfIsRefused) {
  const Checkpoint model = MadeUpModel(8, HeadKind::kTied);
  IdMap map = testing::ExtendMap(8, 2);
  map.added[1].id = map.added[0].id;
  EXPECT_TRUE(absl::IsInvalidArgument(PlanInit(model, map, kTwoTokens, {}).status()));
  map = testing::ExtendMap(8, 2);
  map.added[1].id = 100;
  EXPECT_TRUE(absl::IsInvalidArgument(PlanInit(model, map, kTwoTokens, {}).status()));
  map = testing::ExtendMap(8, 2);
  EXPECT_TRUE(absl::IsInvalidArgument(PlanInit(model, map, {{{9}, {1}}, {}}, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(PlanInit(model, map, {}, {}).status()));
}

// Every method on real numbers against the plainest code: a double sum per element.
TEST(InitPlanTest, RowsAreWhatANaiveLoopMakes) {
  const testing::TemporaryDirectory directory;
  testing::WriteRandomModel(directory.path(), testing::LlamaConfig(40, false),
                            testing::LlamaTensors(40, 6, false, "F32"));
  const Checkpoint model = *OpenCheckpoint(directory.path());
  const IdMap map = testing::ExtendMap(40, 30);
  std::vector<OldPieces> pieces(30);
  std::mt19937 engine(5);
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  for (OldPieces& token : pieces) {
    for (std::uint32_t i = 0, n = 1 + random() % 5; i < n; ++i) {
      token.ids.push_back(random() % 40);
      token.size_bytes.push_back(1 + random() % 7);
    }
  }
  for (const Role role : {Role::kInput, Role::kOutput}) {
    const std::string bytes = testing::TensorBytesOf(
        model, role == Role::kInput ? "model.embed_tokens.weight" : "lm_head.weight");
    std::vector<float> old(40 * 6);
    std::memcpy(old.data(), bytes.data(), bytes.size());
    for (const Method method : {Method::kMean, Method::kWeighted, Method::kFirst}) {
      const InitPlan plan = *PlanInit(model, map, pieces, {.method = method});
      const std::vector<float> made = *ApplyPlan(model, plan, role, 40, 70);
      for (std::size_t token = 0; token < 30; ++token) {
        const OldPieces& split = pieces[token];
        double total = 0;
        for (const std::uint32_t size : split.size_bytes) total += size;
        for (std::size_t column = 0; column < 6; ++column) {
          double sum = 0;
          for (std::size_t i = 0; i < split.ids.size(); ++i) {
            const double weight = method == Method::kMean
                                      ? 1.0 / static_cast<double>(split.ids.size())
                                  : method == Method::kFirst ? (i == 0 ? 1.0 : 0.0)
                                                             : split.size_bytes[i] / total;
            sum += weight * old[split.ids[i] * 6 + column];
          }
          EXPECT_FLOAT_EQ(made[token * 6 + column], static_cast<float>(sum)) << MethodName(method);
        }
      }
    }
  }
}

TEST(InitPlanTest, GivenRowsAreTakenAsTheyAre) {
  const testing::TemporaryDirectory directory;
  testing::WriteRandomModel(directory.path(), testing::LlamaConfig(8, false),
                            testing::LlamaTensors(8, 4, false, "F32"));
  const Checkpoint model = *OpenCheckpoint(directory.path());
  const std::vector<float> rows = {1, 2, 3, 4, -1, 0.5, 0.25, 1e-3F};
  const InitPlan plan = *PlanInit(model, testing::ExtendMap(8, 2), kTwoTokens,
                                  {.method = Method::kFirst,
                                   .pad_to_multiple = 1,
                                   .given = {.input = rows, .name = "by hand"}});
  EXPECT_EQ(plan.input.method, Method::kGiven);
  EXPECT_EQ(plan.input.given_name, "by hand");
  EXPECT_THAT(plan.input.dense.rows, ElementsAre(8, 9));
  EXPECT_EQ(plan.output->method, Method::kFirst);  // none were given for it
  EXPECT_EQ(*ApplyPlan(model, plan, Role::kInput, 8, 10), rows);
  EXPECT_EQ(*ApplyPlan(model, plan, Role::kInput, 7, 9), (std::vector<float>{[&] {
    std::vector<float> both = *ApplyPlan(model, plan, Role::kInput, 7, 8);
    both.insert(both.end(), rows.begin(), rows.begin() + 4);
    return both;
  }()}));
}

// A row is the sum of its entries and its dense part.
TEST(InitPlanTest, ADensePartIsAddedToTheEntries) {
  const testing::TemporaryDirectory directory;
  testing::WriteRandomModel(directory.path(), testing::LlamaConfig(8, true),
                            testing::LlamaTensors(8, 4, true, "F32"));
  const Checkpoint model = *OpenCheckpoint(directory.path());
  InitPlan plan = *PlanInit(model, testing::ExtendMap(8, 2), kTwoTokens, {.pad_to_multiple = 1});
  const std::vector<float> without = *ApplyPlan(model, plan, Role::kInput, 8, 10);
  plan.input.dense.Add(9, std::vector<float>{1, 2, 3, 4});
  const std::vector<float> with = *ApplyPlan(model, plan, Role::kInput, 8, 10);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_FLOAT_EQ(with[i], without[i] + (i < 4 ? 0 : static_cast<float>(i - 3))) << i;
  }
}

TEST(InitPlanTest, GivenRowsThatDoNotFitAreRefusedByName) {
  const IdMap map = testing::ExtendMap(8, 2);
  const auto refusal = [&](HeadKind kind, const GivenRows& given,
                           TiePolicy tie = TiePolicy::kKeep) {
    return std::string(Message(
        PlanInit(MadeUpModel(8, kind), map, kTwoTokens, {.tie = tie, .given = given}).status()));
  };
  std::vector<float> rows(8, 0.5F);
  const std::vector<float> few(7, 0.5F);
  EXPECT_EQ(refusal(HeadKind::kTied, {.input = few, .name = "n"}),
            "rows: input: are 7 numbers, 2 rows of 4 were expected, one for each added token; give "
            "them in the order of the id map's `added`");
  EXPECT_THAT(refusal(HeadKind::kTied, {.input = rows}), HasSubstr("rows: have no name"));
  EXPECT_THAT(refusal(HeadKind::kNone, {.output = rows, .name = "n"}),
              HasSubstr("M has no output head"));
  EXPECT_THAT(refusal(HeadKind::kTied, {.input = rows, .output = rows, .name = "n"}),
              HasSubstr("rows were given for both"));
  EXPECT_THAT(
      refusal(HeadKind::kTied, {.output = rows, .name = "n"}, TiePolicy::kKeepInput),
      HasSubstr("tie keep-input keeps the input rows, rows were given for the other role only"));
  EXPECT_EQ(refusal(HeadKind::kTied, {.output = rows, .name = "n"}), "");
  EXPECT_EQ(
      refusal(HeadKind::kTied, {.input = rows, .output = rows, .name = "n"}, TiePolicy::kUntie),
      "");
  rows[6] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refusal(HeadKind::kSeparate, {.output = rows, .name = "n"}),
              HasSubstr("rows: output: row 1 holds nan, finite numbers were expected"));
  EXPECT_THAT(
      Message(PlanInit(MadeUpModel(8, HeadKind::kTied), map, kTwoTokens, {.method = Method::kGiven})
                  .status()),
      HasSubstr("no"));
}

TEST(InitPlanTest, NamesRoundTrip) {
  std::string names;
  for (const MethodInfo& info : ListMethods()) {
    EXPECT_EQ(*ParseMethod(info.name), info.method);
    EXPECT_EQ(MethodName(info.method), info.name);
    EXPECT_FALSE(info.help.empty());
    names += (names.empty() ? "" : ", ") + std::string(info.name);
  }
  EXPECT_EQ(*ParseMethod("given"), Method::kGiven);
  EXPECT_EQ(names,
            "auto, copy, mean, weighted, first, last, halving, softmax, asymmetric, bil, "
            "merge-order, gaussian, hewitt, script, zero, ridge, omp, map, knn, stacked, "
            "wechsel, trans-tokenization, focus, clp, tokenadapt, tokalign");
  EXPECT_EQ(Message(ParseMethod("best").status()),
            "method: \"best\" is not known; choose one of " + names);
  for (const TiePolicy tie : {TiePolicy::kKeep, TiePolicy::kKeepInput, TiePolicy::kKeepOutput,
                              TiePolicy::kCompromise, TiePolicy::kUntie}) {
    EXPECT_EQ(*ParseTiePolicy(TiePolicyName(tie)), tie);
  }
  for (const NormPolicy norm : {NormPolicy::kNone, NormPolicy::kPieces, NormPolicy::kScript}) {
    EXPECT_EQ(*ParseNormPolicy(NormPolicyName(norm)), norm);
  }
}

}  // namespace
}  // namespace tokgraft
