// The names, found by name, by regex and by the hash of the ranks; their special tokens with the
// ids of tiktoken_ext/openai_public.py and of the published models.
#include "tokenizer/formats/tiktoken_patterns.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tokenizer/stages/regex.h"

namespace tokgraft {
namespace {

TEST(TiktokenPatternsTest, EveryNameIsFoundByWhatItHas) {
  EXPECT_EQ(TiktokenPatternNames(), "r50k p50k cl100k o200k llama4 kimi_k2 qwen");
  for (const char* name : {"r50k", "p50k", "cl100k", "o200k", "llama4", "kimi_k2", "qwen"}) {
    const TiktokenPattern* pattern = FindTiktokenPattern(name);
    ASSERT_NE(pattern, nullptr) << name;
    EXPECT_EQ(pattern->name, name);
    EXPECT_TRUE(Regex::Compile(pattern->regex, Reference::kTiktoken).ok()) << name;
    EXPECT_EQ(FindTiktokenPatternByRegex(pattern->regex)->regex, pattern->regex);
    if (pattern->sha256.empty()) continue;
    EXPECT_EQ(pattern->sha256.size(), 64U);
    EXPECT_EQ(FindTiktokenPatternByHash(pattern->sha256), pattern);
  }
  EXPECT_EQ(FindTiktokenPattern("gpt2"), nullptr);
  EXPECT_EQ(FindTiktokenPattern(""), nullptr);
  EXPECT_EQ(FindTiktokenPatternByHash(""), nullptr);  // not the one whose hash is not known
  EXPECT_EQ(FindTiktokenPatternByRegex(""), nullptr);
  EXPECT_EQ(FindTiktokenPatternByRegex(kTekkenRegex), nullptr);
}

TEST(TiktokenPatternsTest, SpecialTokensOfOpenAi) {
  const TiktokenSpecials gpt2 = TiktokenSpecialsOf("p50k", 50280);
  ASSERT_EQ(gpt2.tokens.size(), 1U);
  EXPECT_EQ(gpt2.tokens[0], (std::pair<std::string, TokenId>{"<|endoftext|>", 50256}));
  EXPECT_EQ(gpt2.eos, "<|endoftext|>");
  EXPECT_EQ(gpt2.bos, "");
  const TiktokenSpecials cl100k = TiktokenSpecialsOf("cl100k", 100256);
  EXPECT_EQ(cl100k.tokens.back(), (std::pair<std::string, TokenId>{"<|endofprompt|>", 100276}));
  const TiktokenSpecials o200k = TiktokenSpecialsOf("o200k", 1);  // ids of its own, not counted
  EXPECT_EQ(o200k.tokens[0].second, 199999U);
  EXPECT_EQ(o200k.tokens[1].second, 200018U);
}

TEST(TiktokenPatternsTest, SpecialTokensThatFollowTheRanks) {
  const TiktokenSpecials llama4 = TiktokenSpecialsOf("llama4", 200000);
  ASSERT_EQ(llama4.tokens.size(), 2048U);
  EXPECT_EQ(llama4.tokens.front().second, 200000U);
  EXPECT_EQ(llama4.tokens.back().second, 202047U);
  const TiktokenSpecials kimi = TiktokenSpecialsOf("kimi_k2", 163584);
  ASSERT_EQ(kimi.tokens.size(), 256U);
  EXPECT_EQ(kimi.tokens[0], (std::pair<std::string, TokenId>{"<|reserved_token_163584|>", 163584}));
  EXPECT_EQ(kimi.eos, "");
  const TiktokenSpecials qwen = TiktokenSpecialsOf("qwen", 151643);
  ASSERT_EQ(qwen.tokens.size(), 208U);
  EXPECT_EQ(qwen.tokens[2], (std::pair<std::string, TokenId>{"<|im_end|>", 151645}));
  EXPECT_EQ(qwen.tokens.back(), (std::pair<std::string, TokenId>{"<|extra_204|>", 151850}));
  EXPECT_TRUE(TiktokenSpecialsOf("gpt2", 50256).tokens.empty());
}

TEST(TiktokenPatternsTest, NoNameOrIdTwice) {
  for (const char* name : {"cl100k", "llama4", "kimi_k2", "qwen"}) {
    std::set<std::string> names;
    std::set<TokenId> ids;
    for (const auto& [text, id] : TiktokenSpecialsOf(name, 200000).tokens) {
      EXPECT_TRUE(names.insert(text).second) << text;
      EXPECT_TRUE(ids.insert(id).second) << id;
    }
  }
}

}  // namespace
}  // namespace tokgraft
