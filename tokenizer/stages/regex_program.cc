#include "tokenizer/stages/regex_program.h"

#include <algorithm>
#include <utility>

#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

using Kind = RegexNode::Kind;
using Op = RegexProgram::Op;

constexpr std::size_t kMaxInstructions = 4000;
constexpr std::uint64_t kStepsAtOnce = 4096;
constexpr std::uint64_t kStepsPerByte = 16;

Status Refused(std::string_view what) {
  return UnimplementedError(
      Cat("regex: ", what,
          " is not supported, expected a construct that can be carried over exactly; use another "
          "pattern"));
}

bool IsAssertion(const RegexNode& node) { return node.kind >= Kind::kLookAhead; }

bool MayBeEmpty(const RegexNode& node) {
  const auto empty = [](const RegexNode& child) { return MayBeEmpty(child); };
  switch (node.kind) {
    case Kind::kSet:
      return false;
    case Kind::kConcat:
      return std::all_of(node.children.begin(), node.children.end(), empty);
    case Kind::kAlternate:
      return std::any_of(node.children.begin(), node.children.end(), empty);
    case Kind::kRepeat:
      return node.min == 0 || MayBeEmpty(node.children[0]);
    case Kind::kAtomic:
      return MayBeEmpty(node.children[0]);
    default:
      return true;
  }
}

// Characters of every match; nullopt where they differ.
std::optional<std::uint64_t> FixedLength(const RegexNode& node) {
  if (IsAssertion(node)) return 0;
  if (node.kind == Kind::kSet) return 1;
  std::uint64_t sum = 0;
  bool first = true;
  for (const RegexNode& child : node.children) {
    const std::optional<std::uint64_t> length = FixedLength(child);
    if (!length) return std::nullopt;
    if (node.kind == Kind::kAlternate && !first && *length != sum) return std::nullopt;
    sum = node.kind == Kind::kAlternate ? *length : sum + *length;
    first = false;
  }
  if (node.kind != Kind::kRepeat) return sum;
  if (node.max != node.min) return std::nullopt;
  return sum * node.min;
}

// The bytes that the first character of a match can start with.
void AddFirstBytes(const RegexNode& node, std::array<bool, 256>* first) {
  if (IsAssertion(node)) return;
  if (node.kind == Kind::kSet) {
    for (const auto& [begin, end] : node.set) {
      std::string low;
      std::string high;
      AppendUtf8(begin, &low);
      AppendUtf8(end - 1, &high);
      for (int b = static_cast<unsigned char>(low[0]); b <= static_cast<unsigned char>(high[0]);
           ++b) {
        // Between the leads of ASCII and of longer characters lie bytes that start none.
        if ((b & 0xC0) != 0x80) (*first)[static_cast<std::size_t>(b)] = true;
      }
    }
    return;
  }
  for (const RegexNode& child : node.children) {
    AddFirstBytes(child, first);
    if (node.kind == Kind::kConcat && !MayBeEmpty(child)) return;
  }
}

class Compiler {
 public:
  explicit Compiler(RegexProgram* out) : out_(out) {}

  Status Emit(const RegexNode& node) {
    if (out_->code.size() > kMaxInstructions) return Refused("a pattern this large");
    switch (node.kind) {
      case Kind::kSet:
        Add({.op = Op::kSet, .x = AddSet(node.set)});
        return absl::OkStatus();
      case Kind::kConcat:
        for (const RegexNode& child : node.children) TOKGRAFT_RETURN_IF_ERROR(Emit(child));
        return absl::OkStatus();
      case Kind::kAlternate:
        return EmitAlternate(node);
      case Kind::kRepeat:
        return EmitRepeat(node);
      case Kind::kAtomic:
        return EmitGroup(Op::kAtomic, node.children[0], 0);
      case Kind::kLookAhead:
        return EmitGroup(Op::kAhead, node.children[0], 0);
      case Kind::kNotAhead:
        return EmitGroup(Op::kNotAhead, node.children[0], 0);
      case Kind::kLookBehind:
      case Kind::kNotBehind:
        return EmitBehind(node);
      default:
        Add({.op = AssertionOf(node.kind)});
        return absl::OkStatus();
    }
  }

  std::uint32_t Add(RegexProgram::Instruction instruction) {
    if (instruction.op == Op::kSplit) instruction.choice = out_->choices++;
    out_->code.push_back(instruction);
    return Next() - 1;
  }

 private:
  std::uint32_t Next() const { return static_cast<std::uint32_t>(out_->code.size()); }

  static Op AssertionOf(Kind kind) {
    switch (kind) {
      case Kind::kTextStart:
        return Op::kTextStart;
      case Kind::kTextEnd:
        return Op::kTextEnd;
      case Kind::kLineStart:
        return Op::kLineStart;
      case Kind::kLineEnd:
        return Op::kLineEnd;
      default:
        return Op::kTextEndOrEol;
    }
  }

  std::uint32_t AddSet(const CodePointRanges& ranges) {
    for (std::size_t i = 0; i < out_->sets.size(); ++i) {
      if (out_->sets[i].ranges == ranges) return static_cast<std::uint32_t>(i);
    }
    RegexProgram::Set set{.ascii = {}, .ranges = ranges};
    for (const auto& [begin, end] : ranges) {
      for (char32_t c = begin; c < end && c < 128; ++c) set.ascii.set(c);
    }
    out_->sets.push_back(std::move(set));
    return static_cast<std::uint32_t>(out_->sets.size() - 1);
  }

  Status EmitAlternate(const RegexNode& node) {
    std::vector<std::uint32_t> jumps;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const bool is_last = i + 1 == node.children.size();
      const std::uint32_t split = is_last ? 0 : Add({.op = Op::kSplit, .x = Next() + 1});
      TOKGRAFT_RETURN_IF_ERROR(Emit(node.children[i]));
      if (is_last) break;
      jumps.push_back(Add({.op = Op::kJump}));
      out_->code[split].y = Next();
    }
    for (const std::uint32_t jump : jumps) out_->code[jump].x = Next();
    return absl::OkStatus();
  }

  // A split whose preferred way is the next instruction; the other is set by Join. Lazy: the other
  // way round.
  std::uint32_t Choose() { return Add({.op = Op::kSplit, .x = Next() + 1}); }
  void Join(std::uint32_t split, bool lazy) {
    out_->code[split].y = Next();
    if (lazy) std::swap(out_->code[split].x, out_->code[split].y);
  }

  Status EmitRepeat(const RegexNode& node) {
    if (node.greed == RegexNode::Greed::kPossessive) {
      RegexNode greedy = node;
      greedy.greed = RegexNode::Greed::kGreedy;
      return EmitGroup(Op::kAtomic, greedy, 0);
    }
    const RegexNode& child = node.children[0];
    if (node.max.value_or(2) > 1 && MayBeEmpty(child)) {
      return Refused("a repeat of what can match nothing");
    }
    const bool lazy = node.greed == RegexNode::Greed::kLazy;
    for (std::uint32_t i = 0; i < node.min; ++i) TOKGRAFT_RETURN_IF_ERROR(Emit(child));
    if (!node.max) {
      const std::uint32_t loop = Choose();
      TOKGRAFT_RETURN_IF_ERROR(Emit(child));
      Add({.op = Op::kJump, .x = loop});
      Join(loop, lazy);
      return absl::OkStatus();
    }
    std::vector<std::uint32_t> splits;
    for (std::uint32_t i = node.min; i < *node.max; ++i) {
      splits.push_back(Choose());
      TOKGRAFT_RETURN_IF_ERROR(Emit(child));
    }
    for (const std::uint32_t split : splits) Join(split, lazy);
    return absl::OkStatus();
  }

  Status EmitGroup(Op op, const RegexNode& body, std::uint32_t characters_before) {
    const std::uint32_t group = Add({.op = op, .x = Next() + 1, .choice = characters_before});
    TOKGRAFT_RETURN_IF_ERROR(Emit(body));
    Add({.op = Op::kAccept});
    out_->code[group].y = Next();
    return absl::OkStatus();
  }

  // Each branch of a look-behind has a length of its own: (?<=a|bc) is (?:(?<=a)|(?<=bc)), and
  // (?<!a|bc) is (?<!a)(?<!bc).
  Status EmitBehind(const RegexNode& node) {
    const RegexNode& body = node.children[0];
    if (body.kind == Kind::kAlternate) {
      RegexNode sides;
      sides.kind = node.kind == Kind::kLookBehind ? Kind::kAlternate : Kind::kConcat;
      for (const RegexNode& branch : body.children) {
        RegexNode side;
        side.kind = node.kind;
        side.children.push_back(branch);
        sides.children.push_back(std::move(side));
      }
      return Emit(sides);
    }
    const std::optional<std::uint64_t> length = FixedLength(body);
    if (!length || *length > kMaxInstructions) return Refused("a look-behind of no fixed length");
    return EmitGroup(node.kind == Kind::kLookBehind ? Op::kBehind : Op::kNotBehind, body,
                     static_cast<std::uint32_t>(*length));
  }

  RegexProgram* out_;
};

}  // namespace

bool RegexProgram::Set::Contains(char32_t c) const {
  if (c < 128) return ascii[c];
  const auto above =
      std::upper_bound(ranges.begin(), ranges.end(), c,
                       [](char32_t value, const auto& range) { return value < range.first; });
  return above != ranges.begin() && c < std::prev(above)->second;
}

StatusOr<RegexProgram> RegexProgram::Compile(const RegexNode& tree) {
  RegexProgram out;
  Compiler compiler(&out);
  TOKGRAFT_RETURN_IF_ERROR(compiler.Emit(tree));
  if (out.code.size() > kMaxInstructions) return Refused("a pattern this large");
  compiler.Add({.op = Op::kAccept});
  out.matches_empty = MayBeEmpty(tree);
  if (out.matches_empty) {
    out.first_bytes.fill(true);
  } else {
    AddFirstBytes(tree, &out.first_bytes);
  }
  return out;
}

// ---- running -----------------------------------------------------------------------------------

RegexRun::RegexRun(const RegexProgram& program, std::string_view text)
    : program_(program), text_(text), steps_left_(kStepsAtOnce + kStepsPerByte * text.size()) {}

bool RegexRun::Find(std::size_t from, std::size_t* begin, std::size_t* end) {
  for (; first_page_ < failed_.size() && first_page_ < from >> kPageBits; ++first_page_) {
    failed_[first_page_].reset();
  }
  for (std::size_t at = from; at <= text_.size();) {
    if (!program_.matches_empty) {
      while (at < text_.size() && !program_.first_bytes[static_cast<unsigned char>(text_[at])])
        ++at;
      if (at == text_.size()) return false;
    }
    if (const std::optional<std::size_t> found = Run(0, at, /*in_group=*/false)) {
      *begin = at;
      *end = *found;
      return true;
    }
    at += at < text_.size() ? Utf8Length(text_[at]) : 1;
  }
  return false;
}

std::uint64_t* RegexRun::FailedWord(std::uint32_t choice, std::size_t at, bool make) {
  const std::size_t page = at >> kPageBits;
  if (failed_.empty()) failed_.resize((text_.size() >> kPageBits) + 1);
  if (failed_[page] == nullptr) {
    if (!make) return nullptr;
    failed_[page] = std::make_unique<std::uint64_t[]>(program_.choices * (kPage / 64));
  }
  return &failed_[page][choice * (kPage / 64) + ((at & (kPage - 1)) >> 6)];
}

// Goes back to the last way not taken; on the way down notes the choices that have none left.
bool RegexRun::PopFailed(std::size_t base, std::uint32_t* pc, std::size_t* at) {
  while (stack_.size() > base) {
    const Entry entry = stack_.back();
    stack_.pop_back();
    if ((entry.pc & kChoice) == 0) {
      *pc = entry.pc;
      *at = entry.at;
      return true;
    }
    const std::uint32_t choice = program_.code[entry.pc & ~kChoice].choice;
    *FailedWord(choice, entry.at, /*make=*/true) |= std::uint64_t{1} << (entry.at & 63);
  }
  return false;
}

std::optional<std::size_t> RegexRun::Run(std::uint32_t pc, std::size_t at, bool in_group) {
  const std::size_t base = stack_.size();
  const auto succeed = [&](std::size_t end) {
    for (std::size_t i = base; in_group && remembers_ && i < stack_.size(); ++i) {
      if ((stack_[i].pc & kChoice) == 0) continue;
      ends_[Key(program_.code[stack_[i].pc & ~kChoice].choice, stack_[i].at)] = end;
    }
    stack_.resize(base);
    return end;
  };
  while (true) {
    const RegexProgram::Instruction& now = program_.code[pc];
    bool goes_on = false;
    switch (now.op) {
      case Op::kSet: {
        std::size_t next = at;
        goes_on = at < text_.size() && program_.sets[now.x].Contains(DecodeValid(text_, &next));
        at = next;
        ++pc;
        break;
      }
      case Op::kSplit: {
        if (!remembers_) remembers_ = steps_left_-- == 0;
        if (remembers_) {
          const std::uint64_t* word = FailedWord(now.choice, at, /*make=*/false);
          if (word != nullptr && ((*word >> (at & 63)) & 1) != 0) break;
          if (in_group) {
            const auto end = ends_.find(Key(now.choice, at));
            if (end != ends_.end()) return succeed(end->second);
          }
          stack_.push_back({kChoice | pc, at});
        }
        stack_.push_back({now.y, at});
        pc = now.x;
        goes_on = true;
        break;
      }
      case Op::kJump:
        pc = now.x;
        goes_on = true;
        break;
      case Op::kAccept:
        return succeed(at);
      case Op::kAtomic:
      case Op::kAhead:
      case Op::kNotAhead:
      case Op::kBehind:
      case Op::kNotBehind:
        goes_on = RunGroup(now, &at);
        pc = now.y;
        break;
      default:
        goes_on = Holds(now.op, at);
        ++pc;
        break;
    }
    if (!goes_on && !PopFailed(base, &pc, &at)) return std::nullopt;
  }
}

bool RegexRun::RunGroup(const RegexProgram::Instruction& group, std::size_t* at) {
  std::size_t from = *at;
  bool exists = true;
  const bool behind = group.op == Op::kBehind || group.op == Op::kNotBehind;
  for (std::uint32_t i = 0; behind && exists && i < group.choice; ++i) {
    exists = from > 0;
    while (exists && (static_cast<unsigned char>(text_[--from]) & 0xC0) == 0x80) {
    }
  }
  const std::optional<std::size_t> end =
      exists ? Run(group.x, from, /*in_group=*/true) : std::nullopt;
  if (group.op == Op::kNotAhead || group.op == Op::kNotBehind) return !end;
  if (end && group.op == Op::kAtomic) *at = *end;
  return end.has_value();
}

bool RegexRun::Holds(Op op, std::size_t at) const {
  const bool at_end = at == text_.size();
  switch (op) {
    case Op::kTextStart:
      return at == 0;
    case Op::kTextEnd:
      return at_end;
    case Op::kLineStart:  // Ruby: not after the newline that ends the text
      return at == 0 || (!at_end && text_[at - 1] == '\n');
    case Op::kLineEnd:
      return at_end || text_[at] == '\n';
    default:
      return at_end || (text_[at] == '\n' && at + 1 == text_.size());
  }
}

}  // namespace tokgraft
