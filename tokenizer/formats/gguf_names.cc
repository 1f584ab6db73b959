#include "tokenizer/formats/gguf_names.h"

#include <array>

namespace tokgraft {
namespace {

constexpr bool kCleans = true;
constexpr bool kKeeps = false;

constexpr auto kPlain = std::to_array<std::string_view>(
    {"default",    "falcon",      "mpt",          "starcoder",  "gpt-2",        "phi-2",
     "jina-es",    "jina-de",     "gigachat",     "jina-v2-es", "jina-v2-de",   "a.x-4.0",
     "mellum",     "modern-bert", "jais-2",       "jina-v1-en", "jina-v2-code", "roberta-bpe",
     "refact",     "stablelm2",   "olmo",         "dbrx",       "smaug-bpe",    "jais",
     "codeshell",  "bloom",       "gpt3-finnish", "exaone",     "exaone4",      "exaone-moe",
     "minerva-7b", "megrez",      "mellum2"});
constexpr auto kKeepsSpaces = std::to_array<std::string_view>(
    {"deepseek-llm", "deepseek-coder",   "deepseek-v3",   "spark2_5",    "command-r",
     "qwen2",        "deepseek-r1-qwen", "kormo",         "f2llmv2",     "qwen35",
     "poro-chat",    "viking",           "smollm",        "gpt-4o",      "llama4",
     "kanana2",      "talkie",           "tiny_aya",      "cohere2moe",  "superbpe",
     "trillion",     "granite-docling",  "bailingmoe",    "bailingmoe2", "llada-moe",
     "seed-coder",   "hunyuan",          "hunyuan-dense", "hy_v4",       "joyai-llm",
     "kimi-k2",      "ufakzeka",         "grok-2",        "afmoe",       "laguna",
     "minimax-m2",   "solar-open"});
constexpr auto kLlama3 =
    std::to_array<std::string_view>({"llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1",
                                     "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"});
constexpr auto kOthers = std::to_array<GgufPre>({
    {"minicpm5", true, false, kCleans},
    {"youtu", true, false, kKeeps},
    {"tekken", true, true, kKeeps},
    {"chameleon", false, true, kKeeps},
    {"granite-embed-multi-97m", true, false, kKeeps},
    {"glm4", false, false, kCleans, true},
    {"chatglm-bpe", false, false, kCleans, true},
});

constexpr auto MakePres() {
  std::array<GgufPre, kPlain.size() + kKeepsSpaces.size() + kLlama3.size() + kOthers.size()> pres;
  std::size_t n = 0;
  for (const std::string_view name : kPlain) pres[n++] = {name, false, false, kCleans};
  for (const std::string_view name : kKeepsSpaces) pres[n++] = {name, false, false, kKeeps};
  for (const std::string_view name : kLlama3) pres[n++] = {name, true, true, kCleans};
  for (const GgufPre& pre : kOthers) pres[n++] = pre;
  return pres;
}
constexpr auto kPres = MakePres();

constexpr auto kEndNames =
    std::to_array<std::string_view>({"<|eot_id|>",
                                     "<|im_end|>",
                                     "<|end|>",
                                     "<|return|>",
                                     "<|call|>",
                                     "<|flush|>",
                                     "<|calls|>",
                                     "<end_of_turn>",
                                     "<|endoftext|>",
                                     "</s>",
                                     "<|eom_id|>",
                                     "<EOT>",
                                     "_<EOT>",
                                     "[EOT]",
                                     "[EOS]",
                                     "<|end_of_text|>",
                                     "<end_of_utterance>",
                                     "<eos>",
                                     "<turn|>",
                                     "<|tool_response>",
                                     "<\uFF5Cend\u2581of\u2581sentence\uFF5C>",
                                     "[e~["});

}  // namespace

const GgufPre* FindGgufPre(std::string_view name) {
  for (const GgufPre& pre : kPres) {
    if (pre.name == name) return &pre;
  }
  return nullptr;
}

std::vector<GgufRoleNames> GgufRolesByName() {
  return {
      {{"tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.prefix_token_id"},
       {"<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<\uFF5Cfim\u2581begin\uFF5C>", "<PRE>",
        "\u2581<PRE>", "<|code_prefix|>", "<|prefix|>"}},
      {{"tokenizer.ggml.fim_suf_token_id", "tokenizer.ggml.suffix_token_id"},
       {"<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<\uFF5Cfim\u2581hole\uFF5C>", "<SUF>",
        "\u2581<SUF>", "<|code_suffix|>", "<|suffix|>"}},
      {{"tokenizer.ggml.fim_mid_token_id", "tokenizer.ggml.middle_token_id"},
       {"<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<\uFF5Cfim\u2581end\uFF5C>", "<MID>",
        "\u2581<MID>", "<|code_middle|>", "<|middle|>"}},
      {{"tokenizer.ggml.fim_pad_token_id"},
       {"<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"}},
      {{"tokenizer.ggml.fim_rep_token_id"},
       {"<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"}},
      {{"tokenizer.ggml.fim_sep_token_id"}, {"<|file_sep|>"}},
  };
}

std::span<const std::string_view> GgufEndNames() { return kEndNames; }

}  // namespace tokgraft
