#include "embed_init/forecast/weak_rows.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "tokenizer/base/parallel.h"

namespace tokgraft {
namespace {

constexpr double kSameWay = 0.9;    // cosine with the direction of rows that no text can have
constexpr double kCommonWay = 0.7;  // length of the mean of their directions, 1: all the same
constexpr std::size_t kChunk = 256;

bool IsNoByteOfUtf8(std::string_view bytes) {
  if (bytes.size() != 1) return false;
  const auto byte = static_cast<unsigned char>(bytes.front());
  return byte == 0xC0 || byte == 0xC1 || byte >= 0xF5;
}

// Rows that are the same, number for number, as another.
std::vector<std::uint64_t> EqualRows(const MatrixView& rows) {
  std::unordered_map<std::string_view, std::uint64_t> first;
  std::vector<bool> equal(static_cast<std::size_t>(rows.rows), false);
  for (std::uint64_t row = 0; row < rows.rows; ++row) {
    const auto [at, is_new] = first.emplace(std::string_view(rows.row(row), rows.row_bytes()), row);
    if (is_new) continue;
    equal[static_cast<std::size_t>(row)] = true;
    equal[static_cast<std::size_t>(at->second)] = true;
  }
  std::vector<std::uint64_t> out;
  for (std::uint64_t row = 0; row < rows.rows; ++row) {
    if (equal[static_cast<std::size_t>(row)]) out.push_back(row);
  }
  return out;
}

}  // namespace

std::vector<TokenId> WeakRows(const MatrixView& rows, const Tokenizer& tokenizer, int threads) {
  const auto columns = static_cast<std::size_t>(rows.columns);
  const std::uint64_t tokens = std::min<std::uint64_t>(tokenizer.vocab_size(), rows.rows);
  const std::vector<double> mean = MeanOfRows(rows, tokens, threads);
  const std::vector<double> squares = SquaredNorms(rows, 0, rows.rows, threads);
  const auto is_sound = [&](std::uint64_t row) {
    const double square = squares[static_cast<std::size_t>(row)];
    return std::isfinite(square) && square > 0;
  };
  // The direction of a row from the mean into `way`; false: it has none.
  const auto direct = [&](std::uint64_t row, std::vector<double>* way) {
    ReadRow(rows, row, *way);
    double square = 0;
    for (std::size_t j = 0; j < columns; ++j) {
      (*way)[j] -= mean[j];
      square += (*way)[j] * (*way)[j];
    }
    if (!(square > 0)) return false;
    for (double& value : *way) value /= std::sqrt(square);
    return true;
  };

  std::vector<std::uint64_t> unseen;
  for (std::uint64_t row = 0; row < rows.rows; ++row) {
    const std::optional<std::string_view> bytes =
        row < tokens ? tokenizer.token_bytes(static_cast<TokenId>(row)) : std::nullopt;
    if (is_sound(row) && (!bytes || IsNoByteOfUtf8(*bytes))) unseen.push_back(row);
  }
  if (unseen.empty()) {
    unseen = EqualRows(rows);
    std::erase_if(unseen, [&](std::uint64_t row) { return !is_sound(row); });
  }
  std::vector<double> common(columns, 0);
  std::vector<double> way(columns);
  for (const std::uint64_t row : unseen) {
    if (!direct(row, &way)) continue;
    for (std::size_t j = 0; j < columns; ++j) {
      common[j] += way[j] / static_cast<double>(unseen.size());
    }
  }
  double length = 0;
  for (const double value : common) length += value * value;
  length = std::sqrt(length);
  // Rows that no text can have, but that point all ways: never touched at all, so no row is like
  // them.
  const bool has_direction = length > kCommonWay;

  std::vector<char> weak(static_cast<std::size_t>(tokens), 0);
  ParallelFor(weak.size(), kChunk, threads, [&](std::size_t begin, std::size_t end) {
    std::vector<double> own(columns);
    for (std::size_t row = begin; row < end; ++row) {
      if (!tokenizer.token_bytes(static_cast<TokenId>(row))) continue;
      if (!is_sound(row)) {
        weak[row] = 1;
        continue;
      }
      if (!has_direction || !direct(row, &own)) continue;
      double cosine = 0;
      for (std::size_t j = 0; j < columns; ++j) cosine += own[j] * common[j] / length;
      weak[row] = cosine > kSameWay ? 1 : 0;
    }
  });
  for (const std::uint64_t row : unseen) {
    if (row < tokens && tokenizer.token_bytes(static_cast<TokenId>(row))) {
      weak[static_cast<std::size_t>(row)] = 1;
    }
  }
  std::vector<TokenId> out;
  for (std::size_t row = 0; row < weak.size(); ++row) {
    if (weak[row] != 0) out.push_back(static_cast<TokenId>(row));
  }
  return out;
}

}  // namespace tokgraft
