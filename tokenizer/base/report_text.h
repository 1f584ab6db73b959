// Numbers and tables as the reports of all rooms print them.
#ifndef TOKGRAFT_TOKENIZER_BASE_REPORT_TEXT_H_
#define TOKGRAFT_TOKENIZER_BASE_REPORT_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tokgraft {

std::string Fixed(double value, int digits);              // (2.345, 1) -> "2.3"
std::string Grouped(std::uint64_t value);                 // 1234567 -> "1,234,567"
std::string Percent(double share);                        // 0.051 -> "5.1 %", 0.51 -> "51 %"
std::string Padded(std::string text, std::size_t width);  // blanks behind

struct TableStyle {
  std::size_t left_columns = 1;  // aligned to the left; those behind them to the right
  std::string indent = {};
};

// Text as it is, each maximal bad subsequence of invalid UTF-8 as U+FFFD.
std::string Printable(std::string_view bytes);

// 1 -> "1 problem", 1234 -> "1,234 problems"; `many` where an s is not enough.
std::string Counted(std::uint64_t count, const std::string& one, const std::string& many = "");

// The same JSON, indented for people: an array of plain values stays on one line, and so does an
// object of plain values within an array. `json` must be well-formed.
std::string ReadableJson(const std::string& json);

// Cells in columns, two blanks between them, a line a row, no blank before the end of a line.
std::string Table(const std::vector<std::vector<std::string>>& rows, const TableStyle& style = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_BASE_REPORT_TEXT_H_
