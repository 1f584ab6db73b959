// A regex tree as a program, and its run on a text: backtracking in linear time.
//
// The run tries alternatives in their order, as Oniguruma and fancy-regex do, and so finds their
// matches. It differs in cost: once a text has asked for more steps than a few for each byte, the
// run remembers each choice that failed (and, inside atomic groups and look-around, each that
// succeeded). No state depends on how it was reached, since nothing is captured, so none is tried
// twice and the whole text costs at most its bytes times the choices of the program.
#ifndef TOKGRAFT_TOKENIZER_STAGES_REGEX_PROGRAM_H_
#define TOKGRAFT_TOKENIZER_STAGES_REGEX_PROGRAM_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/stages/regex_set.h"
#include "tokenizer/stages/regex_syntax.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct RegexProgram {
  enum class Op : std::uint8_t {
    kSet,     // one character of sets[x]
    kSplit,   // x, and where that fails y; the choice has the number `choice`
    kJump,    // x
    kAtomic,  // the group at x, as it matches first; then y. Also the four below.
    kAhead,
    kNotAhead,
    kBehind,  // the group starts `choice` characters before
    kNotBehind,
    kTextStart,
    kTextEnd,
    kLineStart,
    kLineEnd,
    kTextEndOrEol,
    kAccept,  // the end of the program or of a group
  };
  struct Instruction {
    Op op = Op::kAccept;
    std::uint32_t x = 0;
    std::uint32_t y = 0;
    std::uint32_t choice = 0;
  };
  struct Set {
    std::bitset<128> ascii;
    CodePointRanges ranges;
    bool Contains(char32_t c) const;
  };

  std::vector<Instruction> code;  // without a jump the next instruction follows
  std::vector<Set> sets;
  std::uint32_t choices = 0;
  bool matches_empty = false;              // some text may match without a character
  std::array<bool, 256> first_bytes = {};  // of a match; all where it may be empty

  // Unimplemented: a program too large, a repeat of what can match nothing, or a look-behind
  // without a fixed length.
  static StatusOr<RegexProgram> Compile(const RegexNode& tree);
};

// One text under one program. Not thread-safe; the program and the text must outlive it.
class RegexRun {
 public:
  RegexRun(const RegexProgram& program, std::string_view text);
  // The first match at or after `from`; sets *begin and *end. `from` never falls from call to call.
  bool Find(std::size_t from, std::size_t* begin, std::size_t* end);

 private:
  struct Entry {
    std::uint32_t pc;  // kChoice + the split: all of its ways have failed when this is reached
    std::size_t at;
  };
  static constexpr std::uint32_t kChoice = 1U << 31;
  static constexpr std::size_t kPageBits = 10;
  static constexpr std::size_t kPage = std::size_t{1} << kPageBits;

  std::optional<std::size_t> Run(std::uint32_t pc, std::size_t at, bool in_group);
  bool RunGroup(const RegexProgram::Instruction& group, std::size_t* at);
  bool Holds(RegexProgram::Op op, std::size_t at) const;
  bool PopFailed(std::size_t base, std::uint32_t* pc, std::size_t* at);
  std::uint64_t* FailedWord(std::uint32_t choice, std::size_t at, bool make);
  std::uint64_t Key(std::uint32_t choice, std::size_t at) const {
    return at * program_.choices + choice;
  }

  const RegexProgram& program_;
  std::string_view text_;
  std::vector<Entry> stack_;
  std::uint64_t steps_left_;  // before the run begins to remember
  bool remembers_ = false;
  // Bits of failed choices, a page for each kPage bytes of the text; those behind are given back.
  std::vector<std::unique_ptr<std::uint64_t[]>> failed_;
  std::size_t first_page_ = 0;
  std::unordered_map<std::uint64_t, std::size_t> ends_;  // of choices that succeed in their group
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_REGEX_PROGRAM_H_
