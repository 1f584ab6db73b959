// What every merge promises, on random vocabularies of bytes of every kind of BPE base with donors
// of every kind, with splitters, flags and added tokens; and the same again from the definition, by
// an oracle. Shrinking is not needed: a round is reproduced by its number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/vocab_merge/naive_bpe.h"
#include "tests/vocab_merge/random_specs.h"
#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/scripts.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using toy::HostileText;
using toy::Kind;
using toy::OneIn;
using toy::Random;
using toy::RandomText;

std::vector<TokenId> IdsOf(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<TokenId> ids;
  tokenizer.EncodeIds(text, &ids);
  return ids;
}

std::set<std::size_t> EndsOf(const Tokenizer& tokenizer, const std::string& text) {
  std::set<std::size_t> ends;
  std::size_t at = 0;
  for (const TokenId id : IdsOf(tokenizer, text))
    ends.insert(at += tokenizer.token_bytes(id)->size());
  return ends;
}

void ExpectIdsUnmoved(const TokenizerSpec& base, const MergeResult& merged) {
  for (std::size_t i = 0; i < base.vocab.size(); ++i) {
    const Piece piece = base.vocab.entry(i);
    ASSERT_EQ(merged.tokenizer.vocab.Get(piece.id), piece) << piece.id;
    ASSERT_EQ(merged.id_map.base_to_merged[piece.id], piece.id);
  }
  for (const AddedToken& token : base.added_tokens) {
    ASSERT_THAT(merged.tokenizer.added_tokens, ::testing::Contains(token));
    ASSERT_EQ(merged.tokenizer.vocab.FindSpelling(token.content), token.id);
  }
}

bool RemovesSpaces(const TokenizerSpec& spec) {
  for (const Normalizer& step : spec.normalizers) {
    const auto* sentencepiece = std::get_if<normalizer::SentencePiece>(&step);
    if (sentencepiece != nullptr && sentencepiece->remove_extra_whitespaces) return true;
  }
  return false;
}

std::string WithoutSpaces(std::string_view text) {
  std::string out(text);
  std::erase(out, ' ');
  return out;
}

std::set<std::string> TextsOf(const TokenizerSpec& spec) {
  std::set<std::string> out;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.kind == PieceKind::kNormal) out.emplace(piece.bytes);
  }
  return out;
}

// The donor's ids go to tokens of the same bytes, or to what the normalizer makes of them; what was
// added is named by one of them, or helps.
void ExpectMapAgrees(const TokenizerSpec& donor, const MergeResult& merged) {
  const IdMap& map = merged.id_map;
  const bool removes_spaces = RemovesSpaces(merged.tokenizer);
  const std::set<std::string> offered = TextsOf(donor);
  for (std::size_t id = 0; id < map.donor_to_merged.size(); ++id) {
    if (!map.donor_to_merged[id]) continue;
    const auto piece = donor.vocab.Get(static_cast<TokenId>(id));
    const auto now = merged.tokenizer.vocab.Get(*map.donor_to_merged[id]);
    if (!piece || !now || piece->bytes == now->bytes) continue;
    ASSERT_TRUE(removes_spaces) << piece->bytes << " " << now->bytes;
    ASSERT_EQ(WithoutSpaces(piece->bytes), WithoutSpaces(now->bytes));
  }
  for (const AddedPiece& piece : map.added) {
    ASSERT_EQ(merged.tokenizer.vocab.Get(piece.id)->bytes, piece.bytes);
    if (piece.donor_id) {
      ASSERT_EQ(map.donor_to_merged[*piece.donor_id], piece.id);
    } else {
      ASSERT_FALSE(offered.contains(piece.bytes)) << piece.bytes;
    }
  }
  ASSERT_EQ(map.merged_size, merged.tokenizer.id_limit());
}

// L1: token boundaries only disappear.
void ExpectNoNewCut(const Tokenizer& before, const Tokenizer& after, Random* random) {
  for (int i = 0; i < 40; ++i) {
    const std::string text = i % 4 == 0 ? HostileText(random, 12) : RandomText(random, 24);
    const std::set<std::size_t> old_ends = EndsOf(before, text);
    const std::set<std::size_t> new_ends = EndsOf(after, text);
    ASSERT_TRUE(std::includes(old_ends.begin(), old_ends.end(), new_ends.begin(), new_ends.end()))
        << text;
  }
}

// L0: what has no character of the scripts named keeps its ids. Returns how many texts were such.
std::size_t ExpectSameIds(const Tokenizer& before, const Tokenizer& after,
                          const std::vector<std::string>& scripts, Random* random) {
  const StatusOr<ScriptSet> needed = ScriptSet::Parse(scripts);
  std::size_t tried = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string text = RandomText(random, 24);
    bool foreign = false;
    for (std::size_t at = 0; at < text.size() && needed.ok() && !foreign;) {
      const std::size_t begin = at;
      DecodeValid(text, &at);
      foreign = needed->Covers(text.substr(begin, at - begin));
    }
    if (foreign) continue;
    ++tried;
    EXPECT_EQ(IdsOf(before, text), IdsOf(after, text)) << text;
  }
  return tried;
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
  for (int i = 0; i < 10; ++i) texts.push_back(HostileText(random, 12));
  for (const std::string& text : texts) {
    const StatusOr<std::string> back = tokenizer.DecodeBytes(IdsOf(tokenizer, text));
    ASSERT_TRUE(back.ok()) << back.status();
    ASSERT_EQ(*back, text);
  }
}

// A tokenizer of characters sees what is not UTF-8 as U+FFFD, writes ▁ as it writes a space, and
// may put a space before the text or take some away.
void ExpectCharactersRoundTrip(const TokenizerSpec& spec, const Tokenizer& tokenizer,
                               Random* random) {
  if (RemovesSpaces(spec)) return;
  const auto* sentencepiece = std::get_if<normalizer::SentencePiece>(&spec.normalizers.front());
  const std::string prefix = sentencepiece == nullptr || sentencepiece->add_dummy_prefix ? " " : "";
  std::vector<std::string> texts;
  for (char b = 1; b < 127; ++b) texts.emplace_back(1, b);
  for (int i = 0; i < 20; ++i) texts.push_back(RandomText(random, 24));
  for (int i = 0; i < 10; ++i) texts.push_back(HostileText(random, 12));
  for (const std::string& text : texts) {
    if (text.empty() || text.find("\u2581") != std::string::npos) continue;
    std::string valid;
    ReplaceInvalid(text, &valid);
    const StatusOr<std::string> back = tokenizer.DecodeBytes(IdsOf(tokenizer, text));
    ASSERT_TRUE(back.ok()) << back.status();
    ASSERT_EQ(*back, prefix + valid);
  }
}

void ExpectWitnesses(const Tokenizer& tokenizer, const IdMap& id_map) {
  for (const AddedPiece& piece : id_map.added) {
    ASSERT_TRUE(IsValidUtf8(piece.witness)) << piece.id;
    ASSERT_THAT(IdsOf(tokenizer, piece.witness), ::testing::Contains(piece.id)) << piece.witness;
    ASSERT_EQ(tokenizer.token_bytes(piece.id), piece.bytes);
  }
}

struct Tally {
  std::size_t added = 0;
  std::size_t untouched = 0;  // texts that L0 held to their ids
};

MergeOptions RandomOptions(Random* random) {
  MergeOptions options;
  if (OneIn(4, random)) options.scripts = {"Han", "Devanagari"};
  if (OneIn(4, random)) options.budget = (*random)() % 12;
  options.threads = 1;
  return options;
}

void ExpectEveryPromise(const TokenizerSpec& base, const TokenizerSpec& donor,
                        const MergeOptions& options, Random* random, Tally* tally) {
  const StatusOr<MergeResult> merged = MergeTokenizers(base, donor, options);
  ASSERT_TRUE(merged.ok()) << merged.status();
  const StatusOr<Tokenizer> before = Compile(base);
  ASSERT_TRUE(before.ok()) << before.status();
  const StatusOr<Tokenizer> after = Compile(merged->tokenizer);
  ASSERT_TRUE(after.ok()) << after.status();
  const Certificate& certificate = merged->certificate;
  EXPECT_TRUE(certificate.proved) << certificate.reason;
  EXPECT_THAT(certificate.level, ::testing::AnyOf("L0", "L1"));
  ExpectIdsUnmoved(base, *merged);
  ExpectMapAgrees(donor, *merged);
  ExpectNoNewCut(*before, *after, random);
  if (certificate.level == "L0") {
    tally->untouched += ExpectSameIds(*before, *after, certificate.scripts, random);
  }
  if (base.spelling == Spelling::kMetaspace) {
    ExpectCharactersRoundTrip(base, *after, random);
  } else {
    ExpectRoundTrips(*after, random);
  }
  ExpectWitnesses(*after, merged->id_map);
  tally->added += merged->id_map.added.size();
  if (options.budget) {
    EXPECT_LE(merged->id_map.added.size(), *options.budget);
    return;  // another merge goes on where the budget ended
  }
  const StatusOr<MergeResult> again = MergeTokenizers(merged->tokenizer, donor, options);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->id_map.added, ::testing::IsEmpty());
}

class MergePropertyTest : public ::testing::TestWithParam<toy::Rounds> {
 protected:
  // Calls `check` with the numbers of each round until one fails.
  template <typename Check>
  void EachRound(Check check) {
    const toy::Rounds& rounds = GetParam();
    for (unsigned i = rounds.first; i < rounds.first + rounds.count && !HasFailure(); ++i) {
      SCOPED_TRACE(i);
      Random random = toy::RandomOfRound(rounds.base, i);
      check(&random);
    }
  }
  TokenizerSpec RandomBase(Random* random) const {
    return toy::RandomSpec(GetParam().base, random);
  }
};

TokenizerSpec RandomDonor(Random* random) {
  return toy::RandomSpec(toy::AnyOf(toy::kAllKinds, random), random);
}

TEST_P(MergePropertyTest, EveryPromiseIsKept) {
  Tally tally;
  EachRound([&](Random* random) {
    const TokenizerSpec base = RandomBase(random);
    ExpectEveryPromise(base, RandomDonor(random), RandomOptions(random), random, &tally);
  });
  EXPECT_GT(tally.added, 4 * GetParam().count);  // or nothing was tried
  EXPECT_GT(tally.untouched, GetParam().count);
}

TEST_P(MergePropertyTest, TheMergedTokenizerEncodesAsANaiveOneDoes) {
  std::size_t texts = 0;
  EachRound([&](Random* random) {
    const TokenizerSpec base = RandomBase(random);
    if (!toy::NaiveBpe::Knows(base)) return;
    const StatusOr<MergeResult> merged =
        MergeTokenizers(base, RandomDonor(random), RandomOptions(random));
    ASSERT_TRUE(merged.ok()) << merged.status();
    const StatusOr<Tokenizer> tokenizer = Compile(merged->tokenizer);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    const toy::NaiveBpe naive(merged->tokenizer);
    for (int i = 0; i < 20; ++i, ++texts) {
      std::string text = toy::RandomUnits(random, 24);
      if (OneIn(3, random)) text += "<t>" + toy::RandomUnits(random, 6);
      ASSERT_EQ(IdsOf(*tokenizer, text), naive.Encode(text)) << text;
    }
    for (const AddedPiece& piece : merged->id_map.added) {
      ASSERT_THAT(naive.Encode(piece.witness), ::testing::Contains(piece.id)) << piece.witness;
    }
  });
  EXPECT_GT(texts, 5 * GetParam().count);
}

TEST_P(MergePropertyTest, TheDefinitionAddsTheSameDonorPieces) {
  std::size_t added = 0;
  EachRound([&](Random* random) {
    const TokenizerSpec base = RandomBase(random);
    const TokenizerSpec donor = RandomDonor(random);
    if (!toy::NaiveBpe::Knows(base)) return;
    MergeOptions options;
    options.threads = 1;
    const StatusOr<MergeResult> merged = MergeTokenizers(base, donor, options);
    ASSERT_TRUE(merged.ok()) << merged.status();
    std::set<std::string> pieces;
    for (const AddedPiece& piece : merged->id_map.added) {
      if (piece.donor_id) pieces.insert(piece.bytes);
    }
    ASSERT_EQ(pieces, toy::NaivelyAdded(base, donor));
    added += pieces.size();
  });
  EXPECT_GT(added, GetParam().count);
}

// The texts of these that the merged tokenizer has as pieces of their own. Fragments of characters
// do not count: whether a text shows one depends on what the bytes around it become.
std::set<std::string> Had(const TokenizerSpec& merged, const std::set<std::string>& offered) {
  std::set<std::string> out;
  for (const std::string& piece : TextsOf(merged)) {
    if (offered.contains(piece) && IsValidUtf8(piece)) out.insert(piece);
  }
  return out;
}

std::vector<std::string> Differing(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::vector<std::string> out;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

TokenizerSpec MergedWith(const TokenizerSpec& base, std::initializer_list<TokenizerSpec> donors) {
  TokenizerSpec out = base;
  for (const TokenizerSpec& donor : donors) {
    MergeOptions options;
    options.threads = 1;
    StatusOr<MergeResult> merged = MergeTokenizers(out, donor, options);
    EXPECT_TRUE(merged.ok()) << merged.status();
    if (merged.ok()) out = std::move(merged->tokenizer);
  }
  return out;
}

TEST_P(MergePropertyTest, DonorsAddTheSameTextsInAnyOrder) {
  std::size_t had = 0;
  EachRound([&](Random* random) {
    const TokenizerSpec base = RandomBase(random);
    const TokenizerSpec a = RandomDonor(random);
    const TokenizerSpec b = RandomDonor(random);
    std::set<std::string> offered = TextsOf(a);
    offered.merge(TextsOf(b));
    const TokenizerSpec both =
        toy::Characters(Spelling::kByteLevel, {offered.begin(), offered.end()});
    const std::set<std::string> once = Had(MergedWith(base, {both}), offered);
    const std::set<std::string> ab = Had(MergedWith(base, {a, b}), offered);
    const std::set<std::string> ba = Had(MergedWith(base, {b, a}), offered);
    ASSERT_THAT(Differing(ab, once), ::testing::IsEmpty());
    ASSERT_THAT(Differing(ba, once), ::testing::IsEmpty());
    had += once.size();
  });
  EXPECT_GT(had, GetParam().count);
}

INSTANTIATE_TEST_SUITE_P(Fast, MergePropertyTest,
                         ::testing::ValuesIn(toy::RoundsOf(toy::kBpeKinds, 0, 150)),
                         toy::RoundsName);
INSTANTIATE_TEST_SUITE_P(Slow, MergePropertyTest,
                         ::testing::ValuesIn(toy::RoundsOf(toy::kBpeKinds, 150, 3000)),
                         toy::RoundsName);

}  // namespace
}  // namespace tokgraft
