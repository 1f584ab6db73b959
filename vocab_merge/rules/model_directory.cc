// D4, D10: the files beside a tokenizer. Rows of the embedding that the model's config declares,
// and special tokens on other ids, or under other names, than the tokenizer has them.
#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "tokenizer/base/json.h"
#include "tokenizer/base/mapped_file.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

constexpr std::array<std::string_view, 3> kRoles = {"bos", "eos", "pad"};

StatusOr<std::optional<JsonDocument>> ReadConfig(const std::string& directory,
                                                 std::string_view name) {
  const std::filesystem::path path = std::filesystem::path(directory) / std::string(name);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::optional<JsonDocument>();
  TOKGRAFT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path.string()));
  TOKGRAFT_ASSIGN_OR_RETURN(JsonDocument document,
                            JsonDocument::Parse(file.bytes(), path.string()));
  return std::optional<JsonDocument>(std::move(document));
}

// A member of the config, or of the text part of a config of several parts.
std::optional<JsonValue> FindInConfig(const JsonValue& root, std::string_view key) {
  if (root.type() != JsonType::kObject) return std::nullopt;
  if (const auto value = root.FindNotNull(key)) return value;
  const auto text = root.FindNotNull("text_config");
  if (!text || text->type() != JsonType::kObject) return std::nullopt;
  return text->FindNotNull(key);
}

// Ascending, each once: the order in which a file lists them means nothing.
std::vector<std::uint64_t> IdsOf(const std::optional<JsonValue>& value) {
  std::vector<std::uint64_t> out;
  if (!value) return out;
  const auto add = [&](const JsonValue& element) {
    if (const StatusOr<std::uint64_t> id = element.Uint(); id.ok()) out.push_back(*id);
  };
  if (value->type() != JsonType::kArray) {
    add(*value);
    return out;
  }
  const Status all = value->ForEachElement([&](std::size_t, JsonValue element) -> Status {
    add(element);
    return {};
  });
  if (!all.ok()) out.clear();
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void LintRows(const LintFacts& facts, const JsonValue& config, LintReport* report) {
  const auto declared = FindInConfig(config, "vocab_size");
  if (!declared) return;
  const StatusOr<std::uint64_t> rows = declared->Uint();
  if (!rows.ok()) return;
  LookedFor({"D4"}, report);
  const std::uint64_t ids = facts.spec.id_limit();
  Detected detected;
  detected.count = ids > *rows ? ids - *rows : *rows - ids;
  const std::string sizes =
      Cat("the tokenizer has ", ids, " ids, config.json declares ", *rows, " rows");
  if (ids > *rows) {
    AddFinding({.code = "D4",
                .severity = Severity::kError,
                .message = Cat(" ids have no row: ", sizes),
                .action = "grow the embedding: encoding one of these ids is a read past its end",
                .place = "config.json: vocab_size"},
               std::move(detected), facts, report);
  } else {
    AddFinding({.code = "D4",
                .message = Cat(" rows have no id: ", sizes),
                .action = "nothing, if they are padding; never let them be sampled",
                .place = "config.json: vocab_size"},
               std::move(detected), facts, report);
  }
}

// What one file says of a role: its ids, or the name of a token.
struct Statement {
  std::string file;
  std::vector<std::uint64_t> ids;
};

std::string ShowIds(const std::vector<std::uint64_t>& ids) {
  std::string out;
  for (const std::uint64_t id : ids) out += Cat(out.empty() ? "" : ", ", id);
  return Cat("[", out, "]");
}

std::optional<TokenId> FindToken(const TokenizerSpec& spec, std::string_view name) {
  for (const AddedToken& token : spec.added_tokens) {
    if (token.content == name) return token.id;
  }
  return spec.vocab.FindSpelling(name);
}

std::optional<std::string> NameOf(const std::optional<JsonValue>& value) {
  if (!value) return std::nullopt;
  const auto content = value->type() == JsonType::kObject ? value->Find("content") : value;
  if (!content || content->type() != JsonType::kString) return std::nullopt;
  return std::string(*content->String());
}

class RoleCheck {
 public:
  explicit RoleCheck(const LintFacts& facts) : facts_(facts) {}

  void Ids(const std::string& file, const JsonValue& root) {
    for (const std::string_view role : kRoles) {
      const std::string key = Cat(role, "_token_id");
      std::vector<std::uint64_t> ids = IdsOf(FindInConfig(root, key));
      if (ids.empty()) continue;
      for (const std::uint64_t id : ids) {
        if (id >= facts_.spec.id_limit()) {
          Problem(Cat(file, ": ", key), Cat(id, " is not in the vocabulary"));
        }
      }
      said_[std::string(role)].push_back({file, std::move(ids)});
    }
  }
  void Names(const std::string& file, const JsonValue& root) {
    if (root.type() != JsonType::kObject) return;
    for (const std::string_view role : kRoles) {
      const std::string key = Cat(role, "_token");
      const std::optional<std::string> name = NameOf(root.FindNotNull(key));
      if (!name) continue;
      const std::optional<TokenId> id = FindToken(facts_.spec, *name);
      if (!id) {
        Problem(Cat(file, ": ", key), Cat(ShowPiece(*name), " is not in the vocabulary"));
      } else {
        said_[std::string(role)].push_back({file, {*id}});
      }
    }
    Decoder(file, root);
  }
  // Each <|name|> that a template writes should be one token.
  void Template(const std::string& file, std::string_view text) {
    if (facts_.tokenizer == nullptr) return;
    std::set<std::string_view> seen;
    for (std::size_t at = text.find("<|"); at != text.npos; at = text.find("<|", at + 2)) {
      const std::size_t end = text.find("|>", at + 2);
      if (end == text.npos || end - at > kLongestName) continue;
      const std::string_view name = text.substr(at, end + 2 - at);
      const bool plain = std::none_of(name.begin(), name.end(), [](char c) {
        return c == ' ' || c == '\n' || c == '{' || c == '\'' || c == '"' || c == '+';
      });
      if (!plain || !seen.insert(name).second) continue;
      if (facts_.tokenizer->Count(name) != 1) {
        Problem(Cat(file, ": chat_template"), Cat(ShowPiece(name), " is not one token"));
      }
    }
  }
  void Report(LintReport* report) {
    LookedFor({"D10"}, report);
    AddFinding(
        {.code = "D10",
         .severity = Severity::kWarning,
         .message = " names or ids of special tokens are not those of the tokenizer",
         .action = "write the tokenizer's own into every file: runtimes read different ones"},
        std::move(problems_), facts_, report);
    Detected apart;
    for (const auto& [role, statements] : said_) {
      const auto other = std::find_if(
          statements.begin(), statements.end(),
          [&](const Statement& statement) { return statement.ids != statements.front().ids; });
      if (other == statements.end()) continue;
      ++apart.count;
      std::string text = Cat(role, ":");
      for (const Statement& statement : statements) {
        text += Cat(" ", ShowIds(statement.ids), " in ", statement.file, ";");
      }
      text.pop_back();
      apart.AddExample({.place = other->file, .text = std::move(text)});
    }
    AddFinding({.code = "D10",
                .message = " roles stand for other ids in another file",
                .action = "stop at all of them: each runtime reads a file of its own"},
               std::move(apart), facts_, report);
  }

 private:
  static constexpr std::size_t kLongestName = 64;

  void Problem(std::string place, std::string text) {
    ++problems_.count;
    problems_.AddExample({.place = std::move(place), .text = std::move(text)});
  }
  // added_tokens_decoder: {"7": {"content": ...}}.
  void Decoder(const std::string& file, const JsonValue& root) {
    const auto decoder = root.FindNotNull("added_tokens_decoder");
    if (!decoder || decoder->type() != JsonType::kObject) return;
    const Status all = decoder->ForEachMember([&](std::string_view key, JsonValue value) -> Status {
      const std::optional<std::string> name = NameOf(value);
      if (!name) return {};
      const std::optional<TokenId> id = FindToken(facts_.spec, *name);
      if (id && Cat(*id) == key) return {};
      Problem(Cat(file, ": added_tokens_decoder[\"", key, "\"]"),
              Cat(ShowPiece(*name), " has ", id ? Cat("id ", *id) : std::string("no id"),
                  " in the tokenizer"));
      return {};
    });
    if (!all.ok()) Problem(file, std::string(Message(all)));
  }

  const LintFacts& facts_;
  Detected problems_;
  std::map<std::string, std::vector<Statement>> said_;
};

}  // namespace

Status LintModelDirectory(const LintFacts& facts, LintReport* report) {
  RoleCheck roles(facts);
  bool any = false;
  const std::string& directory = facts.options.model_directory;
  if (directory.empty()) {
    report->not_checked.push_back({.codes = {"D4"}, .reason = "no model directory was given"});
  } else {
    std::error_code error;
    if (!std::filesystem::is_directory(directory, error)) {
      return NotFoundError(Cat(directory,
                               ": no such directory, that of a model was expected; "
                               "check the path"));
    }
    bool has_config = false;
    for (const char* name : {"config.json", "generation_config.json"}) {
      TOKGRAFT_ASSIGN_OR_RETURN(const std::optional<JsonDocument> document,
                                ReadConfig(directory, name));
      if (!document) continue;
      any = true;
      roles.Ids(name, document->root());
      if (std::string_view(name) != "config.json") continue;
      has_config = true;
      LintRows(facts, document->root(), report);
    }
    if (!has_config) {
      report->not_checked.push_back(
          {.codes = {"D4"}, .reason = Cat(directory, " has no config.json")});
    }
  }
  for (const auto& [name, text] : facts.spec.companions) {
    if (name == "chat_template.jinja") {
      any = true;
      roles.Template(name, text);
      continue;
    }
    if (name != "tokenizer_config.json" && name != "special_tokens_map.json") continue;
    TOKGRAFT_ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(text, name));
    any = true;
    roles.Names(name, document.root());
    if (document.root().type() != JsonType::kObject) continue;
    const auto chat = document.root().FindNotNull("chat_template");
    if (chat && chat->type() == JsonType::kString) roles.Template(name, *chat->String());
  }
  if (any) {
    roles.Report(report);
  } else {
    report->not_checked.push_back(
        {.codes = {"D10"}, .reason = "no file beside the tokenizer names special tokens"});
  }
  return {};
}

}  // namespace tokgraft
