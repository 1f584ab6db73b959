#include "embed_init/alignment/text_pairs.h"

#include <algorithm>

#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::string_view kExpected = "\"<text><TAB><text>\" was expected; correct the file";

// What is wrong with a line; "": nothing.
std::string_view Problem(std::string_view line) {
  if (line.empty()) return "is empty";
  if (!IsValidUtf8(line)) return "is not UTF-8";
  const auto tabs = std::count(line.begin(), line.end(), '\t');
  if (tabs == 0) return "has no tab";
  if (tabs > 1) return "has more than one tab";
  if (line.front() == '\t' || line.back() == '\t') return "has nothing on one side of its tab";
  return "";
}

}  // namespace

StatusOr<TextPairs> ReadTextPairs(const std::string& path) {
  TextPairs read;
  TOKGRAFT_ASSIGN_OR_RETURN(read.file, MappedFile::Open(path));
  const std::string_view text = read.file.bytes();
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (const std::string_view problem = Problem(line); !problem.empty()) {
      return InvalidArgumentError(
          Cat(path, ": line ", read.pairs.size() + 1, ": ", problem, ", ", kExpected));
    }
    const std::size_t tab = line.find('\t');
    read.pairs.push_back({line.substr(0, tab), line.substr(tab + 1)});
    begin = end + 1;
  }
  if (read.pairs.empty()) {
    return InvalidArgumentError(Cat(path, ": line 1: is empty, ", kExpected));
  }
  return read;
}

}  // namespace tokgraft
