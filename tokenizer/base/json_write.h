// JSON as text: quoting, numbers, layout, and taking an object apart without reading its values.
//
// Values that are only carried along stay the text they were, so a number or an escape comes out as
// it went in. Layout is that of Hugging Face's files: two spaces a level, one element a line.
#ifndef TOKGRAFT_TOKENIZER_BASE_JSON_WRITE_H_
#define TOKGRAFT_TOKENIZER_BASE_JSON_WRITE_H_

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

// Appends `text` (UTF-8) in double quotes; only quotes, backslashes and controls are escaped.
void AppendQuoted(std::string_view text, std::string* out);
std::string Quoted(std::string_view text);

// The shortest decimal that reads back as `value`, with a point or exponent: "-1.0", "1e-7",
// "1e+17".
std::string FormatDouble(double value);

// Appends valid JSON `text` laid out from nesting depth `level` on; the first line is not indented.
void AppendPretty(std::string_view text, int level, std::string* out);

// A member of an object: its key decoded, its value as text.
struct JsonMember {
  std::string key;
  std::string value;
  friend bool operator==(const JsonMember&, const JsonMember&) = default;
};

// The members of the object that `text` is, in order. InvalidArgument or DataLoss: not JSON, or no
// object; `name` stands in the message.
StatusOr<std::vector<JsonMember>> SplitMembers(std::string_view text, const std::string& name);
// The object with these members, laid out, with a newline at its end.
std::string JoinMembers(const std::vector<JsonMember>& members);
// The member with this key (the last one), or null.
JsonMember* FindMember(std::vector<JsonMember>* members, std::string_view key);
// Sets the value of a key, appending the member where it is missing.
void SetMember(std::vector<JsonMember>* members, std::string_view key, std::string value);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_BASE_JSON_WRITE_H_
