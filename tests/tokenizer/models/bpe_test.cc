// BPE against its definition, written down as plainly as it can be, on every short string and
// random tables; then each rule of each reference by example.
#include "tokenizer/models/bpe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/tokenizer/toy_spec.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using BpeStrings = std::vector<std::string>;

// Joins, again and again, the pair with the lowest rank, the leftmost of them. `rank` gives a
// pair's rank or -1.
template <typename Rank>
BpeStrings NaiveBpe(BpeStrings symbols, const Rank& rank) {
  while (true) {
    int best = -1;
    std::size_t at = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const int r = rank(symbols[i], symbols[i + 1]);
      if (r >= 0 && (best < 0 || r < best)) {
        best = r;
        at = i;
      }
    }
    if (best < 0) return symbols;
    symbols[at] += symbols[at + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

BpeStrings LettersOf(std::string_view text) {
  BpeStrings letters;
  for (const char c : text) letters.emplace_back(1, c);
  return letters;
}

// A vocabulary grown at random over `alphabet`, with the merges that grew it.
struct GrownBpe {
  std::vector<toy::ToyPiece> pieces;
  std::vector<std::pair<std::string, std::string>> merges;
};
GrownBpe GrowBpe(std::string_view alphabet, std::size_t merges, std::mt19937* random) {
  GrownBpe grown;
  std::set<std::string> known;
  for (const char c : alphabet) {
    grown.pieces.push_back({std::string(1, c)});
    known.insert(grown.pieces.back().spelling);
  }
  std::set<std::pair<std::string, std::string>> used;
  for (std::size_t tries = 0; grown.merges.size() < merges && tries < 100; ++tries) {
    const std::string left = grown.pieces[(*random)() % grown.pieces.size()].spelling;
    const std::string right = grown.pieces[(*random)() % grown.pieces.size()].spelling;
    if (left.size() + right.size() > 6 || !used.insert({left, right}).second) continue;
    grown.merges.emplace_back(left, right);
    if (known.insert(left + right).second) grown.pieces.push_back({left + right});
  }
  std::shuffle(grown.merges.begin(), grown.merges.end(), *random);
  return grown;
}

TEST(BpeTest, MergeListJoinsAsDefinedOnAllShortStrings) {
  std::mt19937 random(1);
  for (int table = 0; table < 30; ++table) {
    const std::string alphabet = table % 2 == 0 ? "ab" : "abc";
    const GrownBpe grown = GrowBpe(alphabet, 1 + random() % 8, &random);
    TokenizerSpec spec = toy::Spec(grown.pieces, BpeModel{});
    toy::AddMerges(grown.merges, &spec);
    const Tokenizer tokenizer = Compile(spec).value();
    const auto rank = [&](const std::string& left, const std::string& right) {
      const auto found =
          std::find(grown.merges.begin(), grown.merges.end(), std::pair(left, right));
      return found == grown.merges.end() ? -1 : static_cast<int>(found - grown.merges.begin());
    };
    for (const std::string& text : toy::AllStrings(alphabet, alphabet.size() == 2 ? 9 : 6)) {
      ASSERT_EQ(toy::Tokens(tokenizer, text), NaiveBpe(LettersOf(text), rank)) << text;
    }
    for (int i = 0; i < 20; ++i) {  // long enough for the heap
      std::string text;
      while (text.size() < 150) text += alphabet[random() % alphabet.size()];
      ASSERT_EQ(toy::Tokens(tokenizer, text), NaiveBpe(LettersOf(text), rank)) << text;
    }
  }
}

TEST(BpeTest, ScoresAndRanksJoinWhereverTheResultIsAPiece) {
  std::mt19937 random(2);
  for (int table = 0; table < 30; ++table) {
    GrownBpe grown = GrowBpe("abc", 1 + random() % 8, &random);
    // Few different scores, so that ties are common.
    for (toy::ToyPiece& piece : grown.pieces) piece.score = -static_cast<double>(random() % 3);
    std::vector<toy::ToyPiece> pieces = grown.pieces;
    pieces.push_back({"<unk>", 0, PieceKind::kUnknown});
    BpeModel model;
    model.order = BpeModel::Order::kScore;
    model.unk = static_cast<TokenId>(pieces.size() - 1);
    const Tokenizer tokenizer =
        Compile(toy::Spec(pieces, model, Reference::kSentencePiece)).value();
    const auto rank = [&](const std::string& left, const std::string& right) {
      for (const toy::ToyPiece& piece : grown.pieces) {
        if (piece.spelling == left + right) return static_cast<int>(-piece.score);
      }
      return -1;
    };
    for (const std::string& text : toy::AllStrings("abc", 6)) {
      ASSERT_EQ(toy::Tokens(tokenizer, text), NaiveBpe(LettersOf(text), rank)) << text;
    }
  }
}

TEST(BpeTest, UnitsBetweenMetaspacesJoinAsTheWholeTextWould) {
  std::mt19937 random(3);
  for (int table = 0; table < 15; ++table) {
    // `_` stands for ▁ while the table grows; pieces that hold it inside forbid some cuts.
    const GrownBpe grown = GrowBpe("ab_", 8, &random);
    const auto spell = [](std::string text) {
      std::string out;
      for (const char c : text) out += c == '_' ? "▁" : std::string(1, c);
      return out;
    };
    // Without <unk> unknown characters would be dropped, and then nothing is cut.
    std::vector<toy::ToyPiece> pieces = {{"<unk>"}};
    BpeModel model;
    model.unk = 0;
    for (const toy::ToyPiece& piece : grown.pieces) pieces.push_back({spell(piece.spelling)});
    std::vector<std::pair<std::string, std::string>> merges;
    for (const auto& [left, right] : grown.merges) merges.emplace_back(spell(left), spell(right));
    TokenizerSpec spec = toy::Spec(pieces, model);
    toy::AddMerges(merges, &spec);
    const Tokenizer tokenizer = Compile(spec).value();
    const auto rank = [&](const std::string& left, const std::string& right) {
      const auto found =
          std::find(grown.merges.begin(), grown.merges.end(), std::pair(left, right));
      return found == grown.merges.end() ? -1 : static_cast<int>(found - grown.merges.begin());
    };
    for (const std::string& text : toy::AllStrings("ab_", 7)) {
      BpeStrings expected = NaiveBpe(LettersOf(text), rank);
      for (std::string& token : expected) token = spell(token);
      ASSERT_EQ(toy::Tokens(tokenizer, spell(text)), expected) << text;
    }
  }
}

TEST(BpeTest, OfAPairListedTwiceTokenizersTakeTheLastAndLlamaCppTheFirst) {
  for (const Reference reference : {Reference::kHuggingFace, Reference::kLlamaCpp}) {
    std::vector<toy::ToyPiece> pieces = {{"a"}, {"b"}, {"c"}, {"ab"}, {"bc"}};
    for (int byte = 0; byte < 256; ++byte) {
      const char* digits = "0123456789ABCDEF";
      pieces.push_back({std::string("<0x") + digits[byte / 16] + digits[byte % 16] + ">"});
    }
    TokenizerSpec spec = toy::Spec(pieces, BpeModel{}, reference);
    toy::AddMerges({{"a", "b"}, {"b", "c"}, {"a", "b"}}, &spec);
    const Tokenizer tokenizer = Compile(spec).value();
    if (reference == Reference::kHuggingFace) {
      EXPECT_THAT(toy::Tokens(tokenizer, "abc"), ElementsAre("a", "bc"));
    } else {
      EXPECT_THAT(toy::Tokens(tokenizer, "abc"), ElementsAre("ab", "c"));
    }
  }
}

TEST(BpeTest, AWordThatIsAPieceIsThatPieceOnlyWhereMergesAreIgnored) {
  BpeModel model;
  for (const bool ignore : {false, true}) {
    model.ignore_merges = ignore;
    TokenizerSpec spec = toy::Spec({{"a"}, {"b"}, {"ab"}, {"abb"}}, model);
    toy::AddMerges({{"a", "b"}}, &spec);
    const Tokenizer tokenizer = Compile(spec).value();
    if (ignore) {
      EXPECT_THAT(toy::Tokens(tokenizer, "abb"), ElementsAre("abb"));
    } else {
      EXPECT_THAT(toy::Tokens(tokenizer, "abb"), ElementsAre("ab", "b"));
    }
    EXPECT_THAT(toy::Tokens(tokenizer, "abba"), ElementsAre("ab", "b", "a"));
  }
}

TEST(BpeTest, UnknownCharactersAreDroppedOrUnknownOrFused) {
  const std::vector<toy::ToyPiece> pieces = {{"<unk>"}, {"a"}};
  BpeModel model;
  EXPECT_THAT(toy::Tokens(Compile(toy::Spec(pieces, model)).value(), "axya"),
              ElementsAre("a", "a"));
  model.unk = 0;
  EXPECT_THAT(toy::Tokens(Compile(toy::Spec(pieces, model)).value(), "axya"),
              ElementsAre("a", "<unk>", "<unk>", "a"));
  model.fuse_unk = true;
  const Tokenizer fusing = Compile(toy::Spec(pieces, model)).value();
  EXPECT_THAT(toy::Tokens(fusing, "axya"), ElementsAre("a", "<unk>", "a"));
  EXPECT_EQ(fusing.Encode("axya").offsets, (std::vector<Span>{{0, 1}, {1, 3}, {3, 4}}));
}

TEST(BpeTest, ADroppedCharacterMakesNeighboursOfTheMarksAroundIt) {
  TokenizerSpec spec = toy::Spec({{"▁"}, {"a"}, {"▁▁"}}, BpeModel{});
  toy::AddMerges({{"▁", "▁"}}, &spec);
  const Tokenizer tokenizer = Compile(spec).value();
  EXPECT_THAT(toy::Tokens(tokenizer, "a▁x▁a"), ElementsAre("a", "▁▁", "a"));
  EXPECT_THAT(toy::Tokens(tokenizer, "▁x▁▁xxx▁"), ElementsAre("▁▁", "▁▁"));
}

TEST(BpeTest, BytesFallBackOnlyWhenAllOfACharacterAreThereAndOvertakeWhatWaits) {
  BpeModel model;
  model.unk = 0;
  model.byte_fallback = true;
  // é is C3 A9, ê is C3 AA.
  const Tokenizer tokenizer =
      Compile(toy::Spec({{"<unk>"}, {"a"}, {"<0xC3>"}, {"<0xA9>"}}, model)).value();
  EXPECT_THAT(toy::Tokens(tokenizer, "aé"), ElementsAre("a", "<0xC3>", "<0xA9>"));
  EXPECT_THAT(toy::Tokens(tokenizer, "aêéa"), ElementsAre("a", "<0xC3>", "<0xA9>", "<unk>", "a"));
  EXPECT_EQ(tokenizer.Encode("éa").offsets, (std::vector<Span>{{0, 2}, {0, 2}, {2, 3}}));
}

TEST(BpeTest, AffixesMarkTheInsideAndTheEndOfAWord) {
  BpeModel model;
  model.continuing_subword_prefix = "##";
  model.end_of_word_suffix = "</w>";
  TokenizerSpec spec = toy::Spec({{"a"}, {"##b"}, {"##c</w>"}, {"a</w>"}, {"ab"}}, model);
  std::get<BpeModel>(spec.model).merges = {{0, 1, 4}};
  const Tokenizer tokenizer = Compile(spec).value();
  EXPECT_THAT(toy::Tokens(tokenizer, "abc"), ElementsAre("ab", "##c</w>"));
  EXPECT_THAT(toy::Tokens(tokenizer, "a"), ElementsAre("a</w>"));
  EXPECT_THAT(toy::Tokens(tokenizer, "abb"), ElementsAre("ab"));  // no ##b</w>: dropped
}

TEST(BpeTest, SentencePieceFreezesUserDefinedPiecesAndSplitsUnusedOnes) {
  BpeModel model;
  model.order = BpeModel::Order::kScore;
  model.unk = 0;
  const Tokenizer tokenizer = Compile(toy::Spec({{"<unk>", 0, PieceKind::kUnknown},
                                                 {"<s>", 0, PieceKind::kControl},
                                                 {"a", -1},
                                                 {"b", -2},
                                                 {"ab", -3, PieceKind::kUnused},
                                                 {"abb", -4},
                                                 {"bab", 0, PieceKind::kUserDefined},
                                                 {"u", -5, PieceKind::kUnused}},
                                                model, Reference::kSentencePiece))
                                  .value();
  EXPECT_THAT(toy::Tokens(tokenizer, "ab"), ElementsAre("a", "b"));
  EXPECT_THAT(toy::Tokens(tokenizer, "abb"), ElementsAre("abb"));
  EXPECT_THAT(toy::Tokens(tokenizer, "babb"), ElementsAre("bab", "b"));
  EXPECT_THAT(toy::Tokens(tokenizer, "axxub"), ElementsAre("a", "<unk>", "b"));
  // Control pieces are never found in text.
  EXPECT_THAT(toy::Tokens(tokenizer, "<s>"), ElementsAre("<unk>"));
}

TEST(BpeTest, RefusesWhatItCannotReproduce) {
  BpeModel model;
  model.dropout = 0.1;
  EXPECT_EQ(Compile(toy::Spec({{"a"}}, model)).status().code(), absl::StatusCode::kUnimplemented);
  model.dropout = 0;
  EXPECT_TRUE(Compile(toy::Spec({{"a"}}, model)).ok());
  model.broken_merges = {{.index = 7, .left = "a", .right = "b", .missing = "b"}};
  const Status status = Compile(toy::Spec({{"a"}}, model)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(status)), ::testing::HasSubstr("model.merges[7]: \"b\""));
  TokenizerSpec twice = toy::Spec({{"a"}}, BpeModel{});
  twice.vocab.Add({.id = 0, .bytes = "b", .spelling = "b"});
  EXPECT_EQ(Compile(twice).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(BpeTest, LongTextsWithoutSpacesAreDone) {
  TokenizerSpec spec =
      toy::Spec({{"a"}, {"b"}, {"aa"}, {"aaaa"}, {"ab"}, {"▁"}, {"▁▁"}}, BpeModel{});
  toy::AddMerges({{"a", "a"}, {"aa", "aa"}, {"a", "b"}, {"▁", "▁"}}, &spec);
  const Tokenizer tokenizer = Compile(spec).value();
  EXPECT_EQ(tokenizer.Count(std::string(1 << 20, 'a')), (1 << 20) / 4);
  std::mt19937 random(4);
  std::string letters;
  std::string spaces;
  while (letters.size() < (1 << 20)) letters += random() % 2 == 0 ? 'a' : 'b';
  while (spaces.size() < (1 << 20)) spaces += "▁";
  EXPECT_GT(tokenizer.Count(letters), std::size_t{1} << 18);
  EXPECT_GE(tokenizer.Count(spaces), spaces.size() / 6);
}

}  // namespace
}  // namespace tokgraft
