// Random small tokenizers of every kind, and random texts, for the property tests of this room.
#ifndef TOKGRAFT_TESTS_VOCAB_MERGE_RANDOM_SPECS_H_
#define TOKGRAFT_TESTS_VOCAB_MERGE_RANDOM_SPECS_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "tokenizer/spec.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft::toy {

using Random = std::mt19937;

enum class Kind {
  kByteLevel,  // a merge list over bytes, tokenizer.json
  kMetaspace,  // a merge list over characters with byte fallback, tokenizer.json
  kScores,     // BPE of a .model
  kRanks,      // tiktoken
  kUnigram,
  kWordPiece,
};
inline constexpr Kind kBpeKinds[] = {Kind::kByteLevel, Kind::kMetaspace, Kind::kScores,
                                     Kind::kRanks};
inline constexpr Kind kAllKinds[] = {Kind::kByteLevel, Kind::kMetaspace, Kind::kScores,
                                     Kind::kRanks,     Kind::kUnigram,   Kind::kWordPiece};

inline std::string KindName(Kind kind) {
  static constexpr const char* kNames[] = {"ByteLevel", "Metaspace", "Scores",
                                           "Ranks",     "Unigram",   "WordPiece"};
  return kNames[static_cast<int>(kind)];
}

// A run of a property test: how many rounds of bases of one kind. Fast runs are small; slow ones
// carry the label `slow` (tests/CMakeLists.txt) and go on where the fast ones stop.
struct Rounds {
  Kind base = Kind::kByteLevel;
  unsigned first = 0;
  unsigned count = 0;
};
inline void PrintTo(const Rounds& rounds, std::ostream* out) {
  *out << KindName(rounds.base) << " " << rounds.first << "+" << rounds.count;
}
inline std::string RoundsName(const ::testing::TestParamInfo<Rounds>& info) {
  return KindName(info.param.base) + "From" + std::to_string(info.param.first);
}
template <typename Kinds>
std::vector<Rounds> RoundsOf(const Kinds& kinds, unsigned first, unsigned count) {
  std::vector<Rounds> out;
  for (const Kind kind : kinds) out.push_back({kind, first, count});
  return out;
}
// Each round has its own numbers, so that it can be run alone.
inline Random RandomOfRound(Kind base, unsigned round) {
  return Random(1000003U * (1U + static_cast<unsigned>(base)) + round);
}

inline bool OneIn(unsigned n, Random* random) { return (*random)() % n == 0; }

template <typename Range>
const auto& AnyOf(const Range& range, Random* random) {
  return *(std::begin(range) + static_cast<std::ptrdiff_t>((*random)() % std::size(range)));
}

// Characters of one to four bytes: letters, digits, signs, spaces, a mark, line ends.
inline const std::vector<std::string>& Units() {
  static const auto& units = *new std::vector<std::string>{
      "a", "b", "t",  "A",      "1",      "2",      ".",      "'",      "_",
      " ", " ", "\n", "\u00E9", "\u0301", "\u0928", "\u4e2d", "\u6587", "\U0001F600"};
  return units;
}

// Of the units only.
inline std::string RandomUnits(Random* random, std::size_t most) {
  std::string out;
  for (std::size_t n = (*random)() % (most + 1); n > 0; --n) out += AnyOf(Units(), random);
  return out;
}

inline std::string RandomText(Random* random, std::size_t most) {
  std::string out;
  for (std::size_t n = (*random)() % (most + 1); n > 0; --n) {
    // Now and then any code point: no merge knows it.
    const char32_t any = static_cast<char32_t>((*random)() % 0x110000);
    if (OneIn(16, random) && (any < 0xD800 || any > 0xDFFF)) {
      AppendUtf8(any, &out);
    } else {
      out += AnyOf(Units(), random);
    }
  }
  return out;
}

// What files and people do to text: bytes that are not UTF-8, names of tokens and bytes, what
// stands for a space, long runs, NUL.
inline std::string HostileText(Random* random, std::size_t most) {
  static const auto& scraps = *new std::vector<std::string>{
      "<t>",      "<t",   "<0x41>",      "<unk>",  "\u2581",   "\u2581\u2581",
      "\xE4\xB8", "\xAD", "\xC3",        "\xFF",   "\xC0\x80", "\xED\xA0\x80",
      "\xF0\x9F", "\r\n", "e\u0301",     "\u200D", "\uFEFF",   "\u00A0",
      "##a",      "Ġ",    "\u1E9B\u0323"};
  std::string out;
  for (std::size_t n = (*random)() % (most + 1); n > 0; --n) {
    const unsigned what = (*random)() % 8;
    if (what == 0) {
      out += std::string(1 + (*random)() % 40, AnyOf(Units(), random).front());
    } else if (what == 1) {
      out.push_back(static_cast<char>((*random)() % 256));
    } else if (what < 5) {
      out += AnyOf(scraps, random);
    } else {
      out += AnyOf(Units(), random);
    }
  }
  return out;
}

// Merges of what is there, `count` at most.
inline Pairs RandomMerges(const std::vector<std::string>& units, std::size_t count,
                          Random* random) {
  Pairs out;
  std::vector<std::string> pieces = units;
  std::set<std::string> known(units.begin(), units.end());
  for (std::size_t i = 0; i < count; ++i) {
    const std::string left = AnyOf(pieces, random);
    const std::string right = AnyOf(pieces, random);
    if (left.size() + right.size() > 12 || !known.insert(left + right).second) continue;
    out.emplace_back(left, right);
    pieces.push_back(left + right);
  }
  return out;
}

inline const std::vector<std::string>& UnitBytes() {
  static const auto& bytes = *new std::vector<std::string>([] {
    std::set<std::string> out;
    for (const std::string& unit : Units()) {
      for (const char byte : unit) out.insert(std::string(1, byte));
    }
    return std::vector<std::string>(out.begin(), out.end());
  }());
  return bytes;
}

// Not every unit is a piece: the others fall back on bytes.
inline std::vector<std::string> RandomCharacters(Random* random) {
  std::set<std::string> characters = {" ", "a"};
  for (const std::string& unit : Units()) {
    if (OneIn(2, random)) characters.insert(unit);
  }
  return {characters.begin(), characters.end()};
}

inline TokenizerSpec RandomByteLevel(Random* random) {
  // Parts of characters join as well, or mostly whole characters do.
  static const auto& mixed = *new std::vector<std::string>(UnitBytes());
  TokenizerSpec spec = ByteLevel(RandomMerges(mixed, (*random)() % 40, random),
                                 /*use_regex=*/OneIn(2, random));
  Bpe(&spec).ignore_merges = OneIn(4, random);
  if (OneIn(4, random)) {
    auto& digits =
        spec.pre_tokenizers.emplace(spec.pre_tokenizers.begin())->emplace<pre_tokenizer::Digits>();
    digits.individual_digits = true;
  }
  if (OneIn(4, random)) {
    const auto id = static_cast<TokenId>(spec.id_limit() + (*random)() % 3);  // perhaps a hole
    spec.added_tokens = {{.id = id, .content = "<t>", .special = OneIn(2, random)}};
  }
  return spec;
}

inline TokenizerSpec RandomMetaspace(Random* random) {
  const std::vector<std::string> units = RandomCharacters(random);
  return Metaspace(units, RandomMerges(units, (*random)() % 30, random));
}

// As sentencepiece trains them: the earlier a piece, the higher its score, characters last; now and
// then some scores are equal, or a character stands among the joins.
inline TokenizerSpec Scores(const std::vector<std::string>& characters,
                            const std::vector<std::string>& products, bool ties, Random* random) {
  TokenizerSpec spec = Metaspace({}, {});
  spec.source = "toy.model";
  spec.format = Format::kSentencePiece;
  spec.reference = Reference::kSentencePiece;
  const auto add = [&](std::string_view bytes, double score) {
    const std::string spelling = *Spell(Spelling::kMetaspace, bytes);
    spec.vocab.Add({.id = static_cast<TokenId>(spec.vocab.id_limit()),
                    .bytes = bytes,
                    .spelling = spelling,
                    .score = score});
  };
  double score = 0;
  for (const std::string& product : products) {
    add(product, score);
    if (!ties || !OneIn(3, random)) score -= 1;
  }
  for (const std::string& character : characters) add(character, score -= 1);
  BpeModel& bpe = Bpe(&spec);
  bpe.order = BpeModel::Order::kScore;
  bpe.merges.clear();
  spec.normalizers.clear();
  auto& normalizer = spec.normalizers.emplace_back().emplace<normalizer::SentencePiece>();
  normalizer.name = "identity";
  normalizer.remove_extra_whitespaces = false;
  spec.decoders.emplace().emplace_back().emplace<decoder::SentencePiece>();
  return spec;
}

inline TokenizerSpec RandomScores(Random* random) {
  const std::vector<std::string> units = RandomCharacters(random);
  std::vector<std::string> products;
  for (const auto& [left, right] : RandomMerges(units, (*random)() % 30, random)) {
    products.push_back(left + right);
  }
  TokenizerSpec spec = Scores(units, products, OneIn(4, random), random);
  auto& normalizer = std::get<normalizer::SentencePiece>(spec.normalizers[0]);
  normalizer.add_dummy_prefix = OneIn(2, random);
  normalizer.remove_extra_whitespaces = OneIn(4, random);
  return spec;
}

inline TokenizerSpec RandomRanks(Random* random) {
  std::vector<std::string> pieces;
  for (const auto& [left, right] : RandomMerges(UnitBytes(), (*random)() % 40, random)) {
    pieces.push_back(left + right);
  }
  TokenizerSpec spec = Ranks(pieces);
  if (OneIn(3, random)) {
    std::get<pre_tokenizer::Split>(spec.pre_tokenizers[0]).pattern.text =
        R"([\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+)";
  }
  return spec;
}

// Pieces that a Unigram or WordPiece donor offers: units and strings of them.
inline std::vector<std::string> RandomPieces(Random* random) {
  std::vector<std::string> out = RandomCharacters(random);
  for (const auto& [left, right] : RandomMerges(out, (*random)() % 30, random)) {
    out.push_back(left + right);
  }
  return out;
}

inline TokenizerSpec RandomUnigram(Random* random) {
  TokenizerSpec spec;
  spec.source = "toy unigram";
  spec.spelling = Spelling::kMetaspace;
  spec.vocab.Add({.id = 0, .bytes = "<unk>", .spelling = "<unk>", .kind = PieceKind::kUnknown});
  for (const std::string& piece : RandomPieces(random)) {
    const std::string spelling = *Spell(Spelling::kMetaspace, piece);
    spec.vocab.Add({.id = static_cast<TokenId>(spec.vocab.id_limit()),
                    .bytes = piece,
                    .spelling = spelling,
                    .score = -1.0 - static_cast<double>((*random)() % 1000) / 64});
  }
  spec.model = UnigramModel{.unk = 0};
  spec.pre_tokenizers.emplace_back().emplace<pre_tokenizer::Metaspace>();
  spec.decoders.emplace().emplace_back().emplace<decoder::Metaspace>();
  return spec;
}

inline TokenizerSpec RandomWordPiece(Random* random) {
  TokenizerSpec spec;
  spec.source = "toy wordpiece";
  spec.spelling = Spelling::kWordPiece;
  spec.vocab.Add({.id = 0, .bytes = "[UNK]", .spelling = "[UNK]", .kind = PieceKind::kUnknown});
  for (const std::string& piece : RandomPieces(random)) {
    for (const bool inside : {false, true}) {
      if (OneIn(3, random)) continue;
      const std::string spelling = (inside ? "##" : "") + piece;
      spec.vocab.Add({.id = static_cast<TokenId>(spec.vocab.id_limit()),
                      .bytes = piece,
                      .spelling = spelling});
    }
  }
  spec.model = WordPieceModel{};
  spec.pre_tokenizers.emplace_back().emplace<pre_tokenizer::WhitespaceSplit>();
  spec.decoders.emplace().emplace_back().emplace<decoder::WordPiece>();
  return spec;
}

inline TokenizerSpec RandomSpec(Kind kind, Random* random) {
  switch (kind) {
    case Kind::kByteLevel:
      return RandomByteLevel(random);
    case Kind::kMetaspace:
      return RandomMetaspace(random);
    case Kind::kScores:
      return RandomScores(random);
    case Kind::kRanks:
      return RandomRanks(random);
    case Kind::kUnigram:
      return RandomUnigram(random);
    case Kind::kWordPiece:
      return RandomWordPiece(random);
  }
  return {};
}

}  // namespace tokgraft::toy

#endif  // TOKGRAFT_TESTS_VOCAB_MERGE_RANDOM_SPECS_H_
