// Begin and end of text, as flags and as a template; the chat template, as a file and as a key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tokenizer/convert/draft.h"

namespace tokgraft {
namespace {

using Part = post_processor::TemplatePart;
using testing::ElementsAre;
using testing::IsEmpty;

Part SpecialPart(const std::string& name) {
  return {.kind = Part::Kind::kSpecial, .special = name, .type_id = 0};
}
Part SequencePart() { return {.kind = Part::Kind::kSequenceA, .special = "", .type_id = 0}; }
// <s> is 1, </s> is 2, <two> is two tokens.
TokenizerSpec TemplateSpec(std::vector<Part> single) {
  TokenizerSpec spec;
  post_processor::Template made;
  made.single = std::move(single);
  made.special_tokens = {{.id = "<s>", .ids = {1}, .tokens = {"<s>"}},
                         {.id = "</s>", .ids = {2}, .tokens = {"</s>"}},
                         {.id = "<two>", .ids = {1, 2}, .tokens = {"<s>", "</s>"}}};
  spec.post_processors = {made};
  return spec;
}
Draft FlagsOf(const TokenizerSpec& spec) {
  Draft draft;
  TemplateToFlags(spec, &draft);
  return draft;
}
constexpr const char* kMore = "the template says more than bos and eos; the rest is left out";

TEST(TemplateToFlagsTest, BosBeforeAndEosBehind) {
  const Draft both =
      FlagsOf(TemplateSpec({SpecialPart("<s>"), SequencePart(), SpecialPart("</s>")}));
  EXPECT_TRUE(both.spec.add_bos);
  EXPECT_TRUE(both.spec.add_eos);
  EXPECT_EQ(both.spec.roles.bos, 1U);
  EXPECT_EQ(both.spec.roles.eos, 2U);
  EXPECT_THAT(both.notes, IsEmpty());
  const Draft none = FlagsOf(TemplateSpec({SequencePart()}));
  EXPECT_FALSE(none.spec.add_bos);
  EXPECT_FALSE(none.spec.add_eos);
  EXPECT_THAT(none.notes, IsEmpty());
  EXPECT_THAT(FlagsOf(TokenizerSpec()).notes, IsEmpty());
}

TEST(TemplateToFlagsTest, WhatIsBeyondBecomesANote) {
  const Draft twice =
      FlagsOf(TemplateSpec({SpecialPart("<s>"), SpecialPart("</s>"), SequencePart()}));
  EXPECT_EQ(twice.spec.roles.bos, 1U);
  EXPECT_THAT(twice.notes, ElementsAre(kMore));
  const Draft two = FlagsOf(TemplateSpec({SpecialPart("<two>"), SequencePart()}));
  EXPECT_FALSE(two.spec.add_bos);
  EXPECT_THAT(two.notes, ElementsAre(kMore));
  const Draft unknown = FlagsOf(TemplateSpec({SpecialPart("<no>"), SequencePart()}));
  EXPECT_THAT(unknown.notes, ElementsAre(kMore));
  TokenizerSpec bert;
  bert.post_processors = {post_processor::Bert{}};
  EXPECT_THAT(FlagsOf(bert).notes, ElementsAre(kMore));
}

TEST(TemplateToFlagsTest, ARoleThatIsKnownIsNotReplaced) {
  Draft draft;
  draft.spec.roles.bos = 9;
  TemplateToFlags(TemplateSpec({SpecialPart("<s>"), SequencePart()}), &draft);
  EXPECT_EQ(draft.spec.roles.bos, 9U);
  EXPECT_FALSE(draft.spec.add_bos);
  EXPECT_THAT(draft.notes, ElementsAre(kMore));
}

TEST(FlagsToTemplateTest, SaysTheSameBack) {
  TokenizerSpec from;
  from.add_bos = from.add_eos = true;
  from.roles.bos = 1;
  from.roles.eos = 2;
  TokenizerSpec to;
  to.vocab.Add({.id = 1, .bytes = "<s>", .spelling = "<s>"});
  to.added_tokens = {{.id = 2, .content = "</s>"}};
  FlagsToTemplate(from, &to);
  ASSERT_EQ(to.post_processors.size(), 1U);
  const auto& made = std::get<post_processor::Template>(to.post_processors[0]);
  EXPECT_EQ(made.single,
            (std::vector<Part>{SpecialPart("<s>"), SequencePart(), SpecialPart("</s>")}));
  ASSERT_EQ(made.pair.size(), 6U);
  EXPECT_EQ(made.pair[3].type_id, 1U);
  EXPECT_EQ(made.pair[4].kind, Part::Kind::kSequenceB);
  const Draft back = FlagsOf(to);
  EXPECT_TRUE(back.spec.add_bos && back.spec.add_eos);
  EXPECT_EQ(back.spec.roles.bos, 1U);
  EXPECT_EQ(back.spec.roles.eos, 2U);
}

TEST(FlagsToTemplateTest, OneTokenForBothIsDeclaredOnce) {
  TokenizerSpec from;
  from.add_bos = from.add_eos = true;
  from.roles.bos = from.roles.eos = 5;
  TokenizerSpec to;
  FlagsToTemplate(from, &to);
  const auto& made = std::get<post_processor::Template>(to.post_processors.at(0));
  ASSERT_EQ(made.special_tokens.size(), 1U);
  EXPECT_EQ(made.special_tokens[0].id, "<5>");  // a name for a token that has none
}

TEST(FlagsToTemplateTest, AFlagWithoutATokenSaysNothing) {
  TokenizerSpec from;
  from.add_bos = true;
  from.roles.eos = 2;
  TokenizerSpec to;
  FlagsToTemplate(from, &to);
  EXPECT_THAT(to.post_processors, IsEmpty());
}

TEST(CarryChatTemplateTest, FromFileOrConfigurationToTheKeyAndBack) {
  TokenizerSpec from;
  from.companions["tokenizer_config.json"] = R"({"chat_template":"{{ 'c' }}"})";
  TokenizerSpec gguf;
  gguf.format = Format::kGguf;
  CarryChatTemplate(from, &gguf);
  EXPECT_EQ(gguf.rest.at("tokenizer.chat_template"), "\"{{ 'c' }}\"");
  from.companions["chat_template.jinja"] = "{{ \"f\" }}";  // the file counts first
  CarryChatTemplate(from, &gguf);
  EXPECT_EQ(gguf.rest.at("tokenizer.chat_template"), "\"{{ \\\"f\\\" }}\"");
  TokenizerSpec back;
  CarryChatTemplate(gguf, &back);
  EXPECT_EQ(back.companions.at("chat_template.jinja"), "{{ \"f\" }}");
  back.companions["chat_template.jinja"] = "kept";
  CarryChatTemplate(gguf, &back);
  EXPECT_EQ(back.companions.at("chat_template.jinja"), "kept");
}

TEST(CarryChatTemplateTest, NoTemplateMakesNone) {
  TokenizerSpec from;
  // A list of named templates is none, nor is what is no JSON.
  for (const char* config : {"{", R"({"chat_template":[]})", R"({"chat_template":null})", "{}"}) {
    from.companions["tokenizer_config.json"] = config;
    TokenizerSpec gguf;
    gguf.format = Format::kGguf;
    CarryChatTemplate(from, &gguf);
    EXPECT_TRUE(gguf.rest.empty()) << config;
  }
}

}  // namespace
}  // namespace tokgraft
