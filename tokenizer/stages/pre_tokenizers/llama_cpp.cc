// llama.cpp's splitters, known by the name in a GGUF file.
//
// A name stands for a list of regexes, each applied to what the one before left, matches isolated.
// llama.cpp runs them over its own classes (Unicode 15.1), some by hand-written code that differs
// in places from the regex: 'S is folded, 'ſ is not.
#include <array>
#include <limits>
#include <span>
#include <utility>

#include "tokenizer/stages/pre_tokenizers/step.h"
#include "tokenizer/stages/regex_set.h"
#include "tokenizer/stages/scanners/class_table.h"
#include "tokenizer/text/code_point_set.h"
#include "tokenizer/text/pre_token_classes.h"

namespace tokgraft {
namespace {

// What a property of Unicode 16 means to llama.cpp.
CodePointRanges Property(std::string_view name) {
  CodePointRanges unknown;
  const std::span<const char32_t> flat = UnknownToLlamaCpp();
  for (std::size_t i = 0; i < flat.size(); i += 2) unknown.emplace_back(flat[i], flat[i + 1]);
  return SetIntersection(*PropertySet(name), SetComplement(unknown));
}

std::vector<char32_t> Flat(const CodePointRanges& ranges) {
  std::vector<char32_t> out;
  for (const auto& [begin, end] : ranges) {
    out.push_back(begin);
    out.push_back(end);
  }
  return out;
}

// Runs of at most `max_length` characters of a set, isolated.
class RunSplitter : public Splitter {
 public:
  RunSplitter(const CodePointRanges& set, std::size_t max_length)
      : ranges_(Flat(set)), set_(ranges_), max_length_(max_length) {}
  bool takes_any_bytes() const override { return true; }
  void Split(std::string_view text, SplitBuffers*,
             std::vector<std::string_view>* pieces) const override {
    const Reader reader(text, ClassTable::LlamaCpp());
    const char* gap = text.data();
    for (const char* p = gap; p != reader.end();) {
      const char* q = Run(p, reader);
      if (q == p) {
        p += reader.At(p).length;
        continue;
      }
      if (gap != p) pieces->emplace_back(gap, static_cast<std::size_t>(p - gap));
      pieces->emplace_back(p, static_cast<std::size_t>(q - p));
      p = gap = q;
    }
    if (gap != reader.end()) {
      pieces->emplace_back(gap, static_cast<std::size_t>(reader.end() - gap));
    }
  }

 private:
  const char* Run(const char* p, const Reader& reader) const {
    for (std::size_t i = 0; i < max_length_ && p != reader.end(); ++i) {
      const Reader::Character c = reader.At(p);
      if (!set_.Contains(c.code)) break;
      p += c.length;
    }
    return p;
  }

  std::vector<char32_t> ranges_;
  CodePointSet set_;  // of ranges_
  std::size_t max_length_;
};

// Exactly three ASCII digits, isolated.
class ThreeDigitsSplitter : public Splitter {
 public:
  bool takes_any_bytes() const override { return true; }
  void Split(std::string_view text, SplitBuffers*,
             std::vector<std::string_view>* pieces) const override {
    std::size_t gap = 0;
    std::size_t digits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
      if (digits != 3) continue;
      if (gap != i - 2) pieces->push_back(text.substr(gap, i - 2 - gap));
      pieces->push_back(text.substr(i - 2, 3));
      gap = i + 1;
      digits = 0;
    }
    if (gap != text.size()) pieces->push_back(text.substr(gap));
  }
};

// The splitters, each with the names that mean it.
enum class Family : std::uint8_t { kDefault, kGpt2, kDigitsGpt2, kLlama3, kQwen2 };
struct KnownName {
  std::string_view name;
  Family family;
};
constexpr std::array kNames = {
    KnownName{"default", Family::kDefault},
    KnownName{"gpt-2", Family::kGpt2},
    KnownName{"phi-2", Family::kGpt2},
    KnownName{"jina-es", Family::kGpt2},
    KnownName{"jina-de", Family::kGpt2},
    KnownName{"jina-v2-es", Family::kGpt2},
    KnownName{"jina-v2-de", Family::kGpt2},
    KnownName{"mpt", Family::kGpt2},
    KnownName{"olmo", Family::kGpt2},
    KnownName{"smollm", Family::kDigitsGpt2},
    KnownName{"starcoder", Family::kDigitsGpt2},
    KnownName{"refact", Family::kDigitsGpt2},
    KnownName{"command-r", Family::kDigitsGpt2},
    KnownName{"codeshell", Family::kDigitsGpt2},
    KnownName{"llama-bpe", Family::kLlama3},
    KnownName{"llama3", Family::kLlama3},
    KnownName{"llama-v3", Family::kLlama3},
    KnownName{"qwen2", Family::kQwen2},
    KnownName{"deepseek-r1-qwen", Family::kQwen2},
    KnownName{"stablelm2", Family::kQwen2},
};

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

void AddSplitter(std::unique_ptr<const Splitter> splitter, std::vector<PreTokenizeStep>* steps) {
  steps->emplace_back().splitter = std::move(splitter);
}

std::vector<PreTokenizeStep> StepsOf(Family family) {
  std::vector<PreTokenizeStep> steps;
  switch (family) {
    case Family::kDefault:
      // [\p{P}\$\+<=>\^~\|]+, GPT-2's, \p{N}+, [0-9][0-9][0-9]
      AddSplitter(
          std::make_unique<RunSplitter>(
              SetUnion(
                  Property("P"),
                  {{'$', '%'}, {'+', ','}, {'<', '?'}, {'^', '_'}, {'|', '}'}, {'~', '~' + 1}}),
              kNoLimit),
          &steps);
      AddSplitter(MakeScannerSplitter(ScannerKind::kLlamaCppGpt2), &steps);
      AddSplitter(std::make_unique<RunSplitter>(Property("N"), kNoLimit), &steps);
      AddSplitter(std::make_unique<ThreeDigitsSplitter>(), &steps);
      break;
    case Family::kGpt2:
      AddSplitter(MakeScannerSplitter(ScannerKind::kLlamaCppGpt2), &steps);
      break;
    case Family::kDigitsGpt2:
      AddSplitter(std::make_unique<RunSplitter>(Property("N"), 1), &steps);
      AddSplitter(MakeScannerSplitter(ScannerKind::kLlamaCppGpt2), &steps);
      break;
    case Family::kLlama3:
      AddSplitter(MakeScannerSplitter(ScannerKind::kLlamaCppLlama3), &steps);
      break;
    case Family::kQwen2:
      AddSplitter(MakeScannerSplitter(ScannerKind::kLlamaCppQwen2), &steps);
      break;
  }
  return steps;
}

}  // namespace

StatusOr<std::vector<PreTokenizeStep>> CompileLlamaCpp(std::string_view name) {
  for (const KnownName& known : kNames) {
    if (known.name == name) return StepsOf(known.family);
  }
  return UnimplementedError(
      Cat("llama.cpp's pre-tokenizer \"", name,
          "\" is not supported, expected default, gpt-2, smollm, llama-bpe or qwen2; load the "
          "model's tokenizer.json instead"));
}

}  // namespace tokgraft
