// What methods found in the caller's files, kept while a plan makes the rows of its roles: it is
// the same for all of them.
#ifndef TOKGRAFT_EMBED_INIT_METHODS_AUXILIARY_CACHE_H_
#define TOKGRAFT_EMBED_INIT_METHODS_AUXILIARY_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embed_init/alignment/token_alignment.h"
#include "embed_init/methods/method.h"

namespace tokgraft {

// Unit rows of tokens in a space of words.
struct WordTokens {
  std::vector<std::uint32_t> ids;  // that have one, ascending
  std::vector<float> rows;         // [ids, columns]
};

struct WordSpace {
  std::size_t columns = 0;
  WordTokens old_tokens;
  WordTokens wanted;  // by new id, laid onto the space of the old ones
  std::string note;
};

struct ParallelAlignment {
  TokenAlignment alignment;
  std::string note;
};

struct AuxiliaryCache {
  std::optional<WordSpace> words;
  std::optional<ParallelAlignment> parallel;
};

// InvalidArgument, naming the option, where a method's file was not given.
Status RequireFile(std::string_view method, const std::string& file, std::string_view option,
                   std::string_view what);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHODS_AUXILIARY_CACHE_H_
