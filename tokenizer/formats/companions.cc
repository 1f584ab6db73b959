#include "tokenizer/formats/companions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "tokenizer/base/json.h"
#include "tokenizer/base/json_write.h"

namespace tokgraft {
namespace {

constexpr const char* kConfig = "tokenizer_config.json";
constexpr const char* kSpecialMap = "special_tokens_map.json";
constexpr const char* kAddedTokens = "added_tokens.json";
constexpr const char* kMistralFix = "fix_mistral_regex";

using Role = std::pair<std::string_view, std::optional<TokenId> SpecialRoles::*>;
constexpr std::array<Role, 7> kRoles = {{
    {"bos_token", &SpecialRoles::bos},
    {"eos_token", &SpecialRoles::eos},
    {"unk_token", &SpecialRoles::unk},
    {"pad_token", &SpecialRoles::pad},
    {"sep_token", &SpecialRoles::sep},
    {"cls_token", &SpecialRoles::cls},
    {"mask_token", &SpecialRoles::mask},
}};

// A token by what the companions call it: added tokens first, then the vocabulary.
std::optional<TokenId> FindToken(const TokenizerSpec& spec, std::string_view content) {
  for (const AddedToken& token : spec.added_tokens) {
    if (token.content == content) return token.id;
  }
  return spec.vocab.FindSpelling(content);
}

std::optional<std::string> ContentOf(const TokenizerSpec& spec, TokenId id) {
  for (const AddedToken& token : spec.added_tokens) {
    if (token.id == id) return token.content;
  }
  const std::optional<Piece> piece = spec.vocab.Get(id);
  if (!piece) return std::nullopt;
  return std::string(piece->spelling);
}

// "<s>", or {"content": "<s>", ...}; nullopt for null and whatever else stands there.
std::optional<std::string> TokenContent(const std::optional<JsonValue>& value) {
  if (!value) return std::nullopt;
  const std::optional<JsonValue> content =
      value->type() == JsonType::kObject ? value->Find("content") : value;
  if (!content || content->type() != JsonType::kString) return std::nullopt;
  return std::string(*content->String());
}

void ReadRoles(const JsonValue& root, TokenizerSpec* spec) {
  for (const auto& [key, role] : kRoles) {
    const std::optional<std::string> content = TokenContent(root.Find(key));
    std::optional<TokenId>& id = spec->roles.*role;
    if (!id && content) id = FindToken(*spec, *content);
  }
}

// A .model has no template: the configuration says what is added at the ends.
Status ReadAddedEnds(const JsonValue& root, TokenizerSpec* spec) {
  if (spec->format != Format::kSentencePiece) return absl::OkStatus();
  const std::array<std::pair<std::string_view, bool*>, 2> flags = {
      {{"add_bos_token", &spec->add_bos}, {"add_eos_token", &spec->add_eos}}};
  for (const auto& [key, flag] : flags) {
    const std::optional<JsonValue> value = root.FindNotNull(key);
    if (!value) continue;
    TOKGRAFT_ASSIGN_OR_RETURN(*flag, value->Bool());
  }
  return absl::OkStatus();
}

// ---- Writing -----------------------------------------------------------------------------------

std::string FlagText(bool flag) { return flag ? "true" : "false"; }

// As transformers writes an entry of added_tokens_decoder.
std::string DecoderEntry(const AddedToken& token) {
  return Cat("{\"content\":", Quoted(token.content), ",\"lstrip\":", FlagText(token.lstrip),
             ",\"normalized\":", FlagText(token.normalized), ",\"rstrip\":", FlagText(token.rstrip),
             ",\"single_word\":", FlagText(token.single_word),
             ",\"special\":", FlagText(token.special), "}");
}

// Do the entries of added_tokens_decoder say what the spec's added tokens say?
bool DecoderAgrees(const TokenizerSpec& spec, const JsonValue& decoder) {
  std::map<std::string, const AddedToken*, std::less<>> expected;
  for (const AddedToken& token : spec.added_tokens) expected[Cat(token.id)] = &token;
  std::size_t seen = 0;
  bool agrees = true;
  const Status walked = decoder.ForEachMember([&](std::string_view key, JsonValue entry) {
    const auto found = expected.find(key);
    const auto flag = [&](std::string_view name) {
      const std::optional<JsonValue> value = entry.Find(name);
      return value && value->type() == JsonType::kBool && *value->Bool();
    };
    agrees = agrees && found != expected.end() && TokenContent(entry) == found->second->content &&
             flag("lstrip") == found->second->lstrip && flag("rstrip") == found->second->rstrip &&
             flag("normalized") == found->second->normalized &&
             flag("single_word") == found->second->single_word &&
             flag("special") == found->second->special;
    ++seen;
    return absl::OkStatus();
  });
  return walked.ok() && agrees && seen == expected.size();
}

void CorrectDecoder(const TokenizerSpec& spec, const JsonValue& root,
                    std::vector<JsonMember>* members, std::vector<std::string>* notes) {
  const std::optional<JsonValue> decoder = root.Find("added_tokens_decoder");
  if (!decoder || DecoderAgrees(spec, *decoder)) return;
  std::vector<AddedToken> tokens = spec.added_tokens;
  std::sort(tokens.begin(), tokens.end(),
            [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  std::string json = "{";
  for (const AddedToken& token : tokens) {
    json += Cat(json.size() > 1 ? "," : "", "\"", token.id, "\":", DecoderEntry(token));
  }
  SetMember(members, "added_tokens_decoder", json + "}");
  notes->push_back(Cat(kConfig, ": added_tokens_decoder follows the ", tokens.size(),
                       " added tokens of the tokenizer"));
}

// A role whose token the tokenizer lacks would be added by transformers, with an id of its own.
void CorrectRoles(const TokenizerSpec& spec, const JsonValue& root, const char* file,
                  std::vector<JsonMember>* members, std::vector<std::string>* notes) {
  for (const auto& [key, role] : kRoles) {
    const std::optional<std::string> content = TokenContent(root.Find(key));
    if (!content || FindToken(spec, *content)) continue;
    const std::optional<TokenId> id = spec.roles.*role;
    const std::optional<std::string> now = id ? ContentOf(spec, *id) : std::nullopt;
    SetMember(members, key, now ? Quoted(*now) : "null");
    notes->push_back(Cat(file, ": ", key, " was \"", *content,
                         "\", which the tokenizer does not hold; it is ",
                         now ? Quoted(*now) : "null", " now"));
  }
}

bool KeepsPipeline(std::string_view tokenizer_class) {
  return tokenizer_class == "PreTrainedTokenizerFast" || tokenizer_class == "TokenizersBackend";
}

// What the classes of transformers take for granted where the configuration is silent.
struct ClassDefault {
  std::string_view tokenizer_class;
  std::string_view key;
  std::string_view content;
};
constexpr std::array<ClassDefault, 16> kClassDefaults = {{
    {"GPT2Tokenizer", "bos_token", "<|endoftext|>"},
    {"GPT2Tokenizer", "eos_token", "<|endoftext|>"},
    {"GPT2Tokenizer", "unk_token", "<|endoftext|>"},
    {"Qwen2Tokenizer", "eos_token", "<|endoftext|>"},
    {"Qwen2Tokenizer", "pad_token", "<|endoftext|>"},
    {"LlamaTokenizer", "bos_token", "<s>"},
    {"LlamaTokenizer", "eos_token", "</s>"},
    {"LlamaTokenizer", "unk_token", "<unk>"},
    {"GemmaTokenizer", "bos_token", "<bos>"},
    {"GemmaTokenizer", "eos_token", "<eos>"},
    {"GemmaTokenizer", "unk_token", "<unk>"},
    {"GemmaTokenizer", "pad_token", "<pad>"},
    {"BertTokenizer", "cls_token", "[CLS]"},
    {"BertTokenizer", "sep_token", "[SEP]"},
    {"BertTokenizer", "pad_token", "[PAD]"},
    {"BertTokenizer", "mask_token", "[MASK]"},
}};

void CorrectClass(const TokenizerSpec& spec, const JsonValue& root,
                  std::vector<JsonMember>* members, std::vector<std::string>* notes) {
  if (root.Find("auto_map")) {
    members->erase(std::remove_if(members->begin(), members->end(),
                                  [](const JsonMember& m) { return m.key == "auto_map"; }),
                   members->end());
    notes->push_back(
        Cat(kConfig, ": auto_map, which names code beside the tokenizer, is left out"));
  }
  const std::optional<JsonValue> fix = root.FindNotNull(kMistralFix);
  if (fix && fix->type() == JsonType::kBool && *fix->Bool()) {
    SetMember(members, kMistralFix, "false");
    notes->push_back(Cat(kConfig, ": ", kMistralFix, " was true, which makes transformers put a ",
                         "regex of its own into the pipeline of a mistral model; it is false now: ",
                         "ids are those of tokenizer.json as it stands"));
  }
  const std::optional<JsonValue> value = root.FindNotNull("tokenizer_class");
  std::string held;
  if (value && value->type() == JsonType::kString) held = *value->String();
  if (KeepsPipeline(held)) return;
  std::string_view base = held;
  if (base.ends_with("Fast")) base.remove_suffix(4);
  for (const ClassDefault& absent : kClassDefaults) {
    if (absent.tokenizer_class == base && !root.Find(absent.key) &&
        FindToken(spec, absent.content)) {
      SetMember(members, absent.key, Quoted(absent.content));
    }
  }
  if (std::holds_alternative<WordPieceModel>(spec.model) && !root.Find("model_input_names")) {
    SetMember(members, "model_input_names", R"(["input_ids","token_type_ids","attention_mask"])");
  }
  SetMember(members, "tokenizer_class", "\"PreTrainedTokenizerFast\"");
  notes->push_back(
      Cat(kConfig, ": tokenizer_class ",
          held.empty() ? "was missing, it"
                       : Cat("was ", held,
                             ", which builds its own "
                             "pipeline from the vocabulary; it"),
          " is PreTrainedTokenizerFast now, which reads the pipeline of tokenizer.json"));
}

// Beside another format than tokenizer.json, transformers takes added tokens from here alone: they
// stay, as long as no piece of the tokenizer has their id.
Status CheckDecoderIds(const TokenizerSpec& spec, const JsonValue& root) {
  const std::optional<JsonValue> decoder = root.FindNotNull("added_tokens_decoder");
  if (!decoder) return absl::OkStatus();
  return decoder->ForEachMember([&](std::string_view key, const JsonValue& entry) -> Status {
    TokenId id = 0;
    const auto parsed = std::from_chars(key.data(), key.data() + key.size(), id);
    const std::optional<std::string> content = TokenContent(entry);
    if (parsed.ec != std::errc() || !content) return absl::OkStatus();
    const std::optional<std::string> held = ContentOf(spec, id);
    if (!held || *held == *content) return absl::OkStatus();
    return FailedPreconditionError(Cat(kConfig, ": added_tokens_decoder.", key, ": is ",
                                       Quoted(*content), ", but the tokenizer has ", Quoted(*held),
                                       " on this id; save as tokenizer.json, which holds both"));
  });
}

StatusOr<std::string> CorrectedConfig(const TokenizerSpec& spec, Format format,
                                      const std::string& text, std::vector<std::string>* notes) {
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(text, kConfig));
  TOKGRAFT_ASSIGN_OR_RETURN(std::vector<JsonMember> members, SplitMembers(text, kConfig));
  const std::vector<JsonMember> before = members;
  CorrectRoles(spec, document.root(), kConfig, &members, notes);
  if (format == Format::kTokenizerJson) {
    CorrectDecoder(spec, document.root(), &members, notes);
    CorrectClass(spec, document.root(), &members, notes);
  } else {
    TOKGRAFT_RETURN_IF_ERROR(CheckDecoderIds(spec, document.root()));
  }
  return members == before ? text : JoinMembers(members);
}

std::string NewConfig(const TokenizerSpec& spec, std::vector<std::string>* notes) {
  std::vector<JsonMember> members;
  for (const auto& [key, role] : kRoles) {
    const std::optional<TokenId> id = spec.roles.*role;
    const std::optional<std::string> content = id ? ContentOf(spec, *id) : std::nullopt;
    if (content) SetMember(&members, key, Quoted(*content));
  }
  SetMember(&members, "clean_up_tokenization_spaces", "false");
  SetMember(&members, "tokenizer_class", "\"PreTrainedTokenizerFast\"");
  notes->push_back(Cat(kConfig,
                       ": was missing; a short one is written, so that transformers reads "
                       "the pipeline of tokenizer.json"));
  return JoinMembers(members);
}

StatusOr<std::string> CorrectedSpecialMap(const TokenizerSpec& spec, const std::string& text,
                                          std::vector<std::string>* notes) {
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(text, kSpecialMap));
  TOKGRAFT_ASSIGN_OR_RETURN(std::vector<JsonMember> members, SplitMembers(text, kSpecialMap));
  const std::vector<JsonMember> before = members;
  CorrectRoles(spec, document.root(), kSpecialMap, &members, notes);
  return members == before ? text : JoinMembers(members);
}

// {"<token>": id}: ids follow the spec, tokens it lacks go.
StatusOr<std::string> CorrectedAddedTokens(const TokenizerSpec& spec, const std::string& text,
                                           std::vector<std::string>* notes) {
  TOKGRAFT_ASSIGN_OR_RETURN(std::vector<JsonMember> members, SplitMembers(text, kAddedTokens));
  std::vector<JsonMember> kept;
  for (const JsonMember& member : members) {
    const std::optional<TokenId> id = FindToken(spec, member.key);
    if (id) kept.push_back({.key = member.key, .value = Cat(*id)});
  }
  if (kept == members) return text;
  notes->push_back(Cat(kAddedTokens, ": ids follow the tokenizer"));
  return JoinMembers(kept);
}

}  // namespace

std::vector<std::string> CompanionNames() {
  return {kConfig, kSpecialMap, kAddedTokens, "chat_template.jinja"};
}

Status ApplyCompanions(const std::string& directory, TokenizerSpec* spec) {
  for (const char* name : {kConfig, kSpecialMap}) {
    const auto companion = spec->companions.find(name);
    if (companion == spec->companions.end()) continue;
    TOKGRAFT_ASSIGN_OR_RETURN(const JsonDocument document,
                              JsonDocument::Parse(companion->second, Cat(directory, "/", name)));
    ReadRoles(document.root(), spec);
    if (name == kConfig) TOKGRAFT_RETURN_IF_ERROR(ReadAddedEnds(document.root(), spec));
  }
  return absl::OkStatus();
}

StatusOr<std::map<std::string, std::string>> CorrectedCompanions(const TokenizerSpec& spec,
                                                                 Format format,
                                                                 std::vector<std::string>* notes) {
  std::map<std::string, std::string> files = spec.companions;
  if (format == Format::kTokenizerJson && !files.contains(kConfig))
    files[kConfig] = NewConfig(spec, notes);
  for (auto& [name, text] : files) {
    if (name == kConfig) {
      TOKGRAFT_ASSIGN_OR_RETURN(text, CorrectedConfig(spec, format, text, notes));
    } else if (name == kSpecialMap) {
      TOKGRAFT_ASSIGN_OR_RETURN(text, CorrectedSpecialMap(spec, text, notes));
    } else if (name == kAddedTokens) {
      TOKGRAFT_ASSIGN_OR_RETURN(text, CorrectedAddedTokens(spec, text, notes));
    }
  }
  return files;
}

}  // namespace tokgraft
