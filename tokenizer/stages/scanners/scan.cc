#include "tokenizer/stages/scanners/scan.h"

#include <array>

#include "tokenizer/stages/scanners/cl100k.h"
#include "tokenizer/stages/scanners/deepseek.h"
#include "tokenizer/stages/scanners/gpt2.h"
#include "tokenizer/stages/scanners/o200k.h"

namespace tokgraft {
namespace {

// Which engines read a spelling the way its scanner does.
enum class Dialects : std::uint8_t { kAll, kRuby, kRust };

struct KnownRegex {
  std::string_view regex;
  Dialects dialects;
  ScannerKind kind;
};

constexpr std::string_view kGpt2Regex =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// In Ruby's syntax {1,3}+ repeats and $ also stands before a line end, so a spelling of tiktoken's
// with these is another pattern to Oniguruma.
constexpr std::array kKnown = {
    KnownRegex{kGpt2Regex, Dialects::kAll, ScannerKind::kGpt2},
    KnownRegex{R"('(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s)",
               Dialects::kRust, ScannerKind::kGpt2},
    KnownRegex{R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
               Dialects::kAll, ScannerKind::kGpt2},
    KnownRegex{R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)"
               R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
               Dialects::kAll, ScannerKind::kCl100k},
    KnownRegex{R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|)"
               R"( ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s)",
               Dialects::kRust, ScannerKind::kCl100kEndFirst},
    KnownRegex{R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)"
               R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
               Dialects::kAll, ScannerKind::kQwen2},
    KnownRegex{R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
               R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
               R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
               R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
               R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
               Dialects::kAll, ScannerKind::kO200k},
    KnownRegex{R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|)"
               R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|)"
               R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
               Dialects::kAll, ScannerKind::kTekken},
    KnownRegex{R"([\p{Han}]+|)"
               R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*)"
               R"([\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
               R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+)"
               R"([\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
               R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
               Dialects::kAll, ScannerKind::kKimiK2},
};

bool Speaks(Reference reference, Dialects dialects) {
  switch (reference) {
    case Reference::kHuggingFace:
      return dialects != Dialects::kRust;
    case Reference::kTiktoken:
    case Reference::kTekken:
      return dialects != Dialects::kRuby;
    case Reference::kSentencePiece:
    case Reference::kLlamaCpp:
      return false;
  }
  return false;
}

template <typename Scanner>
void ScanWith(std::string_view text, std::vector<std::string_view>* pieces,
              const ClassTable& table = ClassTable::Unicode16()) {
  const Reader reader(text, table);
  for (const char* p = text.data(); p != reader.end();) {
    const char* q = Scanner::Next(p, reader);
    pieces->emplace_back(p, static_cast<std::size_t>(q - p));
    p = q;
  }
}

constexpr O200kOptions kTekkenOptions = {.max_digits = 1, .contractions = false};
constexpr O200kOptions kKimiOptions = {.slash = false, .han_apart = true};

}  // namespace

std::string_view ScannerName(ScannerKind kind) {
  switch (kind) {
    case ScannerKind::kGpt2:
      return "gpt2";
    case ScannerKind::kCl100k:
      return "cl100k";
    case ScannerKind::kCl100kEndFirst:
      return "cl100k (tiktoken)";
    case ScannerKind::kQwen2:
      return "qwen2";
    case ScannerKind::kO200k:
      return "o200k";
    case ScannerKind::kTekken:
      return "tekken";
    case ScannerKind::kKimiK2:
      return "kimi_k2";
    case ScannerKind::kLlamaCppGpt2:
      return "gpt2 (llama.cpp)";
    case ScannerKind::kLlamaCppLlama3:
      return "llama3 (llama.cpp)";
    case ScannerKind::kLlamaCppQwen2:
      return "qwen2 (llama.cpp)";
  }
  return "";
}

std::optional<ScannerKind> FindScanner(std::string_view regex, Reference reference) {
  for (const KnownRegex& known : kKnown) {
    if (known.regex == regex && Speaks(reference, known.dialects)) return known.kind;
  }
  return std::nullopt;
}

std::string_view Gpt2Regex() { return kGpt2Regex; }

bool AreDeepSeekRegexes(std::string_view first, std::string_view second, std::string_view third) {
  return first == R"(\p{N}{1,3})" && second == "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+" &&
         third ==
             "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|"
             "[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|"
             "\\s*[\r\n]+|\\s+(?!\\S)|\\s+";
}

void Scan(ScannerKind kind, std::string_view text, std::vector<std::string_view>* pieces) {
  switch (kind) {
    case ScannerKind::kGpt2:
      return ScanWith<Gpt2Scanner>(text, pieces);
    case ScannerKind::kCl100k:
      return ScanWith<Cl100kScanner<3, false>>(text, pieces);
    case ScannerKind::kCl100kEndFirst:
      return ScanWith<Cl100kScanner<3, true>>(text, pieces);
    case ScannerKind::kQwen2:
      return ScanWith<Cl100kScanner<1, false>>(text, pieces);
    case ScannerKind::kO200k:
      return ScanWith<O200kScanner<O200kOptions{}>>(text, pieces);
    case ScannerKind::kTekken:
      return ScanWith<O200kScanner<kTekkenOptions>>(text, pieces);
    case ScannerKind::kKimiK2:
      return ScanWith<O200kScanner<kKimiOptions>>(text, pieces);
    case ScannerKind::kLlamaCppGpt2:
      return ScanWith<Gpt2Scanner>(text, pieces, ClassTable::LlamaCpp());
    case ScannerKind::kLlamaCppLlama3:
      return ScanWith<Cl100kScanner<3, false, Fold::kAscii>>(text, pieces, ClassTable::LlamaCpp());
    case ScannerKind::kLlamaCppQwen2:
      return ScanWith<Cl100kScanner<1, false, Fold::kAscii>>(text, pieces, ClassTable::LlamaCpp());
  }
}

void ScanDeepSeek(std::string_view text, std::vector<std::string_view>* pieces) {
  DeepSeekScanner::Scan(text, ClassTable::Unicode16(),
                        [pieces](const char* begin, const char* end) {
                          pieces->emplace_back(begin, static_cast<std::size_t>(end - begin));
                        });
}

}  // namespace tokgraft
