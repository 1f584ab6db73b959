#include "vocab_merge/id_map.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "tokenizer/base/json.h"
#include "tokenizer/base/mapped_file.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

using Json = nlohmann::ordered_json;

// A size in a hostile file must not make us allocate before the arrays are seen to be that long.
constexpr std::uint64_t kMaxIds = std::uint64_t{1} << 32;

constexpr std::string_view kStrategies[] = {"extend",    "swap",          "union",
                                            "intersect", "replace-slots", "trim"};

std::string ToHex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    out.push_back(kDigits[b >> 4]);
    out.push_back(kDigits[b & 15]);
  }
  return out;
}

std::optional<std::string> FromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit(hex[i]);
    const int low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

// Long lists are written as text, not built as values first.
void AppendIds(const std::vector<std::optional<TokenId>>& ids, std::string* out) {
  std::array<char, 12> digits;
  out->push_back('[');
  for (const std::optional<TokenId>& id : ids) {
    if (out->back() != '[') out->push_back(',');
    if (id) {
      const auto end = std::to_chars(digits.begin(), digits.end(), *id).ptr;
      out->append(digits.begin(), end);
    } else {
      out->append("null");
    }
  }
  out->push_back(']');
}

template <typename T, typename ToJson>
void AppendList(const std::vector<T>& values, ToJson to_json, std::string* out) {
  out->push_back('[');
  for (const T& value : values) {
    if (&value != &values.front()) out->push_back(',');
    out->append(to_json(value).dump());
  }
  out->push_back(']');
}

Json AddedToJson(const AddedPiece& piece) {
  Json merges = Json::array();
  for (const auto& [left, right] : piece.merges) merges.push_back(Json::array({left, right}));
  Json out = {{"id", piece.id}, {"bytes", ToHex(piece.bytes)}, {"text", Printable(piece.bytes)}};
  out["donor_id"] = piece.donor_id ? Json(*piece.donor_id) : Json(nullptr);
  out["merges"] = std::move(merges);
  if (IsValidUtf8(piece.witness)) {
    out["witness"] = piece.witness;
  } else {  // only where bytes outside UTF-8 were asked for
    out["witness"] = nullptr;
    out["witness_bytes"] = ToHex(piece.witness);
  }
  if (piece.inside_word) out["inside_word"] = true;
  return out;
}

Json RemovedToJson(const RemovedPiece& piece) {
  return {{"base_id", piece.base_id}, {"bytes", ToHex(piece.bytes)}};
}

StatusOr<TokenId> ReadId(JsonValue value) {
  TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t id, value.Uint());
  if (id >= kMaxIds) return value.Error(Cat("id ", id, " is no token id, below 2^32 was expected"));
  return static_cast<TokenId>(id);
}

StatusOr<std::string> ReadHex(JsonValue value) {
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view hex, value.String());
  std::optional<std::string> bytes = FromHex(hex);
  if (!bytes) return value.Error("no hexadecimal bytes, an even number of digits was expected");
  return *std::move(bytes);
}

StatusOr<std::vector<std::optional<TokenId>>> ReadIds(JsonValue array, std::uint64_t merged_size) {
  std::vector<std::optional<TokenId>> out;
  TOKGRAFT_RETURN_IF_ERROR(array.ForEachElement([&](std::size_t, JsonValue value) -> Status {
    if (value.is_null()) {
      out.emplace_back();
      return {};
    }
    TOKGRAFT_ASSIGN_OR_RETURN(const TokenId id, ReadId(value));
    if (id >= merged_size) {
      return value.Error(Cat("id ", id, " is beyond the merged vocabulary, less than merged_size ",
                             merged_size, " was expected"));
    }
    out.emplace_back(id);
    return {};
  }));
  return out;
}

StatusOr<AddedPiece> ReadAdded(JsonValue value, std::uint64_t merged_size) {
  AddedPiece piece;
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue id, value.Get("id"));
  TOKGRAFT_ASSIGN_OR_RETURN(piece.id, ReadId(id));
  if (piece.id >= merged_size) {
    return id.Error(Cat("id ", piece.id, " is beyond the merged vocabulary, less than merged_size ",
                        merged_size, " was expected"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue bytes, value.Get("bytes"));
  TOKGRAFT_ASSIGN_OR_RETURN(piece.bytes, ReadHex(bytes));
  if (const std::optional<JsonValue> donor = value.FindNotNull("donor_id")) {
    TOKGRAFT_ASSIGN_OR_RETURN(piece.donor_id, ReadId(*donor));
  }
  if (const std::optional<JsonValue> merges = value.FindNotNull("merges")) {
    TOKGRAFT_RETURN_IF_ERROR(merges->ForEachElement([&](std::size_t, JsonValue pair) -> Status {
      std::vector<TokenId> ids;
      TOKGRAFT_RETURN_IF_ERROR(pair.ForEachElement([&](std::size_t, JsonValue part) -> Status {
        TOKGRAFT_ASSIGN_OR_RETURN(ids.emplace_back(), ReadId(part));
        return {};
      }));
      if (ids.size() != 2) return pair.Error("a merge joins two ids");
      piece.merges.emplace_back(ids[0], ids[1]);
      return {};
    }));
  }
  if (const std::optional<JsonValue> witness = value.FindNotNull("witness")) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view text, witness->String());
    piece.witness = std::string(text);
  } else if (const std::optional<JsonValue> raw = value.FindNotNull("witness_bytes")) {
    TOKGRAFT_ASSIGN_OR_RETURN(piece.witness, ReadHex(*raw));
  }
  if (const std::optional<JsonValue> inside = value.FindNotNull("inside_word")) {
    TOKGRAFT_ASSIGN_OR_RETURN(piece.inside_word, inside->Bool());
  }
  return piece;
}

Status ReadAddedList(JsonValue array, IdMap* map) {
  return array.ForEachElement([&](std::size_t, JsonValue value) -> Status {
    TOKGRAFT_ASSIGN_OR_RETURN(AddedPiece piece, ReadAdded(value, map->merged_size));
    if (!map->added.empty() && map->added.back().id >= piece.id) {
      return value.Error("added pieces stand by ascending id, each once");
    }
    map->added.push_back(std::move(piece));
    return {};
  });
}

Status ReadRemovedList(JsonValue array, IdMap* map) {
  return array.ForEachElement([&](std::size_t, JsonValue value) -> Status {
    RemovedPiece piece;
    TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue id, value.Get("base_id"));
    TOKGRAFT_ASSIGN_OR_RETURN(piece.base_id, ReadId(id));
    if (piece.base_id >= map->base_size) return id.Error("no id of the base, see base_size");
    TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue bytes, value.Get("bytes"));
    TOKGRAFT_ASSIGN_OR_RETURN(piece.bytes, ReadHex(bytes));
    map->removed.push_back(std::move(piece));
    return {};
  });
}

}  // namespace

std::vector<std::string_view> IdMapStrategies() {
  return {std::begin(kStrategies), std::end(kStrategies)};
}

bool KeepsRows(std::string_view strategy) {
  return strategy == "extend" || strategy == "union" || strategy == "replace-slots";
}

std::size_t IdMap::helpers() const {
  if (donor_to_merged.empty()) return 0;
  return static_cast<std::size_t>(
      std::ranges::count_if(added, [](const AddedPiece& piece) { return !piece.donor_id; }));
}

std::string IdMap::ToJson() const {
  std::string out = Cat("{\"strategy\":", Json(strategy).dump(), ",\"base_size\":", base_size,
                        ",\"merged_size\":", merged_size, ",\"base_to_merged\":");
  AppendIds(base_to_merged, &out);
  out.append(",\"donor_to_merged\":");
  AppendIds(donor_to_merged, &out);
  out.append(",\"added\":");
  AppendList(added, AddedToJson, &out);
  out.append(",\"removed\":");
  AppendList(removed, RemovedToJson, &out);
  return out + "}\n";
}

std::string IdMap::DebugString() const {
  return Cat("IdMap{", strategy, ", ", base_size, " base ids, ", merged_size, " merged, ",
             added.size(), " added, ", removed.size(), " removed}");
}

StatusOr<IdMap> ParseIdMap(std::string_view json, const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(json, name));
  const JsonValue root = document.root();
  IdMap map;
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue strategy, root.Get("strategy"));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view strategy_name, strategy.String());
  if (std::ranges::find(kStrategies, strategy_name) == std::end(kStrategies)) {
    std::string known;
    for (const std::string_view one : kStrategies) known += Cat(known.empty() ? "" : ", ", one);
    return strategy.Error(Cat("\"", strategy_name, "\" is unknown, one of ", known,
                              " was expected; a newer tokgraft may know it"));
  }
  map.strategy = std::string(strategy_name);
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue base_size, root.Get("base_size"));
  TOKGRAFT_ASSIGN_OR_RETURN(map.base_size, base_size.Uint());
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue merged_size, root.Get("merged_size"));
  TOKGRAFT_ASSIGN_OR_RETURN(map.merged_size, merged_size.Uint());
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue base_ids, root.Get("base_to_merged"));
  TOKGRAFT_ASSIGN_OR_RETURN(map.base_to_merged, ReadIds(base_ids, map.merged_size));
  if (map.base_to_merged.size() != map.base_size) {
    return base_ids.Error(Cat(map.base_to_merged.size(), " ids, base_size ", map.base_size,
                              " was expected; the file was edited or truncated"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue donor_ids, root.Get("donor_to_merged"));
  TOKGRAFT_ASSIGN_OR_RETURN(map.donor_to_merged, ReadIds(donor_ids, map.merged_size));
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue added, root.Get("added"));
  TOKGRAFT_RETURN_IF_ERROR(ReadAddedList(added, &map));
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue removed, root.Get("removed"));
  TOKGRAFT_RETURN_IF_ERROR(ReadRemovedList(removed, &map));
  return map;
}

StatusOr<IdMap> LoadIdMap(const std::string& path) {
  TOKGRAFT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  return ParseIdMap(file.bytes(), path);
}

}  // namespace tokgraft
