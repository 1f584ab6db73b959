// Files beside the model that some methods need: word vectors, a dictionary, parallel text.
//
//   AuxiliaryInputs auxiliary;             // InitOptions::auxiliary
//   auxiliary.parallel = "en-de.tsv";      // for Method::kTransTokenization
//   std::vector<std::string> given = FilesOf(auxiliary);  // {"en-de.tsv"}
//
// All are UTF-8 and are read when the rows are made. The manifest keeps their SHA-256.
#ifndef TOKGRAFT_EMBED_INIT_AUXILIARY_H_
#define TOKGRAFT_EMBED_INIT_AUXILIARY_H_

#include <string>
#include <vector>

namespace tokgraft {

// Paths; "": none.
struct AuxiliaryInputs {
  // Word vectors of the language of the new tokens, in fastText's .vec format: a line "<words>
  // <dimension>", then a line for each word, frequent ones first: "<word> <number> <number> ...".
  std::string vectors = {};
  // The same of a language that the model knows; of the same dimension.
  std::string base_vectors = {};
  // Lines "<word of the model's language><TAB><word of the new language>".
  std::string dictionary = {};
  // Lines "<text that the model knows><TAB><the same in the new language>".
  std::string parallel = {};
};

// Those that are given.
std::vector<std::string> FilesOf(const AuxiliaryInputs& auxiliary);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_AUXILIARY_H_
