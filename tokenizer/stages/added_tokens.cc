#include "tokenizer/stages/added_tokens.h"

#include <algorithm>
#include <utility>

#include "tokenizer/text/pre_token_classes.h"
#include "tokenizer/text/unicode_data.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

// The cost of a hostile text is bounded by this many steps a byte.
constexpr std::size_t kLongestPattern = 1024;

// The character that ends at `end`, and where it starts; nullopt at the start or where the bytes
// are not UTF-8.
struct Character {
  char32_t value;
  std::size_t begin, end;
};
std::optional<Character> CharacterBefore(std::string_view text, std::size_t end) {
  for (std::size_t size = 1; size <= 4 && size <= end; ++size) {
    const std::size_t begin = end - size;
    if ((static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) continue;
    std::size_t bad = 0;
    if (CheckCharacter(text.substr(begin, size), &bad) != size) return std::nullopt;
    std::size_t at = begin;
    return Character{DecodeValid(text, &at), begin, end};
  }
  return std::nullopt;
}
std::optional<Character> CharacterAfter(std::string_view text, std::size_t begin) {
  if (begin >= text.size()) return std::nullopt;
  std::size_t bad = 0;
  const std::size_t size = CheckCharacter(text.substr(begin), &bad);
  if (size == 0) return std::nullopt;
  std::size_t at = begin;
  return Character{DecodeValid(text, &at), begin, begin + size};
}

bool IsWord(const std::optional<Character>& character) {
  return character && HfWord().Contains(character->value);
}
bool IsSpace(const std::optional<Character>& character) {
  return character && IsWhitespace(character->value);
}
// isspace of the C locale.
bool IsCSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

StatusOr<AddedTokenMatcher> AddedTokenMatcher::Compile(std::vector<Pattern> patterns,
                                                       Reference reference) {
  AddedTokenMatcher out;
  out.patterns_ = std::move(patterns);
  out.longest_first_ = reference == Reference::kLlamaCpp;
  std::vector<ByteTrie::Key> keys;
  for (std::size_t i = 0; i < out.patterns_.size(); ++i) {
    const std::string& text = out.patterns_[i].text;
    const std::string place = Cat("added_tokens: token ", out.patterns_[i].token.id);
    if (text.empty()) {
      return UnimplementedError(
          Cat(place, " is empty after normalization, expected text; remove the token"));
    }
    if (text.size() > kLongestPattern) {
      return UnimplementedError(Cat(place, " has ", text.size(), " bytes, expected at most ",
                                    kLongestPattern, "; shorten or remove the token"));
    }
    keys.push_back({text, static_cast<std::uint32_t>(i)});
    out.first_bytes_[static_cast<unsigned char>(text[0])] = true;
  }
  out.trie_ = ByteTrie::Build(std::move(keys));
  for (std::size_t i = 0; i < out.patterns_.size(); ++i) {
    const auto held = out.trie_.Find(out.patterns_[i].text);
    if (held != static_cast<std::uint32_t>(i)) {
      // Which of the two the reference finds hangs on the order of a hash map of its process.
      return UnimplementedError(Cat("added_tokens: tokens ", out.patterns_[i].token.id, " and ",
                                    out.patterns_[*held].token.id, " are both \"",
                                    out.patterns_[i].text,
                                    "\" in text, and the reference finds now one, now the other, "
                                    "expected one; remove the other"));
    }
  }
  return out;
}

std::size_t AddedTokenMatcher::NextCandidate(std::string_view text, std::size_t from) const {
  const auto starts = [&](std::size_t i) {
    return first_bytes_[static_cast<unsigned char>(text[i])];
  };
  while (from + 4 <= text.size()) {
    if (starts(from) || starts(from + 1) || starts(from + 2) || starts(from + 3)) break;
    from += 4;
  }
  while (from < text.size() && !starts(from)) ++from;
  return from;
}

void AddedTokenMatcher::Split(std::string_view text, std::vector<TextSegment>* segments) const {
  if (text.empty()) return;
  if (longest_first_) {
    SplitLongestFirst(text, segments);
  } else {
    SplitLeftmostLongest(text, segments);
  }
}

void AddedTokenMatcher::SplitLeftmostLongest(std::string_view text,
                                             std::vector<TextSegment>* segments) const {
  std::size_t done = 0;  // text before is in a segment
  for (std::size_t at = NextCandidate(text, 0); at < text.size(); at = NextCandidate(text, at)) {
    const ByteTrie::Match match = trie_.LongestPrefix(text.substr(at));
    if (match.size == 0) {
      ++at;
      continue;
    }
    const AddedToken& token = patterns_[match.value].token;
    std::size_t begin = at;
    std::size_t end = at + match.size;
    at = end;
    if (token.single_word &&
        (IsWord(CharacterBefore(text, begin)) || IsWord(CharacterAfter(text, end)))) {
      continue;
    }
    if (token.lstrip) {
      std::size_t spaces = begin;
      for (auto c = CharacterBefore(text, spaces); spaces > done && IsSpace(c);
           c = CharacterBefore(text, spaces)) {
        spaces = c->begin;
      }
      begin = std::max(spaces, done);
    }
    if (token.rstrip) {
      for (auto c = CharacterAfter(text, end); IsSpace(c); c = CharacterAfter(text, end)) {
        end = c->end;
      }
    }
    if (done < begin) segments->push_back({done, begin, std::nullopt});
    // Spaces that the token before stripped may be all of this one; nothing is left of it then.
    if (begin < end) segments->push_back({begin, end, token.id});
    done = end;
  }
  if (done < text.size()) segments->push_back({done, text.size(), std::nullopt});
}

void AddedTokenMatcher::SplitLongestFirst(std::string_view text,
                                          std::vector<TextSegment>* segments) const {
  struct Found {
    std::size_t begin, size;
    std::uint32_t pattern;
  };
  std::vector<Found> found;
  for (std::size_t at = NextCandidate(text, 0); at < text.size();
       at = NextCandidate(text, at + 1)) {
    std::uint32_t node = ByteTrie::kRoot;
    for (std::size_t i = at; i < text.size(); ++i) {
      node = trie_.Child(node, text[i]);
      if (node == ByteTrie::kDead) break;
      if (trie_.Value(node) != ByteTrie::kNoValue)
        found.push_back({at, i + 1 - at, trie_.Value(node)});
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    if (a.size != b.size) return a.size > b.size;
    return a.pattern < b.pattern;
  });
  std::vector<bool> taken(found.empty() ? 0 : text.size(), false);
  std::vector<TextSegment> tokens;
  for (const Found& one : found) {
    std::size_t begin = one.begin;
    std::size_t end = begin + one.size;
    if (std::find(taken.begin() + static_cast<std::ptrdiff_t>(begin),
                  taken.begin() + static_cast<std::ptrdiff_t>(end),
                  true) != taken.begin() + static_cast<std::ptrdiff_t>(end)) {
      continue;
    }
    const AddedToken& token = patterns_[one.pattern].token;
    while (token.lstrip && begin > 0 && !taken[begin - 1] && IsCSpace(text[begin - 1])) --begin;
    while (token.rstrip && end < text.size() && !taken[end] && IsCSpace(text[end])) ++end;
    std::fill(taken.begin() + static_cast<std::ptrdiff_t>(begin),
              taken.begin() + static_cast<std::ptrdiff_t>(end), true);
    tokens.push_back({begin, end, token.id});
  }
  std::sort(tokens.begin(), tokens.end(),
            [](const TextSegment& a, const TextSegment& b) { return a.begin < b.begin; });
  std::size_t done = 0;
  for (const TextSegment& token : tokens) {
    if (done < token.begin) segments->push_back({done, token.begin, std::nullopt});
    segments->push_back(token);
    done = token.end;
  }
  if (done < text.size()) segments->push_back({done, text.size(), std::nullopt});
}

}  // namespace tokgraft
