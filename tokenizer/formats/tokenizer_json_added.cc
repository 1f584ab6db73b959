// Added tokens of tokenizer.json, and the numbering that Hugging Face gives them.
//
// The library does not read the declared ids. In the order of the file, a content that the model's
// vocabulary holds has the id it has there; any other gets the next id after the vocabulary's count
// of pieces. Where the vocabulary has holes this can be the id of a piece, which then decodes as
// the added token. A content seen again keeps its id and takes the new flags.
#include <map>
#include <unordered_map>
#include <utility>

#include "tokenizer/formats/json_fields.h"
#include "tokenizer/formats/tokenizer_json_parts.h"

namespace tokgraft {
namespace {

LoadNote NoteOf(LoadNote::Kind kind, std::size_t index, std::string message,
                std::optional<TokenId> declared, std::optional<TokenId> actual) {
  return {.kind = kind,
          .place = Cat("added_tokens[", index, "]"),
          .message = std::move(message),
          .declared = declared,
          .actual = actual};
}

}  // namespace

std::vector<AddedToken> NumberAddedTokens(const std::vector<AddedToken>& tokens,
                                          std::size_t vocab_size, const FindId& find_id,
                                          std::vector<LoadNote>* notes) {
  std::map<TokenId, AddedToken> by_id;
  std::unordered_map<std::string_view, TokenId> by_content;
  std::unordered_map<std::string_view, bool> special;  // once special, always skipped in decoding
  auto next_id = static_cast<TokenId>(vocab_size);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    AddedToken token = tokens[i];
    if (token.content.empty()) {
      notes->push_back(NoteOf(LoadNote::Kind::kIgnored, i, "the reference ignores an empty token",
                              token.id, std::nullopt));
      continue;
    }
    const std::string_view content = tokens[i].content;
    const auto held = by_content.find(content);
    if (held != by_content.end()) {
      notes->push_back(NoteOf(LoadNote::Kind::kRepeated, i,
                              Cat("\"", content, "\" is given again, the last flags count"),
                              token.id, held->second));
    }
    std::optional<TokenId> id;
    if (held != by_content.end()) {
      id = held->second;
    } else {
      id = find_id(content);
    }
    if (!id) id = next_id++;
    if (*id != token.id) {
      notes->push_back(NoteOf(
          LoadNote::Kind::kRenumbered, i,
          Cat("\"", content, "\" is declared as ", token.id, ", the reference gives it ", *id),
          token.id, *id));
    }
    bool& was_special = special[content];
    was_special = was_special || token.special;
    token.special = was_special;
    token.id = *id;
    by_content[content] = *id;
    by_id[*id] = std::move(token);
  }
  std::vector<AddedToken> numbered;
  numbered.reserve(by_id.size());
  for (auto& [id, token] : by_id) numbered.push_back(std::move(token));
  return numbered;
}

StatusOr<std::vector<AddedToken>> ReadAddedTokens(const JsonValue& value) {
  std::vector<AddedToken> tokens;
  std::unordered_map<std::string, bool> normalized;
  TOKGRAFT_RETURN_IF_ERROR(value.ForEachElement([&](std::size_t, JsonValue element) -> Status {
    JsonFields fields(element);
    AddedToken token{.id = fields.Id("id"),
                     .content = fields.String("content"),
                     .single_word = fields.Bool("single_word"),
                     .lstrip = fields.Bool("lstrip"),
                     .rstrip = fields.Bool("rstrip"),
                     .normalized = fields.Bool("normalized"),
                     .special = fields.Bool("special")};
    TOKGRAFT_RETURN_IF_ERROR(fields.status());
    // The library would look for both, and decode the token as the normalized one for good.
    if (!token.content.empty() &&
        normalized.emplace(token.content, token.normalized).first->second != token.normalized) {
      TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue flag, element.Get("normalized"));
      return flag.ErrorOf(&UnimplementedError, Cat("is not what it was where \"", token.content,
                                                   "\" was given before; keep one of the two"));
    }
    tokens.push_back(std::move(token));
    return absl::OkStatus();
  }));
  return tokens;
}

}  // namespace tokgraft
