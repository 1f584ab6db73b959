#include "tokenizer/formats/tiktoken_patterns.h"

#include <array>
#include <cstdint>

#include "tokenizer/status.h"

namespace tokgraft {
namespace {

constexpr std::string_view kR50k =
    R"('(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s)";
constexpr std::string_view kCl100k =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+)"
    R"(|\s++$|\s*[\r\n]|\s+(?!\S)|\s)";
constexpr std::string_view kO200k =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kKimiK2 =
    R"([\p{Han}]+)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*)"
    R"([\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+)"
    R"([\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";

// The p50k ranks leave out 50256, where <|endoftext|> stands.
constexpr std::array<TiktokenPattern, 7> kPatterns = {{
    {"r50k", kR50k, "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"},
    {"p50k", kR50k, "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069"},
    {"cl100k", kCl100k, "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"},
    {"o200k", kO200k, "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"},
    {"llama4", kO200k, ""},
    {"kimi_k2", kKimiK2, "b6c497a7469b33ced9c38afb1ad6e47f03f5e5dc05f15930799210ec050c5103"},
    {"qwen", kQwen, "b2b1b8dfb5cc5f024bafc373121c6aba3f66f9a5a0269e243470a1de16a33186"},
}};

using Names = std::vector<std::string>;

void AppendNumbered(std::string_view prefix, int first, int count, Names* names) {
  for (int i = first; i < first + count; ++i) names->push_back(Cat(prefix, i, "|>"));
}

// In order of their ids, which follow the ranks.
Names Llama4Names() {
  Names names = {"<|begin_of_text|>", "<|end_of_text|>",  "<|fim_prefix|>", "<|fim_middle|>",
                 "<|fim_suffix|>",    "<|header_start|>", "<|header_end|>", "<|eom|>",
                 "<|eot|>",           "<|step|>"};
  AppendNumbered("<|text_post_train_reserved_special_token_", 0, 6, &names);
  for (const char* name : {"<|python_start|>", "<|python_end|>", "<|finetune_right_pad|>"}) {
    names.emplace_back(name);
  }
  AppendNumbered("<|text_post_train_reserved_special_token_", 8, 61, &names);
  for (const char* name : {"<|image_start|>", "<|image_end|>"}) names.emplace_back(name);
  AppendNumbered("<|vision_reserved_special_token_", 0, 2, &names);
  for (const char* name : {"<|tile_x_separator|>", "<|tile_y_separator|>"}) {
    names.emplace_back(name);
  }
  AppendNumbered("<|vision_reserved_special_token_", 2, 4, &names);
  names.emplace_back("<|image|>");
  AppendNumbered("<|vision_reserved_special_token_", 6, 1, &names);
  names.emplace_back("<|patch|>");
  AppendNumbered("<|vision_reserved_special_token_", 7, 1041, &names);
  AppendNumbered("<|reasoning_reserved_special_token_", 0, 8, &names);
  for (const char* name : {"<|reasoning_thinking_start|>", "<|reasoning_thinking_end|>"}) {
    names.emplace_back(name);
  }
  constexpr int kReserved = 2048;
  AppendNumbered("<|reserved_special_token_", 0, kReserved - static_cast<int>(names.size()),
                 &names);
  return names;
}

TiktokenSpecials Consecutive(Names names, std::size_t first) {
  TiktokenSpecials specials;
  for (std::string& name : names) {
    specials.tokens.emplace_back(std::move(name), static_cast<TokenId>(first));
    ++first;
  }
  return specials;
}

}  // namespace

const std::string_view kTekkenRegex =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
    R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

const TiktokenPattern* FindTiktokenPattern(std::string_view name) {
  for (const TiktokenPattern& pattern : kPatterns) {
    if (pattern.name == name) return &pattern;
  }
  return nullptr;
}

const TiktokenPattern* FindTiktokenPatternByHash(std::string_view sha256) {
  for (const TiktokenPattern& pattern : kPatterns) {
    if (!sha256.empty() && pattern.sha256 == sha256) return &pattern;
  }
  return nullptr;
}

const TiktokenPattern* FindTiktokenPatternByRegex(std::string_view regex) {
  for (const TiktokenPattern& pattern : kPatterns) {
    if (pattern.regex == regex) return &pattern;
  }
  return nullptr;
}

std::string TiktokenPatternNames() {
  std::string names;
  for (const TiktokenPattern& pattern : kPatterns) {
    if (!names.empty()) names += ' ';
    names += pattern.name;
  }
  return names;
}

TiktokenSpecials TiktokenSpecialsOf(std::string_view name, std::size_t num_ranks) {
  TiktokenSpecials specials;
  if (name == "r50k" || name == "p50k") {
    specials.tokens = {{"<|endoftext|>", 50256}};
  } else if (name == "cl100k") {
    specials.tokens = {{"<|endoftext|>", 100257},
                       {"<|fim_prefix|>", 100258},
                       {"<|fim_middle|>", 100259},
                       {"<|fim_suffix|>", 100260},
                       {"<|endofprompt|>", 100276}};
  } else if (name == "o200k") {
    specials.tokens = {{"<|endoftext|>", 199999}, {"<|endofprompt|>", 200018}};
  } else if (name == "llama4") {
    specials = Consecutive(Llama4Names(), num_ranks);
    specials.bos = "<|begin_of_text|>";
    specials.eos = "<|end_of_text|>";
    specials.pad = "<|finetune_right_pad|>";
    return specials;
  } else if (name == "kimi_k2") {
    constexpr std::size_t kReserved = 256;
    Names names;
    for (std::size_t i = 0; i < kReserved; ++i) {
      names.push_back(Cat("<|reserved_token_", num_ranks + i, "|>"));
    }
    return Consecutive(std::move(names), num_ranks);
  } else if (name == "qwen") {
    Names names = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
    AppendNumbered("<|extra_", 0, 205, &names);
    specials = Consecutive(std::move(names), 151643);
  }
  if (!specials.tokens.empty()) specials.eos = "<|endoftext|>";
  return specials;
}

}  // namespace tokgraft
