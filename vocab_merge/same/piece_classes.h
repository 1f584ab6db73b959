// What kind of text a piece is, in a word: "digits", "han", "latin", ... "mixed".
#ifndef TOKGRAFT_VOCAB_MERGE_SAME_PIECE_CLASSES_H_
#define TOKGRAFT_VOCAB_MERGE_SAME_PIECE_CLASSES_H_

#include <string_view>

#include "vocab_merge/rules/token_list.h"

namespace tokgraft {

// Spaces count only where there is nothing else.
std::string_view ClassOfPiece(const ListedToken& token);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_SAME_PIECE_CLASSES_H_
