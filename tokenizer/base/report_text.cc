#include "tokenizer/base/report_text.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

using Json = nlohmann::ordered_json;

bool IsFlat(const Json& value) {
  return std::none_of(value.begin(), value.end(),
                      [](const Json& child) { return child.is_structured() && !child.empty(); });
}

// Recursive: our own reports are a few levels deep.
void AppendReadable(const Json& value, std::size_t indent, bool in_array, std::string* out) {
  const bool one_line =
      !value.is_structured() || value.empty() || (IsFlat(value) && (value.is_array() || in_array));
  if (one_line) {
    *out += value.dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  *out += value.is_array() ? '[' : '{';
  for (auto child = value.begin(); child != value.end(); ++child) {
    if (child != value.begin()) *out += ',';
    out->append(1, '\n').append(indent + 2, ' ');
    if (value.is_object()) out->append(Json(child.key()).dump()).append(": ");
    AppendReadable(*child, indent + 2, value.is_array(), out);
  }
  out->append(1, '\n').append(indent, ' ');
  *out += value.is_array() ? ']' : '}';
}

// Columns of a terminal: two for a wide character, none for a mark on another one.
std::size_t ShownWidth(const std::string& text) {
  struct Range {
    char32_t first;
    char32_t last;
  };
  constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},
                             {0xA960, 0xA97C},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
                             {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},
                             {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF},
                             {0x20000, 0x3FFFD}};
  constexpr Range kMarks[] = {
      {0x0300, 0x036F}, {0x200B, 0x200F}, {0x3099, 0x309A}, {0xFE00, 0xFE0F}};
  const auto within = [](char32_t c) {
    return [c](const Range& range) { return range.first <= c && c <= range.last; };
  };
  const std::string valid = Printable(text);
  std::size_t width = 0;
  for (std::size_t position = 0; position < valid.size();) {
    const char32_t c = DecodeValid(valid, &position);
    if (std::any_of(std::begin(kMarks), std::end(kMarks), within(c))) continue;
    width += std::any_of(std::begin(kWide), std::end(kWide), within(c)) ? 2 : 1;
  }
  return width;
}

}  // namespace

std::string Printable(std::string_view bytes) {
  std::string text;
  ReplaceInvalid(bytes, &text);
  return text;
}

std::string Fixed(double value, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return buffer;
}

std::string Grouped(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, 1, ',');
  }
  return digits;
}

std::string Percent(double share) {
  const double percent = share * 100;
  return Fixed(percent, percent > 0 && percent < 9.95 ? 1 : 0) + " %";
}

std::string Padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string Counted(std::uint64_t count, const std::string& one, const std::string& many) {
  return Grouped(count) + " " + (count == 1 ? one : many.empty() ? one + "s" : many);
}

std::string ReadableJson(const std::string& json) {
  std::string out;
  AppendReadable(Json::parse(json), 0, false, &out);
  return out + "\n";
}

std::string Table(const std::vector<std::vector<std::string>>& rows, const TableStyle& style) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], ShownWidth(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = style.indent;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      const std::string blanks(widths[i] - ShownWidth(row[i]), ' ');
      line += i < style.left_columns ? row[i] + blanks : blanks + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace tokgraft
