// The model of a tokenizer.json, part by part: the table of spellings, the resolution of merges,
// and what the reference takes as the size of the vocabulary.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tokenizer/formats/tokenizer_json_parts.h"

namespace tokgraft {
namespace {

// Keeps the document that the pieces look into.
struct ReadModelResult {
  explicit ReadModelResult(std::string_view text)
      : document(JsonDocument::Parse(text, "f").value()), raw(ReadModel(document.root(), &notes)) {}
  const BpeModel& bpe() const { return std::get<BpeModel>(raw->model); }
  JsonDocument document;
  std::vector<LoadNote> notes;
  StatusOr<RawModel> raw;
};

TEST(SpellingTableTest, TheLastValueHoldsAndCapacityIsNoLimitOfLengths) {
  SpellingTable table(3);
  EXPECT_EQ(table.Find("a"), std::nullopt);
  EXPECT_EQ(table.Find(""), std::nullopt);
  EXPECT_TRUE(table.Insert("", 1));
  EXPECT_TRUE(table.Insert("a", 2));
  EXPECT_FALSE(table.Insert("a", 3));
  const std::string longest(1000, 'x');
  EXPECT_TRUE(table.Insert(longest, 4294967295));
  EXPECT_EQ(table.Find(""), 1U);
  EXPECT_EQ(table.Find("a"), 3U);
  EXPECT_EQ(table.Find(longest), 4294967295U);
  EXPECT_EQ(table.Find(std::string(999, 'x')), std::nullopt);
  EXPECT_EQ(SpellingTable(0).Find("a"), std::nullopt);
}

TEST(SpellingTableTest, HoldsAsManyAsItWasMadeFor) {
  std::vector<std::string> words;
  for (int i = 0; i < 1000; ++i) words.push_back(Cat("w", i));
  SpellingTable table(words.size());
  for (std::uint32_t i = 0; i < words.size(); ++i) EXPECT_TRUE(table.Insert(words[i], i));
  for (std::uint32_t i = 0; i < words.size(); ++i) EXPECT_EQ(table.Find(words[i]), i);
}

TEST(TokenizerJsonModelTest, APieceGivenTwiceCountsOnce) {
  const ReadModelResult r(R"({"type":"BPE","vocab":{"b":7,"a":0,"b":2},"merges":[]})");
  ASSERT_TRUE(r.raw.ok()) << r.raw.status();
  ASSERT_EQ(r.raw->pieces.size(), 2U);
  EXPECT_EQ(r.raw->pieces[0].spelling, "a");  // in order of id
  EXPECT_EQ(r.raw->pieces[1].id, 2U);
  EXPECT_EQ(r.raw->reference_size, 2U);
  ASSERT_EQ(r.notes.size(), 1U);
  EXPECT_EQ(r.notes[0].place, "model.vocab[\"b\"]");
  EXPECT_EQ(r.notes[0].message, "the piece \"b\" is given twice, the last counts");
}

TEST(TokenizerJsonModelTest, AListCountsEachOfItsPlaces) {
  const ReadModelResult r(
      R"({"type":"Unigram","unk_id":null,"vocab":[["a",-1.5],["a",2],["",0]]})");
  ASSERT_TRUE(r.raw.ok()) << r.raw.status();
  EXPECT_EQ(r.raw->reference_size, 3U);
  EXPECT_EQ(r.raw->ids.Find("a"), 1U);
  EXPECT_EQ(r.raw->pieces[0].score, -1.5);
  EXPECT_EQ(r.raw->pieces[1].score, 2.0);
  EXPECT_EQ(std::get<UnigramModel>(r.raw->model).unk, std::nullopt);
  ASSERT_EQ(r.notes.size(), 1U);
  EXPECT_EQ(r.notes[0].place, "model.vocab[1]");
}

TEST(TokenizerJsonModelTest, MergesResolveToIdsOrAreKeptBroken) {
  const ReadModelResult r(R"({"type":"BPE","vocab":{"a":0,"b":1,"ab":2},
    "merges":["#version: 0.2","a b","a x","b a","a b"]})");
  ASSERT_TRUE(r.raw.ok()) << r.raw.status();
  EXPECT_FALSE(r.bpe().merges_as_pairs);
  EXPECT_EQ(r.bpe().merges, (std::vector<Merge>{{0, 1, 2}, {0, 1, 2}}));
  EXPECT_EQ(r.bpe().broken_merges,
            (std::vector<BrokenMerge>{{.index = 1, .left = "a", .right = "x", .missing = "x"},
                                      {.index = 2, .left = "b", .right = "a", .missing = "ba"}}));
}

TEST(TokenizerJsonModelTest, ThePrefixIsCutOffTheRightPart) {
  // As many bytes as the prefix has, whatever they are; a right part shorter than it is broken.
  const ReadModelResult r(R"({"type":"BPE","continuing_subword_prefix":"##",
    "vocab":{"a":0,"##b":1,"ab":2,"xyb":3,"c":4,"a":0},
    "merges":[["a","##b"],["a","xyb"],["a","c"]]})");
  ASSERT_TRUE(r.raw.ok()) << r.raw.status();
  EXPECT_EQ(r.bpe().merges, (std::vector<Merge>{{0, 1, 2}, {0, 3, 2}}));
  ASSERT_EQ(r.bpe().broken_merges.size(), 1U);
  EXPECT_EQ(r.bpe().broken_merges[0].index, 2U);
}

TEST(TokenizerJsonModelTest, TheUnknownPieceMayBeMissing) {
  const ReadModelResult r(R"({"type":"BPE","unk_token":"<unk>","vocab":{},"merges":[]})");
  ASSERT_TRUE(r.raw.ok()) << r.raw.status();
  EXPECT_TRUE(r.bpe().has_unk);
  EXPECT_EQ(r.bpe().unk_spelling, "<unk>");
  EXPECT_EQ(r.bpe().unk, std::nullopt);
  EXPECT_TRUE(r.bpe().merges_as_pairs);
}

TEST(TokenizerJsonModelTest, AModelThatWeLackIsKeptAsItStands) {
  const ReadModelResult r(R"({"type":"WordLevel", "vocab":{"a":0},"unk_token":"a"})");
  ASSERT_TRUE(r.raw.ok()) << r.raw.status();
  EXPECT_EQ(std::get<UnknownStage>(r.raw->model),
            (UnknownStage{.type = "WordLevel",
                          .json = R"({"type":"WordLevel","vocab":{"a":0},"unk_token":"a"})"}));
  EXPECT_EQ(r.raw->reference_size, 1U);
}

TEST(TokenizerJsonModelTest, FieldsThatNobodyReadsAreCarriedWithANote) {
  const ReadModelResult r(R"({"type":"BPE","vocab":{},"merges":[],"cache_capacity": 10})");
  ASSERT_TRUE(r.raw.ok()) << r.raw.status();
  EXPECT_EQ(r.raw->extra, (std::map<std::string, std::string>{{"cache_capacity", "10"}}));
  ASSERT_EQ(r.notes.size(), 1U);
  EXPECT_EQ(r.notes[0].place, "model.cache_capacity");
}

}  // namespace
}  // namespace tokgraft
