// What `extend` promises on Unigram and WordPiece bases, on random vocabularies of every kind and
// donors of every kind; and what the merged tokenizers do, by brute force. A round is reproduced by
// its number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"
#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using WholeRandom = std::mt19937;

const std::vector<std::string>& WholeUnits() {
  static const auto& units = *new std::vector<std::string>{
      "a", "b", "c", "A", "1", "2", ".", "-", " ", " ", "\u00E9", "\u4e2d", "\u6587", "\u0928"};
  return units;
}
bool IsLatinUnit(const std::string& unit) { return unit.size() < 3; }

std::string WholeText(WholeRandom* random, std::size_t most, bool latin_only = false) {
  std::string out;
  // Mostly a, b and c, so that pieces overlap.
  for (std::size_t n = 1 + (*random)() % most; n > 0;) {
    const std::size_t units = (*random)() % 3 == 0 ? WholeUnits().size() : 3;
    const std::string& unit = WholeUnits()[(*random)() % units];
    if (latin_only && !IsLatinUnit(unit)) continue;
    out += unit;
    --n;
  }
  return out;
}

// Distinct pieces: most units, then `count` longer texts at most.
std::vector<std::string> WholePieces(WholeRandom* random, std::size_t count, bool spaces) {
  std::vector<std::string> out;
  std::set<std::string> known;
  const auto add = [&](const std::string& piece) {
    const bool spaced = piece.find(' ', 1) != std::string::npos;
    if ((spaces || !spaced) && known.insert(piece).second) out.push_back(piece);
  };
  for (const std::string& unit : WholeUnits()) {
    if ((*random)() % 8 != 0) add(unit);
  }
  for (std::size_t i = 0; i < count; ++i) add(WholeText(random, 4));
  std::shuffle(out.begin(), out.end(), *random);
  return out;
}

toy::Scored WithScores(WholeRandom* random, const std::vector<std::string>& pieces) {
  toy::Scored out;
  double score = -1;
  for (const std::string& piece : pieces) {
    score -= (*random)() % 5 == 0 ? 0 : static_cast<double>((*random)() % 1000) / 1500;
    out.emplace_back(piece, score);
  }
  return out;
}

void AddBytePieces(TokenizerSpec* spec) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (int b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    const std::string spelling = std::string("<0x") + kHex[b >> 4] + kHex[b & 15] + ">";
    spec->vocab.Add({.id = static_cast<TokenId>(spec->vocab.id_limit()),
                     .bytes = std::string_view(&byte, 1),
                     .spelling = spelling,
                     .kind = PieceKind::kByte});
  }
  std::get<UnigramModel>(spec->model).byte_fallback = true;
}

TokenizerSpec RandomUnigram(WholeRandom* random) {
  const toy::Scored pieces = WithScores(random, WholePieces(random, (*random)() % 14, true));
  TokenizerSpec spec;
  if ((*random)() % 3 == 0) {
    spec = toy::SentencePieceUnigram(pieces, (*random)() % 2 == 0);
  } else {
    // With a low special piece the score of unknown characters stays where it is.
    spec = toy::Unigram(pieces, (*random)() % 2 == 0 ? 0 : -100);
    if ((*random)() % 3 == 0) {
      auto& split = spec.pre_tokenizers.emplace_back().emplace<pre_tokenizer::Split>();
      split.pattern.text = " ";
      split.behavior = pre_tokenizer::SplitBehavior::kMergedWithNext;
    }
    if ((*random)() % 4 == 0) {
      spec.added_tokens = {{.id = static_cast<TokenId>(spec.id_limit()),
                            .content = "<t>",
                            .special = (*random)() % 2 == 0}};
    }
  }
  if (spec.added_tokens.empty() && (*random)() % 4 == 0) AddBytePieces(&spec);
  return spec;
}

TokenizerSpec RandomWordPiece(WholeRandom* random) {
  std::vector<std::string> spellings;
  std::set<std::string> known;
  for (const std::string& piece : WholePieces(random, (*random)() % 14, false)) {
    const std::string text = piece.starts_with(' ') ? piece.substr(1) : piece;
    const std::string spelling = (*random)() % 2 == 0 ? "##" + text : text;
    if (!text.empty() && known.insert(spelling).second) spellings.push_back(spelling);
  }
  for (const char* letter : {"a", "b", "c", "##a", "##b", "##c"}) {
    if (known.insert(letter).second) spellings.emplace_back(letter);
  }
  TokenizerSpec spec = toy::WordPiece(spellings);
  if ((*random)() % 3 == 0) spec.normalizers.emplace_back().emplace<normalizer::Bert>();
  if ((*random)() % 3 == 0) spec.pre_tokenizers[0].emplace<pre_tokenizer::Bert>();
  if ((*random)() % 4 == 0) {
    spec.added_tokens = {{.id = static_cast<TokenId>(spec.id_limit()), .content = "<t>"}};
  }
  return spec;
}

// All of whose pieces need a character that is not Latin.
TokenizerSpec ForeignUnigram(WholeRandom* random) {
  std::vector<std::string> pieces;
  std::set<std::string> known;
  for (int i = 0; i < 8; ++i) {
    const std::string piece =
        Cat(WholeText(random, 2), (*random)() % 2 == 0 ? "\u4e2d" : "\u0928", WholeText(random, 2));
    if (known.insert(piece).second) pieces.push_back(piece);
  }
  return toy::Unigram(WithScores(random, pieces));
}

TokenizerSpec RandomWholeDonor(WholeRandom* random) {
  switch ((*random)() % 8) {
    case 0:
    case 1:
      return RandomWordPiece(random);
    case 2: {
      toy::Pairs merges;
      std::vector<std::string> parts = {"a", "b", "c", "1", " ", "-", "\xE4", "\xB8", "\xAD"};
      std::set<std::string> known(parts.begin(), parts.end());
      for (int i = 0; i < 12; ++i) {
        const std::string left = parts[(*random)() % parts.size()];
        const std::string right = parts[(*random)() % parts.size()];
        if (!known.insert(left + right).second) continue;
        merges.emplace_back(left, right);
        parts.push_back(left + right);
      }
      return toy::ByteLevel(merges, /*use_regex=*/false);
    }
    case 3:
      return ForeignUnigram(random);
    default:
      return RandomUnigram(random);
  }
}

std::vector<TokenId> WholeIds(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<TokenId> ids;
  tokenizer.EncodeIds(text, &ids);
  return ids;
}

// What a cut of `text` scores: pieces by their spelling, characters that are none as unknown.
class BruteUnigram {
 public:
  explicit BruteUnigram(const TokenizerSpec& spec) {
    double lowest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
      const Piece piece = spec.vocab.entry(i);
      lowest = std::min(lowest, piece.score);
      scores_[std::string(piece.spelling)] = piece.score;
    }
    unknown_ = lowest - 10;
  }
  double Best(std::string_view text) const {
    if (text.empty()) return 0;
    double best = -std::numeric_limits<double>::infinity();
    for (std::size_t size = 1; size <= text.size(); ++size) {
      const std::string first(text.substr(0, size));
      const auto at = scores_.find(first);
      const bool single = size == Utf8Length(text[0]);
      if (at == scores_.end() && !single) continue;
      const double score = at == scores_.end() ? unknown_ : at->second;
      best = std::max(best, score + Best(text.substr(size)));
    }
    return best;
  }
  double ScoreOf(const TokenizerSpec& spec, const Encoding& encoding, std::string_view text) const {
    double sum = 0;
    for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
      const Span span = encoding.offsets[i];
      const auto begin = static_cast<std::size_t>(span.begin);
      const std::string_view covered =
          text.substr(begin, static_cast<std::size_t>(span.end) - begin);
      sum += encoding.ids[i] == 0 ? unknown_ * static_cast<double>(CountCharacters(covered))
                                  : spec.vocab.Get(encoding.ids[i])->score;
    }
    return sum;
  }

 private:
  std::map<std::string, double> scores_;
  double unknown_ = 0;
};

// Greedy, word by word.
std::vector<TokenId> BruteWordPiece(const TokenizerSpec& spec, std::string_view text) {
  std::vector<TokenId> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    begin = end + 1;
    if (word.empty()) continue;
    std::vector<TokenId> ids;
    std::size_t at = 0;
    while (at < word.size()) {
      std::size_t size = word.size() - at;
      std::optional<TokenId> id;
      for (; size > 0 && !id; --size) {
        const std::string part(word.substr(at, size));
        id = spec.vocab.FindSpelling(at == 0 ? part : "##" + part);
        if (id) break;
      }
      if (!id) break;
      ids.push_back(*id);
      at += size;
    }
    if (at < word.size()) ids = {0};
    out.insert(out.end(), ids.begin(), ids.end());
  }
  return out;
}

struct WholeCase {
  TokenizerSpec base;
  TokenizerSpec donor;
  std::vector<std::string> protect;
};

// Made of the base's own pieces, mostly of long ones: text that it cuts into few tokens.
std::string TextOfPieces(const TokenizerSpec& spec, WholeRandom* random) {
  std::string out;
  for (int n = 0; n < 12; ++n) {
    const Piece piece = spec.vocab.entry((*random)() % spec.vocab.size());
    if (piece.kind != PieceKind::kNormal) continue;
    if (CountCharacters(piece.bytes) == 1 && (*random)() % 4 != 0) continue;
    out += piece.bytes;
    if ((*random)() % 6 == 0) out += ' ';
  }
  return out;
}

WholeCase RandomCase(TokenizerSpec base, WholeRandom* random) {
  WholeCase out{.base = std::move(base), .donor = RandomWholeDonor(random), .protect = {}};
  for (std::size_t n = (*random)() % 8; n > 0; --n) {
    out.protect.push_back(n == 1 ? WholeText(random, 24) : TextOfPieces(out.base, random));
  }
  return out;
}

void ExpectOldPiecesStay(const TokenizerSpec& base, const TokenizerSpec& merged) {
  for (std::size_t i = 0; i < base.vocab.size(); ++i) {
    const Piece piece = base.vocab.entry(i);
    ASSERT_EQ(merged.vocab.Get(piece.id), piece) << piece.id;
  }
  ASSERT_EQ(merged.added_tokens, base.added_tokens);
}

void ExpectScoresFall(const TokenizerSpec& base, const MergeResult& merged) {
  float last = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < base.vocab.size(); ++i) {
    const Piece piece = base.vocab.entry(i);
    if (piece.kind == PieceKind::kNormal) last = std::min(last, static_cast<float>(piece.score));
  }
  for (const AddedPiece& piece : merged.id_map.added) {
    const double score = merged.tokenizer.vocab.Get(piece.id)->score;
    ASSERT_EQ(static_cast<double>(static_cast<float>(score)), score) << piece.id;
    ASSERT_LT(static_cast<float>(score), last) << piece.id;
    last = static_cast<float>(score);
  }
}

// Where the base knows all of the text.
void ExpectNoNewCuts(const Tokenizer& before, const Tokenizer& after, std::string_view text) {
  const std::vector<TokenId> old_ids = WholeIds(before, text);
  if (std::find(old_ids.begin(), old_ids.end(), 0) != old_ids.end()) return;
  std::set<std::size_t> ends;
  std::size_t at = 0;
  for (const TokenId id : old_ids) ends.insert(at += before.token_bytes(id)->size());
  at = 0;
  for (const TokenId id : WholeIds(after, text)) {
    ASSERT_NE(id, 0U) << text;
    at += after.token_bytes(id)->size();
    ASSERT_TRUE(ends.contains(at)) << text;
  }
}

void ExpectWholeWitnesses(const Tokenizer& after, const MergeResult& merged) {
  for (const AddedPiece& piece : merged.id_map.added) {
    ASSERT_TRUE(IsValidUtf8(piece.witness)) << piece.id;
    ASSERT_THAT(WholeIds(after, piece.witness), ::testing::Contains(piece.id)) << piece.witness;
    ASSERT_EQ(after.token_bytes(piece.id), piece.bytes);
  }
}

// Each refused donor piece has one primary code, and none is both refused and added.
void ExpectOneCodeEach(const MergeResult& merged) {
  std::set<TokenId> seen;
  for (const AddedPiece& piece : merged.id_map.added) seen.insert(*piece.donor_id);
  for (const Finding& finding : merged.conflicts.findings) {
    if (!std::set<std::string>{"B1", "B3", "B4", "B5", "B6", "C9"}.contains(finding.code)) continue;
    for (const TokenId id : finding.donor_ids) ASSERT_TRUE(seen.insert(id).second) << id;
  }
}

// Returns the result, for what else is to be seen in it.
std::optional<MergeResult> ExpectWholePromises(const WholeCase& c, WholeRandom* random) {
  MergeOptions options;
  options.threads = 1;
  options.protect.assign(c.protect.begin(), c.protect.end());
  const StatusOr<MergeResult> merged = MergeTokenizers(c.base, c.donor, options);
  EXPECT_TRUE(merged.ok()) << merged.status();
  if (!merged.ok()) return std::nullopt;
  const StatusOr<Tokenizer> before = Compile(c.base);
  const StatusOr<Tokenizer> after = Compile(merged->tokenizer);
  EXPECT_TRUE(before.ok() && after.ok()) << before.status() << after.status();
  if (!before.ok() || !after.ok()) return std::nullopt;
  ExpectOldPiecesStay(c.base, merged->tokenizer);
  if (std::holds_alternative<UnigramModel>(c.base.model)) ExpectScoresFall(c.base, *merged);
  ExpectWholeWitnesses(*after, *merged);
  ExpectOneCodeEach(*merged);
  EXPECT_EQ(merged->certificate.new_cuts, 0U);
  for (const std::string& text : c.protect) ExpectNoNewCuts(*before, *after, text);
  if (merged->certificate.level == "L0") {
    EXPECT_TRUE(merged->certificate.proved);
    for (int i = 0; i < 20; ++i) {
      const std::string text = WholeText(random, 16, /*latin_only=*/true);
      EXPECT_EQ(WholeIds(*before, text), WholeIds(*after, text)) << text;
    }
  } else {
    EXPECT_EQ(merged->certificate.level, c.protect.empty() ? "L3" : "L2");
    EXPECT_FALSE(merged->certificate.proved);
  }
  const StatusOr<MergeResult> again = MergeTokenizers(merged->tokenizer, c.donor, options);
  EXPECT_TRUE(again.ok()) << again.status();
  if (!again.ok()) return std::nullopt;
  EXPECT_EQ(again->id_map.added.size(), 0U)
      << again->tokenizer.vocab.Get(again->id_map.added[0].id)->spelling;
  return *merged;
}

TEST(WholePropertyTest, UnigramBasesKeepEveryPromise) {
  WholeRandom random(11);
  std::size_t added = 0;
  std::size_t proved = 0;
  std::size_t cutters = 0;
  for (int round = 0; round < 1000 && !::testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE(round);
    const WholeCase c = RandomCase(RandomUnigram(&random), &random);
    const std::optional<MergeResult> merged = ExpectWholePromises(c, &random);
    if (!merged) continue;
    added += merged->id_map.added.size();
    proved += merged->certificate.level == "L0" && !merged->id_map.added.empty() ? 1U : 0U;
    cutters += merged->conflicts.counts.at("C9");
    const TokenizerSpec& spec = merged->tokenizer;
    const bool plain = spec.pre_tokenizers.empty() && spec.normalizers.empty();
    if (!plain || !spec.added_tokens.empty()) continue;
    const Tokenizer tokenizer = *Compile(spec);
    const bool fallback = std::get<UnigramModel>(spec.model).byte_fallback;
    const BruteUnigram brute(spec);
    for (int i = 0; i < 10; ++i) {
      const std::string text = WholeText(&random, 8);
      const Encoding encoding = tokenizer.Encode(text);
      if (fallback) {
        EXPECT_EQ(*tokenizer.DecodeBytes(encoding.ids), text);
      } else {
        EXPECT_NEAR(brute.ScoreOf(spec, encoding, text), brute.Best(text), 1e-9) << text;
      }
    }
  }
  EXPECT_GT(added, 1000U);  // or nothing was tried
  EXPECT_GT(proved, 20U);
  EXPECT_GT(cutters, 5U);
}

TEST(WholePropertyTest, WordPieceBasesKeepEveryPromise) {
  WholeRandom random(12);
  std::size_t added = 0;
  std::size_t proved = 0;
  std::size_t cutters = 0;
  for (int round = 0; round < 1000 && !::testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE(round);
    const WholeCase c = RandomCase(RandomWordPiece(&random), &random);
    const std::optional<MergeResult> merged = ExpectWholePromises(c, &random);
    if (!merged) continue;
    added += merged->id_map.added.size();
    proved += merged->certificate.level == "L0" && !merged->id_map.added.empty() ? 1U : 0U;
    cutters += merged->conflicts.counts.at("C9");
    const TokenizerSpec& spec = merged->tokenizer;
    const bool plain =
        spec.normalizers.empty() &&
        std::holds_alternative<pre_tokenizer::WhitespaceSplit>(spec.pre_tokenizers[0]);
    if (!plain || !spec.added_tokens.empty()) continue;
    const Tokenizer tokenizer = *Compile(spec);
    for (int i = 0; i < 10; ++i) {
      const std::string text = WholeText(&random, 16);
      EXPECT_EQ(WholeIds(tokenizer, text), BruteWordPiece(spec, text)) << text;
    }
  }
  EXPECT_GT(added, 1000U);
  EXPECT_GT(proved, 20U);
  EXPECT_GT(cutters, 20U);
}

}  // namespace
}  // namespace tokgraft
