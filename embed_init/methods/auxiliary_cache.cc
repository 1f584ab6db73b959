#include "embed_init/methods/auxiliary_cache.h"

namespace tokgraft {

Status RequireFile(std::string_view method, const std::string& file, std::string_view option,
                   std::string_view what) {
  if (!file.empty()) return absl::OkStatus();
  return InvalidArgumentError(Cat("method ", method, ": needs ", what, ", no file was given; give ",
                                  option, " FILE, or choose another method"));
}

}  // namespace tokgraft
