// tokgraft encode and decode: text to ids and back, one document per line of JSON or of numbers.
#include <CLI/CLI.hpp>
#include <charconv>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tokenizer/base/mapped_file.h"
#include "tokenizer/cli/commands.h"
#include "tokenizer/cli/console.h"
#include "tokenizer/cli/tokenizer_argument.h"
#include "tokenizer/text/utf8.h"

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

std::string Printable(std::string_view bytes) {
  std::string out;
  ReplaceInvalid(bytes, &out);
  return out;
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
    tokens.push_back({{"id", encoding.ids[i]},
                      {"text", Printable(tokenizer.token_bytes(encoding.ids[i]).value_or(""))},
                      {"begin", encoding.offsets[i].begin},
                      {"end", encoding.offsets[i].end}});
  }
  return nlohmann::ordered_json{{"ids", encoding.ids},
                                {"tokens", tokens},
                                {"bytes", text.size()},
                                {"invalid_utf8", encoding.invalid_utf8}}
      .dump(2);
}

StatusOr<std::vector<TokenId>> ParseIds(std::string_view text) {
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

Status RunDecode(const TextOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, LoadAndCompile(options.tokenizer));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string text, ReadText(options));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<TokenId> ids, ParseIds(text));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string decoded,
                            tokenizer.Decode(ids, {.skip_special_tokens = options.special}));
  std::cout.write(decoded.data(), static_cast<std::streamsize>(decoded.size())).flush();
  if (!std::cout) return InternalError("standard output: cannot be written; is the disk full?");
  return absl::OkStatus();
}

void AddTextOptions(CLI::App* command, TextOptions* options, const std::string& what) {
  AddTokenizerArgument(command, &options->tokenizer);
  command->add_option("--text", options->text, what + " given on the command line")
      ->each([options](const std::string&) { options->text_given = true; });
  command->add_option("--file", options->file, "Read it from this file (default: standard input)")
      ->type_name("PATH");
}

}  // namespace

void AddEncodeCommand(CLI::App* program, int* exit_status) {
  auto options = std::make_shared<TextOptions>();
  CLI::App* command = program->add_subcommand("encode", "Text to token ids");
  AddTextOptions(command, options.get(), "Text");
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
  AddTextOptions(command, options.get(), "Ids");
  command->add_flag("--skip-special-tokens", options->special, "Leave special tokens out");
  command->callback([options, exit_status] { *exit_status = Finish(RunDecode(*options)); });
}

}  // namespace tokgraft
