#include "vocab_merge/id_map.h"

#include <nlohmann/json.hpp>

namespace tokgraft {

std::string IdMap::DebugString() const {
  return Cat("IdMap{", strategy, ", ", base_size, " base ids, ", merged_size, " merged, ",
             added.size(), " added, ", removed.size(), " removed}");
}

}  // namespace tokgraft
