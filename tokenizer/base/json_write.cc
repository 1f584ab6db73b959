#include "tokenizer/base/json_write.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

#include "tokenizer/base/json.h"

namespace tokgraft {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The position after the string that begins at `begin`.
std::size_t SkipString(std::string_view text, std::size_t begin) {
  std::size_t at = begin + 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

// The position after the value that begins at `begin`: at the ',' or bracket that ends it.
std::size_t SkipValue(std::string_view text, std::size_t begin) {
  std::size_t depth = 0;
  std::size_t at = begin;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = SkipString(text, at);
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  return at;
}

void NewLine(int level, std::string* out) {
  out->push_back('\n');
  out->append(static_cast<std::size_t>(level) * 2, ' ');
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

void AppendQuoted(std::string_view text, std::string* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out->push_back('"');
  std::size_t plain = 0;  // where the run that needs no escape begins
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text.substr(plain, i - plain));
    plain = i + 1;
    out->push_back('\\');
    const std::size_t short_form = std::string_view("\"\\\b\f\n\r\t").find(text[i]);
    if (short_form != std::string_view::npos) {
      out->push_back("\"\\bfnrt"[short_form]);
    } else {
      out->append("u00").append({kHex[c >> 4], kHex[c & 15]});
    }
  }
  out->append(text.substr(plain));
  out->push_back('"');
}

std::string Quoted(std::string_view text) {
  std::string out;
  AppendQuoted(text, &out);
  return out;
}

std::string FormatDouble(double value) {
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t mark = text.find('e');
  int exponent = 0;
  const std::size_t digits_of_exponent = mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(buffer.data() + digits_of_exponent, end, exponent);
  std::string out = text[0] == '-' ? "-" : "";
  std::string digits;
  for (const char c : text.substr(0, mark)) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  const int count = static_cast<int>(digits.size());
  const auto zeros = [](int n) { return std::string(static_cast<std::size_t>(n), '0'); };
  if (exponent >= 16 || exponent < -5) {
    out.push_back(digits[0]);
    if (count > 1) out.append(".").append(digits, 1);
    out.append(exponent > 0 ? "e+" : "e").append(Cat(exponent));
  } else if (exponent < 0) {
    out.append("0.").append(zeros(-exponent - 1)).append(digits);
  } else if (count <= exponent + 1) {
    out.append(digits).append(zeros(exponent + 1 - count)).append(".0");
  } else {
    const auto point = static_cast<std::size_t>(exponent) + 1;
    out.append(digits, 0, point).append(".").append(digits, point);
  }
  return out;
}

void AppendPretty(std::string_view text, int level, std::string* out) {
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      const std::size_t end = SkipString(text, at);
      out->append(text.substr(at, end - at));
      at = end;
      continue;
    }
    ++at;
    if (IsSpace(c)) continue;
    if (c == '}' || c == ']') NewLine(--level, out);
    out->push_back(c);
    if (c == ':') out->push_back(' ');
    if (c == ',') NewLine(level, out);
    if (c != '{' && c != '[') continue;
    while (at < text.size() && IsSpace(text[at])) ++at;
    if (at < text.size() && text[at] == (c == '{' ? '}' : ']')) {
      out->push_back(text[at++]);
    } else {
      NewLine(++level, out);
    }
  }
}

StatusOr<std::vector<JsonMember>> SplitMembers(std::string_view text, const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(text, name));
  std::vector<JsonMember> members;
  TOKGRAFT_RETURN_IF_ERROR(document.root().ForEachMember([&](std::string_view key, JsonValue) {
    members.push_back({.key = std::string(key), .value = ""});
    return absl::OkStatus();
  }));
  // The text is a valid object from here on, with as many members.
  std::size_t at = text.find('{') + 1;
  for (JsonMember& member : members) {
    at = SkipString(text, text.find('"', at));
    at = text.find(':', at) + 1;
    const std::size_t end = SkipValue(text, at);
    member.value = Trimmed(text.substr(at, end - at));
    at = end + 1;
  }
  return members;
}

std::string JoinMembers(const std::vector<JsonMember>& members) {
  std::string out = "{";
  for (const JsonMember& member : members) {
    if (out.size() > 1) out.push_back(',');
    NewLine(1, &out);
    AppendQuoted(member.key, &out);
    out.append(": ");
    AppendPretty(member.value, 1, &out);
  }
  out.append(members.empty() ? "}\n" : "\n}\n");
  return out;
}

JsonMember* FindMember(std::vector<JsonMember>* members, std::string_view key) {
  for (auto member = members->rbegin(); member != members->rend(); ++member) {
    if (member->key == key) return &*member;
  }
  return nullptr;
}

void SetMember(std::vector<JsonMember>* members, std::string_view key, std::string value) {
  if (JsonMember* member = FindMember(members, key)) {
    member->value = std::move(value);
  } else {
    members->push_back({.key = std::string(key), .value = std::move(value)});
  }
}

}  // namespace tokgraft
