#include "tokenizer/stages/regex_syntax.h"

#include <string>
#include <utility>

#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

using Kind = RegexNode::Kind;
using Greed = RegexNode::Greed;

constexpr std::uint32_t kMaxRepeat = 100000;  // Oniguruma's
constexpr int kMaxDepth = 200;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Flags {
  bool fold = false;         // i
  bool dot_newline = false;  // Ruby's m, Rust's s
  bool lines = false;        // Rust's m
};

class Parser {
 public:
  Parser(std::string_view pattern, RegexDialect dialect) : text_(pattern), dialect_(dialect) {}

  StatusOr<RegexNode> Parse() {
    TOKGRAFT_ASSIGN_OR_RETURN(RegexNode node, Alternatives(Flags{}, 0));
    if (!AtEnd()) return Invalid("unmatched )");
    return node;
  }

 private:
  bool Ruby() const { return dialect_ == RegexDialect::kRuby; }
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool Accept(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  Status Invalid(std::string_view what) const {
    return InvalidArgumentError(
        Cat("regex byte ", at_, ": ", what, ", expected a regex; correct the pattern"));
  }
  Status Refused(std::string_view what) const {
    return UnimplementedError(Cat("regex byte ", at_, ": ", what,
                                  " is not supported, expected a construct that can be carried "
                                  "over exactly; use another pattern"));
  }

  static RegexNode SetNode(CodePointRanges set) {
    RegexNode node;
    node.kind = Kind::kSet;
    node.set = std::move(set);
    return node;
  }
  static RegexNode Wrap(Kind kind, RegexNode child) {
    RegexNode node;
    node.kind = kind;
    node.children.push_back(std::move(child));
    return node;
  }
  static RegexNode Leaf(Kind kind) {
    RegexNode node;
    node.kind = kind;
    return node;
  }
  static CodePointRanges One(char32_t c) { return {{c, c + 1}}; }

  // ---- groups ----
  StatusOr<RegexNode> Alternatives(Flags flags, int depth) {
    if (depth > kMaxDepth) return Refused("a group nested this deep");
    RegexNode out = Leaf(Kind::kAlternate);
    while (true) {
      TOKGRAFT_ASSIGN_OR_RETURN(RegexNode branch, Sequence(&flags, out.children.empty(), depth));
      out.children.push_back(std::move(branch));
      if (!Accept("|")) break;
    }
    if (out.children.size() == 1) return std::move(out.children.front());
    return out;
  }

  // `flags` change for the rest of the group where (?i) says so.
  StatusOr<RegexNode> Sequence(Flags* flags, bool is_first_branch, int depth) {
    RegexNode out = Leaf(Kind::kConcat);
    char previous = '\0';  // the last character, where it folds with its neighbour
    while (!AtEnd() && Peek() != '|' && Peek() != ')') {
      bool changed = false;
      const bool at_start = is_first_branch && out.children.empty();
      TOKGRAFT_RETURN_IF_ERROR(FlagChange(flags, at_start, &changed));
      if (changed) continue;
      TOKGRAFT_ASSIGN_OR_RETURN(RegexNode atom, Atom(*flags, depth));
      const char letter = flags->fold ? FoldedLetter(atom) : '\0';
      if (Ruby() && FoldsTogether(previous, letter)) {
        return Refused("a case-insensitive sequence that one character can stand for (ss, st, f)");
      }
      previous = letter;
      TOKGRAFT_ASSIGN_OR_RETURN(atom, Repeats(std::move(atom), letter));
      out.children.push_back(std::move(atom));
    }
    return out;
  }

  // The lower-case letter that a folded atom stands for, if it is a single ASCII letter.
  static char FoldedLetter(const RegexNode& atom) {
    const RegexNode* node = &atom;
    while (node->kind == Kind::kConcat && node->children.size() == 1) node = &node->children[0];
    if (node->kind == Kind::kAlternate || node->kind == Kind::kConcat) return '?';
    if (node->kind != Kind::kSet) return '\0';
    char letter = '\0';
    for (const auto& [begin, end] : node->set) {
      for (char32_t c = begin; c < end && c < 0x80; ++c) {
        const char lower = static_cast<char>(c | 0x20);
        if (!IsLetter(static_cast<char>(c))) continue;
        if (letter != '\0' && letter != lower) return '*';
        letter = lower;
      }
    }
    return letter;
  }
  // ß, ﬀ, ﬁ, ﬂ, ﬅ, ﬆ equal two letters each to Oniguruma. A group or a class beside such a letter
  // counts as one.
  static bool FoldsTogether(char a, char b) {
    const auto may = [](char have, std::string_view wanted) {
      return have == '?' || have == '*' || (have != '\0' && wanted.find(have) != wanted.npos);
    };
    if (a == '\0' || b == '\0') return false;
    return (may(a, "s") && may(b, "st")) || (may(a, "f") && may(b, "fil"));
  }

  Status FlagChange(Flags* flags, bool at_start, bool* changed) {
    const std::size_t start = at_;
    if (!Accept("(?")) return absl::OkStatus();
    Flags next = *flags;
    TOKGRAFT_ASSIGN_OR_RETURN(const bool any, ReadFlags(&next));
    if (!any || Peek() != ')') {
      at_ = start;
      return absl::OkStatus();
    }
    if (Ruby() && !at_start) return Refused("a change of options inside a group");
    ++at_;
    *flags = next;
    *changed = true;
    return absl::OkStatus();
  }

  StatusOr<bool> ReadFlags(Flags* flags) {
    bool any = false;
    bool value = true;
    for (;; ++at_) {
      const char c = Peek();
      if (c == '-' && value) {
        value = false;
      } else if (c == 'i') {
        flags->fold = value;
      } else if (c == 'm') {
        (Ruby() ? flags->dot_newline : flags->lines) = value;
      } else if (c == 's' && !Ruby()) {
        flags->dot_newline = value;
      } else if (IsLetter(c) && c != 'P') {
        return Refused(Cat("option ", c));
      } else {
        return any;
      }
      any = true;
    }
  }

  StatusOr<RegexNode> Group(Flags flags, int depth) {
    Kind kind = Kind::kConcat;
    if (Accept("?")) {
      if (Accept(">")) {
        kind = Kind::kAtomic;
      } else if (Accept("=")) {
        kind = Kind::kLookAhead;
      } else if (Accept("!")) {
        kind = Kind::kNotAhead;
      } else if (Accept("<=")) {
        kind = Kind::kLookBehind;
      } else if (Accept("<!")) {
        kind = Kind::kNotBehind;
      } else if (Peek() == '<' || Peek() == 'P') {
        TOKGRAFT_RETURN_IF_ERROR(GroupName());
      } else if (!Accept(":")) {
        TOKGRAFT_ASSIGN_OR_RETURN(const bool any, ReadFlags(&flags));
        if (!any || !Accept(":")) return Refused("this kind of group");
      }
    } else if (Peek() == '*') {
      return Refused("(*...)");
    }
    TOKGRAFT_ASSIGN_OR_RETURN(RegexNode body, Alternatives(flags, depth + 1));
    if (!Accept(")")) return Invalid("( without )");
    return kind == Kind::kConcat ? body : Wrap(kind, std::move(body));
  }

  Status GroupName() {
    if (Ruby() ? !Accept("<") : !(Accept("P<") || Accept("<"))) return Refused("(?P");
    while (IsLetter(Peek()) || IsDigit(Peek()) || Peek() == '_') ++at_;
    return Accept(">") ? absl::OkStatus() : Refused("this name of a group");
  }

  // ---- repeats ----
  // `letter`: what a folded atom stands for.
  StatusOr<RegexNode> Repeats(RegexNode atom, char letter) {
    bool repeated = false;
    while (!AtEnd()) {
      RegexNode repeat = Leaf(Kind::kRepeat);
      bool interval = false;
      if (Accept("*")) {
        repeat.min = 0;
      } else if (Accept("+")) {
        repeat.min = 1;
      } else if (Accept("?")) {
        repeat.max = 1;
      } else if (Peek() == '{') {
        TOKGRAFT_RETURN_IF_ERROR(Interval(&repeat));
        interval = true;
      } else {
        break;
      }
      if (repeated) return Refused("a repeat of a repeat");
      if (atom.kind >= Kind::kLookAhead) return Refused("a repeat of an assertion");
      if (Ruby() && FoldsTogether(letter, letter) && (interval || repeat.max != 1)) {
        return Refused("a case-insensitive repeat that one character can stand for (ss, ff)");
      }
      TOKGRAFT_RETURN_IF_ERROR(Suffix(interval, &repeat));
      repeat.children.push_back(std::move(atom));
      atom = std::move(repeat);
      repeated = true;
      // In Ruby {n,m}+ repeats the interval.
      if (Ruby() && interval && Accept("+")) {
        RegexNode outer = Leaf(Kind::kRepeat);
        outer.min = 1;
        outer.children.push_back(std::move(atom));
        atom = std::move(outer);
      }
    }
    return atom;
  }

  Status Suffix(bool interval, RegexNode* repeat) {
    if (Ruby() && interval) {
      if (Peek() == '?' && repeat->max == repeat->min) return Refused("{n}?");
      if (Accept("?")) repeat->greed = Greed::kLazy;
    } else if (Accept("?")) {
      repeat->greed = Greed::kLazy;
    } else if (Accept("+")) {
      repeat->greed = Greed::kPossessive;
    }
    return absl::OkStatus();
  }

  Status Interval(RegexNode* repeat) {
    const std::size_t start = at_;
    ++at_;
    const std::optional<std::uint32_t> low = Number();
    std::optional<std::uint32_t> high = low;
    const bool comma = Accept(",");
    if (comma) high = Number();
    const bool ok = Accept("}") && (low || (comma && high && Ruby()));
    if (!ok || (low && high && *low > *high) || low.value_or(0) > kMaxRepeat ||
        high.value_or(0) > kMaxRepeat) {
      at_ = start;
      return Refused("a { that is not {n}, {n,} or {n,m}");
    }
    repeat->min = low.value_or(0);
    repeat->max = high;
    return absl::OkStatus();
  }

  std::optional<std::uint32_t> Number() {
    if (!IsDigit(Peek())) return std::nullopt;
    std::uint32_t value = 0;
    for (; IsDigit(Peek()); ++at_) {
      value = value > kMaxRepeat ? value : value * 10 + static_cast<std::uint32_t>(Peek() - '0');
    }
    return value;
  }

  // ---- atoms ----
  StatusOr<RegexNode> Atom(Flags flags, int depth) {
    const char c = Peek();
    switch (c) {
      case '(':
        ++at_;
        return Group(flags, depth);
      case '[': {
        ++at_;
        TOKGRAFT_ASSIGN_OR_RETURN(CodePointRanges set, Brackets(flags, depth));
        return SetNode(std::move(set));
      }
      case '.':
        ++at_;
        return SetNode(flags.dot_newline ? CodePointRanges{{0, 0x110000}}
                                         : SetComplement(One('\n')));
      case '^':
        ++at_;
        if (Ruby()) return Leaf(Kind::kLineStart);
        return flags.lines ? NotBeside(Kind::kNotBehind, SetComplement(One('\n')))
                           : Leaf(Kind::kTextStart);
      case '$':
        ++at_;
        if (Ruby()) return Leaf(Kind::kLineEnd);
        return flags.lines ? NotBeside(Kind::kNotAhead, SetComplement(One('\n')))
                           : Leaf(Kind::kTextEnd);
      case '*':
      case '+':
      case '?':
        return Invalid("a repeat of nothing");
      case '{':
      case '}':
        return Refused(Cat("a bare ", c));
      case '\\':
        return Escape(flags);
      default:
        break;
    }
    const char32_t code = DecodeValid(text_, &at_);
    return Literal(code, flags);
  }

  StatusOr<RegexNode> Literal(char32_t code, Flags flags) {
    CodePointRanges set = One(code);
    if (flags.fold) {
      if (code >= 0x80) return Refused("a case-insensitive character outside ASCII");
      set = FoldAscii(set);
    }
    return SetNode(std::move(set));
  }

  static RegexNode NotBeside(Kind kind, CodePointRanges set) {
    return Wrap(kind, SetNode(std::move(set)));
  }

  CodePointRanges Word(bool in_brackets) const {
    if (!Ruby()) return RustWordSet();
    return in_brackets ? OnigurumaBracketWordSet() : OnigurumaWordSet();
  }

  // \b: between a word character and another or an end.
  RegexNode WordBoundary(bool negated) const {
    RegexNode out = Leaf(Kind::kAlternate);
    for (const bool word_behind : {true, false}) {
      const bool word_ahead = negated ? word_behind : !word_behind;
      RegexNode side = Leaf(Kind::kConcat);
      side.children.push_back(
          NotBeside(word_behind ? Kind::kLookBehind : Kind::kNotBehind, Word(false)));
      side.children.push_back(
          NotBeside(word_ahead ? Kind::kLookAhead : Kind::kNotAhead, Word(false)));
      out.children.push_back(std::move(side));
    }
    return out;
  }

  StatusOr<RegexNode> Escape(Flags flags) {
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    const auto leaf = [this](Kind kind) {
      at_ += 2;
      return Leaf(kind);
    };
    switch (next) {
      case 'A':
        return leaf(Kind::kTextStart);
      case 'z':
        return leaf(Kind::kTextEnd);
      case 'Z':
        if (!Ruby()) return Refused("\\Z");
        return leaf(Kind::kTextEndOrEol);
      case 'b':
      case 'B':
        if (Peek2() == '{') return Refused("\\b{");
        at_ += 2;
        return WordBoundary(next == 'B');
      default:
        break;
    }
    CodePointRanges set;
    std::optional<char32_t> code;
    TOKGRAFT_RETURN_IF_ERROR(ClassOrCode(flags, /*in_brackets=*/false, &set, &code));
    if (code) return Literal(*code, flags);
    return SetNode(std::move(set));
  }
  char Peek2() const { return at_ + 2 < text_.size() ? text_[at_ + 2] : '\0'; }

  // An escape that stands for a class (then `set`) or for one character (then `code`).
  Status ClassOrCode(Flags flags, bool in_brackets, CodePointRanges* set,
                     std::optional<char32_t>* code) {
    ++at_;
    if (AtEnd()) return Invalid("\\ at the end");
    const char c = Peek();
    switch (c) {
      case 's':
      case 'S':
        *set = WhiteSpaceSet();
        break;
      case 'd':
      case 'D':
        *set = DigitSet();
        break;
      case 'w':
      case 'W':
        if (flags.fold) return Refused("\\w without regard to case");
        *set = Word(in_brackets);
        break;
      case 'h':
      case 'H':
        if (!Ruby()) return Refused("\\h");
        *set = *AsciiBracketSet("xdigit");
        break;
      case 'p':
      case 'P':
        return Property(flags, set);
      default:
        return CodeEscape(code);
    }
    ++at_;
    if (c >= 'A' && c <= 'Z') *set = SetComplement(*set);
    return absl::OkStatus();
  }

  Status Property(Flags flags, CodePointRanges* set) {
    bool negated = Peek() == 'P';
    ++at_;
    std::string_view name;
    if (Accept("{")) {
      if (Ruby() && Accept("^")) negated = !negated;
      const std::size_t close = text_.find('}', at_);
      if (close == text_.npos) return Invalid("\\p{ without }");
      name = text_.substr(at_, close - at_);
      at_ = close + 1;
    } else {
      if (Ruby() || AtEnd()) return Refused("\\p without {");
      name = text_.substr(at_++, 1);
    }
    if (!Ruby()) {
      for (const std::string_view prefix :
           {"gc=", "sc=", "Script=", "script=", "General_Category=", "general_category="}) {
        if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
      }
    }
    if (flags.fold) return Refused("a property without regard to case");
    auto found = PropertySet(name);
    if (!found) return Refused(Cat("property ", name));
    *set = negated ? SetComplement(*found) : *std::move(found);
    return absl::OkStatus();
  }

  Status CodeEscape(std::optional<char32_t>* code) {
    const char c = Peek();
    constexpr std::string_view kLetters = "tnrfva";
    constexpr std::string_view kCodes = "\t\n\r\f\v\a";
    if (const std::size_t i = kLetters.find(c); i != kLetters.npos) {
      ++at_;
      *code = static_cast<char32_t>(kCodes[i]);
      return absl::OkStatus();
    }
    if (c == 'e' && Ruby()) {
      ++at_;
      *code = 0x1B;
      return absl::OkStatus();
    }
    if (c == 'x' || c == 'u' || c == 'U') return HexEscape(c, code);
    if (IsLetter(c) || IsDigit(c)) return Refused(Cat("\\", c));
    *code = DecodeValid(text_, &at_);
    return absl::OkStatus();
  }

  Status HexEscape(char kind, std::optional<char32_t>* code) {
    if (kind == 'U' && Ruby()) return Refused("\\U");
    ++at_;
    std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : 8;
    const bool braces = Peek() == '{';
    if (braces && Ruby() && kind == 'u') return Refused("\\u{");
    if (braces) {
      ++at_;
      const std::size_t close = text_.find('}', at_);
      if (close == text_.npos || close == at_ || close - at_ > 8) return Refused("\\x{...}");
      digits = close - at_;
    }
    char32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at_) {
      const char c = Peek();
      const char lower = static_cast<char>(c | 0x20);
      if (!IsDigit(c) && !(lower >= 'a' && lower <= 'f')) return Refused("a short hex escape");
      value = value * 16 + static_cast<char32_t>(IsDigit(c) ? c - '0' : lower - 'a' + 10);
    }
    if (braces) ++at_;
    if (Ruby() && kind == 'x' && !braces && value >= 0x80) return Refused("\\x of a lone byte");
    if (value >= 0x110000 || (value >= 0xD800 && value < 0xE000)) {
      return Invalid("an escape that is no character");
    }
    *code = value;
    return absl::OkStatus();
  }

  // ---- [...] ----
  StatusOr<CodePointRanges> Brackets(Flags flags, int depth) {
    if (depth > kMaxDepth) return Refused("brackets nested this deep");
    const bool negated = Accept("^");
    if (Peek() == ']') return Refused("[]");
    std::optional<CodePointRanges> left;  // of &&
    CodePointRanges set;
    bool any = false;
    while (!Accept("]")) {
      if (AtEnd()) return Invalid("[ without ]");
      if (Accept("&&")) {
        if (!any) return Refused("&& beside nothing");
        left = left ? SetIntersection(*left, set) : set;
        set.clear();
        any = false;
        continue;
      }
      TOKGRAFT_RETURN_IF_ERROR(BracketItem(flags, depth, &set));
      any = true;
    }
    if (!any) return Refused("&& beside nothing");
    if (left) set = SetIntersection(*left, set);
    return negated ? SetComplement(set) : set;
  }

  Status BracketItem(Flags flags, int depth, CodePointRanges* set) {
    if (Accept("[:")) return PosixBracket(flags, set);
    if (Accept("[")) {
      TOKGRAFT_ASSIGN_OR_RETURN(const CodePointRanges inner, Brackets(flags, depth + 1));
      *set = SetUnion(*set, inner);
      return absl::OkStatus();
    }
    if (!Ruby() && (text_.substr(at_).starts_with("--") || text_.substr(at_).starts_with("~~"))) {
      return Refused("-- or ~~ in brackets");
    }
    CodePointRanges item;
    std::optional<char32_t> low;
    TOKGRAFT_RETURN_IF_ERROR(BracketAtom(flags, &item, &low));
    // To Rust a -- is a difference of classes, never the start of a range.
    const bool range = Peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']' &&
                       (Ruby() || text_[at_ + 1] != '-');
    if (range) {
      if (!low || text_[at_ + 1] == '[') return Refused("a - between classes in brackets");
      ++at_;
      std::optional<char32_t> high;
      TOKGRAFT_RETURN_IF_ERROR(BracketAtom(flags, &item, &high));
      if (!high) return Refused("a range to a class");
      if (*high < *low) return Invalid("an empty range in brackets");
      item = {{*low, *high + 1}};
    } else if (low) {
      item = One(*low);
    }
    if (flags.fold) {
      if (low && item.back().second > 0x80) {
        return Refused("a case-insensitive character outside ASCII");
      }
      item = FoldAscii(item);
    }
    *set = SetUnion(*set, item);
    return absl::OkStatus();
  }

  Status BracketAtom(Flags flags, CodePointRanges* set, std::optional<char32_t>* code) {
    if (Peek() == '\\') {
      if (at_ + 1 < text_.size() && text_[at_ + 1] == 'b') return Refused("\\b in brackets");
      return ClassOrCode(flags, /*in_brackets=*/true, set, code);
    }
    if (AtEnd()) return Invalid("[ without ]");
    *code = DecodeValid(text_, &at_);
    return absl::OkStatus();
  }

  Status PosixBracket(Flags flags, CodePointRanges* set) {
    const bool negated = Accept("^");
    const std::size_t close = text_.find(":]", at_);
    if (close == text_.npos) return Refused("[: without :]");
    const std::string_view name = text_.substr(at_, close - at_);
    const auto found = Ruby() ? UnicodeBracketSet(name) : AsciiBracketSet(name);
    if (!found || flags.fold) return Refused(Cat("[:", name, ":]"));
    at_ = close + 2;
    *set = SetUnion(*set, negated ? SetComplement(*found) : *found);
    return absl::OkStatus();
  }

  std::string_view text_;
  RegexDialect dialect_;
  std::size_t at_ = 0;
};

}  // namespace

StatusOr<RegexNode> ParseRegex(std::string_view pattern, RegexDialect dialect) {
  if (!IsValidUtf8(pattern)) {
    return InvalidArgumentError("regex is not UTF-8, expected text; correct the pattern");
  }
  return Parser(pattern, dialect).Parse();
}

}  // namespace tokgraft
