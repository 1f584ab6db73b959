// The pieces of a vocabulary, each with id, canonical bytes, spelling in the file, kind and score.
//
// Entries are kept in the order they were added. A well-formed vocabulary has one entry per id and
// one entry per spelling; a broken one (two entries on one id, one spelling twice) can be held too,
// so that it can be reported. Several entries may share their bytes (a byte piece <0x41> and a
// normal piece A), and ids may have holes.
//
//   Vocab vocab;
//   vocab.Add({.id = 0, .bytes = " the", .spelling = "Ġthe"});
//   std::optional<TokenId> id = vocab.Find(" the");           // 0
//   vocab.entry(0).spelling;                                  // "Ġthe"
//
// Strings live in one arena: a vocabulary of 262,144 pieces costs about 30 bytes a piece beside its
// text. Views returned are valid until the next Add, and for as long as the Vocab lives.
// Thread-safety: const calls are safe together; building is not.
#ifndef TOKGRAFT_TOKENIZER_VOCAB_H_
#define TOKGRAFT_TOKENIZER_VOCAB_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/token.h"

namespace tokgraft {

struct Piece {
  TokenId id = 0;
  std::string_view bytes;     // canonical bytes, what the token stands for in text
  std::string_view spelling;  // as the file spells it (Ġthe, ▁the, <0x41>, ##ing)
  PieceKind kind = PieceKind::kNormal;
  double score = 0;  // log-probability (Unigram) or priority (sentencepiece BPE); 0 elsewhere
  friend bool operator==(const Piece&, const Piece&) = default;
};

class Vocab {
 public:
  // Appends an entry; `piece` is copied. Returns its index, counted from 0.
  std::size_t Add(const Piece& piece);
  void Reserve(std::size_t entries, std::size_t text_bytes);

  std::size_t size() const { return entries_.size(); }  // entries, not ids
  bool empty() const { return entries_.empty(); }
  Piece entry(std::size_t index) const;

  // Highest id + 1; 0 when empty. Holes count.
  std::size_t id_limit() const { return id_limit_; }
  // The (last added) entry with this id, or nullopt: a hole.
  std::optional<Piece> Get(TokenId id) const;
  // The id of the piece with these canonical bytes; where several share them, a normal piece wins
  // over user-defined, control, unknown, unused and byte pieces, in this order; then the lowest id.
  std::optional<TokenId> Find(std::string_view bytes) const;
  // The id of the (last added) entry with this spelling.
  std::optional<TokenId> FindSpelling(std::string_view spelling) const;

  std::string DebugString() const;  // one line: counts by kind
  friend bool operator==(const Vocab& a, const Vocab& b);

 private:
  struct Entry {
    TokenId id;
    PieceKind kind;
    bool same_text;  // spelling == bytes, stored once
    std::uint32_t bytes_size;
    std::uint32_t spelling_size;
    std::uint64_t offset;
    double score;
  };
  // Open-addressing table of entry index + 1, keyed by one of the entry's strings.
  struct Table {
    std::vector<std::uint32_t> slots;
    std::size_t used = 0;
  };
  enum class Key { kBytes, kSpelling };
  std::string_view KeyOf(std::size_t index, Key key) const;
  std::size_t Slot(const Table& table, Key key, std::string_view text) const;
  void Insert(Table* table, Key key, std::size_t index);
  void Grow(Table* table, Key key);

  std::string arena_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> by_id_;  // id -> entry index + 1, 0 for a hole
  Table by_bytes_;
  Table by_spelling_;
  std::size_t id_limit_ = 0;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_VOCAB_H_
