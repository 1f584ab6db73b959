// BPE in all its references: one merge engine, and around it what each does with characters that
// are no piece, with words that are one, with user-defined pieces.
//
// A word arrives either as the bytes of the text (byte domain: pieces were spelled in the byte
// alphabet, or raw) or as UTF-8 in the spelling of the vocabulary. Its first symbols are bytes or
// characters; joins come from a table that was made of the merge list, of the scores or of the
// ranks (bpe_build.cc). Where no piece has a ▁ behind another character, a long word falls apart
// before each ▁ into units that no join can cross; units and words are remembered (WordCache).
#ifndef TOKGRAFT_TOKENIZER_MODELS_BPE_H_
#define TOKGRAFT_TOKENIZER_MODELS_BPE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/models/bpe_merge.h"
#include "tokenizer/models/byte_trie.h"
#include "tokenizer/models/pair_table.h"
#include "tokenizer/models/piece_table.h"
#include "tokenizer/models/token_range.h"
#include "tokenizer/models/word_cache.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct BpeScratch {
  BpeWord word;
  WordCache cache;
  std::vector<TokenRange> ranges;
};

class Bpe {
 public:
  // `byte_domain`: words are raw bytes. Unimplemented: dropout, or what the reference would leave
  // to chance. InvalidArgument: a merge of missing pieces, an unknown piece that is not there.
  static StatusOr<Bpe> Compile(const TokenizerSpec& spec, bool byte_domain);

  // Appends the ids of `word`, which is not empty.
  void Encode(std::string_view word, BpeScratch* scratch, std::vector<TokenId>* ids) const;
  // Appends the tokens with the bytes of the word that they cover, by the reference's own count.
  void EncodeRanges(std::string_view word, BpeScratch* scratch,
                    std::vector<TokenRange>* ranges) const;
  // Calls f(unit) for each stretch of `word` that no join crosses.
  template <typename F>
  void ForEachUnit(std::string_view word, const F& f) const {
    for (std::size_t at = 0; at < word.size();) {
      const std::string_view unit = cut_at_metaspace_ ? UnitAt(word, at) : word;
      f(unit);
      at += unit.size();
    }
  }

 private:
  friend class BpeBuilder;

  // What becomes of a character without a symbol.
  enum class Unknown : std::uint8_t {
    kHuggingFace,    // all its bytes, else the unknown piece (fused or not), else dropped
    kSentencePiece,  // all its bytes, else the unknown piece, runs of it as one
    kBytes,          // all its bytes
  };
  // Symbols are token ids, and beyond the highest of them these. No table joins kNoSymbol.
  static constexpr std::uint32_t kNoSymbol = 0xFFFFFFFF;
  // A character's place in its word: with affixes each place has symbols of its own.
  enum Place : std::uint8_t { kMiddle = 0, kFirst = 1, kLast = 2, kOnly = 3 };

  struct CharacterSymbols {
    std::array<std::uint32_t, 256> bytes;  // byte domain: by byte; else: the ASCII characters
    PieceTable others;                     // by UTF-8
  };

  std::string_view UnitAt(std::string_view word, std::size_t begin) const;
  void EncodeUnit(std::string_view unit, BpeScratch* scratch, std::vector<TokenId>* ids) const;
  void MergeUnit(std::string_view unit, BpeScratch* scratch, std::vector<TokenRange>* ranges) const;
  void MergeWithUnused(std::string_view unit, BpeWord* word) const;
  void Symbolize(std::string_view unit, BpeWord* word) const;
  void SymbolizeHuggingFace(std::string_view unit, BpeWord* word) const;
  void Emit(std::string_view unit, const BpeWord& word, std::vector<TokenRange>* ranges) const;
  std::uint32_t SymbolOf(Place place, std::string_view character) const;
  void RangesInSpelledBytes(std::string_view word, std::size_t first,
                            std::vector<TokenRange>* ranges) const;

  bool byte_domain_ = false;
  bool alphabet_ = false;  // the byte domain is spelled in the byte alphabet
  Unknown unknown_ = Unknown::kHuggingFace;
  bool fuse_unk_ = false;
  bool all_bytes_known_ = false;   // byte domain: no byte lacks a symbol
  bool keeps_unknown_ = false;     // a byte without a symbol parts its neighbours (llama.cpp)
  bool whole_word_first_ = false;  // a word that is a piece is that piece
  bool cut_at_metaspace_ = false;
  std::array<bool, 256> no_cut_after_{};  // last bytes of characters that a piece has before a ▁
  std::optional<TokenId> unk_;
  std::array<std::optional<TokenId>, 256> byte_tokens_;
  bool byte_fallback_ = false;

  std::vector<CharacterSymbols> characters_;  // one, or with affixes four, by Place
  PairTable pairs_;
  PieceTable words_;  // words that are known to become one token -> its id

  std::uint32_t first_extra_ = 0;              // symbols from here are not ids
  std::vector<std::optional<TokenId>> extra_;  // what they stand for; nullopt: unknown
  std::optional<ByteTrie> user_defined_;       // piece -> its (frozen) symbol
  std::vector<bool> unused_;                   // by id; empty where there are none
  std::vector<std::uint32_t> piece_length_;    // by id, only where there are unused pieces
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_MODELS_BPE_H_
