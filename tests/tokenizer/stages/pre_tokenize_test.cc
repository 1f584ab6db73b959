#include "tokenizer/stages/pre_tokenize.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tokgraft {
namespace {

using Strings = std::vector<std::string>;

CompiledPreTokenizer CompilePreTokenizers(std::vector<PreTokenizer> stages,
                                          Reference reference = Reference::kHuggingFace) {
  TokenizerSpec spec;
  spec.reference = reference;
  spec.pre_tokenizers = std::move(stages);
  auto compiled = CompiledPreTokenizer::Compile(spec);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return *std::move(compiled);
}

Strings PreTokens(const CompiledPreTokenizer& compiled, std::string_view text,
                  bool at_start = true) {
  PreTokenizeScratch scratch;
  compiled.Split(text, at_start, &scratch);
  return {scratch.pieces.begin(), scratch.pieces.end()};
}

PreTokenizer RegexSplit(std::string regex) {
  return pre_tokenizer::Split{.pattern = {std::move(regex), true}};
}

constexpr char kLlama3[] = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)"
                           R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr char kTiktokenCl100k[] =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|)"
    R"( ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s)";

TEST(PreTokenizeTest, NoStageLeavesTheTextWhole) {
  const auto compiled = CompilePreTokenizers({});
  EXPECT_TRUE(compiled.is_identity());
  EXPECT_EQ(PreTokens(compiled, "a b"), (Strings{"a b"}));
  EXPECT_EQ(PreTokens(compiled, ""), Strings{});
}

TEST(PreTokenizeTest, Gpt2) {
  const auto compiled = CompilePreTokenizers({pre_tokenizer::ByteLevel{.add_prefix_space = false}});
  EXPECT_TRUE(compiled.yields_bytes());
  EXPECT_EQ(PreTokens(compiled, "I'm 12 years'S  old.\n\n ok "),
            (Strings{"I", "'m", " 12", " years", "'", "S", " ", " old", ".", "\n\n", " ok", " "}));
}

TEST(PreTokenizeTest, ByteLevelPrefixTakesTheOriginOfTheFirstCharacter) {
  const auto compiled = CompilePreTokenizers({pre_tokenizer::ByteLevel{}});
  AlignedText text{"é b", {{0, 2}, {0, 2}, {2, 3}, {3, 4}}, {0, 4}};
  const std::vector<AlignedText> pieces = compiled.Split(text, true);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces[0].text, " é");
  EXPECT_EQ(pieces[0].origin, (std::vector<Span>{{0, 2}, {0, 2}, {0, 2}}));
  EXPECT_EQ(pieces[1].source, (Span{2, 4}));
  EXPECT_EQ(PreTokens(compiled, "é b"), (Strings{" é", " b"}));
}

TEST(PreTokenizeTest, ContractionsFoldTheLongS) {
  const auto compiled = CompilePreTokenizers({RegexSplit(kLlama3)});
  EXPECT_EQ(PreTokens(compiled, "it'S we'RE x\u2019s '\u017Fa"),
            (Strings{"it", "'S", " we", "'RE", " x", "\u2019s", " '", "\u017Fa"}));
  EXPECT_EQ(PreTokens(compiled, "x'\u017Fa"), (Strings{"x", "'\u017F", "a"}));
}

TEST(PreTokenizeTest, DialectsDifferAtTheEndOfTheText) {
  const auto hf = CompilePreTokenizers({RegexSplit(kLlama3)});
  const auto tiktoken = CompilePreTokenizers({RegexSplit(kTiktokenCl100k)}, Reference::kTiktoken);
  EXPECT_EQ(PreTokens(hf, "a\n  "), (Strings{"a", "\n", "  "}));
  EXPECT_EQ(PreTokens(tiktoken, "a\n  "), (Strings{"a", "\n  "}));
  EXPECT_EQ(PreTokens(tiktoken, "a\n  b"), (Strings{"a", "\n", " ", " b"}));
}

TEST(PreTokenizeTest, Metaspace) {
  const auto always = CompilePreTokenizers({pre_tokenizer::Metaspace{}});
  EXPECT_EQ(PreTokens(always, "a  b"), (Strings{"▁a", "▁", "▁b"}));
  EXPECT_EQ(PreTokens(always, " a"), (Strings{"▁a"}));
  const auto first = CompilePreTokenizers(
      {pre_tokenizer::Metaspace{.prepend_scheme = pre_tokenizer::PrependScheme::kFirst}});
  EXPECT_EQ(PreTokens(first, "a b", true), (Strings{"▁a", "▁b"}));
  EXPECT_EQ(PreTokens(first, "a b", false), (Strings{"a", "▁b"}));
}

TEST(PreTokenizeTest, SplitBehaviors) {
  const auto split = [](pre_tokenizer::SplitBehavior behavior, bool invert = false) {
    const auto compiled = CompilePreTokenizers(
        {pre_tokenizer::Split{.pattern = {"-", false}, .behavior = behavior, .invert = invert}});
    return PreTokens(compiled, "a-b--c");
  };
  using enum pre_tokenizer::SplitBehavior;
  EXPECT_EQ(split(kRemoved), (Strings{"a", "b", "c"}));
  EXPECT_EQ(split(kRemoved, true), (Strings{"-", "-", "-"}));
  EXPECT_EQ(split(kIsolated), (Strings{"a", "-", "b", "-", "-", "c"}));
  EXPECT_EQ(split(kMergedWithPrevious), (Strings{"a-", "b-", "-", "c"}));
  EXPECT_EQ(split(kMergedWithNext), (Strings{"a", "-b", "-", "-c"}));
  EXPECT_EQ(split(kContiguous), (Strings{"a", "-", "b", "--", "c"}));
}

TEST(PreTokenizeTest, InvalidBytesReadAsTheReplacementCharacter) {
  const auto gpt2 = CompilePreTokenizers({pre_tokenizer::ByteLevel{.add_prefix_space = false}});
  EXPECT_EQ(PreTokens(gpt2, "a\xFF\xE4\xB8z"), (Strings{"a", "\xFF\xE4\xB8", "z"}));
  const auto digits = CompilePreTokenizers({pre_tokenizer::Digits{.individual_digits = true},
                                            pre_tokenizer::ByteLevel{.use_regex = false}});
  EXPECT_EQ(PreTokens(digits, "\xFF\x31\xE4"), (Strings{" \xFF", " 1", " \xE4"}));
}

TEST(PreTokenizeTest, LlamaCppByName) {
  const auto split = [](std::string name, std::string_view text) {
    return PreTokens(
        CompilePreTokenizers({pre_tokenizer::LlamaCpp{std::move(name)}}, Reference::kLlamaCpp),
        text);
  };
  EXPECT_EQ(split("smollm", "a 12's"), (Strings{"a", " ", "1", "2", "'s"}));
  EXPECT_EQ(split("gpt-2", "a 12's"), (Strings{"a", " 12", "'s"}));
  EXPECT_EQ(split("llama-bpe", "a'S b'\u017F"), (Strings{"a", "'S", " b", "'\u017F"}));
  EXPECT_EQ(split("qwen2", "12\n"), (Strings{"1", "2", "\n"}));
  EXPECT_EQ(split("default", "a 12345!$b"), (Strings{"a", " ", "123", "45", "!$", "b"}));
  // U+1C89 is a letter since Unicode 16 only.
  EXPECT_EQ(split("gpt-2", "a\u1C89"), (Strings{"a", "\u1C89"}));
  TokenizerSpec spec;
  spec.reference = Reference::kLlamaCpp;
  spec.pre_tokenizers = {pre_tokenizer::LlamaCpp{"nobody-knows"}};
  const auto refused = CompiledPreTokenizer::Compile(spec);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(Message(refused.status()).find("nobody-knows"), std::string_view::npos);
}

TEST(PreTokenizeTest, RefusesByName) {
  TokenizerSpec spec;
  spec.pre_tokenizers = {UnknownStage{"Foo", "{}"}};
  const auto unknown = CompiledPreTokenizer::Compile(spec);
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(Message(unknown.status()).find("Foo"), std::string_view::npos);
  spec.pre_tokenizers = {pre_tokenizer::ByteLevel{}, pre_tokenizer::Digits{}};
  EXPECT_EQ(CompiledPreTokenizer::Compile(spec).status().code(), absl::StatusCode::kUnimplemented);
  spec.pre_tokenizers = {pre_tokenizer::CharDelimiterSplit{"ab"}};
  EXPECT_EQ(CompiledPreTokenizer::Compile(spec).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tokgraft
