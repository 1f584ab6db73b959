#include "embed_init/config/auto_tokenizer.h"

#include <array>
#include <variant>

#include "tokenizer/status.h"

namespace tokgraft {
namespace {

// A class with NFC, one split and byte-level BPE; without a pattern: one that we do not compare.
struct ForcedClass {
  std::string_view model_type;
  std::string_view tokenizer_class;
  std::string_view pattern;
};
constexpr std::string_view kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen35 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::array<ForcedClass, 7> kForced = {{{"qwen2", "Qwen2Tokenizer", kQwen2},
                                                 {"qwen3_5", "Qwen3_5Tokenizer", kQwen35},
                                                 {"qwen3_5_moe", "Qwen3_5Tokenizer", kQwen35},
                                                 {"qwen3_5_moe_text", "Qwen3_5Tokenizer", kQwen35},
                                                 {"qwen4_exp", "Qwen3_5Tokenizer", kQwen35},
                                                 {"hyperclovax_vision_v2", "GPT2Tokenizer", ""},
                                                 {"siglip2", "Siglip2Tokenizer", ""}}};

bool HasStagesOf(const ForcedClass& forced, const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  if (bpe == nullptr || bpe->order != BpeModel::Order::kMergeList || bpe->ignore_merges ||
      bpe->byte_fallback || spec.normalizers.size() != 1 || spec.pre_tokenizers.size() != 2) {
    return false;
  }
  const auto* form = std::get_if<normalizer::Unicode>(&spec.normalizers[0]);
  const auto* split = std::get_if<pre_tokenizer::Split>(&spec.pre_tokenizers[0]);
  const auto* bytes = std::get_if<pre_tokenizer::ByteLevel>(&spec.pre_tokenizers[1]);
  return form != nullptr && form->form == normalizer::UnicodeForm::kNfc && split != nullptr &&
         split->pattern.is_regex && split->pattern.text == forced.pattern && !split->invert &&
         split->behavior == pre_tokenizer::SplitBehavior::kIsolated && bytes != nullptr &&
         !bytes->add_prefix_space && !bytes->use_regex;
}

}  // namespace

std::string AutoTokenizerWarning(std::string_view model_type, const TokenizerSpec& spec) {
  for (const ForcedClass& forced : kForced) {
    if (forced.model_type != model_type || HasStagesOf(forced, spec)) continue;
    return Cat("config.json: for the model type ", model_type, " transformers 5 builds ",
               forced.tokenizer_class, ", whatever tokenizer_class says, and its stages are not ",
               "this tokenizer's: AutoTokenizer gives other ids; load the tokenizer with ",
               "PreTrainedTokenizerFast.from_pretrained");
  }
  return "";
}

}  // namespace tokgraft
