#include "vocab_merge/learn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/vocab_merge/random_specs.h"
#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"
#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::string> AddedBytes(const MergeResult& result) {
  std::vector<std::string> out;
  for (const AddedPiece& piece : result.id_map.added) out.push_back(piece.bytes);
  return out;
}

std::string LearnError(const TokenizerSpec& base, const LearnOptions& options) {
  const StatusOr<MergeResult> result = MergeLearnt(base, options);
  return result.ok() ? "" : std::string(result.status().message());
}

TEST(LearnTest, PiecesOfACorpusJoinTheBase) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  const StatusOr<MergeResult> m = MergeLearnt(base, {.corpus = {"abc abc", "abc"}, .size = 1});
  ASSERT_TRUE(m.ok()) << m.status();
  EXPECT_EQ(m->id_map.strategy, "extend");
  EXPECT_EQ(m->id_map.base_size, 257U);
  EXPECT_EQ(m->id_map.merged_size, 258U);
  EXPECT_EQ(m->id_map.base_to_merged[256], 256U);
  EXPECT_THAT(m->id_map.donor_to_merged, IsEmpty());
  EXPECT_EQ(m->id_map.helpers(), 0U);
  ASSERT_EQ(m->id_map.added.size(), 1U);
  const AddedPiece& piece = m->id_map.added[0];
  EXPECT_EQ(piece.id, 257U);
  EXPECT_EQ(piece.bytes, "abc");
  EXPECT_EQ(piece.donor_id, std::nullopt);
  EXPECT_THAT(piece.merges, ElementsAre(Pair(256U, TokenId{'c'})));
  EXPECT_EQ(piece.witness, "abc");
  EXPECT_EQ(m->certificate.level, "L1");
  EXPECT_EQ(m->certificate.checked_bytes, 10U);
  EXPECT_EQ(m->certificate.base_tokens, 7U);  // ab c, space ab c, ab c
  EXPECT_EQ(m->certificate.merged_tokens, 4U);
  EXPECT_EQ(m->certificate.new_cuts, 0U);
  EXPECT_EQ(m->conflicts.counts.at("D4"), 1U);
  for (const Finding& finding : m->conflicts.findings) EXPECT_THAT(finding.donor_ids, IsEmpty());
}

TEST(LearnTest, TextThatSaysNothingNewAddsNothing) {
  const TokenizerSpec base = toy::ByteLevel({});
  const StatusOr<MergeResult> m = MergeLearnt(base, {.corpus = {"abc"}, .size = 5});
  ASSERT_TRUE(m.ok()) << m.status();
  EXPECT_THAT(m->id_map.added, IsEmpty());
  EXPECT_EQ(m->id_map.merged_size, 256U);
}

TEST(LearnTest, TheCertificateIsMeasuredOnWhatIsProtected) {
  const TokenizerSpec base = toy::ByteLevel({});
  const StatusOr<MergeResult> m =
      MergeLearnt(base, {.corpus = {"\u4e2d\u4e2d"}, .size = 9, .protect = {"old"}});
  ASSERT_TRUE(m.ok()) << m.status();
  EXPECT_TRUE(m->certificate.proved) << m->certificate.reason;
  EXPECT_EQ(m->certificate.checked_bytes, 3U);
  EXPECT_EQ(m->certificate.changed_spans, 0U);
}

TEST(LearnTest, WithoutProtectedTextAMegabyteOfTheCorpusIsMeasured) {
  const TokenizerSpec base = toy::ByteLevel({});
  std::string document;
  while (document.size() < 600'000) document += "abc abd ";
  const std::vector<std::string_view> corpus(4, document);
  const StatusOr<MergeResult> m = MergeLearnt(base, {.corpus = corpus, .size = 2});
  ASSERT_TRUE(m.ok()) << m.status();
  EXPECT_EQ(m->certificate.checked_bytes, 2 * document.size());  // the first and the last
}

// A base that writes new characters as bytes, as Llama-2 does: no piece spells a byte.
TEST(LearnTest, BytesOfForeignCharactersNeverJoin) {
  const TokenizerSpec base = toy::Metaspace({" ", "a"}, {});
  const std::string text = "\u4e2d\u6587 \u4e2d\u6587 a\n\n a\n\n";
  const StatusOr<MergeResult> m = MergeLearnt(base, {.corpus = {text}, .size = 9});
  ASSERT_TRUE(m.ok()) << m.status();
  EXPECT_THAT(AddedBytes(*m), ElementsAre("\u4e2d", "\u6587", " a", " \u4e2d", " \u4e2d\u6587"));
  EXPECT_TRUE(m->certificate.proved);
  const Tokenizer before = *Compile(base);
  const Tokenizer after = *Compile(m->tokenizer);
  EXPECT_EQ(*after.Decode(after.Encode(text).ids), *before.Decode(before.Encode(text).ids));
}

TEST(LearnTest, APieceThatNothingEmitsIsLearntAnew) {
  // Numbers are cut after three digits from the left in the words that are learnt from, and the
  // normalizer turns "x" alone into nothing; so a piece of two x comes out of no text.
  TokenizerSpec base = toy::ByteLevel({});
  auto& replace = base.normalizers.emplace_back().emplace<normalizer::Replace>();
  replace.pattern.text = "q";
  replace.content = "xy";
  auto& drop = base.normalizers.emplace_back().emplace<normalizer::Replace>();
  drop.pattern.text = "zz";
  drop.content = "z";
  const StatusOr<MergeResult> m = MergeLearnt(base, {.corpus = {"qzz qzz", "qzz"}, .size = 9});
  ASSERT_TRUE(m.ok()) << m.status();
  const Tokenizer tokenizer = *Compile(m->tokenizer);
  for (const AddedPiece& piece : m->id_map.added) {
    std::vector<TokenId> ids;
    tokenizer.EncodeIds(piece.witness, &ids);
    EXPECT_THAT(ids, ::testing::Contains(piece.id)) << piece.bytes;
  }
}

TEST(LearnTest, ThePiecesAreLearntWithinTheFormatThatIsWritten) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  const StatusOr<MergeResult> m =
      MergeLearnt(base, {.corpus = {"abc abc"}, .size = 1, .format = Format::kTiktoken});
  ASSERT_TRUE(m.ok()) << m.status();
  EXPECT_EQ(m->tokenizer.format, Format::kTiktoken);
  EXPECT_THAT(AddedBytes(*m), ElementsAre("abc"));
  EXPECT_THAT(m->id_map.added[0].merges, IsEmpty());
  EXPECT_THAT(m->certificate.reason, HasSubstr("; the base was turned into tiktoken first"));
}

TEST(LearnTest, ErrorsSayWhatWasExpected) {
  const TokenizerSpec base = toy::ByteLevel({});
  EXPECT_EQ(LearnError(base, {.corpus = {"a"}, .size = 0}),
            "donor size: it is 0, the number of pieces to learn was expected");
  EXPECT_EQ(LearnError(base, {.corpus = {"a"}, .size = 1, .min_count = 0}),
            "min_count: it is 0, at least 1 was expected");
  for (const std::vector<std::string_view>& empty :
       {std::vector<std::string_view>{}, std::vector<std::string_view>{"", ""}}) {
    EXPECT_EQ(LearnError(base, {.corpus = empty, .size = 1}),
              "donor corpus: it is empty, text to learn pieces from was expected");
  }
  EXPECT_EQ(
      LearnError(toy::WordPiece({"a", "##a"}), {.corpus = {"a"}, .size = 1}),
      "toy wordpiece: model: no pieces are learnt for a WordPiece model, whose trainer is not "
      "public and whose longest match cuts old words anew with every piece; a BPE or Unigram "
      "base was expected; train a donor elsewhere and merge that");
  TokenizerSpec suffixed = base;
  toy::Bpe(&suffixed).end_of_word_suffix = "</w>";
  EXPECT_THAT(LearnError(suffixed, {.corpus = {"a"}, .size = 1}), HasSubstr("end_of_word_suffix"));
}

TEST(LearnTest, ProgressNamesTheSteps) {
  std::set<std::string> stages;
  const LearnOptions options{
      .corpus = {"abc abc"}, .size = 1, .progress = [&](std::string_view stage, double fraction) {
        stages.insert(std::string(stage));
        EXPECT_GE(fraction, 0);
        EXPECT_LE(fraction, 1);
      }};
  ASSERT_TRUE(MergeLearnt(toy::ByteLevel({}), options).ok());
  EXPECT_THAT(stages, ElementsAre("certify", "count words", "find witnesses"));
}

// What every donor promises, on random bases of every kind and random text.
class LearnPropertyTest : public ::testing::TestWithParam<toy::Rounds> {};

TEST_P(LearnPropertyTest, OldBoundariesGoAndNoneComes) {
  for (unsigned n = 0; n < GetParam().count; ++n) {
    SCOPED_TRACE(n);
    toy::Random random = toy::RandomOfRound(GetParam().base, GetParam().first + n);
    const TokenizerSpec base = toy::RandomSpec(GetParam().base, &random);
    std::vector<std::string> texts;
    for (int i = 0; i < 8; ++i) {
      texts.push_back(i % 2 == 0 ? toy::RandomText(&random, 60) : toy::HostileText(&random, 30));
    }
    const std::vector<std::string_view> corpus(texts.begin(), texts.end());
    const std::uint64_t size = 1 + random() % 20;
    const LearnOptions options{.corpus = corpus, .size = size, .threads = 1};
    const StatusOr<MergeResult> m = MergeLearnt(base, options);
    if (!m.ok()) {  // the base itself is refused
      EXPECT_NE(m.status().code(), absl::StatusCode::kInternal) << m.status();
      continue;
    }
    EXPECT_LE(m->id_map.added.size(), size);
    EXPECT_EQ(m->certificate.proved, m->certificate.level != "L2");
    const Tokenizer before = *Compile(base);
    const Tokenizer after = *Compile(m->tokenizer);
    for (const AddedPiece& piece : m->id_map.added) {
      std::vector<TokenId> ids;
      EXPECT_TRUE(IsValidUtf8(piece.witness));
      after.EncodeIds(piece.witness, &ids);
      EXPECT_THAT(ids, ::testing::Contains(piece.id)) << piece.bytes;
      EXPECT_THAT(piece.bytes, ::testing::Not(HasSubstr("<0x")));
    }
    for (const std::string& text : texts) {
      const std::vector<TokenId> old_ids = before.Encode(text).ids;
      const std::vector<TokenId> new_ids = after.Encode(text).ids;
      if (!m->certificate.proved) continue;
      EXPECT_LE(new_ids.size(), old_ids.size());
      EXPECT_EQ(*after.DecodeBytes(new_ids), *before.DecodeBytes(old_ids)) << text;
    }
    LearnOptions threaded = options;
    threaded.threads = 3;
    std::reverse(threaded.corpus.begin(), threaded.corpus.end());
    EXPECT_EQ(AddedBytes(*MergeLearnt(base, threaded)), AddedBytes(*m));
  }
}

INSTANTIATE_TEST_SUITE_P(Fast, LearnPropertyTest,
                         ::testing::ValuesIn(toy::RoundsOf(toy::kBpeKinds, 0, 40)),
                         toy::RoundsName);

}  // namespace
}  // namespace tokgraft
