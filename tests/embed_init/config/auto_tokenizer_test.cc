// transformers builds classes of its own for some model types: a warning exactly where the stages
// of that class are not the tokenizer's.
#include "embed_init/config/auto_tokenizer.h"

#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

constexpr std::string_view kQwen2Split =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// NFC, one split by `pattern`, byte-level BPE: what Qwen's classes build.
TokenizerSpec QwenLike(std::string_view pattern) {
  TokenizerSpec spec = toy::ByteLevel({{"a", "b"}});
  spec.normalizers.emplace_back().emplace<normalizer::Unicode>();
  spec.pre_tokenizers.clear();
  auto& split = spec.pre_tokenizers.emplace_back().emplace<pre_tokenizer::Split>();
  split.pattern.text = std::string(pattern);
  split.pattern.is_regex = true;
  auto& bytes = spec.pre_tokenizers.emplace_back().emplace<pre_tokenizer::ByteLevel>();
  bytes.add_prefix_space = false;
  bytes.use_regex = false;
  return spec;
}

TEST(AutoTokenizerTest, TheClassOfTheTypeAndTheWayOutAreNamed) {
  EXPECT_EQ(AutoTokenizerWarning("qwen2", toy::ByteLevel({})),
            "config.json: for the model type qwen2 transformers 5 builds Qwen2Tokenizer, whatever "
            "tokenizer_class says, and its stages are not this tokenizer's: AutoTokenizer gives "
            "other ids; load the tokenizer with PreTrainedTokenizerFast.from_pretrained");
}

TEST(AutoTokenizerTest, ATokenizerWithTheStagesOfTheClassIsRight) {
  EXPECT_EQ(AutoTokenizerWarning("qwen2", QwenLike(kQwen2Split)), "");
  // The pattern of another generation is another tokenizer.
  EXPECT_NE(AutoTokenizerWarning("qwen3_5", QwenLike(kQwen2Split)), "");
}

TEST(AutoTokenizerTest, EveryStageCounts) {
  const auto warned = [](auto change) {
    TokenizerSpec spec = QwenLike(kQwen2Split);
    change(&spec);
    return !AutoTokenizerWarning("qwen2", spec).empty();
  };
  using Spec = TokenizerSpec;
  const auto split = [](Spec* s) -> auto& {
    return std::get<pre_tokenizer::Split>(s->pre_tokenizers[0]);
  };
  const auto bytes = [](Spec* s) -> auto& {
    return std::get<pre_tokenizer::ByteLevel>(s->pre_tokenizers[1]);
  };
  const auto bpe = [](Spec* s) -> auto& { return std::get<BpeModel>(s->model); };
  EXPECT_FALSE(warned([](Spec*) {}));
  EXPECT_TRUE(warned([](Spec* s) { s->normalizers.clear(); }));
  EXPECT_TRUE(warned([](Spec* s) {
    std::get<normalizer::Unicode>(s->normalizers[0]).form = normalizer::UnicodeForm::kNfkc;
  }));
  EXPECT_TRUE(warned([](Spec* s) { s->pre_tokenizers.pop_back(); }));
  EXPECT_TRUE(warned([&](Spec* s) { split(s).pattern.text += "|x"; }));
  EXPECT_TRUE(warned([&](Spec* s) { split(s).pattern.is_regex = false; }));
  EXPECT_TRUE(warned([&](Spec* s) { split(s).invert = true; }));
  EXPECT_TRUE(warned([&](Spec* s) { split(s).behavior = pre_tokenizer::SplitBehavior::kRemoved; }));
  EXPECT_TRUE(warned([&](Spec* s) { bytes(s).add_prefix_space = true; }));
  EXPECT_TRUE(warned([&](Spec* s) { bytes(s).use_regex = true; }));
  EXPECT_TRUE(warned([&](Spec* s) { bpe(s).ignore_merges = true; }));
  EXPECT_TRUE(warned([&](Spec* s) { bpe(s).byte_fallback = true; }));
  EXPECT_TRUE(warned([&](Spec* s) { bpe(s).order = BpeModel::Order::kRank; }));
  EXPECT_TRUE(warned([](Spec* s) { s->model = WordPieceModel(); }));
}

TEST(AutoTokenizerTest, OtherTypesKeepTheirTokenizer) {
  for (const char* type : {"llama", "qwen3", "gpt2", "", "qwen"}) {
    EXPECT_EQ(AutoTokenizerWarning(type, toy::ByteLevel({})), "") << type;
  }
}

// Their stages are not compared: a warning whatever the tokenizer.
TEST(AutoTokenizerTest, ClassesThatAreNotComparedAlwaysWarn) {
  for (const char* type : {"hyperclovax_vision_v2", "siglip2"}) {
    EXPECT_NE(AutoTokenizerWarning(type, QwenLike(kQwen2Split)), "") << type;
  }
}

}  // namespace
}  // namespace tokgraft
