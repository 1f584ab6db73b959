#include "embed_init/auxiliary.h"

namespace tokgraft {

std::vector<std::string> FilesOf(const AuxiliaryInputs& auxiliary) {
  std::vector<std::string> files;
  for (const std::string* file :
       {&auxiliary.vectors, &auxiliary.base_vectors, &auxiliary.dictionary, &auxiliary.parallel,
        &auxiliary.vector_text}) {
    if (!file->empty()) files.push_back(*file);
  }
  return files;
}

}  // namespace tokgraft
