// A list of pieces: the ones to take from the donor, in order of preference.
//
//   StatusOr<std::vector<WantedPiece>> words = ReadPieces("words.txt");   // or ParsePieces
//   MergeOptions options{.pieces = *words};
//   StatusOr<MergeResult> m = MergeTokenizers(*base, *donor, options);
//
// In a file each line is one piece, exactly the bytes of the line: a blank at its start is part of
// the piece, since most words are stored with the blank before them. What a line cannot hold is
// written with a backslash: \n, \t, \r, \\ and \xNN, one byte. An empty line is no piece and is
// skipped; a carriage return at the end belongs to the line's end.
#ifndef TOKGRAFT_VOCAB_MERGE_PIECE_LIST_H_
#define TOKGRAFT_VOCAB_MERGE_PIECE_LIST_H_

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

struct WantedPiece {
  std::string bytes{};
  std::string place{};  // for messages: "words.txt:3", "pieces[2]"
  friend bool operator==(const WantedPiece&, const WantedPiece&) = default;
};

// `name` stands in messages. InvalidArgument: an unknown escape, a file without a piece.
StatusOr<std::vector<WantedPiece>> ParsePieces(std::string_view text, const std::string& name);
StatusOr<std::vector<WantedPiece>> ReadPieces(const std::string& path);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_PIECE_LIST_H_
