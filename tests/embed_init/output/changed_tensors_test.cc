// Which tensors a plan changes in each layout, how large the output is, and the numbers that are
// written.
#include "embed_init/output/changed_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "embed_init/safetensors/header.h"
#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

std::string FloatBytes(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

// Two old rows and two new ones: 3/4 of row 0 and 1/4 of row 1, and the mean of both.
class ChangedTensorsTest : public ::testing::Test {
 protected:
  void Make(const nlohmann::json& config, const std::vector<testing::RandomTensor>& tensors,
            TiePolicy tie = TiePolicy::kKeep) {
    testing::WriteRandomModel(directory_.path(), config, tensors);
    model_ = *OpenCheckpoint(directory_.path());
    plan_ = *PlanInit(model_, testing::ExtendMap(2, 2), {{{0, 1}, {3, 1}}, {}},
                      {.method = Method::kWeighted, .tie = tie, .pad_to_multiple = 1});
    changed_ = ChangedTensors(model_, plan_);
  }

  // "name<source" of each, "+" where it is new, "i" or "o" for its role.
  std::vector<std::string> Described() {
    std::vector<std::string> texts;
    for (const ChangedTensor& changed : changed_) {
      EXPECT_EQ(changed.file, "model.safetensors");
      texts.push_back(Cat(changed.is_new ? "+" : "", changed.tensor.tensor, "<", changed.source,
                          changed.is_input ? " i" : " o"));
      EXPECT_EQ(&PlanOf(plan_, changed), changed.is_bias    ? &*plan_.bias
                                         : changed.is_input ? &plan_.input
                                                            : &*plan_.output);
    }
    return texts;
  }

  StatusOr<RewrittenFile> Rewrite(const RewriteOptions& options = {}) {
    return RewriteFile(model_, plan_, changed_, "model.safetensors", directory_ / "new", options);
  }

  // The tensor's bytes in the file that was written.
  std::string Written(const std::string& name) {
    const SafetensorsHeader header = *ReadSafetensorsHeader(directory_ / "new", "new");
    for (const TensorInfo& tensor : header.tensors) {
      if (tensor.name != name) continue;
      return testing::ReadText(directory_ / "new").substr(tensor.begin, tensor.size_bytes());
    }
    return "not there";
  }

  testing::TemporaryDirectory directory_;
  Checkpoint model_;
  InitPlan plan_;
  std::vector<ChangedTensor> changed_;
};

const testing::RandomTensor kEmbed{"embed.weight", {2, 2}, "F32", FloatBytes({3, 4, 1, 0})};
const testing::RandomTensor kHead{"lm_head.weight", {2, 2}, "F32", FloatBytes({8, 0, 0, 4})};
const testing::RandomTensor kNorm{"norm.weight", {2}, "F32", FloatBytes({5, 6})};

TEST_F(ChangedTensorsTest, EachLayoutHasItsTensors) {
  Make(testing::LlamaConfig(2, false), {kEmbed, kHead, kNorm});
  EXPECT_THAT(Described(),
              ElementsAre("embed.weight<embed.weight i", "lm_head.weight<lm_head.weight o"));
  // A stored copy of a tied embedding is made by the same plan.
  testing::RandomTensor copy = kEmbed;
  copy.name = "lm_head.weight";
  Make(testing::LlamaConfig(2, true), {kEmbed, copy, kNorm});
  EXPECT_THAT(Described(),
              ElementsAre("embed.weight<embed.weight i", "lm_head.weight<lm_head.weight i"));
  Make(testing::LlamaConfig(2, true), {kEmbed, kNorm});
  EXPECT_THAT(Described(), ElementsAre("embed.weight<embed.weight i"));
  Make(testing::LlamaConfig(2, true), {kEmbed, kNorm}, TiePolicy::kUntie);
  EXPECT_THAT(Described(),
              ElementsAre("embed.weight<embed.weight i", "+lm_head.weight<embed.weight o"));
}

// BERT: the decoder that untying makes has a bias of its own too.
TEST_F(ChangedTensorsTest, BiasesOfTheHeadFollow) {
  const nlohmann::json config = {
      {"model_type", "bert"}, {"architectures", {"BertForMaskedLM"}}, {"vocab_size", 2}};
  const testing::RandomTensor words{"word_embeddings.weight", {2, 2}};
  const testing::RandomTensor bias{"cls.predictions.bias", {2}};
  Make(config, {words, bias});
  EXPECT_THAT(Described(), ElementsAre("word_embeddings.weight<word_embeddings.weight i",
                                       "cls.predictions.bias<cls.predictions.bias i"));
  Make(config, {words, bias}, TiePolicy::kUntie);
  EXPECT_THAT(Described(), ElementsAre("word_embeddings.weight<word_embeddings.weight i",
                                       "+cls.predictions.decoder.weight<word_embeddings.weight o",
                                       "+cls.predictions.decoder.bias<cls.predictions.bias o",
                                       "cls.predictions.bias<cls.predictions.bias o"));
}

TEST_F(ChangedTensorsTest, SizesAreKnownBeforehand) {
  Make(testing::LlamaConfig(2, true), {kEmbed, kNorm}, TiePolicy::kUntie);
  // Two matrices of 4 rows of 2 floats, and the norm.
  EXPECT_EQ(TotalTensorBytes(model_, plan_, changed_), 2u * 4 * 2 * 4 + 8);
  ASSERT_TRUE(Rewrite().ok());
  EXPECT_EQ(*NewFileBytes(model_, plan_, changed_, "model.safetensors"),
            std::filesystem::file_size(directory_ / "new"));
  // No new tensor: both matrices grow by two rows.
  Make(testing::LlamaConfig(2, false), {kEmbed, kHead, kNorm});
  EXPECT_EQ(TotalTensorBytes(model_, plan_, changed_), 2u * 4 * 2 * 4 + 8);
  Make(testing::LlamaConfig(2, true), {kEmbed, kNorm});
  EXPECT_EQ(TotalTensorBytes(model_, plan_, changed_), 4u * 2 * 4 + 8);
}

TEST_F(ChangedTensorsTest, RowsAndNormsAreExact) {
  Make(testing::LlamaConfig(2, false), {kEmbed, kHead, kNorm});
  std::vector<double> fractions;
  const StatusOr<RewrittenFile> written =
      Rewrite({.threads = 1, .progress = [&](double done) { fractions.push_back(done); }});
  ASSERT_TRUE(written.ok()) << Message(written.status());
  EXPECT_EQ(Written("embed.weight"), FloatBytes({3, 4, 1, 0, 2.5, 3, 2, 2}));
  EXPECT_EQ(Written("lm_head.weight"), FloatBytes({8, 0, 0, 4, 6, 1, 4, 2}));
  EXPECT_EQ(Written("norm.weight"), FloatBytes({5, 6}));
  EXPECT_EQ(written->source.sha256, HashFile(directory_ / "model.safetensors")->sha256);
  EXPECT_EQ(written->output.sha256, HashFile(directory_ / "new")->sha256);
  // Root mean squares: of both old rows, and of the one row that the method made.
  EXPECT_DOUBLE_EQ(written->norms.at("embed.weight").old_rows, std::sqrt((25.0 + 1) / 2));
  EXPECT_DOUBLE_EQ(written->norms.at("embed.weight").new_rows, std::sqrt(6.25 + 9));
  EXPECT_DOUBLE_EQ(written->norms.at("lm_head.weight").old_rows, std::sqrt((64.0 + 16) / 2));
  EXPECT_EQ(written->norms.size(), 2u);
  EXPECT_EQ(written->not_finite, 0u);
  EXPECT_EQ(fractions, (std::vector<double>{1, 1}));
}

TEST_F(ChangedTensorsTest, AnUntiedHeadStandsAfterTheEmbedding) {
  Make(testing::LlamaConfig(2, true), {kEmbed, kNorm}, TiePolicy::kUntie);
  ASSERT_TRUE(Rewrite().ok());
  std::vector<std::string> names;
  const SafetensorsHeader header = *ReadSafetensorsHeader(directory_ / "new", "new");
  for (const TensorInfo& tensor : header.tensors) names.push_back(tensor.name);
  EXPECT_THAT(names, ElementsAre("embed.weight", "lm_head.weight", "norm.weight"));
  EXPECT_EQ(Written("lm_head.weight"), Written("embed.weight"));
}

TEST_F(ChangedTensorsTest, RowsThatAreNotFiniteAreCountedAndLeftOutOfTheNorms) {
  testing::RandomTensor embed = kEmbed;
  embed.bytes = FloatBytes({3, 4, std::numeric_limits<float>::infinity(), 0});
  Make(testing::LlamaConfig(2, true), {embed});
  // PlanInit would have taken the mean of all; a plan may come from elsewhere.
  EXPECT_EQ(plan_.input.origins[2], RowOrigin::kMeanOfAll);
  RolePlan by_hand;
  for (const std::uint32_t row : {0U, 1U}) by_hand.AddRow(RowOrigin::kCopied, {{row, 1}});
  by_hand.AddRow(RowOrigin::kMethod, {{0, 0.25}, {1, 0.75}});
  by_hand.AddRow(RowOrigin::kMeanOfAll, {{2, 1}});
  plan_.input = by_hand;
  const RewrittenFile written = *Rewrite();
  EXPECT_EQ(written.not_finite, 1u);
  EXPECT_EQ(written.norms.at("embed.weight"), (NormReport{.old_rows = 5, .new_rows = 0}));
  // The mean of all leaves the bad row out.
  EXPECT_EQ(Written("embed.weight").substr(24), FloatBytes({3, 4}));
}

TEST_F(ChangedTensorsTest, AFileThatChangedSinceItWasOpenedIsRefused) {
  Make(testing::LlamaConfig(2, false), {kEmbed, kHead});
  testing::WriteText(directory_ / "model.safetensors",
                     testing::SafetensorsBytes({kEmbed, kHead, kNorm}));
  const std::string message = directory_ /
                              "model.safetensors: is not the file that was opened; "
                              "something else changes it";
  EXPECT_EQ(Message(Rewrite().status()), message);
  EXPECT_TRUE(absl::IsDataLoss(Rewrite().status()));
  EXPECT_EQ(Message(NewFileBytes(model_, plan_, changed_, "model.safetensors").status()), message);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "new"));
}

}  // namespace
}  // namespace tokgraft
