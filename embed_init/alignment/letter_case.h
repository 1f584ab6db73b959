// Words in other cases, as a dictionary that has one of them is asked for the others.
#ifndef TOKGRAFT_EMBED_INIT_ALIGNMENT_LETTER_CASE_H_
#define TOKGRAFT_EMBED_INIT_ALIGNMENT_LETTER_CASE_H_

#include <string>
#include <string_view>

namespace tokgraft {

// Of valid UTF-8.
std::string ToLowercase(std::string_view word);
// The first letter as a capital, where one character is its capital; the others in lower case.
std::string ToTitlecase(std::string_view word);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_ALIGNMENT_LETTER_CASE_H_
