// The page of each code, Markdown, from rules/codes/. They are part of the library: the build turns
// the files into pages.cc.
#ifndef TOKGRAFT_VOCAB_MERGE_RULES_PAGES_H_
#define TOKGRAFT_VOCAB_MERGE_RULES_PAGES_H_

#include <span>
#include <string_view>

namespace tokgraft {

// "" for a code without a page. The first line is "# CODE: title".
std::string_view RulePage(std::string_view code);
std::span<const std::string_view> RuleCodes();  // A1, A2, ... D17

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_RULES_PAGES_H_
