#include "embed_init/forecast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/embed_init/random_model.h"
#include "tests/vocab_merge/toy.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A model of bytes and "ab", a donor's "zq" and "zqzq" (and digits), and texts with few and many.
class ForecastTest : public ::testing::Test {
 protected:
  void Merge(const toy::Pairs& donor) {
    const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
    merged_ = *MergeTokenizers(base, toy::ByteLevel(donor), {});
    before_ = *Compile(base);
    after_ = *Compile(merged_.tokenizer);
    pieces_ = *SplitIntoOldPieces(merged_.id_map, *before_, &*after_);
    input_ = {.before = &*before_,
              .after = &*after_,
              .id_map = &merged_.id_map,
              .pieces = &pieces_,
              .corpora = &corpora_};
  }
  void AddCorpus(const std::string& name, const std::string& text) {
    testing::WriteText(directory_ / name, text);
    corpora_.push_back({name, directory_ / name});
  }
  static std::string Repeated(const std::string& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  }

  testing::TemporaryDirectory directory_;
  MergeResult merged_;
  std::optional<Tokenizer> before_;
  std::optional<Tokenizer> after_;
  std::vector<OldPieces> pieces_;
  std::vector<Corpus> corpora_;
  ForecastInput input_;
};

TEST_F(ForecastTest, ATextWithoutNewTokensCostsNothing) {
  Merge({{"z", "q"}, {"zq", "zq"}});
  AddCorpus("plain", Repeated("ab ab cd\n", 50));
  const Forecast forecast = *ForecastCost(input_);
  ASSERT_THAT(forecast.corpora, SizeIs(1));
  EXPECT_EQ(forecast.corpora[0].new_tokens, 0u);
  EXPECT_EQ(forecast.corpora[0].change, 0);
  EXPECT_EQ(forecast.corpora[0].break_even_tokens, 0);
  EXPECT_EQ(forecast.verdict, SwapVerdict::kSafe);
  EXPECT_THAT(forecast.reason, HasSubstr("no new token"));
  EXPECT_THAT(forecast.warnings, IsEmpty());
}

TEST_F(ForecastTest, MoreNewTokensCostMoreAndTheWorstTextDecides) {
  Merge({{"z", "q"}, {"zq", "zq"}});
  AddCorpus("some", Repeated("ab cd ef gh ij kl mn op zqzq\n", 50));
  AddCorpus("many", Repeated("zqzq zqzq zq\n", 50));
  const Forecast forecast = *ForecastCost(input_);
  ASSERT_THAT(forecast.corpora, SizeIs(2));
  const CorpusForecast& some = forecast.corpora[0];
  const CorpusForecast& many = forecast.corpora[1];
  EXPECT_GT(some.change, 0);
  EXPECT_LT(some.low, some.change);
  EXPECT_GT(some.high, some.change);
  EXPECT_GT(many.change, some.change);
  EXPECT_GT(many.break_even_tokens, some.break_even_tokens);
  EXPECT_NEAR(some.new_byte_share, 4.0 / 29, 1e-9);
  EXPECT_DOUBLE_EQ(some.pieces_per_new, 4);
  EXPECT_NE(forecast.verdict, SwapVerdict::kSafe);
  EXPECT_THAT(forecast.reason, HasSubstr("many"));
}

TEST_F(ForecastTest, AnotherRuleForDigitsIsAWarning) {
  Merge({{"1", "9"}});
  const Forecast forecast = *ForecastCost(input_);
  EXPECT_EQ(forecast.digits_before.longest, 1u);
  EXPECT_EQ(forecast.digits_after.longest, 2u);
  ASSERT_THAT(forecast.warnings, SizeIs(1));
  EXPECT_THAT(forecast.warnings[0], HasSubstr("one digit a token before, up to 2 digits a token"));
  EXPECT_THAT(forecast.ToText(), HasSubstr("Forecast: none"));
}

TEST_F(ForecastTest, PiecesWithWeakRowsAreCounted) {
  Merge({{"z", "q"}, {"zq", "zq"}});
  const std::uint64_t rows = before_->vocab_size();
  std::vector<testing::RandomTensor> tensors = testing::LlamaTensors(rows, 16, false, "F32", 1);
  testing::WriteRandomModel(directory_ / "m", testing::LlamaConfig(rows, false), tensors);
  Checkpoint model = *OpenCheckpoint(directory_ / "m");
  input_.model = &model;
  const Forecast sound = *ForecastCost(input_);
  EXPECT_THAT(sound.weak, SizeIs(13));  // bytes that no text has
  EXPECT_EQ(sound.new_of_weak, 0u);

  const TensorInfo info = *model.Find(model.head->tensor);
  std::string bytes = testing::ReadText(directory_ / ("m/" + info.file));
  bytes.replace(info.begin + 'q' * 64, 64, std::string(64, '\0'));
  testing::WriteText(directory_ / ("m/" + info.file), bytes);
  const Forecast weak = *ForecastCost(input_);
  EXPECT_THAT(weak.weak, SizeIs(14));
  EXPECT_EQ(weak.new_of_weak, 2u);
  ASSERT_THAT(weak.warnings, SizeIs(1));
  EXPECT_THAT(weak.warnings[0], HasSubstr("2 new tokens are made of old pieces whose rows"));

  input_.donor_model = &model;  // its rows of "q" and "zq" are those of the base
  input_.donor = &*before_;
  EXPECT_EQ(ForecastCost(input_)->donor_weak, 0u);
  input_.donor = &*after_;
  EXPECT_EQ(ForecastCost(input_)->donor_weak, 0u);
}

}  // namespace
}  // namespace tokgraft
