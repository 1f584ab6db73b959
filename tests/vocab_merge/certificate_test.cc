#include "vocab_merge/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"
#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// `base` and `merged` share the merges of `base`.
Certificate CertifyToy(const TokenizerSpec& base, const TokenizerSpec& merged,
                       const CertifyOptions& options = {}) {
  const StatusOr<Certificate> out = Certify(base, merged, options);
  EXPECT_TRUE(out.ok()) << out.status();
  return out.ok() ? *out : Certificate{};
}
Certificate CertifyMerges(const toy::Pairs& base, const toy::Pairs& added,
                          const CertifyOptions& options = {}) {
  toy::Pairs merges = base;
  merges.insert(merges.end(), added.begin(), added.end());
  return CertifyToy(toy::ByteLevel(base), toy::ByteLevel(merges), options);
}

std::vector<TokenId> CertificateTestIds(const TokenizerSpec& spec, std::string_view text) {
  std::vector<TokenId> ids;
  Compile(spec)->EncodeIds(text, &ids);
  return ids;
}

TEST(CertificateTest, NothingAddedIsL0) {
  const Certificate out = CertifyMerges({{"a", "b"}}, {});
  EXPECT_EQ(out.level, "L0");
  EXPECT_EQ(out.reason, "nothing was added");
  EXPECT_TRUE(out.proved);
}

TEST(CertificateTest, ANewLatinJoinIsL1) {
  const Certificate out = CertifyMerges({{"a", "b"}}, {{"ab", "c"}});
  EXPECT_EQ(out.level, "L1");
  EXPECT_TRUE(out.proved);
  EXPECT_THAT(out.scripts, IsEmpty());
  EXPECT_THAT(out.reason, HasSubstr("not L0: piece 257, \"abc\", needs no character"));
}

TEST(CertificateTest, PiecesInTheReasonStayOnALine) {
  const Certificate out = CertifyMerges({{"a", "b"}}, {{")", "\n"}});
  EXPECT_THAT(out.reason, HasSubstr("not L0: piece 257, \")\\n\", needs no character"));
}

TEST(CertificateTest, AHelperThatOnlyHanCharactersCompleteIsL0) {
  // E4 B8 starts U+4E00 to U+4E3F, all of them Han.
  const Certificate out = CertifyMerges({}, {{"\xE4", "\xB8"}, {"\xE4\xB8", "\xAD"}});
  EXPECT_EQ(out.level, "L0");
  EXPECT_THAT(out.scripts, ElementsAre("Han"));
  EXPECT_THAT(out.reason, HasSubstr("a valid text that has none keeps its ids"));
}

TEST(CertificateTest, CodePointsThatAreNotAssignedAreOfAScriptOfTheirOwn) {
  // E1 BF starts U+1FC0 to U+1FFF: Greek, and U+1FC5 and others are not assigned.
  const Certificate out = CertifyMerges({}, {{"\xE1", "\xBF"}});
  EXPECT_EQ(out.level, "L0");
  EXPECT_THAT(out.scripts, ElementsAre("Greek", "Unknown"));
}

TEST(CertificateTest, AHelperThatACommonCharacterCompletesIsL1) {
  EXPECT_EQ(CertifyMerges({}, {{"\xE3", "\x80"}}).level, "L1");  // U+3000
  EXPECT_EQ(CertifyMerges({}, {{"\xEF", "\xBC"}}).level, "L1");  // U+FF01
  EXPECT_EQ(CertifyMerges({}, {{"\xB8", "\xAD"}}).level, "L1");  // of U+2E2D
  EXPECT_EQ(CertifyMerges({}, {{"\xC3", "\xA9"}}).level, "L1");  // Latin, protected
  EXPECT_EQ(CertifyMerges({}, {{" ", "\xE4"}}).level, "L1");     // U+4DC0
  EXPECT_EQ(CertifyMerges({}, {{"\xAD", "\xF0"}}).level, "L1");  // U+1F600
  EXPECT_EQ(CertifyMerges({}, {{".", "."}}).level, "L1");        // no script at all
  EXPECT_EQ(CertifyMerges({}, {{"\xE4", "\xB8"}, {"a", "b"}}).level, "L1");
}

TEST(CertificateTest, PunctuationOfSomeScriptsIsOfAllOfThem) {
  // U+3002 is Common by its Script, but Script_Extensions has it in Han and others.
  const toy::Pairs base = {{"\xE3", "\x80"}};
  const Certificate out = CertifyMerges(base, {{"\xE3\x80", "\x82"}});
  EXPECT_EQ(out.level, "L0");
  EXPECT_THAT(out.scripts, ::testing::IsSupersetOf({"Han", "Hiragana"}));
  EXPECT_EQ(CertifyMerges(base, {{"\xE3\x80", "\x82"}}, {.protected_scripts = {"Hira"}}).level,
            "L1");
}

TEST(CertificateTest, BytesThatNoValidTextHasDoNothing) {
  const Certificate out = CertifyMerges({}, {{"\xFF", "a"}, {"\xE0", "\x80"}, {"\xED", "\xA0"}});
  EXPECT_EQ(out.level, "L0");
  EXPECT_EQ(out.reason, "no new join acts on valid text");
}

TEST(CertificateTest, ANewWayToAnOldPieceCountsToo) {
  const toy::Pairs base = {{"a", "b"}, {"ab", "c"}, {"b", "c"}};
  TokenizerSpec merged = toy::ByteLevel(base);
  std::get<BpeModel>(merged.model).merges.push_back({'a', 258, 257});
  EXPECT_EQ(CertifyToy(toy::ByteLevel(base), merged).level, "L1");
}

TEST(CertificateTest, TheTextIsMeantAsTheModelSeesIt) {
  TokenizerSpec base = toy::ByteLevel({});
  base.normalizers = {normalizer::Unicode{normalizer::UnicodeForm::kNfc}};
  const TokenizerSpec donor = toy::ByteLevel({{"\xE1", "\xBF"}, {"\xE1\xBF", "\xAD"}});
  const StatusOr<MergeResult> merged = MergeTokenizers(base, donor);
  ASSERT_TRUE(merged.ok()) << merged.status();
  // No character of this text is Greek; the one that it is normalized to is.
  const std::string text = "\u00A8\u0300";
  ASSERT_NE(CertificateTestIds(base, text), CertificateTestIds(merged->tokenizer, text));
  EXPECT_EQ(merged->certificate.level, "L0");
  EXPECT_THAT(merged->certificate.reason, HasSubstr("has none once it is normalized"));
}

TEST(CertificateTest, L0HoldsForEveryCodePoint) {
  const toy::Pairs merges = {{"\xE4", "\xB8"}, {"\xE4\xB8", "\xAD"}, {"\xE6", "\x96"},
                             {"\xD0", "\xB0"}, {" ", "\xD0\xB0"},    {"\xE4\xB8\xAD", "\xE6\x96"}};
  const TokenizerSpec base = toy::ByteLevel({});
  const TokenizerSpec merged = toy::ByteLevel(merges);
  const Certificate out = CertifyToy(base, merged);
  ASSERT_EQ(out.level, "L0");
  ASSERT_THAT(out.scripts, ElementsAre("Cyrillic", "Han"));
  const StatusOr<Tokenizer> before = Compile(base);
  const StatusOr<Tokenizer> after = Compile(merged);
  int changed = 0;
  for (char32_t c = 1; c < 0x11000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text = " ";
    AppendUtf8(c, &text);
    std::vector<TokenId> old_ids;
    std::vector<TokenId> new_ids;
    before->EncodeIds(text, &old_ids);
    after->EncodeIds(text, &new_ids);
    if (old_ids == new_ids) continue;
    ++changed;
    EXPECT_TRUE(c == 0x0430 || (c >= 0x4E00 && c < 0x4E40) || (c >= 0x6580 && c < 0x65C0)) << text;
  }
  EXPECT_EQ(changed, 129);
}

TEST(CertificateTest, AFoldedTokenThatTheNormalizerMaySpellIsNoL0) {
  TokenizerSpec base = toy::ByteLevel({}, /*use_regex=*/false);
  std::get<BpeModel>(base.model).ignore_merges = true;
  base.added_tokens = {{.id = 256, .content = "<s>", .special = true}};
  const TokenizerSpec donor = toy::ByteLevel({{"\xE4", "\xB8"}, {"\xE4\xB8", "\xAD"}});
  StatusOr<MergeResult> merged = MergeTokenizers(base, donor);
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(merged->certificate.level, "L0");
  base.normalizers = {normalizer::Unicode{normalizer::UnicodeForm::kNfkc}};
  merged = MergeTokenizers(base, donor);
  ASSERT_TRUE(merged.ok()) << merged.status();
  // U+FF1C becomes "<": the token was not found in the text, and its piece now is.
  const std::string text = "\uFF1Cs>";
  ASSERT_NE(CertificateTestIds(base, text), CertificateTestIds(merged->tokenizer, text));
  EXPECT_EQ(merged->certificate.level, "L1");
}

TEST(CertificateTest, CountsWhatChangesInTheText) {
  const std::vector<std::string_view> texts = {"abc abd", "xyz"};
  const Certificate out = CertifyMerges({{"a", "b"}}, {{"ab", "c"}}, {.texts = texts});
  EXPECT_EQ(out.level, "L1");
  EXPECT_EQ(out.checked_bytes, 10U);
  EXPECT_EQ(out.base_tokens, 8U);
  EXPECT_EQ(out.merged_tokens, 7U);
  EXPECT_EQ(out.new_cuts, 0U);
  EXPECT_EQ(out.changed_spans, 1U);
}

TEST(CertificateTest, OfCompiledTokenizersItIsTheSame) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  const TokenizerSpec merged = toy::ByteLevel({{"a", "b"}, {"ab", "c"}});
  const std::vector<std::string> documents(500, "abc abd");
  const std::vector<std::string_view> texts(documents.begin(), documents.end());
  for (const int threads : {1, 3}) {
    const CertifyOptions options{.texts = texts, .threads = threads};
    const StatusOr<Certificate> out = Certify(*Compile(base), *Compile(merged), options);
    ASSERT_TRUE(out.ok()) << out.status();
    EXPECT_EQ(*out, CertifyToy(base, merged, options));
    EXPECT_EQ(out->changed_spans, 500U);
  }
}

TEST(CertificateTest, AJoinBeforeThoseOfTheBaseProvesNothing) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  TokenizerSpec merged = toy::ByteLevel({{"a", "b"}, {"b", "c"}});
  auto& merges = std::get<BpeModel>(merged.model).merges;
  std::swap(merges[0], merges[1]);
  const std::vector<std::string_view> texts = {"abc"};
  const Certificate out = CertifyToy(base, merged, {.texts = texts});
  EXPECT_EQ(out.level, "L2");
  EXPECT_FALSE(out.proved);
  EXPECT_EQ(out.new_cuts, 1U);
  EXPECT_THAT(out.reason, HasSubstr("not the first of the merged list"));
  EXPECT_EQ(CertifyToy(base, merged).level, "L3");
}

TEST(CertificateTest, RefusesAnUnknownScript) {
  const StatusOr<Certificate> out =
      Certify(toy::ByteLevel({}), toy::ByteLevel({}), {.protected_scripts = {"Klingonese"}});
  EXPECT_EQ(out.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(CertificateTest, AForeignPieceOfAWordPieceBaseIsL0) {
  const TokenizerSpec base = toy::WordPiece({"a", "##a"});
  const TokenizerSpec merged = toy::WordPiece({"a", "##a", "\u4e2d"});
  const Certificate out = CertifyToy(base, merged, {.texts = {"a \u4e2d aa"}});
  EXPECT_EQ(out.level, "L0");
  EXPECT_TRUE(out.proved);
  EXPECT_THAT(out.scripts, ElementsAre("Han"));
  EXPECT_EQ(out.new_cuts, 0U);
  EXPECT_EQ(out.changed_spans, 1U);  // what was unknown
}

TEST(CertificateTest, UnigramIsL0OnlyWhereUnknownCharactersKeepTheirScore) {
  const toy::Scored old = {{"a", -2}};
  const toy::Scored extended = {{"a", -2}, {"\u4e2d", -3}};
  EXPECT_EQ(CertifyToy(toy::Unigram(old, -50), toy::Unigram(extended, -50)).level, "L0");
  const Certificate out = CertifyToy(toy::Unigram(old), toy::Unigram(extended));
  EXPECT_EQ(out.level, "L3");
  EXPECT_FALSE(out.proved);
  EXPECT_THAT(out.scripts, IsEmpty());
  EXPECT_THAT(out.reason, HasSubstr("went from -12 to -13"));
  EXPECT_EQ(CertifyToy(toy::Unigram(old), toy::Unigram(extended), {.texts = {"a"}}).level, "L2");
}

TEST(CertificateTest, UnigramAndWordPieceAreMeasuredOtherwise) {
  const Certificate out =
      CertifyToy(toy::WordPiece({"ab", "##cd", "##d", "##c"}),
                 toy::WordPiece({"ab", "##cd", "##d", "##c", "abc"}), {.texts = {"abcd ab"}});
  EXPECT_EQ(out.level, "L2");
  EXPECT_EQ(out.new_cuts, 1U);
  EXPECT_EQ(out.changed_spans, 1U);
  EXPECT_EQ(out.reason,
            "the model chooses among all pieces at once, and new piece 5, \"abc\", needs no "
            "character of another script");
}

TEST(CertificateTest, BoundariesInsideUnknownTextAreNoCuts) {
  const Certificate out =
      CertifyToy(toy::Unigram({{"a", -1}}), toy::Unigram({{"a", -1}, {"b", -2}, {"c", -2}}),
                 {.texts = {"abca"}});
  EXPECT_EQ(out.new_cuts, 0U);
  EXPECT_EQ(out.changed_spans, 1U);
  EXPECT_EQ(out.base_tokens, 3U);
  EXPECT_EQ(out.merged_tokens, 4U);
}

}  // namespace
}  // namespace tokgraft
