#include "vocab_merge/learn/learner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <tuple>

#include "tests/vocab_merge/toy.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using LearnerTexts = std::vector<std::string_view>;

// `base` from text to what was learnt.
Growth LearntOf(const TokenizerSpec& base, const LearnerTexts& corpus, LearnerOptions options) {
  const ChainBuilder builder = *ChainBuilder::Make(base);
  const PieceRules rules = PieceRules::Of(base);
  const Tokenizer tokenizer = *Compile(base);
  const WordCounts words = CountWords(tokenizer, corpus, 1, {});
  const auto& bpe = std::get<BpeModel>(base.model);
  options.whole_words = bpe.ignore_merges || bpe.order == BpeModel::Order::kRank;
  return Learn(base, builder, rules, MakeSequences(tokenizer, builder, rules, words, 1), options)
      .growth;
}

std::vector<std::string> Pieces(const Growth& growth) {
  std::vector<std::string> out;
  for (const NewPiece& piece : growth.pieces) out.push_back(piece.bytes);
  return out;
}

TEST(LearnerTest, TheMostFrequentPairComesFirst) {
  const TokenizerSpec base = toy::ByteLevel({});
  const Growth growth = LearntOf(base, {"abc abc abc", " abd"}, {.size = 9});
  EXPECT_EQ(growth.first_id, 256U);
  // "ab" four times; then " ab" and "abc" three times each, and the space is first in byte order.
  EXPECT_THAT(Pieces(growth), ElementsAre("ab", " ab", " abc"));
  EXPECT_EQ(growth.merges, (std::vector<Merge>{{'a', 'b', 256}, {' ', 256, 257}, {257, 'c', 258}}));
}

TEST(LearnerTest, TiesGoToTheShorterThenToTheFirstInByteOrder) {
  const TokenizerSpec base = toy::ByteLevel({{"x", "y"}});
  EXPECT_THAT(Pieces(LearntOf(base, {"xyz xyz", "cd cd", "ba ba"}, {.size = 3})),
              ElementsAre("ba", "cd", "xyz"));
}

TEST(LearnerTest, ARunCountsEverySecondTime) {
  const TokenizerSpec base = toy::ByteLevel({});
  // Five a in a row are two pairs, as often as "bc" stands there: "aa" is first in byte order.
  EXPECT_THAT(Pieces(LearntOf(base, {"aaaaa", "bcbc", "bc"}, {.size = 2})),
              ElementsAre("bc", "aa"));
}

TEST(LearnerTest, AJoinIntoAnOldPieceCostsNoId) {
  // "abc" exists and is dead: no join ends there.
  TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  base.vocab.Add({.id = 257, .bytes = "abc", .spelling = "abc"});
  const Growth growth = LearntOf(base, {"abcd", "abcd", "abc"}, {.size = 1});
  EXPECT_THAT(Pieces(growth), ElementsAre("abcd"));
  EXPECT_EQ(growth.merges, (std::vector<Merge>{{256, 'c', 257}, {257, 'd', 258}}));
  EXPECT_EQ(growth.pieces[0].merges_begin, 0U);
  EXPECT_EQ(growth.pieces[0].merges_end, 2U);
}

TEST(LearnerTest, ForeignCharactersAreLearntWhole) {
  const TokenizerSpec base = toy::Metaspace({"a"}, {});
  const Growth growth = LearntOf(base, {"\u4e2d\u6587\u4e2d\u6587a\u4e2d"}, {.size = 9});
  // Three tokens become one; "\u4e2d" three times, "\u6587" twice, both together twice.
  EXPECT_THAT(Pieces(growth), ElementsAre("\u4e2d", "\u6587", "\u4e2d\u6587"));
  EXPECT_EQ(growth.merges, (std::vector<Merge>{{258, 259, 260}}));
  EXPECT_EQ(growth.pieces[0].saves, 2U);
}

TEST(LearnerTest, ACharacterOfOneByteStaysAByte) {
  const TokenizerSpec base = toy::Metaspace({"a"}, {});
  EXPECT_THAT(Pieces(LearntOf(base, {"~~~~a~a~a~"}, {.size = 9})), ElementsAre());
}

TEST(LearnerTest, WhatIsForbiddenIsPassedOver) {
  const TokenizerSpec base = toy::ByteLevel({});
  const ForbiddenPieces forbidden = {"ab"};
  EXPECT_THAT(Pieces(LearntOf(base, {"abc abc abc"}, {.size = 9, .forbidden = &forbidden})),
              ElementsAre("bc", "abc", " abc"));
}

TEST(LearnerTest, APairMustStandThereOftenEnough) {
  const TokenizerSpec base = toy::ByteLevel({});
  EXPECT_THAT(Pieces(LearntOf(base, {"ab ab ab cd cd"}, {.size = 9, .min_count = 3})),
              ElementsAre("ab"));
}

TEST(LearnerTest, NoPieceHasTheNameOfASpecialToken) {
  TokenizerSpec base = toy::ByteLevel({});
  base.added_tokens = {{.id = 256, .content = "ab", .special = true}};
  // In the text the name is the token; "a" and "b" meet where a join brings them together.
  EXPECT_THAT(Pieces(LearntOf(base, {"ab ab", "xy xy"}, {.size = 9})), ElementsAre("xy"));
}

// ---- A naive oracle ----------------------------------------------------------------------------

// Encodes every word anew after every step, with the tokenizer as it then is, and counts all.
class NaiveLearner {
 public:
  NaiveLearner(const TokenizerSpec& base, const LearnerTexts& corpus) : base_(base) {
    by_text_ = std::get<BpeModel>(base.model).order != BpeModel::Order::kMergeList;
    growth_.first_id = static_cast<TokenId>(base.id_limit());
    const Tokenizer tokenizer = *Compile(base);
    for (const std::string_view text : corpus) {
      tokenizer.ForEachWord(text, [&](std::string_view word) { ++words_[std::string(word)]; });
    }
  }

  Growth Run(std::size_t size) {
    while (growth_.pieces.size() < size && Step()) {
    }
    growth_.merges.resize(growth_.pieces.empty() ? 0 : growth_.pieces.back().merges_end);
    return growth_;
  }

 private:
  struct Part {  // a token, or a character without one
    std::string bytes;
    std::optional<TokenId> id;
    std::int64_t tokens = 1;
    friend bool operator==(const Part&, const Part&) = default;
  };
  struct Option {
    std::int64_t count = 0;
    std::int64_t gain = 0;
    std::optional<Part> left, right;
  };

  std::vector<Part> PartsOf(const Tokenizer& tokenizer, const std::string& word) const {
    std::vector<Part> parts;
    std::string bytes;  // of a run of byte pieces
    const auto flush = [&] {
      for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t size = Utf8Length(bytes[at]);
        parts.push_back({bytes.substr(at, size), std::nullopt, static_cast<std::int64_t>(size)});
        at += size;
      }
      bytes.clear();
    };
    for (const TokenId id : tokenizer.EncodeWord(word).ids) {
      const bool byte = tokenizer.token_kind(id) == PieceKind::kByte;
      const std::string text(*tokenizer.token_bytes(id));
      if (byte && base_.spelling == Spelling::kMetaspace) {
        bytes += text;
        continue;
      }
      flush();
      parts.push_back({text, id});
    }
    flush();
    return parts;
  }

  // As the rules for metaspaces have it, for the characters that the corpora here are made of.
  bool Allowed(const std::string& product) const {
    if (base_.spelling != Spelling::kMetaspace) return true;
    std::set<int> scripts;  // Latin, Common, Han
    for (const char c : product) {
      if (c != ' ') scripts.insert(c == '~' ? 1 : static_cast<unsigned char>(c) < 0x80 ? 0 : 2);
    }
    return product.find(' ', 1) == product.npos && scripts.size() <= 1;
  }

  bool Step() {
    const Tokenizer tokenizer = *Compile(*ExtendSpec(base_, growth_));
    std::map<std::tuple<std::string, std::uint64_t, std::uint64_t>, Option> options;
    const auto number = [&](const Part& part) {  // new pieces after foreign characters
      if (!part.id) return std::uint64_t{1} << 40;
      return *part.id < growth_.first_id ? *part.id : (std::uint64_t{1} << 41) + *part.id;
    };
    for (const auto& [word, count] : words_) {
      const std::vector<Part> parts = PartsOf(tokenizer, word);
      bool joined = false;
      for (std::size_t i = 0; i < parts.size(); ++i) {
        if (!parts[i].id) {
          Option& option = options[{parts[i].bytes, 0, 0}];
          option.count += count;
          option.gain += count * (parts[i].tokens - 1);
          option.left = parts[i];
        }
        if (i + 1 == parts.size()) continue;
        if (parts[i] == parts[i + 1] && joined) {
          joined = false;
          continue;
        }
        joined = parts[i] == parts[i + 1];
        if (!by_text_ && (!parts[i].id || !parts[i + 1].id)) continue;
        const std::string product = parts[i].bytes + parts[i + 1].bytes;
        if (!Allowed(product)) continue;
        const auto key = by_text_ ? std::tuple(product, std::uint64_t{0}, std::uint64_t{0})
                                  : std::tuple(product, number(parts[i]), number(parts[i + 1]));
        Option& option = options[key];
        option.count += count;
        option.gain += count * (parts[i].tokens + parts[i + 1].tokens - 1);
        option.left = parts[i];
        option.right = parts[i + 1];
      }
    }
    const Option* best = nullptr;
    std::tuple<std::int64_t, std::size_t, std::string, std::uint64_t, std::uint64_t> best_rank;
    for (const auto& [key, option] : options) {
      if (option.count < 2 || option.gain <= 0) continue;
      const auto& [product, left, right] = key;
      const auto rank = std::tuple(-option.gain, product.size(), product, left, right);
      if (best != nullptr && best_rank <= rank) continue;
      best = &option;
      best_rank = rank;
    }
    if (best == nullptr) return false;
    const std::string& product = std::get<2>(best_rank);
    const std::optional<TokenId> old = IdOf(product);
    if (!by_text_ && best->right) {
      const TokenId id =
          old.value_or(static_cast<TokenId>(growth_.first_id + growth_.pieces.size()));
      growth_.merges.push_back({*best->left->id, *best->right->id, id});
    }
    if (!old) {
      const std::uint32_t begin = growth_.pieces.empty() ? 0 : growth_.pieces.back().merges_end;
      growth_.pieces.push_back({.bytes = product,
                                .owner = growth_.pieces.size(),
                                .merges_begin = begin,
                                .merges_end = static_cast<std::uint32_t>(growth_.merges.size())});
    }
    return true;
  }

  std::optional<TokenId> IdOf(const std::string& bytes) const {
    for (std::size_t i = 0; i < growth_.pieces.size(); ++i) {
      if (growth_.pieces[i].bytes == bytes) return static_cast<TokenId>(growth_.first_id + i);
    }
    const auto id = base_.vocab.Find(bytes);
    return id && base_.vocab.Get(*id)->kind == PieceKind::kNormal ? id : std::nullopt;
  }

  const TokenizerSpec& base_;
  bool by_text_ = false;
  std::map<std::string, std::int64_t> words_;
  Growth growth_;
};

using LearnerRandom = std::mt19937;

std::string LearnerText(const std::vector<std::string>& units, LearnerRandom* random) {
  std::string out;
  for (std::size_t n = 4 + (*random)() % 40; n > 0; --n) out += units[(*random)() % units.size()];
  return out;
}

std::vector<std::string> LearnerPieces(const std::vector<std::string>& units, std::size_t count,
                                       LearnerRandom* random) {
  std::vector<std::string> out = units;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string piece = out[(*random)() % out.size()] + out[(*random)() % out.size()];
    if (piece.size() <= 6 && std::find(out.begin(), out.end(), piece) == out.end()) {
      out.push_back(piece);
    }
  }
  out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(units.size()));
  return out;
}

// Merges that make some of the pieces, and some that nothing makes.
TokenizerSpec RandomMergeList(LearnerRandom* random) {
  const std::vector<std::string> units = {"a", "b", "c"};
  TokenizerSpec spec = toy::ByteLevel({});
  for (const std::string& piece : LearnerPieces(units, (*random)() % 8, random)) {
    const auto id = static_cast<TokenId>(spec.vocab.id_limit());
    spec.vocab.Add({.id = id, .bytes = piece, .spelling = piece});
    for (std::size_t cut = 1; cut < piece.size(); ++cut) {
      const auto left = spec.vocab.Find(piece.substr(0, cut));
      const auto right = spec.vocab.Find(piece.substr(cut));
      if (left && right && (*random)() % 2 == 0) {
        toy::Bpe(&spec).merges.push_back({*left, *right, id});
      }
    }
  }
  toy::Bpe(&spec).ignore_merges = (*random)() % 3 == 0;
  return spec;
}

TokenizerSpec RandomScores(LearnerRandom* random) {
  TokenizerSpec spec = toy::Metaspace({" ", "a", "b", "c"}, {});
  for (const std::string& piece :
       LearnerPieces({"a", "b", "c", "\u4e2d"}, (*random)() % 8, random)) {
    bool han = false, latin = false;  // the rule for scripts must hold for all
    for (const char c : piece) (static_cast<unsigned char>(c) < 0x80 ? latin : han) = true;
    if (han && latin) continue;
    const auto id = static_cast<TokenId>(spec.vocab.id_limit());
    spec.vocab.Add({.id = id,
                    .bytes = piece,
                    .spelling = piece,
                    .score = -static_cast<double>((*random)() % 4)});
  }
  toy::Bpe(&spec).order = BpeModel::Order::kScore;
  spec.format = Format::kSentencePiece;
  spec.reference = Reference::kSentencePiece;
  spec.normalizers.clear();
  spec.normalizers.emplace_back().emplace<normalizer::SentencePiece>();
  spec.decoders.emplace();
  spec.decoders->emplace_back().emplace<decoder::SentencePiece>();
  return spec;
}

TEST(LearnerTest, AgreesWithAnOracleThatRecountsEverything) {
  const auto check = [](const TokenizerSpec& base, const std::vector<std::string>& units, int round,
                        LearnerRandom* random) {
    std::vector<std::string> texts;
    for (std::size_t n = 1 + (*random)() % 6; n > 0; --n) {
      texts.push_back(LearnerText(units, random));
    }
    const LearnerTexts corpus(texts.begin(), texts.end());
    const std::size_t size = 1 + (*random)() % 14;
    const Growth expected = NaiveLearner(base, corpus).Run(size);
    Growth growth = LearntOf(base, corpus, {.size = size});
    for (NewPiece& piece : growth.pieces) {
      piece.left.reset();
      piece.right.reset();
      piece.saves = 0;
    }
    ASSERT_EQ(Pieces(growth), Pieces(expected)) << "round " << round;
    ASSERT_EQ(growth, expected) << "round " << round;
  };
  LearnerRandom random(20250706);
  for (int round = 0; round < 500 && !HasFatalFailure(); ++round) {
    switch (round % 4) {
      case 0:
        check(RandomMergeList(&random), {"a", "a", "b", "c", " "}, round, &random);
        break;
      case 1:
        check(toy::Ranks(LearnerPieces({"a", "b", "c"}, random() % 8, &random)),
              {"a", "a", "b", "c", "\n"}, round, &random);
        break;
      case 2:
        check(RandomScores(&random), {"a", "b", "c", "\u4e2d", "\u4e2d", "\u6587", " ", "~"}, round,
              &random);
        break;
      default:
        check(toy::Metaspace({" ", "a", "b"}, {{"a", "b"}, {" ", "a"}}),
              {"a", "b", "\u4e2d", "\u4e2d", "\u6587", " ", "~"}, round, &random);
    }
  }
}

}  // namespace
}  // namespace tokgraft
