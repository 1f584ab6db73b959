#include "tokenizer/stages/regex.h"

#include <oniguruma.h>

#include <array>
#include <cstdint>
#include <mutex>

#include "tokenizer/stages/regex_program.h"
#include "tokenizer/stages/regex_syntax.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

using Kind = RegexNode::Kind;

void AppendHex(char32_t c, std::string* out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out->append("\\x{");
  bool started = false;
  for (int shift = 20; shift >= 0; shift -= 4) {
    const auto digit = static_cast<std::size_t>((c >> shift) & 15);
    started = started || digit != 0 || shift == 0;
    if (started) out->push_back(kDigits[digit]);
  }
  out->push_back('}');
}

// Surrogates are in no text, and Oniguruma refuses them as bounds.
void AppendSet(const CodePointRanges& set, std::string* out) {
  std::string body;
  for (const auto& [first, after] : set) {
    const char32_t begin = first >= 0xD800 && first < 0xE000 ? 0xE000 : first;
    const char32_t last = after - 1 >= 0xD800 && after - 1 < 0xE000 ? 0xD7FF : after - 1;
    if (begin > last) continue;
    AppendHex(begin, &body);
    if (begin == last) continue;
    body.push_back('-');
    AppendHex(last, &body);
  }
  out->append(body.empty() ? "(?!)" : Cat("[", body, "]"));
}

void AppendNode(const RegexNode& node, std::string* out);

void AppendGroup(std::string_view open, const RegexNode& child, std::string* out) {
  out->append(open);
  AppendNode(child, out);
  out->push_back(')');
}

void AppendRepeat(const RegexNode& node, std::string* out) {
  const bool possessive = node.greed == RegexNode::Greed::kPossessive;
  if (possessive) out->append("(?>");
  AppendGroup("(?:", node.children[0], out);
  if (node.min == 0 && !node.max) {
    out->push_back('*');
  } else if (node.min == 1 && !node.max) {
    out->push_back('+');
  } else if (node.min == 0 && node.max == 1U) {
    out->push_back('?');
  } else {
    out->append(Cat("{", node.min, ",", node.max ? Cat(*node.max) : "", "}"));
  }
  if (node.greed == RegexNode::Greed::kLazy) out->push_back('?');
  if (possessive) out->push_back(')');
}

void AppendNode(const RegexNode& node, std::string* out) {
  switch (node.kind) {
    case Kind::kSet:
      return AppendSet(node.set, out);
    case Kind::kConcat:
      for (const RegexNode& child : node.children) AppendNode(child, out);
      return;
    case Kind::kAlternate:
      for (std::size_t i = 0; i < node.children.size(); ++i) {
        out->append(i == 0 ? "(?:" : "|");
        AppendNode(node.children[i], out);
      }
      out->push_back(')');
      return;
    case Kind::kRepeat:
      return AppendRepeat(node, out);
    case Kind::kAtomic:
      return AppendGroup("(?>", node.children[0], out);
    case Kind::kLookAhead:
      return AppendGroup("(?=", node.children[0], out);
    case Kind::kNotAhead:
      return AppendGroup("(?!", node.children[0], out);
    case Kind::kLookBehind:
      return AppendGroup("(?<=", node.children[0], out);
    case Kind::kNotBehind:
      return AppendGroup("(?<!", node.children[0], out);
    case Kind::kTextStart:
      out->append("\\A");
      return;
    case Kind::kTextEnd:
      out->append("\\z");
      return;
    case Kind::kLineStart:
      out->push_back('^');
      return;
    case Kind::kLineEnd:
      out->push_back('$');
      return;
    case Kind::kTextEndOrEol:
      out->append("\\Z");
      return;
  }
}

StatusOr<RegexDialect> DialectOf(Reference reference) {
  switch (reference) {
    case Reference::kHuggingFace:
      return RegexDialect::kRuby;
    case Reference::kTiktoken:
    case Reference::kTekken:
      return RegexDialect::kRust;
    case Reference::kSentencePiece:
    case Reference::kLlamaCpp:
      return UnimplementedError(Cat("a regex of reference ", ReferenceName(reference),
                                    " is not supported, expected hf, tiktoken or tekken; use a "
                                    "tokenizer without it"));
  }
  return InternalError("unknown reference");
}

const OnigUChar* Bytes(const char* p) { return reinterpret_cast<const OnigUChar*>(p); }

// Whether Oniguruma takes the pattern: it also refuses what the parser has no opinion on.
Status CheckWithOniguruma(std::string_view pattern, const std::string& spelled) {
  static std::once_flag initialized;
  std::call_once(initialized, [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings, 1);
  });
  regex_t* regex = nullptr;
  OnigErrorInfo error;
  const int code = onig_new(&regex, Bytes(spelled.data()), Bytes(spelled.data() + spelled.size()),
                            ONIG_OPTION_NONE, ONIG_ENCODING_UTF8, ONIG_SYNTAX_RUBY, &error);
  if (code == ONIG_NORMAL) {
    onig_free(regex);
    return absl::OkStatus();
  }
  std::array<OnigUChar, ONIG_MAX_ERROR_MESSAGE_LEN> message{};
  const int length = onig_error_code_to_str(message.data(), code, &error);
  return UnimplementedError(Cat("regex \"", pattern, "\": Oniguruma says \"",
                                std::string_view(reinterpret_cast<const char*>(message.data()),
                                                 static_cast<std::size_t>(length < 0 ? 0 : length)),
                                "\", expected a regex it can run; use another pattern"));
}

}  // namespace

struct Regex::Program {
  RegexProgram code;
};

StatusOr<Regex> Regex::Compile(std::string_view pattern, Reference reference) {
  TOKGRAFT_ASSIGN_OR_RETURN(const RegexDialect dialect, DialectOf(reference));
  auto tree = ParseRegex(pattern, dialect);
  if (!tree.ok()) return WithPlace(tree.status(), Cat("regex \"", pattern, "\""));
  std::string spelled;
  AppendNode(*tree, &spelled);
  TOKGRAFT_RETURN_IF_ERROR(CheckWithOniguruma(pattern, spelled));
  auto code = RegexProgram::Compile(*tree);
  if (!code.ok()) return WithPlace(code.status(), Cat("regex \"", pattern, "\""));
  auto program = std::make_shared<Program>();
  program->code = *std::move(code);
  Regex out;
  out.program_ = std::move(program);
  return out;
}

bool Regex::may_match_empty() const { return program_->code.matches_empty; }

void Regex::FindAll(std::string_view text, std::vector<RegexMatch>* matches) const {
  RegexRun run(program_->code, text);
  std::size_t from = 0;
  bool after_match = false;  // then the last match ended at last_end
  std::size_t last_end = 0;
  RegexMatch match;
  while (from <= text.size() && run.Find(from, &match.begin, &match.end)) {
    if (match.begin == match.end && after_match && last_end == match.end) {
      from += from < text.size() ? Utf8Length(text[from]) : 1;
      continue;
    }
    matches->push_back(match);
    from = last_end = match.end;
    after_match = true;
  }
}

}  // namespace tokgraft
