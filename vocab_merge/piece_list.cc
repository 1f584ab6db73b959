#include "vocab_merge/piece_list.h"

#include <optional>
#include <utility>

#include "tokenizer/base/mapped_file.h"

namespace tokgraft {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// The byte of the escape at `at`, which is moved behind it; nullopt: no escape that we know.
std::optional<char> Unescape(std::string_view line, std::size_t* at) {
  const std::string_view rest = line.substr(*at + 1);
  if (rest.empty()) return std::nullopt;
  *at += 2;
  switch (rest[0]) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '\\':
      return '\\';
    case 'x': {
      if (rest.size() < 3) return std::nullopt;
      const auto high = HexDigit(rest[1]);
      const auto low = HexDigit(rest[2]);
      if (!high || !low) return std::nullopt;
      *at += 2;
      return static_cast<char>(*high * 16 + *low);
    }
    default:
      return std::nullopt;
  }
}

StatusOr<std::string> ParseLine(std::string_view line, const std::string& place) {
  std::string bytes;
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] != '\\') {
      bytes += line[at++];
      continue;
    }
    const std::size_t begin = at;
    const std::optional<char> byte = Unescape(line, &at);
    if (!byte) {
      return InvalidArgumentError(Cat(place, ": byte ", begin,
                                      ": a backslash with nothing known behind it, one of \\n, "
                                      "\\t, \\r, \\\\ and \\xNN was expected; write \\\\ for a "
                                      "backslash"));
    }
    bytes += *byte;
  }
  return bytes;
}

}  // namespace

StatusOr<std::vector<WantedPiece>> ParsePieces(std::string_view text, const std::string& name) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<WantedPiece> out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::string place = Cat(name, ":", number);
    TOKGRAFT_ASSIGN_OR_RETURN(std::string bytes, ParseLine(line, place));
    out.push_back({.bytes = std::move(bytes), .place = place});
  }
  if (out.empty()) {
    return InvalidArgumentError(
        Cat(name, ": names no piece, one a line was expected; write some, or leave the list out"));
  }
  return out;
}

StatusOr<std::vector<WantedPiece>> ReadPieces(const std::string& path) {
  TOKGRAFT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  return ParsePieces(file.bytes(), path);
}

}  // namespace tokgraft
