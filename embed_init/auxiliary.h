// Files beside the model that some methods need: vectors of words or tokens, text to train some on,
// a dictionary, parallel text.
//
//   AuxiliaryInputs auxiliary;             // InitOptions::auxiliary
//   auxiliary.parallel = "en-de.tsv";      // for Method::kTransTokenization
//   std::vector<std::string> given = FilesOf(auxiliary);  // {"en-de.tsv"}
//
// All are UTF-8 and are read when the rows are made. The manifest keeps their SHA-256.
//
// Vectors are in the format of word2vec and fastText (.vec): a line "<count> <dimension>", then a
// line for each word or token, frequent ones first: "<text> <number> <number> ...". A text cannot
// hold a space there, so a space of a token is spelt ▁ or Ġ ("▁the", "Ġthe" for " the"); the second
// is the byte alphabet of GPT-2, in which any token can be spelt ("Ċ" is a newline, and half a
// character has no other spelling). Where a token stands in several spellings, its plain text
// counts before ▁, and ▁ before the byte alphabet.
#ifndef TOKGRAFT_EMBED_INIT_AUXILIARY_H_
#define TOKGRAFT_EMBED_INIT_AUXILIARY_H_

#include <string>
#include <vector>

namespace tokgraft {

// Paths; "": none.
struct AuxiliaryInputs {
  // For wechsel: vectors of words of the language of the new tokens. For focus and tokenadapt:
  // vectors of tokens, new ones and ones that both vocabularies have.
  std::string vectors = {};
  // For wechsel: vectors of words of a language that the model knows; of the same dimension.
  std::string base_vectors = {};
  // For wechsel: lines "<word of the model's language><TAB><word of the new language>".
  std::string dictionary = {};
  // For trans-tokenization: lines "<text that the model knows><TAB><the same in the new language>".
  std::string parallel = {};
  // For focus and tokenadapt instead of vectors, and for tokalign: text, a document a line, on
  // which vectors of tokens are trained, as fastText does (MethodSettings has its numbers).
  std::string vector_text = {};
  friend bool operator==(const AuxiliaryInputs&, const AuxiliaryInputs&) = default;
};

// Those that are given.
std::vector<std::string> FilesOf(const AuxiliaryInputs& auxiliary);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_AUXILIARY_H_
