// What methods know of tokens besides the two models: vectors of them, or text to train some on.
//
//   InitOptions options{.method = Method::kFocus};
//   options.auxiliary.vectors = "cc.de.300.vec";  // or
//   options.auxiliary.vector_text = "de.txt";
//
// A file of vectors is text as word2vec and fastText write it (.vec): a line for each token, its
// text, then its numbers, with single spaces between; before them there may be a line with the
// number of tokens and the number of numbers. A token is looked up as it reads. A text cannot hold
// a space there, so a space of a token is spelt ▁ or Ġ ("▁the", "Ġthe" for " the"); the second is
// the byte alphabet of GPT-2, in which any token can be spelt ("Ċ" is a newline, and half a
// character has no other spelling). Where a token stands in several spellings, its plain text
// counts before ▁, and ▁ before the byte alphabet. Tokens that no vocabulary has are passed over.
#ifndef TOKGRAFT_EMBED_INIT_AUXILIARY_H_
#define TOKGRAFT_EMBED_INIT_AUXILIARY_H_

#include <string>
#include <vector>

namespace tokgraft {

struct AuxiliaryInputs {
  std::string vectors = {};  // path of a file of vectors; "": none
  // Path of a text in UTF-8, a document a line, on which vectors of the new tokenizer's tokens are
  // trained, as fastText does (MethodSettings has its numbers); "": none. Not both.
  std::string vector_text = {};
  friend bool operator==(const AuxiliaryInputs&, const AuxiliaryInputs&) = default;
};
// The paths that are given, for a manifest.
std::vector<std::string> FilesOf(const AuxiliaryInputs& auxiliary);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_AUXILIARY_H_
