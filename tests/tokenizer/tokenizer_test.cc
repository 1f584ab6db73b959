// The whole pipeline: order of the stages, invalid UTF-8, batches, threads.
#include "tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/tokenizer/toy_spec.h"
#include "tokenizer/load.h"
#include "tokenizer/text/byte_alphabet.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

// Byte-level BPE over all bytes, with a merge and a space merge.
TokenizerSpec ByteLevelToy() {
  std::vector<toy::ToyPiece> pieces;
  for (int byte = 0; byte < 256; ++byte) {
    pieces.push_back({ToByteAlphabet(std::string(1, static_cast<char>(byte)))});
  }
  for (const char* more : {"ab", "Ġab", "Ã©"}) pieces.push_back({more});
  TokenizerSpec spec = toy::Spec(pieces, BpeModel{});
  spec.spelling = Spelling::kByteLevel;
  spec.pre_tokenizers = {pre_tokenizer::ByteLevel{.add_prefix_space = false}};
  toy::AddMerges({{"a", "b"}, {"Ġ", "ab"}, {"Ã", "©"}}, &spec);
  return spec;
}

TEST(TokenizerTest, ByteLevelGivesTokensTheSpansOfTheirCharacters) {
  const Tokenizer tokenizer = Compile(ByteLevelToy()).value();
  EXPECT_THAT(toy::Tokens(tokenizer, "ab ab é ê"),
              ElementsAre("ab", "Ġab", "Ġ", "Ã©", "Ġ", "Ã", "ª"));
  EXPECT_EQ(tokenizer.Encode("abê").offsets, (std::vector<Span>{{0, 2}, {2, 4}, {2, 4}}));
}

TEST(TokenizerTest, AnAddedTokenStandsForItsTextNotForWhatItSpellsAsAPiece) {
  const StatusOr<TokenizerSpec> spec = LoadBytes(
      R"({"added_tokens": [{"id": 1, "content": "é", "single_word": false, "lstrip": false,
                            "rstrip": false, "normalized": false, "special": false}],
          "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                            "use_regex": false},
          "model": {"type": "BPE", "vocab": {"a": 0, "é": 1, "è": 2}, "merges": []}})",
      "toy");
  const Tokenizer tokenizer = Compile(spec.value()).value();
  EXPECT_EQ(tokenizer.token_bytes(1), "é");
  EXPECT_EQ(tokenizer.token_bytes(2), "\xE8");
  EXPECT_EQ(tokenizer.DecodeBytes(tokenizer.Encode("aé").ids).value(), "aé");
}

TEST(TokenizerTest, InvalidBytesAreKeptByByteLevelAndReplacedElsewhere) {
  const Tokenizer by_bytes = Compile(ByteLevelToy()).value();
  const std::string bad = "a\xFF\xE3\x81z";
  const Encoding kept = by_bytes.Encode(bad);
  EXPECT_EQ(kept.invalid_utf8, 2U);
  EXPECT_EQ(by_bytes.DecodeBytes(kept.ids).value(), ToByteAlphabet(bad));
  std::vector<TokenId> ids;
  EXPECT_EQ(by_bytes.EncodeIds(bad, &ids), 2U);
  EXPECT_EQ(ids, kept.ids);

  const Tokenizer by_characters =
      Compile(toy::Spec({{"a"}, {"z"}, {"\uFFFD"}}, BpeModel{})).value();
  const Encoding replaced = by_characters.Encode(bad);
  EXPECT_EQ(replaced.ids, (std::vector<TokenId>{0, 2, 2, 1}));
  EXPECT_EQ(replaced.offsets, (std::vector<Span>{{0, 1}, {1, 2}, {2, 4}, {4, 5}}));
  EXPECT_EQ(replaced.invalid_utf8, 2U);
}

TEST(TokenizerTest, InvalidBytesSurviveANormalizer) {
  TokenizerSpec spec = ByteLevelToy();
  spec.normalizers = {normalizer::Lowercase{}};
  const Tokenizer tokenizer = Compile(spec).value();
  EXPECT_THAT(toy::Tokens(tokenizer, "A\xC3 AB"), ElementsAre("a", "Ã", "Ġab"));
}

TEST(TokenizerTest, InvalidBytesSurviveARegex) {
  TokenizerSpec spec = ByteLevelToy();
  spec.pre_tokenizers.insert(
      spec.pre_tokenizers.begin(),
      pre_tokenizer::Split{Pattern{"[a-z]+|[^\\sa-z]+", true},
                           pre_tokenizer::SplitBehavior::kRemoved, /*invert=*/true});
  spec.pre_tokenizers.back() = pre_tokenizer::ByteLevel{false, true, /*use_regex=*/false};
  const Tokenizer tokenizer = Compile(spec).value();
  const std::string bad = " ab\xC3 \xE3\x81\uFFFDb";
  EXPECT_THAT(toy::Tokens(tokenizer, bad), ElementsAre("ab", "Ã", "ã", "ģ", "ï", "¿", "½", "b"));
  EXPECT_EQ(
      tokenizer.Encode(bad).offsets,
      (std::vector<Span>{{1, 3}, {3, 4}, {5, 6}, {6, 7}, {7, 10}, {7, 10}, {7, 10}, {10, 11}}));
}

TEST(TokenizerTest, AddedTokensAreFoundRawThenNormalized) {
  TokenizerSpec spec = toy::Spec({{"a"}, {"b"}, {"x"}}, BpeModel{});
  spec.normalizers = {normalizer::Lowercase{}};
  spec.added_tokens = {{.id = 10, .content = "X"}, {.id = 11, .content = "AB", .normalized = true}};
  const Tokenizer tokenizer = Compile(spec).value();
  EXPECT_THAT(toy::Tokens(tokenizer, "XxaBb"), ElementsAre("X", "x", "AB", "b"));
  EXPECT_EQ(tokenizer.Encode("XxaBb").offsets, (std::vector<Span>{{0, 1}, {1, 2}, {2, 4}, {4, 5}}));
}

TEST(TokenizerTest, KnowsItsTokens) {
  TokenizerSpec spec = toy::Spec({{"▁a"}, {"<s>", 0, PieceKind::kControl}}, BpeModel{});
  spec.added_tokens = {{.id = 5, .content = "<x>", .special = true}};
  const Tokenizer tokenizer = Compile(spec).value();
  EXPECT_EQ(tokenizer.vocab_size(), 6U);
  EXPECT_EQ(tokenizer.token_bytes(0), " a");
  EXPECT_EQ(tokenizer.token_bytes(5), "<x>");
  EXPECT_EQ(tokenizer.token_bytes(4), std::nullopt);
  EXPECT_EQ(tokenizer.token_kind(1), PieceKind::kControl);
  EXPECT_EQ(tokenizer.token_kind(5), PieceKind::kControl);
  EXPECT_EQ(tokenizer.token_id(" a"), 0U);
  EXPECT_EQ(tokenizer.token_id("<x>"), 5U);
  EXPECT_EQ(tokenizer.token_id("nothing"), std::nullopt);
}

TEST(TokenizerTest, BatchesDoNotDependOnThreads) {
  const Tokenizer tokenizer = Compile(ByteLevelToy()).value();
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 3000; ++i) {
    std::string text;
    for (std::size_t j = 0; j < i % 700; ++j) text += "ab é\xFF"[(i * 7 + j * j) % 6];
    texts.push_back(text);
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const EncodingBatch one = tokenizer.EncodeBatch(views, 1);
  EXPECT_EQ(tokenizer.EncodeBatch(views, 7), one);
  ASSERT_EQ(one.row_splits.size(), texts.size() + 1);
  std::uint64_t invalid = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::vector<TokenId> ids;
    invalid += tokenizer.EncodeIds(texts[i], &ids);
    ASSERT_EQ(ids, std::vector<TokenId>(one.ids.begin() + one.row_splits[i],
                                        one.ids.begin() + one.row_splits[i + 1]));
  }
  EXPECT_EQ(one.invalid_utf8, invalid);
  EXPECT_EQ(tokenizer.EncodeBatch({}).row_splits, (std::vector<std::int64_t>{0}));
}

TEST(TokenizerTest, ManyTokenizersTakeTurnsOnOneThread) {
  std::vector<Tokenizer> tokenizers;
  for (std::size_t i = 0; i < 9; ++i) {
    std::vector<toy::ToyPiece> pieces(i, toy::ToyPiece{});
    for (std::size_t j = 0; j < i; ++j) pieces[j].spelling = Cat("pad", j);
    pieces.push_back({"a"});
    tokenizers.push_back(Compile(toy::Spec(pieces, BpeModel{})).value());
  }
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < tokenizers.size(); ++i) {
      std::vector<TokenId> ids;
      tokenizers[i].EncodeIds("aa", &ids);
      const auto id = static_cast<TokenId>(i);
      EXPECT_EQ(ids, (std::vector<TokenId>{id, id}));
    }
  }
}

TEST(TokenizerTest, OneTokenizerServesManyThreads) {
  const Tokenizer tokenizer = Compile(ByteLevelToy()).value();
  std::string text;
  for (int i = 0; i < 20000; ++i) text += Cat("ab ", i * i, " ");
  const std::size_t expected = tokenizer.Count(text);
  std::vector<std::size_t> counts(8);
  std::vector<std::thread> threads;
  for (std::size_t& count : counts) {
    threads.emplace_back([&, copy = tokenizer] { count = copy.Count(text); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(counts, ::testing::Each(expected));
}

std::vector<std::string> WordsOf(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<std::string> words;
  tokenizer.ForEachWord(text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

TEST(TokenizerTest, WordsAreWhatTokensDoNotCross) {
  TokenizerSpec spec = ByteLevelToy();
  spec.added_tokens = {{.id = 300, .content = "<t>", .special = true}};
  const Tokenizer tokenizer = Compile(spec).value();
  EXPECT_THAT(WordsOf(tokenizer, "ab ab<t>1"), ElementsAre("ab", " ab", "1"));
  EXPECT_THAT(WordsOf(tokenizer, "\xFF"), ElementsAre("\xFF"));
  EXPECT_THAT(WordsOf(tokenizer, ""), ::testing::IsEmpty());
  const Encoding word = tokenizer.EncodeWord(" ab\xC3\xA9");
  EXPECT_THAT(word.ids, ElementsAre(257U, 258U));
  EXPECT_EQ(word.offsets, (std::vector<Span>{{0, 3}, {3, 5}}));
  EXPECT_THAT(tokenizer.EncodeWord("").ids, ::testing::IsEmpty());
  EXPECT_THAT(tokenizer.Encode("ab ab").ids, ElementsAre(256U, 257U));  // nothing is left behind
}

TEST(TokenizerTest, WordsAreNormalizedAndSpelledAsTheModelGetsThem) {
  TokenizerSpec spec = toy::Spec({{"\u2581"}, {"a"}, {"b"}}, BpeModel{});
  spec.spelling = Spelling::kMetaspace;
  spec.normalizers = {normalizer::Lowercase{}};
  pre_tokenizer::Metaspace metaspace;
  metaspace.prepend_scheme = pre_tokenizer::PrependScheme::kFirst;
  spec.pre_tokenizers = {metaspace};
  EXPECT_THAT(WordsOf(Compile(spec).value(), "A b"), ElementsAre("\u2581a", "\u2581b"));
  // The same where the words come by way of their origins.
  spec.pre_tokenizers = {pre_tokenizer::Digits{}, metaspace};
  EXPECT_THAT(WordsOf(Compile(spec).value(), "A b"), ElementsAre("\u2581a", "\u2581b"));
}

TEST(TokenizerTest, ErrorsNameTheFile) {
  TokenizerSpec spec = toy::Spec({{"a"}}, UnknownStage{"WordLevel", "{}"});
  spec.source = "dir/tokenizer.json";
  const Status status = Compile(spec).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(Message(status).starts_with("dir/tokenizer.json: model: WordLevel"));
}

}  // namespace
}  // namespace tokgraft
