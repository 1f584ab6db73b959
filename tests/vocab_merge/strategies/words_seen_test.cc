#include "vocab_merge/strategies/words_seen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::map<std::string, std::uint64_t> WordsOf(const TokenizerSpec& spec,
                                             const std::vector<std::string_view>& corpus,
                                             bool spaces_inside = false) {
  const auto out = WordsSeen(spec, corpus, spaces_inside, 1);
  EXPECT_TRUE(out.ok()) << out.status();
  return out.ok() ? *out : std::map<std::string, std::uint64_t>{};
}

TEST(WordsSeenTest, SentencePieceTextIsOneWordUnlessSpacesPartIt) {
  const TokenizerSpec spec = toy::SentencePieceUnigram({}, /*add_dummy_prefix=*/true);
  EXPECT_THAT(WordsOf(spec, {"a bc", "a"}), ElementsAre(Pair("\u2581a", 2), Pair("\u2581bc", 1)));
  EXPECT_THAT(WordsOf(spec, {"a bc", "a"}, /*spaces_inside=*/true),
              ElementsAre(Pair("\u2581a", 1), Pair("\u2581a\u2581bc", 1)));
}

TEST(WordsSeenTest, SplittersAndNormalizersAreTheSpecs) {
  TokenizerSpec spec = toy::Unigram({});
  spec.normalizers.emplace_back().emplace<normalizer::Lowercase>();
  spec.pre_tokenizers.emplace_back().emplace<pre_tokenizer::Whitespace>();
  EXPECT_THAT(WordsOf(spec, {"Ab, ab \u4e2d\u6587", ""}),
              ElementsAre(Pair(",", 1), Pair("ab", 2), Pair("\u4e2d\u6587", 1)));
}

TEST(WordsSeenTest, AddedTokensAreNoWords) {
  TokenizerSpec spec = toy::Unigram({});
  spec.added_tokens = {{.id = 7, .content = "<t>"}};
  EXPECT_THAT(WordsOf(spec, {"a<t>b"}), ElementsAre(Pair("a", 1), Pair("b", 1)));
  spec.pre_tokenizers.emplace_back().emplace<pre_tokenizer::Whitespace>();
  EXPECT_THAT(WordsOf(spec, {"a<t>b c"}), ElementsAre(Pair("a", 1), Pair("b", 1), Pair("c", 1)));
}

}  // namespace
}  // namespace tokgraft
