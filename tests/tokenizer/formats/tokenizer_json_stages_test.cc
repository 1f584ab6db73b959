// One stage at a time, as Hugging Face's deserialisers take it. (Whole files: tokenizer_json_test.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tokenizer/formats/tokenizer_json_parts.h"

namespace tokgraft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

JsonDocument StageDocument(std::string_view text) { return JsonDocument::Parse(text, "f").value(); }
std::string NormalizerError(std::string_view text) {
  const JsonDocument document = StageDocument(text);
  std::vector<LoadNote> notes;
  return std::string(Message(ReadNormalizers(document.root(), &notes).status()));
}
std::string ProcessorError(std::string_view text) {
  const JsonDocument document = StageDocument(text);
  std::vector<LoadNote> notes;
  return std::string(Message(ReadPostProcessors(document.root(), &notes).status()));
}

TEST(TokenizerJsonStagesTest, NullIsNoStageAndSoIsAnEmptySequence) {
  std::vector<LoadNote> notes;
  EXPECT_THAT(ReadNormalizers(StageDocument("null").root(), &notes).value(), IsEmpty());
  EXPECT_THAT(ReadPreTokenizers(StageDocument("null").root(), &notes).value(), IsEmpty());
  EXPECT_THAT(ReadPostProcessors(StageDocument("null").root(), &notes).value(), IsEmpty());
  EXPECT_THAT(
      ReadDecoders(StageDocument(R"({"type":"Sequence","decoders":[]})").root(), &notes).value(),
      IsEmpty());
  EXPECT_EQ(NormalizerError(R"({"type":"Sequence"})"),
            "f: \"normalizers\" is missing, a list was expected");
  EXPECT_EQ(NormalizerError(R"({"type":"Sequence","normalizers":[{"type":"NFC"},null]})"),
            "f: normalizers[1]: is null, an object was expected");
}

TEST(TokenizerJsonStagesTest, AStageWithoutATypeIsTheFirstWhoseFieldsAreThere) {
  std::vector<LoadNote> notes;
  const auto decoders = [&](std::string_view text) {
    const JsonDocument document = StageDocument(text);
    return ReadDecoders(document.root(), &notes).value();
  };
  EXPECT_THAT(decoders(R"({"suffix":"</w>"})"), ElementsAre(Decoder(decoder::Bpe{})));
  EXPECT_THAT(decoders(R"({"prefix":"##","cleanup":true})"),
              ElementsAre(Decoder(decoder::WordPiece{})));
  EXPECT_THAT(decoders(R"({"content":" ","start":1,"stop":0})"),
              ElementsAre(Decoder(decoder::Strip{.content = " ", .start = 1})));
  // No pre-tokenizer can be told without its type.
  const JsonDocument digits = StageDocument(R"({"individual_digits":true})");
  EXPECT_EQ(Message(ReadPreTokenizers(digits.root(), &notes).status()),
            "f: \"type\" is missing; the stage cannot be told without it");
  EXPECT_THAT(notes, IsEmpty());
}

TEST(TokenizerJsonStagesTest, WhatTheReferenceDoesNotReadIsNoted) {
  std::vector<LoadNote> notes;
  const JsonDocument document =
      StageDocument(R"({"type":"Sequence","normalizers":[{"type":"NFC","x":1}],"y":2})");
  EXPECT_THAT(ReadNormalizers(document.root(), &notes).value(),
              ElementsAre(Normalizer(normalizer::Unicode{})));
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_EQ(notes[0].place, "Sequence.y");
  EXPECT_EQ(notes[1].place, "NFC.x");
  EXPECT_EQ(notes[1].message, "the reference does not read this field; it is not saved");
}

TEST(TokenizerJsonStagesTest, PatternsAreOneOfTwo) {
  const auto replace = [](const std::string& pattern) {
    return R"({"type":"Replace","content":"x","pattern":)" + pattern + "}";
  };
  EXPECT_EQ(NormalizerError(replace(R"({"Regex":"a","String":"b"})")),
            "f: pattern: has several keys, one of String or Regex was expected");
  EXPECT_EQ(NormalizerError(replace("{}")), "f: pattern: \"String\" is missing");
  EXPECT_EQ(NormalizerError(replace(R"("a")")), "f: pattern: is a string, an object was expected");
  EXPECT_EQ(NormalizerError(replace(R"({"Regex":""})")), "");
}

TEST(TokenizerJsonStagesTest, TokensOfProcessorsComeWithTheirIds) {
  EXPECT_EQ(ProcessorError(R"({"type":"BertProcessing","sep":["a"],"cls":["b",1]})"),
            "f: sep: has 1 elements, a token and its id were expected");
  EXPECT_EQ(ProcessorError(R"({"type":"BertProcessing","sep":["a",0,0],"cls":["b",1]})"),
            "f: sep: has 3 elements, a token and its id were expected");
  EXPECT_EQ(ProcessorError(R"({"type":"BertProcessing","sep":["a",-1],"cls":["b",1]})"),
            "f: sep[1]: is -1, a whole number from 0 to 2^64 - 1 was expected");
  EXPECT_EQ(ProcessorError(R"({"type":"RobertaProcessing","sep":["a",0]})"),
            "f: \"cls\" is missing");
}

TEST(TokenizerJsonStagesTest, TemplatesNameTheirPartsAndTokens) {
  const auto with = [](const std::string& single, const std::string& specials) {
    return R"({"type":"TemplateProcessing","pair":[],"single":[)" + single +
           R"(],"special_tokens":{)" + specials + "}}";
  };
  EXPECT_EQ(ProcessorError(with(R"({"Sequence":{"id":"C","type_id":0}})", "")),
            "f: single[0].Sequence.id: is \"C\", A or B was expected");
  EXPECT_EQ(ProcessorError(with(R"({"Sequence":{"id":"A","type_id":0},"x":1})", "")),
            "f: single[0]: has several keys, one of Sequence or SpecialToken with id and type_id "
            "was expected");
  EXPECT_EQ(ProcessorError(with("", R"("x":{"id":"y","ids":[1],"tokens":["x"]})")),
            "f: special_tokens.x: has the id \"y\", its own key was expected");
  std::vector<LoadNote> notes;
  const JsonDocument document = StageDocument(
      with(R"({"SpecialToken":{"id":"z","type_id":0}},{"Sequence":{"id":"B","type_id":3}})",
           R"("z":{"id":"z","ids":[1,2],"tokens":["p","q"]},"a":{"id":"a","ids":[],"tokens":[]})"));
  const auto stages = ReadPostProcessors(document.root(), &notes).value();
  ASSERT_EQ(stages.size(), 1U);
  const auto& made = std::get<post_processor::Template>(stages[0]);
  using Kind = post_processor::TemplatePart::Kind;
  EXPECT_EQ(made.single, (std::vector<post_processor::TemplatePart>{
                             {.kind = Kind::kSpecial, .special = "z", .type_id = 0},
                             {.kind = Kind::kSequenceB, .special = "", .type_id = 3}}));
  ASSERT_EQ(made.special_tokens.size(), 2U);  // in order of name
  EXPECT_EQ(made.special_tokens[0].id, "a");
  EXPECT_EQ(made.special_tokens[1].ids, (std::vector<TokenId>{1, 2}));
}

TEST(TokenizerJsonStagesTest, AnUnknownTypeIsKeptWhole) {
  std::vector<LoadNote> notes;
  const JsonDocument document = StageDocument(R"({"type":"New", "x": [1, 2.5]})");
  EXPECT_THAT(ReadPreTokenizers(document.root(), &notes).value(),
              ElementsAre(PreTokenizer(
                  UnknownStage{.type = "New", .json = R"({"type":"New","x":[1,2.5]})"})));
  EXPECT_THAT(notes, IsEmpty());
}

}  // namespace
}  // namespace tokgraft
