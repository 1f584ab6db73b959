// What every merge promises, on random vocabularies of bytes of every kind, with splitters, flags
// and added tokens. Shrinking is not needed: a round is reproduced by its number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/vocab_merge/toy.h"
#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using Random = std::mt19937;

// Characters of one to four bytes: letters, digits, signs, spaces, a mark, line ends.
const std::vector<std::string>& PropertyUnits() {
  static const auto& units = *new std::vector<std::string>{
      "a", "b", "t",  "A",      "1",      "2",      ".",      "'",      "_",
      " ", " ", "\n", "\u00E9", "\u0301", "\u0928", "\u4e2d", "\u6587", "\U0001F600"};
  return units;
}

std::string RandomText(Random* random, std::size_t most) {
  std::string out;
  for (std::size_t n = (*random)() % (most + 1); n > 0; --n) {
    // Now and then any code point: no merge knows it.
    const char32_t any = static_cast<char32_t>((*random)() % 0x110000);
    if ((*random)() % 16 == 0 && (any < 0xD800 || any > 0xDFFF)) {
      AppendUtf8(any, &out);
    } else {
      out += PropertyUnits()[(*random)() % PropertyUnits().size()];
    }
  }
  return out;
}

// Merges of what is there, `count` at most; products may be parts of characters where `units` are.
toy::Pairs RandomMerges(const std::vector<std::string>& units, std::size_t count, Random* random) {
  toy::Pairs out;
  std::vector<std::string> pieces = units;
  std::set<std::string> known(units.begin(), units.end());
  for (std::size_t i = 0; i < count; ++i) {
    const std::string left = pieces[(*random)() % pieces.size()];
    const std::string right = pieces[(*random)() % pieces.size()];
    if (left.size() + right.size() > 12 || !known.insert(left + right).second) continue;
    out.emplace_back(left, right);
    pieces.push_back(left + right);
  }
  return out;
}

std::vector<std::string> SingleBytes() {
  std::set<std::string> bytes;
  for (const std::string& unit : PropertyUnits()) {
    for (const char byte : unit) bytes.insert(std::string(1, byte));
  }
  return {bytes.begin(), bytes.end()};
}

TokenizerSpec RandomByteLevel(Random* random) {
  static const auto& bytes = *new std::vector<std::string>(SingleBytes());
  TokenizerSpec spec = toy::ByteLevel(RandomMerges(bytes, (*random)() % 40, random),
                                      /*use_regex=*/(*random)() % 2 == 0);
  toy::Bpe(&spec).ignore_merges = (*random)() % 4 == 0;
  if ((*random)() % 4 == 0) {
    auto& digits =
        spec.pre_tokenizers.emplace(spec.pre_tokenizers.begin())->emplace<pre_tokenizer::Digits>();
    digits.individual_digits = true;
  }
  if ((*random)() % 4 == 0) {
    const auto id = static_cast<TokenId>(spec.id_limit() + (*random)() % 3);  // perhaps a hole
    spec.added_tokens = {{.id = id, .content = "<t>", .special = (*random)() % 2 == 0}};
  }
  return spec;
}

TokenizerSpec RandomMetaspace(Random* random) {
  // Not every character is a piece: the others fall back on bytes.
  std::set<std::string> characters = {" ", "a"};
  for (const std::string& unit : PropertyUnits()) {
    if ((*random)() % 2 == 0) characters.insert(unit);
  }
  const std::vector<std::string> units(characters.begin(), characters.end());
  return toy::Metaspace(units, RandomMerges(units, (*random)() % 30, random));
}

std::set<std::size_t> EndsOf(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<TokenId> ids;
  tokenizer.EncodeIds(text, &ids);
  std::set<std::size_t> ends;
  std::size_t at = 0;
  for (const TokenId id : ids) ends.insert(at += tokenizer.token_bytes(id)->size());
  return ends;
}

void ExpectIdsUnmoved(const TokenizerSpec& base, const TokenizerSpec& merged) {
  for (std::size_t i = 0; i < base.vocab.size(); ++i) {
    const Piece piece = base.vocab.entry(i);
    ASSERT_EQ(merged.vocab.Get(piece.id), piece) << piece.id;
  }
  for (const AddedToken& token : base.added_tokens) {
    ASSERT_THAT(merged.added_tokens, ::testing::Contains(token));
    ASSERT_EQ(merged.vocab.FindSpelling(token.content), token.id);
  }
}

// L1: token boundaries only disappear.
void ExpectNoNewCut(const Tokenizer& before, const Tokenizer& after, Random* random) {
  for (int i = 0; i < 40; ++i) {
    const std::string text = RandomText(random, 24);
    const std::set<std::size_t> old_ends = EndsOf(before, text);
    const std::set<std::size_t> new_ends = EndsOf(after, text);
    ASSERT_TRUE(std::includes(old_ends.begin(), old_ends.end(), new_ends.begin(), new_ends.end()))
        << text;
  }
}

void ExpectRoundTrips(const Tokenizer& tokenizer, Random* random) {
  std::vector<std::string> texts;
  std::string all;
  for (int b = 0; b < 256; ++b) {
    texts.emplace_back(1, static_cast<char>(b));
    all.push_back(static_cast<char>(b));
  }
  texts.push_back(all);
  for (int i = 0; i < 20; ++i) texts.push_back(RandomText(random, 24));
  std::vector<TokenId> ids;
  for (const std::string& text : texts) {
    ids.clear();
    tokenizer.EncodeIds(text, &ids);
    const StatusOr<std::string> back = tokenizer.DecodeBytes(ids);
    ASSERT_TRUE(back.ok()) << back.status();
    ASSERT_EQ(*back, text);
  }
}

void ExpectWitnesses(const Tokenizer& tokenizer, const IdMap& id_map) {
  std::vector<TokenId> ids;
  for (const AddedPiece& piece : id_map.added) {
    ASSERT_TRUE(IsValidUtf8(piece.witness)) << piece.id;
    ids.clear();
    tokenizer.EncodeIds(piece.witness, &ids);
    ASSERT_THAT(ids, ::testing::Contains(piece.id)) << piece.witness;
    ASSERT_EQ(tokenizer.token_bytes(piece.id), piece.bytes);
  }
}

// Returns how many pieces were added.
std::size_t ExpectEveryPromise(const TokenizerSpec& base, const TokenizerSpec& donor,
                               bool round_trips, Random* random) {
  const StatusOr<MergeResult> merged = MergeTokenizers(base, donor);
  EXPECT_TRUE(merged.ok()) << merged.status();
  const StatusOr<Tokenizer> before = Compile(base);
  if (!merged.ok() || !before.ok()) return 0;
  const StatusOr<Tokenizer> after = Compile(merged->tokenizer);
  EXPECT_TRUE(after.ok()) << after.status();
  if (!after.ok()) return 0;
  EXPECT_TRUE(merged->certificate.proved) << merged->certificate.reason;
  ExpectIdsUnmoved(base, merged->tokenizer);
  ExpectNoNewCut(*before, *after, random);
  if (round_trips) ExpectRoundTrips(*after, random);
  ExpectWitnesses(*after, merged->id_map);
  const StatusOr<MergeResult> again = MergeTokenizers(merged->tokenizer, donor);
  EXPECT_TRUE(again.ok()) << again.status();
  if (!again.ok()) return 0;
  EXPECT_THAT(again->id_map.added, ::testing::IsEmpty());
  return merged->id_map.added.size();
}

TEST(MergePropertyTest, ByteLevelBasesKeepEveryPromise) {
  Random random(7);
  std::size_t added = 0;
  for (int round = 0; round < 400 && !::testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE(round);
    const TokenizerSpec base = RandomByteLevel(&random);
    const TokenizerSpec donor =
        random() % 4 == 0 ? RandomMetaspace(&random) : RandomByteLevel(&random);
    added += ExpectEveryPromise(base, donor, /*round_trips=*/true, &random);
  }
  EXPECT_GT(added, 1000U);  // or nothing was tried
}

TEST(MergePropertyTest, MetaspaceBasesKeepEveryPromise) {
  Random random(8);
  std::size_t added = 0;
  for (int round = 0; round < 400 && !::testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE(round);
    const TokenizerSpec base = RandomMetaspace(&random);
    const TokenizerSpec donor =
        random() % 4 == 0 ? RandomByteLevel(&random) : RandomMetaspace(&random);
    added += ExpectEveryPromise(base, donor, /*round_trips=*/false, &random);
  }
  EXPECT_GT(added, 1000U);
}

}  // namespace
}  // namespace tokgraft
