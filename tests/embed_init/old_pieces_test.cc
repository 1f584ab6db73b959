#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embed_init/init_plan.h"
#include "tokenizer/load.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Tokenizer FromJson(const std::string& json) {
  StatusOr<TokenizerSpec> spec = LoadBytes(json, "toy.json");
  EXPECT_TRUE(spec.ok()) << Message(spec.status());
  StatusOr<Tokenizer> tokenizer = Compile(*std::move(spec));
  EXPECT_TRUE(tokenizer.ok()) << Message(tokenizer.status());
  return *tokenizer;
}

// Byte-level: ids by `vocab`, GPT-2's regex.
Tokenizer ByteLevel(const std::string& vocab, const std::string& merges) {
  return FromJson(R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[],)"
                  R"("normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":)"
                  R"(false,"trim_offsets":true,"use_regex":true},"post_processor":null,)"
                  R"("decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,)"
                  R"("use_regex":true},"model":{"type":"BPE","dropout":null,"unk_token":null,)"
                  R"("continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,)"
                  R"("byte_fallback":false,"ignore_merges":false,"vocab":)" +
                  vocab + R"(,"merges":)" + merges + "}}");
}

// SentencePiece-style: a space is put in front of every text.
Tokenizer Metaspace(const std::string& vocab, const std::string& merges) {
  return FromJson(
      R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":)"
      R"({"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace",)"
      R"("pattern":{"String":" "},"content":"▁"}]},"pre_tokenizer":null,"post_processor":null,)"
      R"("decoder":null,"model":{"type":"BPE","dropout":null,"unk_token":"<unk>",)"
      R"("continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,)"
      R"("byte_fallback":true,"ignore_merges":false,"vocab":)" +
      vocab + R"(,"merges":)" + merges + "}}");
}

IdMap OneToken(const Tokenizer& base, const std::string& bytes, const std::string& witness) {
  IdMap map;
  map.base_size = base.vocab_size();
  map.merged_size = map.base_size + 1;
  for (TokenId id = 0; id < map.base_size; ++id) map.base_to_merged.emplace_back(id);
  AddedPiece piece;
  piece.id = static_cast<TokenId>(map.base_size);
  piece.bytes = bytes;
  piece.witness = witness;
  piece.donor_id = 7;
  map.added.push_back(piece);
  return map;
}

TEST(OldPiecesTest, TheWitnessShowsTheTokenInItsContext) {
  const Tokenizer base =
      ByteLevel(R"({"a":0,"b":1,"c":2,"Ġ":3,"ab":4,"Ġa":5})", R"([["a","b"],["Ġ","a"]])");
  const Tokenizer merged = ByteLevel(R"({"a":0,"b":1,"c":2,"Ġ":3,"ab":4,"Ġa":5,"abc":6})",
                                     R"([["a","b"],["Ġ","a"],["ab","c"]])");
  const auto pieces = SplitIntoOldPieces(OneToken(base, "abc", "c abc abc"), base, &merged);
  ASSERT_TRUE(pieces.ok()) << Message(pieces.status());
  EXPECT_THAT(pieces->front().ids, ElementsAre(4, 2));
  EXPECT_THAT(pieces->front().size_bytes, ElementsAre(2, 1));
}

TEST(OldPiecesTest, FragmentsOfCharactersAreSplitAsBytes) {
  // é is C3 A9: Ã and © in the alphabet.
  const Tokenizer base = ByteLevel(R"({"a":0,"Ã":1,"©":2})", "[]");
  const auto pieces = SplitIntoOldPieces(OneToken(base, "a\xC3", ""), base);
  ASSERT_TRUE(pieces.ok());
  EXPECT_THAT(pieces->front().ids, ElementsAre(0, 1));
}

TEST(OldPiecesTest, APrependedSpaceIsNoPartOfTheToken) {
  const std::string bytes = R"("<unk>":0,"▁":1,"a":2,"b":3,"c":4,"▁a":5,"ab":6)";
  const Tokenizer base = Metaspace("{" + bytes + "}", R"([["▁","a"],["a","b"]])");
  const auto pieces = SplitIntoOldPieces(OneToken(base, "abc", ""), base);
  ASSERT_TRUE(pieces.ok());
  EXPECT_THAT(pieces->front().ids, ElementsAre(6, 4));
  const auto spaced = SplitIntoOldPieces(OneToken(base, " abc", ""), base);
  EXPECT_THAT(spaced->front().ids, ElementsAre(5, 3, 4));
}

TEST(OldPiecesTest, AnUnknownIsNoPiece) {
  const Tokenizer base = Metaspace(R"({"<unk>":0,"▁":1,"a":2})", "[]");
  const auto pieces = SplitIntoOldPieces(OneToken(base, "aß", ""), base);
  ASSERT_TRUE(pieces.ok());
  EXPECT_THAT(pieces->front().ids, IsEmpty());
}

TEST(OldPiecesTest, ASpecialOfTheDonorTakesTheRowOfItsRole) {
  const Tokenizer base = ByteLevel(R"({"a":0,"b":1})", "[]");
  TokenizerSpec with_roles = base.spec();
  with_roles.roles.eos = 1;
  const StatusOr<Tokenizer> roles = Compile(with_roles);
  TokenizerSpec donor;
  donor.roles.eos = 7;
  const auto pieces = SplitIntoOldPieces(OneToken(*roles, "<|end|>", ""), *roles, nullptr, &donor);
  ASSERT_TRUE(pieces.ok());
  EXPECT_THAT(pieces->front().ids, ElementsAre(1));
}

TEST(OldPiecesTest, AnotherTokenizersIdMapIsRefused) {
  const Tokenizer base = ByteLevel(R"({"a":0,"b":1})", "[]");
  IdMap map = OneToken(base, "ab", "");
  map.base_size = 3;
  EXPECT_TRUE(absl::IsInvalidArgument(SplitIntoOldPieces(map, base).status()));
}

TEST(OldPiecesTest, AnIdMapThatContradictsTheTokenizersIsRefused) {
  const Tokenizer base = ByteLevel(R"({"a":0,"b":1,"c":2})", "[]");
  const Tokenizer merged = ByteLevel(R"({"a":0,"b":1,"c":2,"ab":3})", R"([["a","b"]])");
  const auto refusal = [&](const auto& edit) {
    IdMap map = OneToken(base, "ab", "ab");
    edit(&map);
    return std::string(Message(SplitIntoOldPieces(map, base, &merged).status()));
  };
  EXPECT_EQ(refusal([](IdMap*) {}), "");
  EXPECT_EQ(
      refusal([](IdMap* map) { std::swap(map->base_to_merged[1], map->base_to_merged[2]); }),
      "id map: base_to_merged[1]: names id 2, another token of the merged tokenizer; make the "
      "id map again, or give the tokenizers that were merged");
  EXPECT_EQ(refusal([](IdMap* map) { map->base_to_merged[1] = std::nullopt; }),
            "id map: base_to_merged[1]: is null, 1 was expected: the base has this token; make the "
            "id map again");
  EXPECT_EQ(
      refusal([](IdMap* map) { map->added[0].bytes = "ba"; }),
      "id map: added[0]: id 3 has other bytes in the merged tokenizer; make the id map again, "
      "or give the tokenizer that came of this merge");
  EXPECT_EQ(refusal([](IdMap* map) { map->added.clear(); }),
            "id map: added: does not name id 3 of the merged tokenizer; make the id map again");
}

}  // namespace
}  // namespace tokgraft
