// Each stage as the text that Hugging Face writes for it, and back.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tokenizer/formats/tokenizer_json_parts.h"

namespace tokgraft {
namespace {

// Writes, compares, and reads again.
template <typename Stage, typename Read>
void ExpectStages(const std::vector<std::pair<Stage, std::string>>& cases, Read read) {
  for (const auto& [stage, json] : cases) {
    EXPECT_EQ(StageJson(stage).value(), json);
    std::vector<LoadNote> notes;
    const JsonDocument document = JsonDocument::Parse(json, "f").value();
    EXPECT_EQ(read(document.root(), &notes).value(), std::vector<Stage>{stage}) << json;
    EXPECT_TRUE(notes.empty()) << json;
  }
}

TEST(TokenizerJsonWriteStagesTest, Normalizers) {
  using normalizer::UnicodeForm;
  ExpectStages<Normalizer>(
      {{normalizer::Bert{},
        R"({"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,)"
        R"("strip_accents":null,"lowercase":true})"},
       {normalizer::Bert{false, false, true, false},
        R"({"type":"BertNormalizer","clean_text":false,"handle_chinese_chars":false,)"
        R"("strip_accents":true,"lowercase":false})"},
       {normalizer::Strip{.left = true, .right = false},
        R"({"type":"Strip","strip_left":true,"strip_right":false})"},
       {normalizer::StripAccents{}, R"({"type":"StripAccents"})"},
       {normalizer::Unicode{UnicodeForm::kNfc}, R"({"type":"NFC"})"},
       {normalizer::Unicode{UnicodeForm::kNfd}, R"({"type":"NFD"})"},
       {normalizer::Unicode{UnicodeForm::kNfkc}, R"({"type":"NFKC"})"},
       {normalizer::Unicode{UnicodeForm::kNfkd}, R"({"type":"NFKD"})"},
       {normalizer::Lowercase{}, R"({"type":"Lowercase"})"},
       {normalizer::Nmt{}, R"({"type":"Nmt"})"},
       {normalizer::Precompiled{.charsmap = std::string("\0\xFF", 2)},
        R"({"type":"Precompiled","precompiled_charsmap":"AP8="})"},
       {normalizer::Replace{{.text = "\"\\", .is_regex = true}, "\n"},
        R"({"type":"Replace","pattern":{"Regex":"\"\\"},"content":"\n"})"},
       {normalizer::Prepend{"▁"}, R"({"type":"Prepend","prepend":"▁"})"},
       {normalizer::ByteLevel{}, R"({"type":"ByteLevel"})"}},
      ReadNormalizers);
}

TEST(TokenizerJsonWriteStagesTest, PreTokenizers) {
  using pre_tokenizer::PrependScheme;
  using pre_tokenizer::SplitBehavior;
  ExpectStages<PreTokenizer>(
      {{pre_tokenizer::Bert{}, R"({"type":"BertPreTokenizer"})"},
       {pre_tokenizer::ByteLevel{false, true, false},
        R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false})"},
       {pre_tokenizer::CharDelimiterSplit{"-"}, R"({"type":"CharDelimiterSplit","delimiter":"-"})"},
       {pre_tokenizer::Metaspace{},
        R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true})"},
       {pre_tokenizer::Metaspace{"_", PrependScheme::kFirst, false},
        R"({"type":"Metaspace","replacement":"_","prepend_scheme":"first","split":false})"},
       {pre_tokenizer::Metaspace{"_", PrependScheme::kNever, false},
        R"({"type":"Metaspace","replacement":"_","prepend_scheme":"never","split":false})"},
       {pre_tokenizer::Whitespace{}, R"({"type":"Whitespace"})"},
       {pre_tokenizer::WhitespaceSplit{}, R"({"type":"WhitespaceSplit"})"},
       {pre_tokenizer::Split{{.text = " "}, SplitBehavior::kMergedWithPrevious, true},
        R"({"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious",)"
        R"("invert":true})"},
       {pre_tokenizer::Punctuation{SplitBehavior::kRemoved},
        R"({"type":"Punctuation","behavior":"Removed"})"},
       {pre_tokenizer::Punctuation{SplitBehavior::kContiguous},
        R"({"type":"Punctuation","behavior":"Contiguous"})"},
       {pre_tokenizer::Punctuation{SplitBehavior::kMergedWithNext},
        R"({"type":"Punctuation","behavior":"MergedWithNext"})"},
       {pre_tokenizer::Digits{true}, R"({"type":"Digits","individual_digits":true})"},
       {pre_tokenizer::UnicodeScripts{}, R"({"type":"UnicodeScripts"})"},
       {pre_tokenizer::FixedLength{3}, R"({"type":"FixedLength","length":3})"}},
      ReadPreTokenizers);
}

TEST(TokenizerJsonWriteStagesTest, Decoders) {
  ExpectStages<Decoder>(
      {{decoder::Bpe{}, R"({"type":"BPEDecoder","suffix":"</w>"})"},
       {decoder::ByteLevel{},
        R"({"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true})"},
       {decoder::WordPiece{}, R"({"type":"WordPiece","prefix":"##","cleanup":true})"},
       {decoder::Metaspace{},
        R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true})"},
       {decoder::Ctc{},
        R"({"type":"CTC","pad_token":"<pad>","word_delimiter_token":"|","cleanup":true})"},
       {decoder::Replace{{.text = "▁"}, " "},
        R"({"type":"Replace","pattern":{"String":"▁"},"content":" "})"},
       {decoder::Fuse{}, R"({"type":"Fuse"})"},
       {decoder::Strip{" ", 1, 0}, R"({"type":"Strip","content":" ","start":1,"stop":0})"},
       {decoder::ByteFallback{}, R"({"type":"ByteFallback"})"}},
      ReadDecoders);
}

TEST(TokenizerJsonWriteStagesTest, PostProcessors) {
  using Part = post_processor::TemplatePart;
  post_processor::Template made;
  made.single = {{.kind = Part::Kind::kSpecial, .special = "<s>", .type_id = 0},
                 {.kind = Part::Kind::kSequenceA, .special = "", .type_id = 0}};
  made.pair = {{.kind = Part::Kind::kSequenceB, .special = "", .type_id = 1}};
  made.special_tokens = {{.id = "<s>", .ids = {1, 2}, .tokens = {"<s>", "x"}}};
  ExpectStages<PostProcessor>(
      {{made,
        R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},)"
        R"({"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"B","type_id":1}}],)"
        R"("special_tokens":{"<s>":{"id":"<s>","ids":[1,2],"tokens":["<s>","x"]}}})"},
       {post_processor::Bert{"[SEP]", 102, "[CLS]", 101},
        R"({"type":"BertProcessing","sep":["[SEP]",102],"cls":["[CLS]",101]})"},
       {post_processor::Roberta{"</s>", 2, "<s>", 0, false, true},
        R"({"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0],"trim_offsets":false,)"
        R"("add_prefix_space":true})"},
       {post_processor::ByteLevel{},
        R"({"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true})"}},
      ReadPostProcessors);
}

TEST(TokenizerJsonWriteStagesTest, WhatOtherFormatsSayIsRefusedByName) {
  const auto refused = [](const StatusOr<std::string>& json, const std::string& stage) {
    EXPECT_EQ(json.status().code(), absl::StatusCode::kUnimplemented);
    EXPECT_EQ(Message(json.status()),
              "tokenizer.json cannot say the stage " + stage + "; save in the format it came from");
  };
  refused(StageJson(Normalizer(normalizer::SentencePiece{})), "normalizer of sentencepiece");
  refused(StageJson(Decoder(decoder::SentencePiece{})), "decoder of sentencepiece");
  refused(StageJson(Decoder(decoder::LlamaCpp{})), "decoder of llama.cpp");
  refused(StageJson(Decoder(decoder::RawBytes{})), "decoder of raw bytes");
  EXPECT_EQ(StageJson(PreTokenizer(pre_tokenizer::LlamaCpp{"smollm"})).status().code(),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(StageJson(Decoder(UnknownStage{"New", "{\"kept\" : 1}"})).value(), "{\"kept\" : 1}");
}

}  // namespace
}  // namespace tokgraft
