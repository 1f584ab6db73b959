#include "tokenizer/base/system_error.h"

#include <cerrno>
#include <cstring>

namespace tokgraft {

Status SystemError(const std::string& path, std::string_view what, int code) {
  const std::string message = Cat(path, ": ", what, ": ", std::strerror(code));
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return FailedPreconditionError(Cat(message, "; free some space and run again"));
    case ENOENT:
    case ENOTDIR:
      return NotFoundError(Cat(message, "; check the path"));
    default:
      return InternalError(message);
  }
}

}  // namespace tokgraft
