#include "embed_init/auxiliary.h"

namespace tokgraft {

std::vector<std::string> FilesOf(const AuxiliaryInputs& auxiliary) {
  std::vector<std::string> files;
  for (const std::string& path : {auxiliary.vectors, auxiliary.vector_text}) {
    if (!path.empty()) files.push_back(path);
  }
  return files;
}

}  // namespace tokgraft
