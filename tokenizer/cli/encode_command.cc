// tokgraft encode and decode: text to ids and back, one document per line of JSON or of numbers.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tokenizer/base/json.h"
#include "tokenizer/base/mapped_file.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/cli/commands.h"
#include "tokenizer/cli/console.h"
#include "tokenizer/cli/tokenizer_argument.h"

namespace tokgraft {
namespace {

struct TextOptions {
  TokenizerArgument tokenizer;
  std::string text;
  bool text_given = false;
  std::string file;
  bool special = false;
  bool json = false;
};

// The text of the option, of the file, or of standard input.
StatusOr<std::string> ReadText(const TextOptions& options) {
  if (options.text_given) return options.text;
  if (!options.file.empty() && options.file != "-") {
    TOKGRAFT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(options.file));
    return std::string(file.bytes());
  }
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return hex;
}

// Bytes of the text that no token covers: what the tokenizer dropped, for want of a piece or
// because its stages drop it.
std::uint64_t UncoveredBytes(const Encoding& encoding, std::string_view text) {
  std::vector<bool> covered(text.size());
  for (const auto& span : encoding.offsets) {
    for (auto i = static_cast<std::size_t>(span.begin); i < static_cast<std::size_t>(span.end);
         ++i) {
      covered[i] = true;
    }
  }
  return static_cast<std::uint64_t>(std::count(covered.begin(), covered.end(), false));
}

StatusOr<std::string> RunEncode(const TextOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, LoadAndCompile(options.tokenizer));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string text, ReadText(options));
  const EncodeOptions encode{.add_special_tokens = options.special};
  std::string out;
  if (!options.json) {
    std::vector<TokenId> ids;
    tokenizer.EncodeIds(text, &ids, encode);
    for (const TokenId id : ids) out += out.empty() ? Cat(id) : Cat(' ', id);
    return out;
  }
  const Encoding encoding = tokenizer.Encode(text, encode);
  nlohmann::ordered_json tokens = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
    const std::string bytes(tokenizer.token_bytes(encoding.ids[i]).value_or(""));
    nlohmann::ordered_json token = {{"id", encoding.ids[i]},
                                    {"text", Printable(bytes)},
                                    {"begin", encoding.offsets[i].begin},
                                    {"end", encoding.offsets[i].end}};
    if (Printable(bytes) != bytes) token["bytes"] = Hex(bytes);
    tokens.push_back(std::move(token));
  }
  return ReadableJson(nlohmann::ordered_json{{"ids", encoding.ids},
                                             {"tokens", tokens},
                                             {"bytes", text.size()},
                                             {"uncovered_bytes", UncoveredBytes(encoding, text)},
                                             {"invalid_utf8", encoding.invalid_utf8}}
                          .dump());
}

// The ids of what `encode --json` printed.
StatusOr<std::vector<TokenId>> ParseEncodedJson(std::string_view text) {
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(text, "ids"));
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue list, document.root().Get("ids"));
  std::vector<TokenId> ids;
  TOKGRAFT_RETURN_IF_ERROR(list.ForEachElement([&](std::size_t, JsonValue value) -> Status {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t id, value.Uint());
    if (id > std::numeric_limits<TokenId>::max()) return value.Error("is too large for a token id");
    ids.push_back(static_cast<TokenId>(id));
    return absl::OkStatus();
  }));
  return ids;
}

StatusOr<std::vector<TokenId>> ParseIds(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') return ParseEncodedJson(text);
  std::vector<TokenId> ids;
  for (std::size_t position = 0; position < text.size();) {
    if (std::string_view(" \t\r\n,[]").find(text[position]) != std::string_view::npos) {
      ++position;
      continue;
    }
    TokenId id = 0;
    const char* begin = text.data() + position;
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), id);
    if (error != std::errc()) {
      return InvalidArgumentError(Cat("ids: byte ", position, ": not a token id, expected whole ",
                                      "numbers separated by spaces or commas"));
    }
    ids.push_back(id);
    position += static_cast<std::size_t>(end - begin);
  }
  return ids;
}

// The reference gives no text for them, so neither do we; but they are seldom meant.
void WarnOfUnknownIds(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  const auto unknown = std::count_if(
      ids.begin(), ids.end(), [&](TokenId id) { return !tokenizer.token_bytes(id).has_value(); });
  if (unknown == 0) return;
  Warn(Cat(Grouped(static_cast<std::uint64_t>(unknown)), " of ", Counted(ids.size(), "id"),
           " not in the vocabulary, which give no text; its highest id is ",
           Grouped(tokenizer.vocab_size() - 1)));
}

Status RunDecode(const TextOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, LoadAndCompile(options.tokenizer));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string text, ReadText(options));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<TokenId> ids, ParseIds(text));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string decoded,
                            tokenizer.Decode(ids, {.skip_special_tokens = options.special}));
  WarnOfUnknownIds(tokenizer, ids);
  std::cout.write(decoded.data(), static_cast<std::streamsize>(decoded.size())).flush();
  if (!std::cout) return InternalError("standard output: cannot be written; is the disk full?");
  return absl::OkStatus();
}

void AddTextOptions(CLI::App* command, TextOptions* options, const std::string& names,
                    const std::string& what) {
  AddTokenizerArgument(command, &options->tokenizer);
  CLI::Option* text = command->add_option(names, options->text, what + " given on the command line")
                          ->each([options](const std::string&) { options->text_given = true; });
  command->add_option("--file", options->file, "Read it from this file (default: standard input)")
      ->excludes(text)
      ->type_name("PATH");
}

}  // namespace

void AddEncodeCommand(CLI::App* program, int* exit_status) {
  auto options = std::make_shared<TextOptions>();
  CLI::App* command = program->add_subcommand("encode", "Text to token ids");
  AddTextOptions(command, options.get(), "--text", "Text");
  command->add_flag("--add-special-tokens", options->special,
                    "Apply the tokenizer's template (<s> and the like)");
  command->add_flag("--json", options->json, "Ids, token texts and byte offsets as JSON");
  command->callback([options, exit_status] {
    const StatusOr<std::string> out = RunEncode(*options);
    *exit_status = out.ok() ? Print(*out) : Finish(out.status());
  });
}

void AddDecodeCommand(CLI::App* program, int* exit_status) {
  auto options = std::make_shared<TextOptions>();
  CLI::App* command = program->add_subcommand("decode", "Token ids to text");
  AddTextOptions(command, options.get(), "--ids,--text",
                 "Ids, as numbers or as encode --json prints them,");
  command->add_flag("--skip-special-tokens", options->special, "Leave special tokens out");
  command->callback([options, exit_status] { *exit_status = Finish(RunDecode(*options)); });
}

}  // namespace tokgraft
