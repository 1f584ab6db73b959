// What swap, union, intersect and replace-slots promise, on random tokenizers of every kind. A
// round is reproduced by its number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/vocab_merge/random_specs.h"
#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/merge.h"
#include "vocab_merge/rules/token_list.h"

namespace tokgraft {
namespace {

using toy::Random;

std::vector<TokenId> Encoded(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<TokenId> ids;
  tokenizer.EncodeIds(text, &ids);
  return ids;
}

std::string NoSpaces(std::string_view text) {
  std::string out(text);
  std::erase(out, ' ');
  return out;
}

using TokenMap = std::unordered_map<TokenId, ListedToken>;

// The ids that a map names, each once: where base ids went, and what is new.
std::set<TokenId> NamedIds(const IdMap& map) {
  std::set<TokenId> named;
  for (const std::optional<TokenId>& id : map.base_to_merged) {
    if (id) {
      EXPECT_TRUE(named.insert(*id).second) << *id << " is named twice";
    }
  }
  for (const AddedPiece& piece : map.added) {
    EXPECT_TRUE(named.insert(piece.id).second) << piece.id << " is named twice";
  }
  return named;
}

// Every merged id is named by one base id or is new; bytes agree on both sides; what is gone is
// listed.
void ExpectMapHolds(const TokenizerSpec& base, const TokenizerSpec& donor,
                    const MergeResult& result) {
  const IdMap& map = result.id_map;
  const TokenMap before = TokensById(ListTokens(base));
  const TokenMap offered = TokensById(ListTokens(donor));
  const TokenMap after = TokensById(ListTokens(result.tokenizer));
  std::set<TokenId> ids;
  for (const auto& [id, token] : after) ids.insert(id);
  ASSERT_EQ(NamedIds(map), ids);
  ASSERT_EQ(map.merged_size, result.tokenizer.id_limit());
  ASSERT_EQ(map.base_to_merged.size(), base.id_limit());
  ASSERT_EQ(map.donor_to_merged.size(), donor.id_limit());
  std::set<TokenId> gone;
  for (const auto& [id, token] : before) {
    const std::optional<TokenId> now = map.base_to_merged[id];
    if (now) {
      ASSERT_EQ(token.bytes, after.at(*now).bytes);
    } else {
      gone.insert(id);
    }
  }
  std::set<TokenId> removed;
  for (const RemovedPiece& piece : map.removed) {
    ASSERT_EQ(piece.bytes, before.at(piece.base_id).bytes);
    removed.insert(piece.base_id);
  }
  ASSERT_EQ(removed, gone);
  for (const auto& [id, token] : offered) {
    const std::optional<TokenId> now = map.donor_to_merged[id];
    if (!now || token.bytes == after.at(*now).bytes) continue;
    // Only a normalizer makes another piece of it, those of the toys take spaces away; and a
    // WordPiece model spells the beginning of a word without one.
    ASSERT_EQ(NoSpaces(token.bytes), NoSpaces(after.at(*now).bytes));
    ASSERT_TRUE(base.format == Format::kSentencePiece || base.spelling == Spelling::kWordPiece ||
                donor.spelling == Spelling::kWordPiece);
  }
  for (const AddedPiece& piece : map.added) ASSERT_EQ(piece.bytes, after.at(piece.id).bytes);
}

void ExpectShown(const Tokenizer& tokenizer, const IdMap& map) {
  for (const AddedPiece& piece : map.added) {
    if (piece.witness.empty()) continue;
    ASSERT_THAT(Encoded(tokenizer, piece.witness), ::testing::Contains(piece.id));
  }
}

class StrategiesPropertyTest : public ::testing::TestWithParam<toy::Rounds> {
 protected:
  // Calls `check` with base, donor, result and its tokenizer until a round fails.
  template <typename Check>
  void EachRound(const std::string& strategy, Check check) {
    const toy::Rounds& rounds = GetParam();
    for (unsigned i = rounds.first; i < rounds.first + rounds.count && !HasFailure(); ++i) {
      SCOPED_TRACE(i);
      Random random = toy::RandomOfRound(rounds.base, i);
      const TokenizerSpec base = toy::RandomSpec(rounds.base, &random);
      const TokenizerSpec donor = toy::RandomSpec(toy::AnyOf(toy::kAllKinds, &random), &random);
      for (int n = 0; n < 20; ++n) texts_[n] = toy::RandomText(&random, 24);
      MergeOptions options{.strategy = strategy};
      options.threads = 1;
      if (strategy == "replace-slots") {
        options.budget = 1 + random() % 8;
        options.protect = {texts_[0], texts_[1], texts_[2]};
      }
      const StatusOr<MergeResult> result = MergeTokenizers(base, donor, options);
      if (!result.ok() && MayRefuse(strategy, result.status())) continue;
      ASSERT_TRUE(result.ok()) << result.status();
      const StatusOr<Tokenizer> tokenizer = Compile(result->tokenizer);
      ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
      EXPECT_EQ(result->id_map.strategy, strategy);
      ExpectMapHolds(base, donor, *result);
      ExpectShown(*tokenizer, result->id_map);
      check(base, donor, *result, *tokenizer);
      ++done_;
    }
    EXPECT_GT(done_, rounds.count / 2);
  }

  // What a strategy may say no to, by its message.
  static bool MayRefuse(const std::string& strategy, const Status& status) {
    const std::string message(Message(status));
    const auto says = [&](std::string_view what) {
      return message.find(what) != std::string::npos;
    };
    return (strategy == "replace-slots" && says("old pieces can go")) ||
           (strategy == "intersect" && says("no token in common"));
  }

  std::string texts_[20];
  unsigned done_ = 0;
};

// Strategies that take any base, not BPE only.
class AnyBasePropertyTest : public StrategiesPropertyTest {};

TEST_P(AnyBasePropertyTest, SwapEncodesAsTheDonor) {
  std::size_t shared = 0;
  EachRound("swap", [&](const auto&, const auto& donor, const auto& result, const auto& after) {
    const StatusOr<Tokenizer> theirs = Compile(donor);
    ASSERT_TRUE(theirs.ok()) << theirs.status();
    for (const std::string& text : texts_) {
      ASSERT_EQ(Encoded(after, text), Encoded(*theirs, text)) << text;
    }
    for (const ListedToken& token : ListTokens(donor)) {
      ASSERT_EQ(result.id_map.donor_to_merged[token.id], token.id);
    }
    for (const auto& id : result.id_map.base_to_merged) shared += id ? 1U : 0U;
  });
  EXPECT_GT(shared, 2 * done_);
}

TEST_P(StrategiesPropertyTest, UnionHasAllOfBoth) {
  EachRound("union", [&](const auto& base, const auto& donor, const auto& result, const auto&) {
    for (const ListedToken& token : ListTokens(base)) {
      ASSERT_EQ(result.id_map.base_to_merged[token.id], token.id);
    }
    for (const ListedToken& token : ListTokens(donor)) {
      if (token.token_class != TokenClass::kSpecial && token.token_class != TokenClass::kDeclared) {
        continue;
      }
      ASSERT_TRUE(result.tokenizer.vocab.FindSpelling(token.bytes).has_value() ||
                  std::any_of(result.tokenizer.added_tokens.begin(),
                              result.tokenizer.added_tokens.end(),
                              [&](const AddedToken& t) { return t.content == token.bytes; }))
          << token.bytes;
    }
  });
}

TEST_P(AnyBasePropertyTest, IntersectEncodesKeptTextAsBefore) {
  std::size_t kept_texts = 0;
  EachRound("intersect", [&](const auto& base, const auto&, const auto& result, const auto& after) {
    const StatusOr<Tokenizer> before = Compile(base);
    ASSERT_TRUE(before.ok()) << before.status();
    const IdMap& map = result.id_map;
    ASSERT_THAT(map.added, ::testing::IsEmpty());
    std::vector<std::string> texts(std::begin(texts_), std::end(texts_));
    for (const ListedToken& token : ListTokens(base)) texts.emplace_back(token.bytes);
    for (const std::string& text : texts) {
      std::vector<TokenId> expected;
      bool kept = true;
      for (const TokenId id : Encoded(*before, text)) {
        kept &= map.base_to_merged[id].has_value();
        expected.push_back(map.base_to_merged[id].value_or(0));
      }
      if (!kept) continue;
      ++kept_texts;
      ASSERT_EQ(Encoded(after, text), expected) << text;
    }
    for (const auto& id : map.donor_to_merged) {
      if (id) {
        ASSERT_LT(*id, map.merged_size);
      }
    }
  });
  EXPECT_GT(kept_texts, 20 * done_);
}

TEST_P(StrategiesPropertyTest, ReplaceSlotsKeepsTheSizeAndWhatPiecesAreMadeOf) {
  if (GetParam().base == toy::Kind::kRanks) return;  // ids are ranks: refused, tested by message
  std::size_t replaced = 0;
  EachRound("replace-slots", [&](const auto& base, const auto&, const auto& result,
                                 const auto& after) {
    const StatusOr<Tokenizer> before = Compile(base);
    ASSERT_TRUE(before.ok()) << before.status();
    const IdMap& map = result.id_map;
    ASSERT_EQ(TokensById(ListTokens(result.tokenizer)).size(), TokensById(ListTokens(base)).size());
    ASSERT_EQ(map.removed.size(), map.added.size());
    for (const AddedPiece& piece : map.added) ASSERT_NE(piece.witness, "");
    // What stays stands where it stood, and is still made where it was made alone.
    for (std::size_t id = 0; id < map.base_to_merged.size(); ++id) {
      const std::optional<TokenId> now = map.base_to_merged[id];
      if (!now) continue;
      ASSERT_EQ(*now, id);
      const auto bytes = before->token_bytes(*now).value_or("");
      if (Encoded(*before, bytes) == std::vector<TokenId>{*now}) {
        ASSERT_EQ(Encoded(after, bytes), std::vector<TokenId>{*now}) << bytes;
      }
    }
    replaced += map.added.size();
  });
  EXPECT_GT(replaced, done_);
}

INSTANTIATE_TEST_SUITE_P(Fast, StrategiesPropertyTest,
                         ::testing::ValuesIn(toy::RoundsOf(toy::kBpeKinds, 0, 60)),
                         toy::RoundsName);
INSTANTIATE_TEST_SUITE_P(Fast, AnyBasePropertyTest,
                         ::testing::ValuesIn(toy::RoundsOf(toy::kAllKinds, 0, 20)),
                         toy::RoundsName);
INSTANTIATE_TEST_SUITE_P(Slow, StrategiesPropertyTest,
                         ::testing::ValuesIn(toy::RoundsOf(toy::kBpeKinds, 60, 1500)),
                         toy::RoundsName);
INSTANTIATE_TEST_SUITE_P(Slow, AnyBasePropertyTest,
                         ::testing::ValuesIn(toy::RoundsOf(toy::kAllKinds, 20, 500)),
                         toy::RoundsName);

}  // namespace
}  // namespace tokgraft
