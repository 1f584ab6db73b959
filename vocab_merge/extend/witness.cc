#include "vocab_merge/extend/witness.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "tokenizer/base/parallel.h"
#include "tokenizer/status.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::array<std::string_view, kLeftContexts> kLeft = {
    "", " ", "\n", "a", "A", "1", "_", ".", "(", "'", ">", "\xE4\xB8\xAD", "\xC3\xA9"};
// "re" and "S": what follows an apostrophe, in splitters that keep 's and 're together.
constexpr std::array<std::string_view, kRightContexts> kRight = {
    "", " ", "\n", "a", "A", "1", ".", ",", "_", ")", "\xE4\xB8\xAD", "re", "S"};
// Completions of a fragment that are tried on each side at most, in all, and first.
constexpr std::size_t kSideCompletions = 256;
constexpr std::size_t kFirstCompletions = 8;
constexpr std::size_t kCompletions = kFragmentContexts;

class Search {
 public:
  Search(const Tokenizer& tokenizer, std::span<const WitnessQuery> queries, int threads)
      : tokenizer_(tokenizer), queries_(queries), threads_(threads), found_(queries.size()) {
    for (std::size_t i = 0; i < queries.size(); ++i) open_.push_back(i);
  }

  // Tries one text per open query; an empty text is skipped.
  void Try(const std::function<std::string(const WitnessQuery&)>& make_text) {
    std::vector<std::string> texts;
    std::vector<std::size_t> asked;
    for (const std::size_t i : open_) {
      std::string text = make_text(queries_[i]);
      if (text.empty()) continue;
      texts.push_back(std::move(text));
      asked.push_back(i);
    }
    if (asked.empty()) return;
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    const EncodingBatch batch = tokenizer_.EncodeBatch(views, threads_);
    for (std::size_t row = 0; row < asked.size(); ++row) {
      const auto begin = batch.ids.begin() + batch.row_splits[row];
      const auto end = batch.ids.begin() + batch.row_splits[row + 1];
      if (std::find(begin, end, queries_[asked[row]].id) != end) {
        found_[asked[row]] = std::move(texts[row]);
      }
    }
    std::erase_if(open_, [&](std::size_t i) { return !found_[i].empty(); });
  }
  // Tries many texts for each of some queries, in order; queries in parallel.
  void TryMany(const std::vector<std::size_t>& queries,
               const std::function<std::vector<std::string>(const WitnessQuery&)>& make_texts) {
    ParallelFor(queries.size(), 4, threads_, [&](std::size_t begin, std::size_t end) {
      std::vector<TokenId> ids;
      for (std::size_t i = begin; i < end; ++i) {
        const WitnessQuery& query = queries_[queries[i]];
        for (std::string& text : make_texts(query)) {
          ids.clear();
          tokenizer_.EncodeIds(text, &ids);
          if (std::find(ids.begin(), ids.end(), query.id) == ids.end()) continue;
          found_[queries[i]] = std::move(text);
          break;
        }
      }
    });
    std::erase_if(open_, [&](std::size_t i) { return !found_[i].empty(); });
  }
  const std::vector<std::size_t>& open() const { return open_; }
  std::vector<std::string> Take() && { return std::move(found_); }

 private:
  const Tokenizer& tokenizer_;
  std::span<const WitnessQuery> queries_;
  int threads_;
  std::vector<std::string> found_;
  std::vector<std::size_t> open_;
};

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The character that ends (begins) at `at`, as bytes; whole `text` to that side where it is none.
std::string_view CharacterBefore(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && IsContinuation(text[begin - 1])) --begin;
  if (begin > 0) --begin;
  return text.substr(begin, at - begin);
}
std::string_view CharacterAfter(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {};
  std::size_t end = at + 1;
  while (end < text.size() && IsContinuation(text[end])) ++end;
  return text.substr(at, end - at);
}

// What makes `begin` of a piece, some continuation bytes, the end of a character.
std::vector<std::string> LeftCompletions(std::string_view begin, std::size_t most) {
  if (begin.empty()) return {""};
  std::vector<std::string> out;
  const auto add = [&](std::string lead) {
    if (out.size() < most && IsValidUtf8(Cat(lead, begin))) out.push_back(std::move(lead));
  };
  const auto byte = [](int b) { return std::string(1, static_cast<char>(b)); };
  for (int lead = 0xC2; lead < 0xF5; ++lead) add(byte(lead));
  for (int lead = 0xE0; lead < 0xF5; ++lead) {
    for (int b = 0x80; b < 0xC0; b += begin.size() == 1 ? 5 : 1) add(byte(lead) + byte(b));
  }
  for (int b = 0x80; b < 0xC0; ++b) add(Cat("\xF0\x9F", byte(b)));
  for (int b = 0x80; b < 0xC0; ++b) add(Cat("\xF0\xA0", byte(b)));
  return out;
}

// What makes `end` of a piece, a lead byte and perhaps more, a whole character.
std::vector<std::string> RightCompletions(std::string_view end, std::size_t most) {
  if (end.empty()) return {""};
  std::vector<std::string> out;
  const std::size_t missing = Utf8Length(end[0]) - std::min(Utf8Length(end[0]), end.size());
  // Counts through all combinations in an order that varies every byte early.
  std::size_t combinations = 1;
  for (std::size_t i = 0; i < missing; ++i) combinations *= 64;
  for (std::size_t n = 0; n < combinations && out.size() < most; ++n) {
    std::size_t code = missing <= 1 ? n : (n * 40503U) % combinations;
    std::string tail;
    for (std::size_t i = 0; i < missing; ++i, code /= 64) {
      tail.push_back(static_cast<char>(0x80 + code % 64));
    }
    if (IsValidUtf8(Cat(end, tail))) out.push_back(std::move(tail));
  }
  return out;
}

// Valid texts around a piece that starts or ends inside a character, `most` of them.
std::vector<std::string> Completions(std::string_view piece, std::size_t most) {
  std::size_t begin = 0;
  while (begin < piece.size() && IsContinuation(piece[begin])) ++begin;
  std::size_t end = piece.size();
  while (end > begin && IsContinuation(piece[end - 1])) --end;
  if (end > begin && Utf8Length(piece[end - 1]) > piece.size() - (end - 1)) {
    --end;  // a lead byte without all of its continuation
  } else {
    end = piece.size();
  }
  if (begin == piece.size()) end = piece.size();  // continuation bytes only
  if (!IsValidUtf8(piece.substr(begin, end - begin))) return {};
  const std::size_t side = std::min(kSideCompletions, most);
  const std::vector<std::string> lefts = LeftCompletions(piece.substr(0, begin), side);
  const std::vector<std::string> rights = RightCompletions(piece.substr(end), side);
  std::vector<std::string> out;
  if (lefts.empty() || rights.empty()) return out;
  const std::size_t pairs = std::min(most, lefts.size() * rights.size());
  for (std::size_t n = 0; n < pairs; ++n) {
    const std::string& left = lefts[n % lefts.size()];
    const std::string& right = rights[(n + n / lefts.size()) % rights.size()];
    out.push_back(Cat(left, piece, right));
  }
  return out;
}

}  // namespace

std::vector<std::string> FindWitnesses(const Tokenizer& tokenizer,
                                       std::span<const WitnessQuery> queries,
                                       const WitnessOptions& options) {
  Search search(tokenizer, queries, options.threads);
  search.Try([](const WitnessQuery& q) { return std::string(q.known); });
  const auto try_valid = [&](auto make) {
    search.Try([&](const WitnessQuery& q) {
      std::string text = make(q);
      return IsValidUtf8(text) ? text : std::string();
    });
  };
  try_valid([](const WitnessQuery& q) { return std::string(q.bytes); });
  // Beside one character of the piece it was made for, then beside all of one side.
  for (int side = 0; side < 4; ++side) {
    for (const std::string_view context : kRight) {
      try_valid([&](const WitnessQuery& q) -> std::string {
        const std::size_t at = q.owner.find(q.bytes);
        if (at == std::string_view::npos || q.owner == q.bytes) return {};
        const std::size_t end = at + q.bytes.size();
        if (side == 0) return Cat(CharacterBefore(q.owner, at), q.bytes, context);
        if (side == 1) return Cat(context, q.bytes, CharacterAfter(q.owner, end));
        if (side == 2) return Cat(q.owner.substr(0, end), context);
        return Cat(context, q.owner.substr(at));
      });
      if (search.open().empty()) break;
    }
  }
  for (const std::string& left : options.lefts) {
    try_valid([&](const WitnessQuery& q) { return Cat(left, q.bytes); });
  }
  for (const std::string_view left : kLeft) {
    for (const std::string_view right : kRight) {
      if (search.open().empty()) break;
      try_valid([&](const WitnessQuery& q) { return Cat(left, q.bytes, right); });
    }
  }
  for (const std::size_t most : {kFirstCompletions, kCompletions}) {
    std::vector<std::size_t> fragments;
    for (const std::size_t i : search.open()) {
      if (!IsValidUtf8(queries[i].bytes)) fragments.push_back(i);
    }
    search.TryMany(fragments, [&](const WitnessQuery& q) { return Completions(q.bytes, most); });
  }
  if (options.allow_bytes) {
    for (const std::string_view left : kLeft) {
      search.Try([&](const WitnessQuery& q) { return Cat(left, q.bytes); });
    }
  }
  return std::move(search).Take();
}

}  // namespace tokgraft
