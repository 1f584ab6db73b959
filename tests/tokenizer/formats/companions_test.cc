// Roles come from the companions where the file is silent; what is saved names no token that the
// tokenizer lacks. (Whole directories: save_test, load_test.)
#include "tokenizer/formats/companions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tokgraft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A piece <s>, and an added token <e> with the id 7.
TokenizerSpec CompanionSpec(Format format = Format::kTokenizerJson) {
  TokenizerSpec spec;
  spec.format = format;
  spec.vocab.Add({.id = 0, .bytes = "<s>", .spelling = "<s>"});
  spec.added_tokens = {{.id = 7, .content = "<e>", .special = true}};
  return spec;
}

TEST(CompanionsTest, NamesOfTheDirectory) {
  EXPECT_THAT(CompanionNames(), ElementsAre("tokenizer_config.json", "special_tokens_map.json",
                                            "added_tokens.json", "chat_template.jinja"));
}

TEST(CompanionsTest, RolesComeAsTextOrObjectAndTheConfigurationFirst) {
  TokenizerSpec spec = CompanionSpec();
  spec.companions["tokenizer_config.json"] =
      R"({"bos_token":"<s>","eos_token":{"content":"<e>"},"pad_token":null,"unk_token":"<no>",)"
      R"("mask_token":3,"cls_token":{"id":1}})";
  spec.companions["special_tokens_map.json"] = R"({"bos_token":"<e>","pad_token":"<e>"})";
  ASSERT_TRUE(ApplyCompanions("dir", &spec).ok());
  EXPECT_EQ(
      spec.roles,
      (SpecialRoles{.bos = 0, .eos = 7, .unk = {}, .pad = 7, .sep = {}, .cls = {}, .mask = {}}));
}

TEST(CompanionsTest, ARoleOfTheFileItselfStays) {
  TokenizerSpec spec = CompanionSpec();
  spec.roles.bos = 7;
  spec.companions["tokenizer_config.json"] = R"({"bos_token":"<s>"})";
  ASSERT_TRUE(ApplyCompanions("dir", &spec).ok());
  EXPECT_EQ(spec.roles.bos, 7U);
}

TEST(CompanionsTest, OnlyAModelWithoutTemplateIsToldItsEnds) {
  for (const Format format : {Format::kSentencePiece, Format::kTokenizerJson, Format::kGguf}) {
    TokenizerSpec spec = CompanionSpec(format);
    spec.companions["tokenizer_config.json"] = R"({"add_bos_token":true,"add_eos_token":null})";
    ASSERT_TRUE(ApplyCompanions("dir", &spec).ok());
    EXPECT_EQ(spec.add_bos, format == Format::kSentencePiece);
    EXPECT_FALSE(spec.add_eos);
  }
  TokenizerSpec spec = CompanionSpec(Format::kSentencePiece);
  spec.companions["tokenizer_config.json"] = R"({"add_bos_token":1})";
  EXPECT_EQ(Message(ApplyCompanions("dir", &spec)),
            "dir/tokenizer_config.json: add_bos_token: is a number, true or false was expected");
}

TEST(CompanionsTest, ABrokenCompanionIsNamedWithItsDirectory) {
  TokenizerSpec spec = CompanionSpec();
  spec.companions["special_tokens_map.json"] = "{";
  const Status status = ApplyCompanions("dir", &spec);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(Message(status)), HasSubstr("dir/special_tokens_map.json: byte 1: "));
}

TEST(CompanionsTest, WhatAgreesComesBackByteForByte) {
  TokenizerSpec spec = CompanionSpec();
  spec.companions["tokenizer_config.json"] =
      R"({ "tokenizer_class": "PreTrainedTokenizerFast" , "bos_token":"<s>"})";
  spec.companions["special_tokens_map.json"] = R"({"eos_token" : {"content": "<e>"}})";
  spec.companions["added_tokens.json"] = R"({"<e>": 7})";
  spec.companions["chat_template.jinja"] = "{{ not read }}";
  std::vector<std::string> notes;
  const auto files = CorrectedCompanions(spec, Format::kTokenizerJson, &notes);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(*files, spec.companions);
  EXPECT_THAT(notes, ElementsAre());
}

TEST(CompanionsTest, IdsOfAddedTokensFollowTheSpec) {
  TokenizerSpec spec = CompanionSpec();
  spec.companions["tokenizer_config.json"] = R"({"tokenizer_class":"TokenizersBackend"})";
  spec.companions["added_tokens.json"] = R"({"<e>":3,"<gone>":8,"<s>":0})";
  std::vector<std::string> notes;
  const auto files = CorrectedCompanions(spec, Format::kTokenizerJson, &notes);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->at("added_tokens.json"), "{\n  \"<e>\": 7,\n  \"<s>\": 0\n}\n");
  EXPECT_THAT(notes, ElementsAre("added_tokens.json: ids follow the tokenizer"));
}

TEST(CompanionsTest, RolesOfTheMapFollowToo) {
  TokenizerSpec spec = CompanionSpec(Format::kSentencePiece);
  spec.roles.eos = 7;
  spec.companions["special_tokens_map.json"] = R"({"eos_token":"</s>","bos_token":"<gone>"})";
  std::vector<std::string> notes;
  const auto files = CorrectedCompanions(spec, Format::kSentencePiece, &notes);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->size(), 1U);  // no configuration is made beside a .model
  EXPECT_EQ(files->at("special_tokens_map.json"),
            "{\n  \"eos_token\": \"<e>\",\n  \"bos_token\": null\n}\n");
  EXPECT_THAT(notes,
              ElementsAre("special_tokens_map.json: bos_token was \"<gone>\", which the tokenizer "
                          "does not hold; it is null now",
                          "special_tokens_map.json: eos_token was \"</s>\", which the tokenizer "
                          "does not hold; it is \"<e>\" now"));
}

TEST(CompanionsTest, BesideOtherFormatsAnIdHasOneTokenOnly) {
  TokenizerSpec spec = CompanionSpec(Format::kSentencePiece);
  const auto corrected = [&](const std::string& decoder) {
    spec.companions["tokenizer_config.json"] = R"({"added_tokens_decoder":)" + decoder + "}";
    std::vector<std::string> notes;
    return CorrectedCompanions(spec, Format::kSentencePiece, &notes).status();
  };
  EXPECT_TRUE(corrected(R"({"0":{"content":"<s>"},"9":{"content":"<new>"},"x":{}})").ok());
  const Status clash = corrected(R"({"0":{"content":"<t>"}})");
  EXPECT_EQ(clash.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Message(clash),
            "tokenizer_config.json: added_tokens_decoder.0: is \"<t>\", but the tokenizer has "
            "\"<s>\" on this id; save as tokenizer.json, which holds both");
}

TEST(CompanionsTest, DefaultsOfAReplacedClassAreSpelledOut) {
  TokenizerSpec spec = CompanionSpec();
  spec.vocab.Add({.id = 1, .bytes = "</s>", .spelling = "</s>"});
  spec.companions["tokenizer_config.json"] =
      R"({"tokenizer_class":"LlamaTokenizerFast","auto_map":{"x":"y"},"bos_token":"<s>"})";
  std::vector<std::string> notes;
  const auto files = CorrectedCompanions(spec, Format::kTokenizerJson, &notes);
  ASSERT_TRUE(files.ok()) << files.status();
  // eos is there, unk is not.
  EXPECT_EQ(files->at("tokenizer_config.json"),
            "{\n  \"tokenizer_class\": \"PreTrainedTokenizerFast\",\n  \"bos_token\": \"<s>\",\n"
            "  \"eos_token\": \"</s>\"\n}\n");
  EXPECT_EQ(notes.size(), 2U);
  EXPECT_EQ(notes[0],
            "tokenizer_config.json: auto_map, which names code beside the tokenizer, is left out");
}

}  // namespace
}  // namespace tokgraft
