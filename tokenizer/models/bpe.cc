#include "tokenizer/models/bpe.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "tokenizer/text/byte_alphabet.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::string_view kMetaspaceMark = "\xE2\x96\x81";  // ▁
// sentencepiece asks its trie for this many user-defined prefixes and takes the longest of them.
constexpr int kMostUserDefinedPrefixes = 64;
// sentencepiece splits an unused piece again this deep, then lets it stand.
constexpr int kDeepestResegment = 100;

}  // namespace

std::string_view Bpe::UnitAt(std::string_view word, std::size_t begin) const {
  std::size_t at = begin;
  while (true) {
    while (word.substr(at, kMetaspaceMark.size()) == kMetaspaceMark) at += kMetaspaceMark.size();
    for (;; ++at) {
      const void* found =
          at < word.size() ? std::memchr(word.data() + at, '\xE2', word.size() - at) : nullptr;
      if (found == nullptr) return word.substr(begin);
      at = static_cast<std::size_t>(static_cast<const char*>(found) - word.data());
      if (word.substr(at, kMetaspaceMark.size()) == kMetaspaceMark) break;
    }
    if (at > begin && !no_cut_after_[static_cast<unsigned char>(word[at - 1])]) {
      return word.substr(begin, at - begin);
    }
  }
}

void Bpe::Encode(std::string_view word, BpeScratch* scratch, std::vector<TokenId>* ids) const {
  if (!cut_at_metaspace_) return EncodeUnit(word, scratch, ids);
  for (std::size_t at = 0; at < word.size();) {
    const std::string_view unit = UnitAt(word, at);
    EncodeUnit(unit, scratch, ids);
    at += unit.size();
  }
}

void Bpe::EncodeUnit(std::string_view unit, BpeScratch* scratch, std::vector<TokenId>* ids) const {
  const std::uint64_t hash = HashOfWord(unit);
  const bool keep = unit.size() <= WordCache::kLongestWord;
  if (keep) {
    const std::span<const TokenId> known = scratch->cache.Find(unit, hash);
    if (!known.empty()) {
      ids->insert(ids->end(), known.begin(), known.end());
      return;
    }
  }
  if (const std::optional<std::uint32_t> id = words_.Find(unit, hash)) {
    ids->push_back(*id);
    scratch->cache.Insert(unit, hash, {&*id, 1});
    return;
  }
  scratch->ranges.clear();
  MergeUnit(unit, scratch, &scratch->ranges);
  const std::size_t first = ids->size();
  for (const TokenRange& range : scratch->ranges) ids->push_back(range.id);
  if (keep) scratch->cache.Insert(unit, hash, std::span(*ids).subspan(first));
}

void Bpe::EncodeRanges(std::string_view word, BpeScratch* scratch,
                       std::vector<TokenRange>* ranges) const {
  if (whole_word_first_) {
    if (const std::optional<std::uint32_t> id = words_.Find(word)) {
      ranges->push_back({*id, 0, static_cast<std::uint32_t>(word.size())});
      return;
    }
  }
  const std::size_t first = ranges->size();
  for (std::size_t at = 0; at < word.size();) {
    const std::string_view unit = cut_at_metaspace_ ? UnitAt(word, at) : word;
    const std::size_t unit_first = ranges->size();
    MergeUnit(unit, scratch, ranges);
    for (std::size_t i = unit_first; i < ranges->size(); ++i) {
      (*ranges)[i].begin += static_cast<std::uint32_t>(at);
      (*ranges)[i].end += static_cast<std::uint32_t>(at);
    }
    at += unit.size();
  }
  if (alphabet_ && !all_bytes_known_ && !keeps_unknown_) RangesInSpelledBytes(word, first, ranges);
}

// The reference counts a token's bytes in the byte alphabet, where a byte may take two, and a byte
// that it dropped moves all that follows: recounts from the lengths of the symbols.
void Bpe::RangesInSpelledBytes(std::string_view word, std::size_t first,
                               std::vector<TokenRange>* ranges) const {
  std::vector<std::uint32_t> byte_at;  // spelled position -> byte of the word
  std::vector<std::uint32_t> kept;     // spelled lengths of the bytes that have a symbol, in order
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    const std::uint32_t length = ByteToAlphabet(byte) < 0x80 ? 1 : 2;
    byte_at.insert(byte_at.end(), length, static_cast<std::uint32_t>(i));
    const Place place =
        characters_.size() == 1
            ? kMiddle
            : static_cast<Place>((i == 0 ? kFirst : 0) | (i + 1 == word.size() ? kLast : 0));
    const bool dropped = !unk_ && characters_[place].bytes[byte] == kNoSymbol;
    if (!dropped) kept.push_back(length);
  }
  std::size_t next = 0;
  std::uint32_t position = 0;
  for (std::size_t i = first; i < ranges->size(); ++i) {
    TokenRange& range = (*ranges)[i];
    const std::uint32_t begin = position;
    for (std::uint32_t n = range.end - range.begin; n > 0 && next < kept.size(); --n) {
      position += kept[next++];
    }
    range.begin = byte_at[begin];
    range.end = byte_at[position - 1] + 1;
  }
}

void Bpe::MergeUnit(std::string_view unit, BpeScratch* scratch,
                    std::vector<TokenRange>* ranges) const {
  BpeWord* word = &scratch->word;
  word->symbols.clear();
  Symbolize(unit, word);
  if (unused_.empty()) {
    MergeSymbols(pairs_, word);
  } else {
    MergeWithUnused(unit, word);
  }
  Emit(unit, *word, ranges);
}

// Unused pieces take part in joins and are then taken apart again, each by the pair that was last
// seen to make it anywhere in the text: that is what sentencepiece does, so it is what we do.
void Bpe::MergeWithUnused(std::string_view unit, BpeWord* word) const {
  std::unordered_map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>> made_of;
  MergeSymbolsObserved(
      pairs_,
      [&](std::uint32_t left, std::uint32_t right, std::uint32_t product) {
        if (unused_[product]) made_of[product] = {left, right};
      },
      word);
  struct Open {
    std::uint32_t symbol;
    std::uint32_t length;
    int depth;
  };
  std::vector<BpeWord::Symbol> result;
  std::vector<Open> open;
  std::size_t offset = 0;
  const auto length_of = [&](std::uint32_t symbol) -> std::uint32_t {
    if (symbol < first_extra_) return piece_length_[symbol];
    return static_cast<std::uint32_t>(Utf8Length(unit[offset]));
  };
  for (const BpeWord::Symbol& joined : word->symbols) {
    open.push_back({joined.symbol, joined.length, 0});
    while (!open.empty()) {
      const Open top = open.back();
      open.pop_back();
      const bool splits =
          top.symbol < first_extra_ && unused_[top.symbol] && top.depth <= kDeepestResegment;
      const auto parts = splits ? made_of.find(top.symbol) : made_of.end();
      if (!splits || parts == made_of.end()) {
        result.push_back({splits ? kNoSymbol : top.symbol, top.length});
        offset += top.length;
        continue;
      }
      const std::uint32_t left_length = length_of(parts->second.first);
      open.push_back({parts->second.second, top.length - left_length, top.depth + 1});
      open.push_back({parts->second.first, left_length, top.depth + 1});
    }
  }
  word->symbols = std::move(result);
}

std::uint32_t Bpe::SymbolOf(Place place, std::string_view character) const {
  const CharacterSymbols& symbols = characters_[characters_.size() == 1 ? 0 : place];
  if (character.size() == 1) return symbols.bytes[static_cast<unsigned char>(character[0])];
  return symbols.others.Find(character).value_or(kNoSymbol);
}

void Bpe::Symbolize(std::string_view unit, BpeWord* word) const {
  if (unknown_ == Unknown::kHuggingFace) {
    if (byte_domain_ && all_bytes_known_ && characters_.size() == 1) {
      word->symbols.resize(unit.size());
      const auto& symbols = characters_[0].bytes;
      for (std::size_t i = 0; i < unit.size(); ++i) {
        word->symbols[i] = {symbols[static_cast<unsigned char>(unit[i])], 1};
      }
      return;
    }
    return SymbolizeHuggingFace(unit, word);
  }
  for (std::size_t at = 0; at < unit.size();) {
    std::size_t size = 0;
    std::uint32_t symbol = kNoSymbol;
    if (user_defined_) {
      std::uint32_t node = ByteTrie::kRoot;
      int found = 0;
      for (std::size_t i = at; i < unit.size() && found < kMostUserDefinedPrefixes; ++i) {
        node = user_defined_->Child(node, unit[i]);
        if (node == ByteTrie::kDead) break;
        if (user_defined_->Value(node) == ByteTrie::kNoValue) continue;
        symbol = user_defined_->Value(node);
        size = i + 1 - at;
        ++found;
      }
    }
    if (size == 0) {
      size = Utf8Length(unit[at]);
      symbol = SymbolOf(kMiddle, unit.substr(at, size));
    }
    word->symbols.push_back({symbol, static_cast<std::uint32_t>(size)});
    at += size;
  }
}

// The order of what is emitted follows the reference to the letter: an unknown piece waits until
// the next character that has a symbol, and bytes that fall back overtake it.
void Bpe::SymbolizeHuggingFace(std::string_view unit, BpeWord* word) const {
  std::uint32_t waiting = 0;  // bytes of the unknown piece not yet emitted
  const auto flush = [&] {
    if (waiting > 0) word->symbols.push_back({*unk_, waiting});
    waiting = 0;
  };
  for (std::size_t at = 0; at < unit.size();) {
    const std::size_t size = byte_domain_ ? 1 : Utf8Length(unit[at]);
    const std::string_view character = unit.substr(at, size);
    const auto place =
        static_cast<Place>((at == 0 ? kFirst : 0) | (at + size == unit.size() ? kLast : 0));
    at += size;
    const auto length = static_cast<std::uint32_t>(size);
    const std::uint32_t symbol = SymbolOf(place, character);
    if (symbol != kNoSymbol) {
      flush();
      word->symbols.push_back({symbol, length});
      continue;
    }
    const auto known = [&](char b) {
      return byte_tokens_[static_cast<unsigned char>(b)].has_value();
    };
    if (byte_fallback_ && std::all_of(character.begin(), character.end(), known)) {
      for (const char b : character) {
        word->symbols.push_back({*byte_tokens_[static_cast<unsigned char>(b)], 1});
      }
      continue;
    }
    if (!unk_) {
      if (keeps_unknown_) word->symbols.push_back({kNoSymbol, length});
      continue;
    }
    if (!fuse_unk_) flush();
    waiting += length;
  }
  flush();
}

void Bpe::Emit(std::string_view unit, const BpeWord& word, std::vector<TokenRange>* ranges) const {
  std::uint32_t at = 0;
  bool after_unknown = false;
  for (const BpeWord::Symbol& symbol : word.symbols) {
    const std::uint32_t begin = at;
    at += symbol.length;
    std::optional<TokenId> id;
    if (symbol.symbol < first_extra_) {
      id = symbol.symbol;
    } else if (symbol.symbol != kNoSymbol) {
      id = extra_[symbol.symbol - first_extra_];
    }
    if (id) {
      ranges->push_back({*id, begin, at});
      after_unknown = false;
    } else if (byte_fallback_) {
      for (std::uint32_t i = begin; i < at; ++i) {
        const auto& byte = byte_tokens_[static_cast<unsigned char>(unit[i])];
        if (byte) ranges->push_back({*byte, i, i + 1});
      }
      after_unknown = true;
    } else if (unk_ && after_unknown) {
      ranges->back().end = at;
    } else if (unk_) {
      ranges->push_back({*unk_, begin, at});
      after_unknown = true;
    }
  }
}

}  // namespace tokgraft
