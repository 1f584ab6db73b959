// What the system says of its last call, as an error about a path.
#ifndef TOKGRAFT_TOKENIZER_BASE_SYSTEM_ERROR_H_
#define TOKGRAFT_TOKENIZER_BASE_SYSTEM_ERROR_H_

#include <string>
#include <string_view>

#include "tokenizer/status.h"

namespace tokgraft {

// `code` is errno. A full disk or a limit on the size of files is FailedPrecondition, a missing
// directory NotFound, anything else Internal.
Status SystemError(const std::string& path, std::string_view what, int code);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_BASE_SYSTEM_ERROR_H_
