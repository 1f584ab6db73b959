#include "vocab_merge/trim/literals.h"

#include <cstddef>
#include <nlohmann/json.hpp>

namespace tokgraft {
namespace {

using Json = nlohmann::json;

// The string constant whose opening quote stands at `at`; moves `at` behind its closing quote.
std::string Constant(std::string_view text, std::size_t* at) {
  const char quote = text[(*at)++];
  std::string out;
  while (*at < text.size() && text[*at] != quote) {
    char c = text[(*at)++];
    if (c == '\\' && *at < text.size()) {
      c = text[(*at)++];
      if (c == 'n') c = '\n';
      if (c == 't') c = '\t';
      if (c == 'r') c = '\r';
    }
    out += c;
  }
  if (*at < text.size()) ++*at;
  return out;
}

void Keep(std::string text, std::vector<std::string>* out) {
  if (!text.empty()) out->push_back(std::move(text));
}

// A tag ("{{ ... }}", "{% ... %}"): its constants; moves `at` behind it.
void ReadTag(std::string_view text, char kind, std::size_t* at, std::vector<std::string>* out) {
  const char last = kind == '{' ? '}' : '%';
  while (*at < text.size()) {
    if (text[*at] == '\'' || text[*at] == '"') {
      Keep(Constant(text, at), out);
    } else if (text[*at] == last && text.substr(*at + 1).starts_with('}')) {
      *at += 2;
      return;
    } else {
      ++*at;
    }
  }
}

void KeepStrings(const Json& value, std::vector<std::string>* out) {
  if (value.is_string()) out->push_back(value.get<std::string>());
  if (!value.is_array()) return;
  for (const Json& entry : value) {
    const auto named = entry.is_object() ? entry.find("template") : entry.end();
    if (entry.is_object() && named != entry.end() && named->is_string()) {
      out->push_back(named->get<std::string>());
    }
  }
}

}  // namespace

std::vector<std::string> TemplateLiterals(std::string_view chat_template) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < chat_template.size()) {
    const std::size_t open = chat_template.find('{', at);
    if (open == std::string_view::npos || open + 1 == chat_template.size()) break;
    const char kind = chat_template[open + 1];
    if (kind != '{' && kind != '%' && kind != '#') {
      Keep(std::string(chat_template.substr(at, open + 1 - at)), &out);
      at = open + 1;
      continue;
    }
    Keep(std::string(chat_template.substr(at, open - at)), &out);
    at = open + 2;
    if (kind == '#') {
      const std::size_t end = chat_template.find("#}", at);
      at = end == std::string_view::npos ? chat_template.size() : end + 2;
    } else {
      ReadTag(chat_template, kind, &at, &out);
    }
  }
  if (at < chat_template.size()) Keep(std::string(chat_template.substr(at)), &out);
  return out;
}

std::vector<std::string> ChatTemplates(const TokenizerSpec& spec) {
  std::vector<std::string> out;
  const auto jinja = spec.companions.find("chat_template.jinja");
  if (jinja != spec.companions.end()) out.push_back(jinja->second);
  const auto config = spec.companions.find("tokenizer_config.json");
  if (config != spec.companions.end()) {
    const Json json = Json::parse(config->second, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.contains("chat_template")) {
      KeepStrings(json["chat_template"], &out);
    }
  }
  const auto gguf = spec.rest.find("tokenizer.chat_template");
  if (gguf != spec.rest.end()) {
    KeepStrings(Json::parse(gguf->second, nullptr, /*allow_exceptions=*/false), &out);
  }
  return out;
}

}  // namespace tokgraft
