#include "vocab_merge/rules/places.h"

#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

TEST(PlacesTest, AKeyOfTheVocabularyInTokenizerJson) {
  TokenizerSpec spec = toy::ByteLevel({{" ", "a"}});
  spec.added_tokens = {{.id = 300, .content = "<x>"}, {.id = 'b', .content = "b"}};
  const Places places(spec);
  EXPECT_EQ(places.vocabulary(), "model.vocab");
  EXPECT_EQ(places.Of(256), "model.vocab[\"\u0120a\"]");  // as it is spelled there
  EXPECT_EQ(places.Of(300), "added_tokens[0]");
  EXPECT_EQ(places.Of('b'), "added_tokens[1]");  // a piece too; what it is added as decides
  EXPECT_EQ(places.Of(299), "");
  EXPECT_EQ(places.Of(4000), "");
}

TEST(PlacesTest, AnIndexIntoTheListOfAUnigramModel) {
  TokenizerSpec spec = toy::Characters(Spelling::kMetaspace, {"a", "b"});
  spec.model = UnigramModel{};
  EXPECT_EQ(Places(spec).Of(1), "model.vocab[1]");
}

TEST(PlacesTest, ALineOfRanksIsCountedFromOne) {
  TokenizerSpec spec = toy::Ranks({});
  spec.vocab.Add({.id = 300, .bytes = "ab", .spelling = "ab"});  // the 257th line
  spec.added_tokens = {{.id = 400, .content = "<x>"}};
  const Places places(spec);
  EXPECT_EQ(places.vocabulary(), "lines");
  EXPECT_EQ(places.Of(0), "line 1");
  EXPECT_EQ(places.Of(300), "line 257");
  EXPECT_EQ(places.Of(400), "special token 0");
}

TEST(PlacesTest, TheListsOfTheOtherFormats) {
  TokenizerSpec spec = toy::Ranks({});
  spec.vocab.Add({.id = 300, .bytes = "ab", .spelling = "ab"});
  spec.format = Format::kSentencePiece;
  EXPECT_EQ(Places(spec).Of(300), "pieces[300]");
  spec.format = Format::kGguf;
  EXPECT_EQ(Places(spec).Of(300), "tokenizer.ggml.tokens[300]");
  spec.format = Format::kTekken;  // its ids begin with the special tokens, its list does not
  EXPECT_EQ(Places(spec).Of(300), "vocab[256]");
}

}  // namespace
}  // namespace tokgraft
