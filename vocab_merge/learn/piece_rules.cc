#include "vocab_merge/learn/piece_rules.h"

#include <unicode/uscript.h>

#include <algorithm>
#include <variant>

#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::size_t kMostCharacters = 16;
constexpr std::size_t kOneIn = 1000;  // pieces of the base that may break a rule which still holds
constexpr std::int32_t kAnyScript = -1;
constexpr char32_t kProlongedSound = 0x30FC;  // ー

bool IsDigit(char32_t c) { return c >= '0' && c <= '9'; }
bool IsLineBreak(char32_t c) { return c == '\n' || c == '\r'; }

// As the trainer tells scripts apart; kAnyScript goes with every other.
std::int32_t ScriptOf(char32_t c) {
  if (c == ' ') return kAnyScript;
  UErrorCode status = U_ZERO_ERROR;
  const UScriptCode code = uscript_getScript(static_cast<UChar32>(c), &status);
  if (U_FAILURE(status)) return USCRIPT_UNKNOWN;
  if (code == USCRIPT_INHERITED) return kAnyScript;
  if (code == USCRIPT_HIRAGANA || code == USCRIPT_KATAKANA || c == kProlongedSound) {
    return USCRIPT_HAN;
  }
  return code;
}

char32_t FirstCharacter(std::string_view text) {
  std::size_t at = 0;
  return DecodeValid(text, &at);
}

char32_t LastCharacter(std::string_view text) {
  std::size_t begin = text.size() - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  return FirstCharacter(text.substr(begin));
}

bool IsAllSpaces(std::string_view text) { return text.find_first_not_of(' ') == text.npos; }

}  // namespace

PieceRules::Broken PieceRules::BreaksOf(std::string_view piece) const {
  Broken broken{};
  std::size_t characters = 0;
  std::size_t digits = 0;
  std::size_t breaks = 0;
  std::int32_t script = kAnyScript;
  const bool all_spaces = IsAllSpaces(piece);
  for (std::size_t at = 0; at < piece.size();) {
    const std::size_t begin = at;
    const char32_t c = DecodeValid(piece, &at);
    ++characters;
    if (c == ' ' && !all_spaces && (space_at_end_ ? at < piece.size() : begin > 0)) {
      broken[kInnerSpace] = true;
    }
    digits += IsDigit(c) ? 1U : 0U;
    breaks += IsLineBreak(c) ? 1U : 0U;
    const std::int32_t here = ScriptOf(c);
    if (here == kAnyScript) continue;
    if (script != kAnyScript && script != here) broken[kScripts] = true;
    script = here;
  }
  broken[kSpaceRun] = all_spaces && characters > 1;
  broken[kDigits] = digits > 0 && characters > 1;
  broken[kLineBreak] = breaks > 0 && characters > 1;
  broken[kLength] = characters > kMostCharacters;
  return broken;
}

PieceRules PieceRules::Of(const TokenizerSpec& base) {
  PieceRules rules;
  if (base.spelling != Spelling::kMetaspace) return rules;
  for (const Normalizer& step : base.normalizers) {
    const auto* sentencepiece = std::get_if<normalizer::SentencePiece>(&step);
    if (sentencepiece != nullptr && sentencepiece->treat_whitespace_as_suffix) {
      rules.space_at_end_ = true;
    }
  }
  std::array<std::size_t, kRules> broken{};
  std::size_t pieces = 0;
  for (std::size_t i = 0; i < base.vocab.size(); ++i) {
    const Piece piece = base.vocab.entry(i);
    if (piece.kind != PieceKind::kNormal || !IsValidUtf8(piece.bytes)) continue;
    ++pieces;
    const Broken breaks = rules.BreaksOf(piece.bytes);
    for (std::size_t rule = 0; rule < kRules; ++rule) broken[rule] += breaks[rule] ? 1U : 0U;
  }
  for (std::size_t rule = 0; rule < kRules; ++rule) {
    rules.holds_[rule] = broken[rule] * kOneIn <= pieces;
  }
  // One run of spaces in the base is enough for others: where there are any, they are few.
  rules.holds_[kSpaceRun] = broken[kSpaceRun] == 0;
  rules.any_ = std::any_of(rules.holds_.begin(), rules.holds_.end(), [](bool b) { return b; });
  return rules;
}

bool PieceRules::Allows(std::string_view piece) const {
  if (!any_) return true;
  const Broken broken = BreaksOf(piece);
  for (std::size_t rule = 0; rule < kRules; ++rule) {
    if (broken[rule] && holds_[rule]) return false;
  }
  return true;
}

bool PieceRules::KeepApart(std::string_view left, std::string_view right) const {
  if (!any_ || left.empty() || right.empty()) return false;
  const char32_t before = LastCharacter(left);
  const char32_t after = FirstCharacter(right);
  if (holds_[kDigits] && (IsDigit(before) || IsDigit(after))) return true;
  if (holds_[kLineBreak] && (IsLineBreak(before) || IsLineBreak(after))) return true;
  if (holds_[kInnerSpace]) {
    const bool inside =
        space_at_end_ ? before == ' ' && after != ' ' : before != ' ' && after == ' ';
    if (inside) return true;
  }
  if (!holds_[kScripts]) return false;
  const std::int32_t one = ScriptOf(before);
  const std::int32_t other = ScriptOf(after);
  return one != kAnyScript && other != kAnyScript && one != other;
}

}  // namespace tokgraft
