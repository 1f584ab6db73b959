#include "vocab_merge/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

DiffReport DiffTestReport(const TokenizerSpec& a, const TokenizerSpec& b) {
  const StatusOr<DiffReport> report = Diff(a, b);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? *report : DiffReport();
}

BpeModel& DiffTestBpe(TokenizerSpec* spec) { return std::get<BpeModel>(spec->model); }

TEST(DiffTest, WhatTheFileLooksLikeDoesNotMatter) {
  const TokenizerSpec a = toy::ByteLevel({{"t", "h"}, {"th", "e"}});
  TokenizerSpec b = a;
  b.source = "other.json";
  b.rest["version"] = "\"1.0\"";
  b.companions["tokenizer_config.json"] = "{}";
  DiffTestBpe(&b).merges_as_pairs = false;
  DiffTestBpe(&b).end_of_word_suffix = "";
  DiffTestBpe(&b).dropout = 0;
  std::get<pre_tokenizer::ByteLevel>(b.pre_tokenizers[0]).trim_offsets = false;
  // Entries in another order: keys of an object.
  b.vocab = Vocab();
  for (std::size_t i = a.vocab.size(); i > 0; --i) b.vocab.Add(a.vocab.entry(i - 1));
  EXPECT_EQ(ContentHash(a), ContentHash(b));
  const DiffReport report = DiffTestReport(a, b);
  EXPECT_EQ(report.verdict, Verdict::kSame);
  EXPECT_THAT(report.differences, IsEmpty());
  EXPECT_EQ(report.pieces.same_id, 258U);
}

TEST(DiffTest, OfAPairThatStandsTwiceTheLineThatCountsIsCompared) {
  // Hugging Face ranks a pair by its last line.
  const TokenizerSpec a = toy::ByteLevel({{"c", "d"}, {"a", "b"}});
  TokenizerSpec b = a;
  DiffTestBpe(&b).merges.insert(DiffTestBpe(&b).merges.begin(), DiffTestBpe(&b).merges[1]);
  const DiffReport report = DiffTestReport(a, b);
  EXPECT_EQ(report.verdict, Verdict::kSame);
  EXPECT_THAT(report.differences, IsEmpty());
  EXPECT_EQ(report.merges.b, 2U);
  EXPECT_EQ(report.merges.inverted_share, 0.0);
}

TEST(DiffTest, WhatMovesIdsDoes) {
  const TokenizerSpec a = toy::ByteLevel({{"a", "b"}, {"b", "c"}});
  std::vector<TokenizerSpec> others;
  others.push_back(toy::ByteLevel({{"b", "c"}, {"a", "b"}}));  // other ids and order
  others.push_back(toy::ByteLevel({{"a", "b"}}));              // one piece less
  others.push_back(toy::ByteLevel({{"a", "b"}, {"b", "c"}}, /*use_regex=*/false));
  others.push_back(a);
  others.back().normalizers = {normalizer::Lowercase{}};
  others.push_back(a);
  others.back().added_tokens = {{.id = 256, .content = "ab", .lstrip = true}};
  for (const TokenizerSpec& b : others) {
    EXPECT_NE(ContentHash(a), ContentHash(b));
    const DiffReport report = DiffTestReport(a, b);
    ASSERT_NE(report.verdict, Verdict::kSame);
    EXPECT_THAT(report.differences, ::testing::Not(IsEmpty()));
  }
}

TEST(DiffTest, ShowsATextWhoseIdsDiffer) {
  const TokenizerSpec a = toy::ByteLevel({{"a", "b"}, {"b", "c"}});
  TokenizerSpec b = a;
  std::swap(DiffTestBpe(&b).merges[0], DiffTestBpe(&b).merges[1]);
  const DiffReport report = DiffTestReport(a, b);
  EXPECT_EQ(report.verdict, Verdict::kDifferent);
  ASSERT_TRUE(report.counter_example);
  EXPECT_EQ(report.counter_example->text, "abc");
  EXPECT_EQ(report.counter_example->pieces_a, (std::vector<std::string>{"ab", "c"}));
  EXPECT_EQ(report.counter_example->pieces_b, (std::vector<std::string>{"a", "bc"}));
  EXPECT_EQ(report.cut_example, report.counter_example);
  EXPECT_EQ(report.merges.shared, 2U);
  EXPECT_EQ(report.merges.inverted_share, 1.0);
}

TEST(DiffTest, OtherIdsAreNoOtherCuts) {
  const TokenizerSpec a = toy::ByteLevel({{"x", "y"}, {"p", "q"}});
  const TokenizerSpec b = toy::ByteLevel({{"p", "q"}, {"x", "y"}});
  const DiffReport report = DiffTestReport(a, b);
  EXPECT_EQ(report.verdict, Verdict::kDifferent);
  EXPECT_TRUE(report.counter_example);
  EXPECT_FALSE(report.cut_example);
  EXPECT_EQ(report.pieces.shared, 258U);
  EXPECT_EQ(report.pieces.same_id, 256U);
}

TEST(DiffTest, IsUndecidedWhereNoTextWasFound) {
  const TokenizerSpec a = toy::ByteLevel({{"x", "y"}});
  TokenizerSpec b = a;
  auto& replace = b.normalizers.emplace_back().emplace<normalizer::Replace>();
  replace.pattern.text = "\uE123";  // a private character that no text tried holds
  replace.content = "x";
  const DiffReport report = DiffTestReport(a, b);
  EXPECT_EQ(report.verdict, Verdict::kUndecided);
  EXPECT_GT(report.checked_texts, 100U);
  EXPECT_THAT(report.differences, Contains(Field(&Difference::kind, "normalizer")));
}

TEST(DiffTest, NamesWhatOneLacksByKindOfText) {
  const TokenizerSpec a = toy::ByteLevel({{"1", "2"}, {"\xE4", "\xB8"}, {"\xE4\xB8", "\xAD"}});
  const TokenizerSpec b = toy::ByteLevel({});
  const DiffReport report = DiffTestReport(a, b);
  EXPECT_EQ(report.pieces.only_a, (std::vector<TokenId>{256, 257, 258}));
  EXPECT_EQ(report.pieces.only_a_classes.at("digits"), 1U);
  EXPECT_EQ(report.pieces.only_a_classes.at("han"), 1U);
  EXPECT_EQ(report.pieces.only_a_classes.at("parts_of_characters"), 1U);
  EXPECT_THAT(report.pieces.only_b, IsEmpty());
}

TEST(DiffTest, SeesADecoderAlone) {
  const TokenizerSpec a = toy::ByteLevel({});
  TokenizerSpec b = a;
  b.decoders->emplace_back().emplace<decoder::Strip>().content = "H";
  std::get<decoder::Strip>(b.decoders->back()).start = 1;
  const DiffReport report = DiffTestReport(a, b);
  EXPECT_EQ(report.verdict, Verdict::kDifferent);
  ASSERT_TRUE(report.counter_example);
  EXPECT_EQ(report.counter_example->kind, "decoding");
}

TEST(DiffTest, ComparesWhatCannotBeCompiled) {
  const TokenizerSpec a = toy::ByteLevel({});
  TokenizerSpec b = a;
  b.model = UnknownStage{.type = "WordLevel", .json = "{}"};
  const DiffReport report = DiffTestReport(a, b);
  EXPECT_EQ(report.verdict, Verdict::kUndecided);
  EXPECT_THAT(report.proof, HasSubstr("WordLevel"));
  EXPECT_EQ(DiffTestReport(b, b).verdict, Verdict::kSame);
}

TEST(DiffTest, WritesJson) {
  const DiffReport report = DiffTestReport(toy::ByteLevel({{"a", "b"}}), toy::ByteLevel({}));
  const auto json = nlohmann::json::parse(report.ToJson());
  EXPECT_EQ(json["verdict"], "different");
  EXPECT_EQ(json["pieces"]["only_a"], 1);
  EXPECT_THAT(json["counter_example"]["ids_a"], Contains(256));
  EXPECT_EQ(json["hash"]["a"].get<std::string>().size(), 64U);
  EXPECT_THAT(report.DebugString(), HasSubstr("counter-example"));
}

}  // namespace
}  // namespace tokgraft
