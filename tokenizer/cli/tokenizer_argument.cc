#include "tokenizer/cli/tokenizer_argument.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "tokenizer/cli/console.h"
#include "tokenizer/load.h"

namespace tokgraft {

void AddTokenizerArgument(CLI::App* command, TokenizerArgument* argument) {
  command
      ->add_option("tokenizer", argument->path,
                   "A tokenizer.json, sentencepiece .model, tiktoken ranks, tekken.json or GGUF "
                   "file, or a model directory")
      ->required()
      ->type_name("TOKENIZER");
  command
      ->add_option("--pattern", argument->pattern,
                   "For bare tiktoken ranks: r50k, p50k, cl100k, o200k, llama4, kimi_k2, qwen, or "
                   "a regex")
      ->type_name("NAME|REGEX");
}

StatusOr<TokenizerSpec> LoadAndWarn(const TokenizerArgument& argument) {
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec spec, Load(argument.path, {.pattern = argument.pattern}));
  constexpr std::size_t kMost = 3;
  const std::size_t count = spec.notes.size();
  for (std::size_t i = 0; i < std::min(count, kMost); ++i) {
    Warn(Cat(spec.source, ": ", spec.notes[i].place, ": ", spec.notes[i].message));
  }
  if (count > kMost) {
    Warn(Cat(spec.source, ": ", Counted(count - kMost, "warning"),
             " more; tokgraft lint lists them"));
  }
  return spec;
}

StatusOr<Tokenizer> LoadAndCompile(const TokenizerArgument& argument) {
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec spec, LoadAndWarn(argument));
  StatusOr<Tokenizer> tokenizer = Compile(std::move(spec));
  if (!tokenizer.ok()) return WithPlace(tokenizer.status(), argument.path);
  return tokenizer;
}

}  // namespace tokgraft
