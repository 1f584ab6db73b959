#include "tokenizer/stages/decode_steps.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "tokenizer/stages/regex.h"
#include "tokenizer/text/byte_alphabet.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

// The same on every token; tokens that become nothing stay as empty strings.
template <typename F>
DecodeStep EachToken(F f) {
  return [f = std::move(f)](TokenStrings* tokens) {
    for (std::size_t i = 0; i < tokens->size(); ++i) (*tokens)[i] = f((*tokens)[i], i);
  };
}

// Puts right the spaces that WordPiece leaves around English punctuation.
std::string CleanUp(std::string text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kRules = {{
      {" .", "."},
      {" ?", "?"},
      {" !", "!"},
      {" ,", ","},
      {" ' ", "'"},
      {" n't", "n't"},
      {" 'm", "'m"},
      {" do not", " don't"},
      {" 's", "'s"},
      {" 've", "'ve"},
      {" 're", "'re"},
  }};
  for (const auto& [from, to] : kRules) {
    if (text.find(from) != text.npos) text = ReplaceAll(text, from, to);
  }
  return text;
}

// "<0x41>" -> 0x41. Like the reference's parser it takes a plus sign for the first digit.
std::optional<unsigned char> ByteOfToken(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return std::nullopt;
  const auto digit = [](char c) -> std::optional<unsigned> {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    return std::nullopt;
  };
  const auto high = token[3] == '+' ? std::optional<unsigned>(0) : digit(token[3]);
  const auto low = digit(token[4]);
  if (!high || !low) return std::nullopt;
  return static_cast<unsigned char>(*high * 16 + *low);
}

// A run of byte tokens that is not UTF-8 as a whole becomes one U+FFFD a token.
void FallBackToBytes(TokenStrings* tokens) {
  TokenStrings out;
  out.reserve(tokens->size());
  std::string bytes;
  const auto flush = [&] {
    if (IsValidUtf8(bytes)) {
      if (!bytes.empty()) out.push_back(bytes);
    } else {
      out.insert(out.end(), bytes.size(), std::string(kReplacementCharacter));
    }
    bytes.clear();
  };
  for (std::string& token : *tokens) {
    if (const auto byte = ByteOfToken(token)) {
      bytes.push_back(static_cast<char>(*byte));
      continue;
    }
    flush();
    out.push_back(std::move(token));
  }
  flush();
  *tokens = std::move(out);
}

void Fuse(TokenStrings* tokens) {
  std::string all;
  for (const std::string& token : *tokens) all += token;
  tokens->assign(1, all);
}

std::string StripToken(const decoder::Strip& o, const std::string& token) {
  std::vector<std::size_t> starts;  // of the characters
  for (std::size_t at = 0; at < token.size(); at += Utf8Length(token[at])) starts.push_back(at);
  const std::size_t count = starts.size();
  starts.push_back(token.size());
  const auto is_content = [&](std::size_t i) {
    return std::string_view(token).substr(starts[i], starts[i + 1] - starts[i]) == o.content;
  };
  std::size_t begin = 0;
  while (begin < count && begin < o.start && is_content(begin)) ++begin;
  std::size_t end = count;
  while (end > 0 && count - end < o.stop && is_content(end - 1)) --end;
  return end <= begin ? "" : token.substr(starts[begin], starts[end] - starts[begin]);
}

struct StepMaker {
  Reference reference;

  StatusOr<DecodeStep> operator()(const decoder::Bpe& o) const {
    return DecodeStep([o](TokenStrings* tokens) {
      for (std::size_t i = 0; i < tokens->size(); ++i) {
        (*tokens)[i] = ReplaceAll((*tokens)[i], o.suffix, i + 1 == tokens->size() ? "" : " ");
      }
    });
  }
  StatusOr<DecodeStep> operator()(const decoder::ByteLevel&) const {
    return DecodeStep([](TokenStrings* tokens) {
      std::string bytes;
      for (const std::string& token : *tokens) bytes += ByteLevelBytes(token);
      std::string text;
      ReplaceInvalid(bytes, &text);
      tokens->assign(1, text);
    });
  }
  StatusOr<DecodeStep> operator()(const decoder::WordPiece& o) const {
    return EachToken([o](const std::string& token, std::size_t i) {
      std::string out = token;
      if (i > 0) {
        out = token.starts_with(o.prefix) ? token.substr(o.prefix.size()) : " " + token;
      }
      return o.cleanup ? CleanUp(std::move(out)) : out;
    });
  }
  StatusOr<DecodeStep> operator()(const decoder::Metaspace& o) const {
    const bool drops_first = o.prepend_scheme != pre_tokenizer::PrependScheme::kNever;
    return EachToken([o, drops_first](const std::string& token, std::size_t i) {
      return ReplaceAll(token, o.replacement, i == 0 && drops_first ? "" : " ");
    });
  }
  StatusOr<DecodeStep> operator()(const decoder::Ctc& o) const {
    return DecodeStep([o](TokenStrings* tokens) {
      TokenStrings out;
      const std::string* previous = nullptr;
      for (const std::string& token : *tokens) {
        const bool repeated = previous != nullptr && *previous == token;
        previous = &token;
        if (repeated) continue;
        std::string text = ReplaceAll(token, o.pad_token, "");
        if (o.cleanup) text = ReplaceAll(CleanUp(std::move(text)), o.word_delimiter_token, " ");
        if (!text.empty()) out.push_back(std::move(text));
      }
      *tokens = std::move(out);
    });
  }
  StatusOr<DecodeStep> operator()(const decoder::Replace& o) const {
    if (!o.pattern.is_regex) {
      if (o.pattern.text.empty()) {
        return UnimplementedError("decoder: Replace of an empty string");
      }
      return EachToken([o](const std::string& token, std::size_t) {
        return ReplaceAll(token, o.pattern.text, o.content);
      });
    }
    TOKGRAFT_ASSIGN_OR_RETURN(Regex regex, Regex::Compile(o.pattern.text, reference));
    return EachToken([regex, content = o.content](const std::string& token, std::size_t) {
      if (token.empty()) return token;  // the reference does not even look
      std::vector<RegexMatch> matches;
      regex.FindAll(token, &matches);
      std::string out;
      std::size_t done = 0;
      for (const RegexMatch& match : matches) {
        out.append(token, done, match.begin - done);
        out += content;
        done = match.end;
      }
      return out.append(token, done);
    });
  }
  StatusOr<DecodeStep> operator()(const decoder::Fuse&) const { return DecodeStep(Fuse); }
  StatusOr<DecodeStep> operator()(const decoder::Strip& o) const {
    return EachToken([o](const std::string& token, std::size_t) { return StripToken(o, token); });
  }
  StatusOr<DecodeStep> operator()(const decoder::ByteFallback&) const {
    return DecodeStep(FallBackToBytes);
  }
  StatusOr<DecodeStep> operator()(const decoder::SentencePiece&) const { return Mixed(); }
  StatusOr<DecodeStep> operator()(const decoder::LlamaCpp&) const { return Mixed(); }
  StatusOr<DecodeStep> operator()(const decoder::RawBytes&) const { return Mixed(); }
  StatusOr<DecodeStep> operator()(const UnknownStage& o) const {
    return UnimplementedError(Cat("decoder: ", o.type, " is not supported"));
  }
  static Status Mixed() {
    return UnimplementedError("decoder: one of another format among those of tokenizer.json");
  }
};

}  // namespace

std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t begin = 0;;) {
    const std::size_t found = from.empty() ? text.npos : text.find(from, begin);
    out.append(text.substr(begin, found == text.npos ? text.npos : found - begin));
    if (found == text.npos) return out;
    out.append(to);
    begin = found + from.size();
  }
}

std::string ByteLevelBytes(std::string_view token) {
  return FromByteAlphabet(token).value_or(std::string(token));
}

StatusOr<DecodeStep> MakeDecodeStep(const Decoder& decoder, Reference reference) {
  return std::visit(StepMaker{reference}, decoder);
}

}  // namespace tokgraft
