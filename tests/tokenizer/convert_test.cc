#include "tokenizer/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tokenizer/toy_spec.h"
#include "tokenizer/load.h"
#include "tokenizer/save.h"

namespace tokgraft {
namespace {

using testing::HasSubstr;

// Byte-level pieces over all bytes, then `pieces`, with a merge list.
TokenizerSpec ByteLevelToy(const std::vector<std::string>& pieces,
                           const std::vector<std::pair<std::string, std::string>>& merges) {
  TokenizerSpec spec;
  spec.spelling = Spelling::kByteLevel;
  TokenId id = 0;
  const auto add = [&](const std::string& bytes) {
    spec.vocab.Add({.id = id, .bytes = bytes, .spelling = *Spell(spec.spelling, bytes)});
    ++id;
  };
  for (int byte = 0; byte < 256; ++byte) add(std::string(1, static_cast<char>(byte)));
  for (const std::string& piece : pieces) add(piece);
  spec.model = BpeModel();
  toy::AddMerges(merges, &spec);
  spec.pre_tokenizers = {pre_tokenizer::ByteLevel{.add_prefix_space = false}};
  spec.decoders = {decoder::ByteLevel{}};
  return spec;
}

TEST(ConvertTest, AMergeListInTheOrderOfIdsBecomesRanks) {
  const TokenizerSpec spec =
      ByteLevelToy({"ab", "bc", "abc"}, {{"a", "b"}, {"b", "c"}, {"ab", "c"}});
  const StatusOr<Conversion> made = Convert(spec, Format::kTiktoken);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_TRUE(made->model_proved);
  EXPECT_GT(made->checked_bytes, 1000000U) << "code points too";
  EXPECT_EQ(made->spec.format, Format::kTiktoken);
  const StatusOr<Conversion> back = Convert(made->spec, Format::kTokenizerJson);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(std::get<BpeModel>(back->spec.model).merges, std::get<BpeModel>(spec.model).merges);
  EXPECT_THAT(made->DebugString(), HasSubstr("no difference found"));
}

TEST(ConvertTest, AnotherOrderIsRefusedWithATextOrMeasured) {
  const TokenizerSpec spec = ByteLevelToy({"ab", "bc"}, {{"b", "c"}, {"a", "b"}});
  const Status refused = Convert(spec, Format::kTiktoken).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Message(refused)),
              HasSubstr("the text \"abc\" would have the ids 256 99, expected 97 257"));
  const std::vector<std::string_view> texts = {"abc", "abcd", "xyz", "ab"};
  const StatusOr<Conversion> made =
      Convert(spec, Format::kTiktoken, {.lossy = true, .texts = texts});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_FALSE(made->model_proved);
  EXPECT_EQ(made->counterexample, "abc");
  EXPECT_DOUBLE_EQ(made->changed_texts, 0.5);
  EXPECT_DOUBLE_EQ(made->changed_bytes, 7.0 / 12);
  EXPECT_THAT(made->ToJson(), HasSubstr("\"changed_texts\": 0.5"));
}

TEST(ConvertTest, APieceThatOnlyAnyNeighboursMakeIsFound) {
  const TokenizerSpec spec = ByteLevelToy({"ab", "abc"}, {{"a", "b"}});
  EXPECT_THAT(std::string(Message(Convert(spec, Format::kTiktoken).status())),
              HasSubstr("\"abc\" would have the ids 257, expected 256 99"));
}

TEST(ConvertTest, ATextGivenIsCheckedToo) {
  TokenizerSpec spec = ByteLevelToy({"ab"}, {{"a", "b"}});
  const std::vector<std::string_view> texts = {"some text"};
  const StatusOr<Conversion> without = Convert(spec, Format::kTiktoken);
  const StatusOr<Conversion> with =
      Convert(spec, Format::kTiktoken, {.lossy = false, .texts = texts});
  ASSERT_TRUE(with.ok());
  EXPECT_EQ(with->checked_bytes, without->checked_bytes + 9);
}

TEST(ConvertTest, FlagsOfAddedTokensThatTheTargetLacksAreRefused) {
  TokenizerSpec spec = ByteLevelToy({}, {});
  spec.added_tokens = {{.id = 256, .content = "<x>", .lstrip = true}};
  for (const Format format : {Format::kTiktoken, Format::kGguf}) {
    const Status refused = Convert(spec, format).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnimplemented);
    EXPECT_THAT(std::string(Message(refused)), HasSubstr("added_tokens: \"<x>\""));
  }
}

TEST(ConvertTest, BytesAreNoModelOfCharacters) {
  const Status refused = Convert(ByteLevelToy({}, {}), Format::kSentencePiece).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(Message(refused)), HasSubstr("UTF-8"));
}

TEST(ConvertTest, MetaspacePiecesGoThereAndBack) {
  std::vector<toy::ToyPiece> pieces = {{"<unk>", 0, PieceKind::kUnknown}};
  for (int byte = 0; byte < 256; ++byte) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    pieces.push_back({Cat("<0x", kDigits[static_cast<std::size_t>(byte) >> 4],
                          kDigits[static_cast<std::size_t>(byte) & 15], ">"),
                      0, PieceKind::kByte});
  }
  for (const char* piece : {"▁", "a", "b", "ab", "▁ab", "ba"}) pieces.push_back({piece});
  BpeModel model;
  model.unk = 0;
  model.has_unk = model.fuse_unk = model.byte_fallback = true;
  model.unk_spelling = "<unk>";
  TokenizerSpec spec = toy::Spec(pieces, model);
  toy::AddMerges({{"b", "a"}, {"a", "b"}, {"▁", "ab"}}, &spec);
  spec.added_tokens = {{.id = 0, .content = "<unk>", .special = true}};
  spec.normalizers = {normalizer::Prepend{"▁"},
                      normalizer::Replace{{.text = " ", .is_regex = false}, "▁"}};
  const StatusOr<Conversion> made = Convert(spec, Format::kSentencePiece);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_TRUE(made->model_proved);
  // The order of the merges, not of the ids.
  EXPECT_GT(made->spec.vocab.Get(262)->score, made->spec.vocab.Get(260)->score);
  for (const Format format : {Format::kTokenizerJson, Format::kGguf}) {
    const StatusOr<Conversion> further = Convert(made->spec, format);
    ASSERT_TRUE(further.ok()) << further.status();
    EXPECT_EQ(toy::Tokens(*Compile(further->spec), "ab bab"),
              toy::Tokens(*Compile(spec), "ab bab"));
  }
  // What is written is read back as the same.
  const StatusOr<std::string> bytes = Serialize(made->spec, Format::kSentencePiece);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(toy::Tokens(*Compile(*LoadBytes(*bytes, "m.model")), "ab bab"),
            toy::Tokens(*Compile(spec), "ab bab"));
}

}  // namespace
}  // namespace tokgraft
