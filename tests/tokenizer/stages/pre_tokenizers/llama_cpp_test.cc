// llama.cpp's splitters by name, step by step: its classes, its digits, bytes that are no text.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/stages/pre_tokenizers/step.h"

namespace tokgraft {
namespace {

using LlamaPieces = std::vector<std::string_view>;

// What step `index` of a name makes of `text`.
LlamaPieces StepOf(std::string_view name, std::size_t index, std::string_view text) {
  const std::vector<PreTokenizeStep> steps = CompileLlamaCpp(name).value();
  EXPECT_TRUE(steps.at(index).splitter->takes_any_bytes());
  SplitBuffers buffers;
  LlamaPieces pieces;
  steps[index].splitter->Split(text, &buffers, &pieces);
  return pieces;
}

TEST(LlamaCppSplittersTest, NamesOfOneFamilySplitAlike) {
  const std::string_view text = "a 123 don't";
  for (const std::string_view name : {"gpt-2", "mpt", "olmo", "phi-2", "jina-es"}) {
    EXPECT_EQ(StepOf(name, 0, text), (LlamaPieces{"a", " 123", " don", "'t"})) << name;
  }
  for (const std::string_view name : {"llama-bpe", "llama3", "llama-v3"}) {
    EXPECT_EQ(StepOf(name, 0, "1234"), (LlamaPieces{"123", "4"})) << name;
  }
  for (const std::string_view name : {"qwen2", "deepseek-r1-qwen", "stablelm2"}) {
    EXPECT_EQ(StepOf(name, 0, "12"), (LlamaPieces{"1", "2"})) << name;
  }
}

TEST(LlamaCppSplittersTest, SingleNumbersAreIsolatedFirst) {
  EXPECT_EQ(StepOf("smollm", 0, "a1½b"), (LlamaPieces{"a", "1", "½", "b"}));
  EXPECT_EQ(StepOf("smollm", 0, ""), LlamaPieces{});
  EXPECT_EQ(StepOf("smollm", 0, "\xFF\x31\xE4"), (LlamaPieces{"\xFF", "1", "\xE4"}));
}

TEST(LlamaCppSplittersTest, TheFourStepsOfDefault) {
  EXPECT_EQ(StepOf("default", 0, "a!$+~b"), (LlamaPieces{"a", "!$+~", "b"}));
  EXPECT_EQ(StepOf("default", 0, "a#b"), (LlamaPieces{"a", "#", "b"}));  // P
  EXPECT_EQ(StepOf("default", 0, "a`b"), LlamaPieces{"a`b"});            // Sk is not named
  EXPECT_EQ(StepOf("default", 2, "a123b"), (LlamaPieces{"a", "123", "b"}));
  EXPECT_EQ(StepOf("default", 3, "12345678"), (LlamaPieces{"123", "456", "78"}));
  EXPECT_EQ(StepOf("default", 3, "12a345"), (LlamaPieces{"12a", "345"}));
  EXPECT_EQ(StepOf("default", 3, "٣٣٣"), LlamaPieces{"٣٣٣"});  // ASCII only
}

TEST(LlamaCppSplittersTest, WhatCameWithUnicode16HasNoClass) {
  // U+16D70 is a digit since Unicode 16.
  EXPECT_EQ(StepOf("smollm", 0, "a\U00016D70"), LlamaPieces{"a\U00016D70"});
}

TEST(LlamaCppSplittersTest, AnUnknownNameIsRefused) {
  const Status status = CompileLlamaCpp("tekken").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(Message(status),
            "llama.cpp's pre-tokenizer \"tekken\" is not supported, expected default, gpt-2, "
            "smollm, llama-bpe or qwen2; load the model's tokenizer.json instead");
}

}  // namespace
}  // namespace tokgraft
