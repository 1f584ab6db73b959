// Where JSON text breaks the grammar. The fast parser only says that it does; this one says at
// which byte and why, and is run when an error has to be told.
#ifndef TOKGRAFT_TOKENIZER_BASE_JSON_SYNTAX_H_
#define TOKGRAFT_TOKENIZER_BASE_JSON_SYNTAX_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokgraft {

struct JsonFault {
  std::size_t offset = 0;  // byte
  std::string what;        // "unexpected 'x', a value was expected"
  bool truncated = false;  // the text ends where more was expected
};

// The first fault of `text`, or nullopt. Stricter than RFC 8259 in two points, as Hugging Face's
// parser is: lone surrogate escapes and numbers beyond a double are faults. `wide_integers`
// receives the end of each whole number that fits neither std::int64_t nor std::uint64_t.
std::optional<JsonFault> FindJsonFault(std::string_view text, std::size_t max_depth,
                                       std::vector<std::size_t>* wide_integers);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_BASE_JSON_SYNTAX_H_
