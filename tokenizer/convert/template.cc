// What a tokenizer adds around a text, and its chat template, from format to format.
#include <optional>
#include <utility>

#include "tokenizer/base/json.h"
#include "tokenizer/base/json_write.h"
#include "tokenizer/convert/draft.h"

namespace tokgraft {
namespace {

constexpr const char* kChatKey = "tokenizer.chat_template";
constexpr const char* kConfig = "tokenizer_config.json";

const post_processor::Template* TemplateOf(const TokenizerSpec& spec) {
  for (const PostProcessor& stage : spec.post_processors) {
    if (const auto* found = std::get_if<post_processor::Template>(&stage)) return found;
  }
  return nullptr;
}

// The one id of a special token of the template.
std::optional<TokenId> IdOf(const post_processor::Template& from, const std::string& name) {
  for (const post_processor::SpecialToken& special : from.special_tokens) {
    if (special.id == name && special.ids.size() == 1) return special.ids[0];
  }
  return std::nullopt;
}

std::string Content(const TokenizerSpec& spec, TokenId id) {
  for (const AddedToken& token : spec.added_tokens) {
    if (token.id == id) return token.content;
  }
  const std::optional<Piece> piece = spec.vocab.Get(id);
  return piece ? std::string(piece->spelling) : Cat("<", id, ">");
}

}  // namespace

void TemplateToFlags(const TokenizerSpec& from, Draft* to) {
  const post_processor::Template* found = TemplateOf(from);
  bool other = false;
  for (const PostProcessor& stage : from.post_processors) {
    other = other || std::holds_alternative<post_processor::Bert>(stage) ||
            std::holds_alternative<post_processor::Roberta>(stage);
  }
  bool seen = false;
  for (const post_processor::TemplatePart& part :
       found == nullptr ? std::vector<post_processor::TemplatePart>() : found->single) {
    if (part.kind != post_processor::TemplatePart::Kind::kSpecial) {
      seen = true;
      continue;
    }
    const std::optional<TokenId> id = IdOf(*found, part.special);
    bool& flag = seen ? to->spec.add_eos : to->spec.add_bos;
    std::optional<TokenId>& role = seen ? to->spec.roles.eos : to->spec.roles.bos;
    if (!id || flag || (role && *role != *id)) {
      other = true;
      continue;
    }
    flag = true;
    role = id;
  }
  if (other) to->notes.push_back("the template says more than bos and eos; the rest is left out");
}

void FlagsToTemplate(const TokenizerSpec& from, TokenizerSpec* to) {
  using Part = post_processor::TemplatePart;
  const bool bos = from.add_bos && from.roles.bos;
  const bool eos = from.add_eos && from.roles.eos;
  if (!bos && !eos) return;
  post_processor::Template out;
  const auto special = [&](TokenId id, std::uint32_t type, std::vector<Part>* parts) {
    parts->push_back({.kind = Part::Kind::kSpecial, .special = Content(*to, id), .type_id = type});
  };
  const auto sequence = [&](Part::Kind kind, std::uint32_t type, std::vector<Part>* parts) {
    if (bos) special(*from.roles.bos, type, parts);
    parts->push_back({.kind = kind, .special = "", .type_id = type});
    if (eos) special(*from.roles.eos, type, parts);
  };
  sequence(Part::Kind::kSequenceA, 0, &out.single);
  sequence(Part::Kind::kSequenceA, 0, &out.pair);
  sequence(Part::Kind::kSequenceB, 1, &out.pair);
  const auto declare = [&](TokenId id) {
    const std::string content = Content(*to, id);
    for (const post_processor::SpecialToken& known : out.special_tokens) {
      if (known.id == content) return;
    }
    out.special_tokens.push_back({.id = content, .ids = {id}, .tokens = {content}});
  };
  if (bos) declare(*from.roles.bos);
  if (eos) declare(*from.roles.eos);
  to->post_processors.emplace_back(std::move(out));
}

void CarryChatTemplate(const TokenizerSpec& from, TokenizerSpec* to) {
  const auto key = from.rest.find(kChatKey);
  if (to->format == Format::kGguf) {
    if (key != from.rest.end()) {
      to->rest[kChatKey] = key->second;
      return;
    }
    const auto file = from.companions.find("chat_template.jinja");
    if (file != from.companions.end()) {
      to->rest[kChatKey] = Quoted(file->second);
      return;
    }
    const auto config = from.companions.find(kConfig);
    if (config == from.companions.end()) return;
    const StatusOr<JsonDocument> document = JsonDocument::Parse(config->second, kConfig);
    if (!document.ok()) return;
    const std::optional<JsonValue> chat = document->root().FindNotNull("chat_template");
    if (chat && chat->type() == JsonType::kString) to->rest[kChatKey] = Quoted(*chat->String());
    return;
  }
  if (key == from.rest.end() || to->companions.contains("chat_template.jinja")) return;
  const StatusOr<JsonDocument> document = JsonDocument::Parse(key->second, kChatKey);
  if (!document.ok() || document->root().type() != JsonType::kString) return;
  to->companions["chat_template.jinja"] = std::string(*document->root().String());
}

}  // namespace tokgraft
