#include "embed_init/vectors/vector_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "tokenizer/base/mapped_file.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/text/byte_alphabet.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::size_t kLongestLine = std::size_t{1} << 20;
constexpr std::uint64_t kLinesPerReport = 4096;

// One reading: what its steps share.
class Reader {
 public:
  Reader(const std::string& path, const std::function<bool(std::string_view)>& wants)
      : path_(path), wants_(wants) {}

  StatusOr<VectorFile> Read(std::string_view bytes, const std::function<void(double)>& progress);

 private:
  Status Refuse(std::string_view what) const {
    return InvalidArgumentError(Cat(path_, ": line ", line_, ": ", what));
  }
  Status ReadLine(std::string_view line);
  Status ReadNumbers(std::string_view text, std::string_view numbers);
  bool ReadHeader(std::string_view line);

  const std::string& path_;
  const std::function<bool(std::string_view)>& wants_;
  VectorFile file_;
  std::uint64_t line_ = 0;  // from 1
  std::optional<std::uint64_t> promised_;
  std::vector<float> row_;
};

std::optional<std::uint64_t> WholeNumber(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Two whole numbers and nothing else. (A vector of one number would read the same; there is none.)
bool Reader::ReadHeader(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return false;
  const std::optional<std::uint64_t> count = WholeNumber(line.substr(0, space));
  const std::optional<std::uint64_t> columns = WholeNumber(line.substr(space + 1));
  if (!count || !columns) return false;
  promised_ = count;
  file_.columns = static_cast<std::size_t>(*columns);
  return true;
}

Status Reader::ReadNumbers(std::string_view text, std::string_view numbers) {
  row_.clear();
  for (std::size_t begin = 0; begin <= numbers.size();) {
    const std::size_t end = std::min(numbers.find(' ', begin), numbers.size());
    const std::string_view number = numbers.substr(begin, end - begin);
    float value = 0;
    const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    const bool is_number = stop == number.data() + number.size() && !number.empty();
    // A number that is too small for a float is zero.
    const bool tiny = error == std::errc::result_out_of_range && is_number &&
                      std::strtod(std::string(number).c_str(), nullptr) < 1 &&
                      std::strtod(std::string(number).c_str(), nullptr) > -1;
    if (!tiny && (error != std::errc() || !is_number || !std::isfinite(value))) {
      return Refuse(Cat("number ", row_.size() + 1, " of \"", Printable(text), "\" is \"",
                        Printable(number.substr(0, 40)),
                        "\", a finite number was expected; a space of a token is spelt ▁ or Ġ"));
    }
    row_.push_back(tiny ? 0.0F : value);
    begin = end + 1;
  }
  if (file_.columns == 0) file_.columns = row_.size();
  if (row_.size() == file_.columns) return absl::OkStatus();
  return Refuse(Cat("\"", Printable(text), "\" has ", Counted(row_.size(), "number"), ", ",
                    file_.columns, " were expected as on the first line; make the file again"));
}

Status Reader::ReadLine(std::string_view line) {
  const std::size_t space = line.find(' ');
  const std::string_view text = line.substr(0, space);
  if (text.empty()) {
    return Refuse(
        "begins with a space or is empty, the text of a token was expected; spell a space as ▁");
  }
  if (!IsValidUtf8(text)) {
    return Refuse(Cat("\"", Printable(text), "\" is not UTF-8; convert the file, or spell tokens ",
                      "of half a character in the byte alphabet of GPT-2"));
  }
  if (space == std::string_view::npos) {
    return Refuse(Cat("\"", Printable(text.substr(0, 40)),
                      "\" has no number, a text and its numbers were expected with single spaces "
                      "between; give a .vec file of text, not a binary one"));
  }
  TOKGRAFT_RETURN_IF_ERROR(ReadNumbers(text, line.substr(space + 1)));
  ++file_.lines;
  if (!wants_(text)) return absl::OkStatus();
  const auto row = static_cast<std::uint32_t>(file_.rows.size());
  if (!file_.rows.emplace(text, row).second) {
    ++file_.repeated;
    return absl::OkStatus();
  }
  file_.values.insert(file_.values.end(), row_.begin(), row_.end());
  return absl::OkStatus();
}

StatusOr<VectorFile> Reader::Read(std::string_view bytes,
                                  const std::function<void(double)>& progress) {
  for (std::size_t begin = 0; begin < bytes.size();) {
    ++line_;
    const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
    std::string_view line = bytes.substr(begin, end - begin);
    begin = end + 1;
    if (line.size() > kLongestLine) {
      return Refuse(Cat("has ", Grouped(line.size()), " bytes, ", Grouped(kLongestLine),
                        " at most were expected; is it a .vec file of text?"));
    }
    // fastText ends its lines with a space.
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
    if (line_ == 1 && ReadHeader(line)) {
      if (file_.columns == 0) {
        return Refuse("says that vectors have no number, one or more were expected");
      }
      continue;
    }
    TOKGRAFT_RETURN_IF_ERROR(ReadLine(line));
    if (progress && line_ % kLinesPerReport == 0) {
      progress(static_cast<double>(begin) / static_cast<double>(bytes.size()));
    }
  }
  if (promised_ && *promised_ != file_.lines) {
    return InvalidArgumentError(
        Cat(path_, ": line ", line_, ": the file ends after ", Counted(file_.lines, "vector"), ", ",
            *promised_, " were expected as line 1 says; is it whole? Make it again, or correct ",
            "line 1"));
  }
  if (file_.lines == 0) {
    return InvalidArgumentError(
        Cat(path_, ": line 1: there is no vector, a text and its numbers were expected on each ",
            "line; give a .vec file of word2vec or fastText"));
  }
  return std::move(file_);
}

}  // namespace

StatusOr<VectorFile> ReadVectorFile(const std::string& path,
                                    const std::function<bool(std::string_view)>& wants,
                                    const std::function<void(double)>& progress) {
  TOKGRAFT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  return Reader(path, wants).Read(file.bytes(), progress);
}

std::vector<std::string> SpellingsOf(std::string_view bytes) {
  std::vector<std::string> spellings;
  if (IsValidUtf8(bytes) && bytes.find_first_of("\r\n") == std::string_view::npos) {
    std::string marked;
    for (const char c : bytes) marked += c == ' ' ? std::string("▁") : std::string(1, c);
    spellings.push_back(std::move(marked));  // the text itself where it has no space
  }
  std::string in_alphabet = ToByteAlphabet(bytes);
  if (spellings.empty() || spellings.front() != in_alphabet) {
    spellings.push_back(std::move(in_alphabet));
  }
  return spellings;
}

}  // namespace tokgraft
