// The normalizer of sentencepiece, and of llama.cpp's SPM vocabularies.
//
// At each position the longest user-defined symbol stays as it is, else the longest key of the
// charsmap is replaced, else one character is copied. Then spaces: leading, trailing and repeated
// ones may be dropped, one is put before (or after) the text, and each may be spelled ▁.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/stages/normalizers/charsmap.h"
#include "tokenizer/stages/normalizers/step.h"
#include "tokenizer/stages/normalizers/symbol_trie.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::string_view kMetaspace = "\u2581";
constexpr std::string_view kReplacementCharacter = "\uFFFD";
// sentencepiece looks at no more matches of one position than these, shortest first.
constexpr int kMaxCharsmapMatches = 32;

class SentencePiece final : public NormalizerStep {
 public:
  SentencePiece(normalizer::SentencePiece options, Charsmap charsmap, SymbolTrie symbols)
      : options_(std::move(options)),
        charsmap_(std::move(charsmap)),
        symbols_(std::move(symbols)),
        space_(options_.escape_whitespaces ? kMetaspace : std::string_view(" ")) {
    for (unsigned byte = 0; byte < plain_.size(); ++byte) {
      const auto b = static_cast<unsigned char>(byte);
      const bool is_mapped = b < 0x80 ? !charsmap_.IsPlainBeforeAscii(b) : !charsmap_.empty();
      plain_[byte] = b != ' ' && !is_mapped && !symbols_.Starts(b);
    }
  }

  bool Apply(std::string_view text, std::string* out) const override {
    NoPositions positions;
    out->reserve(out->size() + text.size() + text.size() / 2 + 3);
    Run(text, out, &positions);
    return true;
  }

  void Apply(AlignedText* text) const override {
    AlignedText out;
    out.source = text->source;
    Positions positions;
    Run(text->text, &out.text, &positions);
    // A position of the old text as one of the original.
    const auto original = [&](std::size_t at) {
      if (at < text->origin.size()) return text->origin[at].begin;
      return text->origin.empty() ? text->source.begin : text->origin.back().end;
    };
    out.origin.reserve(out.text.size());
    for (std::size_t i = 0; i < out.text.size(); ++i) {
      out.origin.push_back({original(positions.at[i]), original(positions.at[i + 1])});
    }
    *text = std::move(out);
  }

 private:
  // Where each byte of the output starts in the input; one more for the end.
  struct Positions {
    std::vector<std::size_t> at;
    void Add(std::size_t count, std::size_t position) { at.insert(at.end(), count, position); }
    // Text copied as it is, byte for byte, so that a byte piece covers its byte.
    void AddRun(std::string_view text, std::size_t position) {
      for (std::size_t i = 0; i < text.size(); ++i) at.push_back(position + i);
    }
    std::size_t Cut(std::size_t size, std::size_t /*position*/) {
      const std::size_t position = at[size];
      at.resize(size);
      return position;
    }
  };
  struct NoPositions {
    void Add(std::size_t, std::size_t) {}
    void AddRun(std::string_view, std::size_t) {}
    std::size_t Cut(std::size_t, std::size_t position) { return position; }
  };

  struct Prefix {
    std::string_view normalized;
    std::size_t length = 0;     // bytes of input
    bool is_character = false;  // one character, as it stands in the input
  };
  Prefix NextPrefix(std::string_view text) const {
    if (const std::size_t length = symbols_.Match(text); length > 0) {
      return {text.substr(0, length), length};
    }
    std::size_t longest = 0;
    std::uint32_t value = 0;
    int matches = 0;
    charsmap_.ForEachPrefix(text, [&](std::size_t length, std::uint32_t found) {
      longest = length;
      value = found;
      return ++matches < kMaxCharsmapMatches;
    });
    if (longest == 0 || value >= charsmap_.replacements().size()) {
      // A key that ends inside a character leaves its last bytes behind.
      if ((static_cast<unsigned char>(text[0]) & 0xC0) == 0x80) return {kReplacementCharacter, 1};
      const std::size_t length = Utf8Length(text[0]);
      return {text.substr(0, length), length, true};
    }
    return {charsmap_.Replacement(value), longest};
  }

  template <typename Where>
  void Run(std::string_view text, std::string* out, Where* where) const {
    const std::size_t out_start = out->size();
    std::size_t position = 0;
    if (options_.remove_extra_whitespaces) {
      while (position < text.size()) {
        const Prefix prefix = NextPrefix(text.substr(position));
        if (prefix.normalized != " ") break;
        position += prefix.length;
      }
    }
    if (position == text.size()) return;
    const auto add_space = [&] {
      out->append(space_);
      where->Add(space_.size(), position);
    };
    const bool as_suffix = options_.treat_whitespace_as_suffix;
    if (!as_suffix && options_.add_dummy_prefix) add_space();
    bool after_space = options_.remove_extra_whitespaces;
    while (position < text.size()) {
      const std::size_t plain = PlainRun(text, position);
      if (plain > 0) {
        out->append(text, position, plain);
        where->AddRun(text.substr(position, plain), position);
        position += plain;
        after_space = false;
        continue;
      }
      Prefix prefix = NextPrefix(text.substr(position));
      while (after_space && prefix.normalized.starts_with(' ')) prefix.normalized.remove_prefix(1);
      for (const char& c : prefix.normalized) {
        if (c == ' ') {
          add_space();
        } else {
          out->push_back(c);
          where->Add(1, position + (prefix.is_character
                                        ? static_cast<std::size_t>(&c - prefix.normalized.data())
                                        : 0));
        }
      }
      if (!prefix.normalized.empty()) after_space = prefix.normalized.ends_with(' ');
      if (!options_.remove_extra_whitespaces) after_space = false;
      position += prefix.length;
    }
    if (options_.remove_extra_whitespaces) {
      while (std::string_view(*out).substr(out_start).ends_with(space_)) {
        out->resize(out->size() - space_.size());
        position = where->Cut(out->size() - out_start, position);
      }
    }
    if (as_suffix && options_.add_dummy_prefix) add_space();
    where->Add(1, position);
  }

  // How many bytes from `position` nothing touches. Under a charsmap, an ASCII byte before one that
  // is not ASCII may start a key together with it, so it is left out.
  std::size_t PlainRun(std::string_view text, std::size_t position) const {
    std::size_t end = position;
    while (end < text.size() && plain_[static_cast<unsigned char>(text[end])]) ++end;
    const bool at_risk = !charsmap_.empty() && end < text.size() && end > position &&
                         static_cast<unsigned char>(text[end]) >= 0x80;
    return end - position - (at_risk ? 1 : 0);
  }

  normalizer::SentencePiece options_;
  Charsmap charsmap_;
  SymbolTrie symbols_;
  std::string_view space_;
  std::array<bool, 256> plain_{};
};

}  // namespace

StatusOr<NormalizerStepPtr> MakeSentencePiece(const normalizer::SentencePiece& options,
                                              const TokenizerSpec& spec) {
  normalizer::SentencePiece effective = options;
  Charsmap charsmap;
  if (!options.charsmap.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(charsmap, Charsmap::Parse(options.charsmap));
  }
  SymbolTrie symbols;
  if (spec.reference == Reference::kLlamaCpp) {
    if (!options.charsmap.empty()) {
      return UnimplementedError("SentencePiece: a charsmap inside a GGUF file, none was expected");
    }
    // llama.cpp's SPM tokenizer only prefixes and escapes.
    effective.remove_extra_whitespaces = false;
  } else {
    for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
      const Piece piece = spec.vocab.entry(i);
      if (piece.kind == PieceKind::kUserDefined) symbols.Add(piece.spelling);
    }
  }
  return NormalizerStepPtr(
      new SentencePiece(std::move(effective), std::move(charsmap), std::move(symbols)));
}

}  // namespace tokgraft
