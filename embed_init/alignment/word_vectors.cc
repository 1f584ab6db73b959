#include "embed_init/alignment/word_vectors.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tokenizer/base/mapped_file.h"
#include "tokenizer/base/parallel.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::size_t kBlock = 8192;                         // words at most,
constexpr std::size_t kBlockNumbers = std::size_t{1} << 22;  // and about so many numbers
constexpr std::size_t kWordsPerTask = 256;
constexpr std::uint64_t kMostColumns = 100'000;

struct Header {
  std::uint64_t words = 0;
  std::uint64_t columns = 0;
  std::size_t end = 0;  // of its line
};

// Takes a whole number from the start.
bool TakeNumber(std::string_view* text, std::uint64_t* number) {
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (error != std::errc()) return false;
  text->remove_prefix(static_cast<std::size_t>(end - text->data()));
  return true;
}

StatusOr<Header> ReadHeader(const std::string& path, std::string_view bytes) {
  Header header;
  const std::size_t newline = std::min(bytes.find('\n'), bytes.size());
  std::string_view line = bytes.substr(0, newline);
  header.end = std::min(newline + 1, bytes.size());
  while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  bool good = TakeNumber(&line, &header.words) && line.starts_with(' ');
  if (good) line.remove_prefix(1);
  good = good && TakeNumber(&line, &header.columns) && line.empty();
  if (good && header.words > 0 && header.columns > 0 && header.columns <= kMostColumns) {
    return header;
  }
  return InvalidArgumentError(Cat(path,
                                  ": line 1: is not \"<words> <dimension>\", which a .vec file "
                                  "starts with; give word vectors as text"));
}

// Splits a line into its word and `values`; what is wrong with it, or "".
std::string ParseLine(std::string_view line, std::span<float> values, std::string_view* word) {
  while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  const std::size_t blank = line.find(' ');
  if (line.empty()) return "is empty";
  *word = line.substr(0, blank);
  if (word->empty()) return "has no word";
  if (!IsValidUtf8(*word)) return "has a word that is not UTF-8";
  const char* at = line.data() + std::min(blank, line.size());
  const char* end = line.data() + line.size();
  std::size_t count = 0;
  while (at != end) {
    ++at;  // the blank
    float value = 0;
    const auto [rest, error] = std::from_chars(at, end, value);
    // Too small or too large for a float: from_chars leaves the number, strtof rounds it.
    if (error == std::errc::result_out_of_range) {
      value = std::strtof(std::string(at, rest).c_str(), nullptr);
    } else if (error != std::errc()) {
      return Cat("has no number in place ", count + 1);
    }
    if (rest != end && *rest != ' ') return Cat("has no number in place ", count + 1);
    if (!std::isfinite(value)) return Cat("has an infinity or a NaN in place ", count + 1);
    if (count < values.size()) values[count] = value;
    ++count;
    at = rest;
  }
  if (count != values.size()) return Cat("has ", count, " numbers");
  return "";
}

}  // namespace

StatusOr<std::size_t> DimensionOfWords(const std::string& path) {
  TOKGRAFT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  TOKGRAFT_ASSIGN_OR_RETURN(const Header header, ReadHeader(path, file.bytes()));
  return static_cast<std::size_t>(header.columns);
}

Status ForEachWordBlock(const std::string& path, int threads,
                        const std::function<void(const WordBlock&)>& f) {
  TOKGRAFT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  const std::string_view bytes = file.bytes();
  TOKGRAFT_ASSIGN_OR_RETURN(const Header header, ReadHeader(path, bytes));
  WordBlock block;
  block.columns = static_cast<std::size_t>(header.columns);
  const std::size_t most = std::clamp<std::size_t>(kBlockNumbers / block.columns, 1, kBlock);
  std::uint64_t read = 0;
  for (std::size_t begin = header.end; begin < bytes.size();) {
    std::vector<std::string_view> lines;
    while (lines.size() < most && begin < bytes.size()) {
      const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
      lines.push_back(bytes.substr(begin, end - begin));
      begin = end + 1;
    }
    block.first = read;
    block.words.assign(lines.size(), {});
    block.values.assign(lines.size() * block.columns, 0);
    std::vector<std::string> problems(lines.size());
    ParallelFor(lines.size(), kWordsPerTask, threads, [&](std::size_t from, std::size_t to) {
      for (std::size_t i = from; i < to; ++i) {
        problems[i] = ParseLine(lines[i], {block.values.data() + i * block.columns, block.columns},
                                &block.words[i]);
      }
    });
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (problems[i].empty()) continue;
      return InvalidArgumentError(Cat(path, ": line ", read + i + 2, ": ", problems[i],
                                      ", a word and ", block.columns,
                                      " numbers were expected; correct the file"));
    }
    read += lines.size();
    if (read > header.words) break;
    block.fraction =
        static_cast<double>(std::min(begin, bytes.size())) / static_cast<double>(bytes.size());
    f(block);
  }
  if (read == header.words) return absl::OkStatus();
  return DataLossError(Cat(path, ": has ", read > header.words ? "more" : Cat(read), " words, ",
                           header.words, " were expected by its first line; get the whole file"));
}

}  // namespace tokgraft
