#include "vocab_merge/trim/literals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Literals, TextOutsideTagsAndConstantsInside) {
  EXPECT_THAT(TemplateLiterals("A{% if x == 'user' %}B{{ '<|im_start|>' + x }}C"),
              ElementsAre("A", "user", "B", "<|im_start|>", "C"));
}

TEST(Literals, EscapesAreResolved) {
  EXPECT_THAT(TemplateLiterals(R"({{ 'a\n\'b' ~ "\t\\" }})"), ElementsAre("a\n'b", "\t\\"));
}

TEST(Literals, ATagEndsAfterAConstantThatLooksLikeItsEnd) {
  EXPECT_THAT(TemplateLiterals("{{ '}}' }}x"), ElementsAre("}}", "x"));
}

TEST(Literals, CommentsAndUnfinishedTagsHaveNone) {
  EXPECT_THAT(TemplateLiterals("{# 'a' #}"), IsEmpty());
  EXPECT_THAT(TemplateLiterals("{{ 'a"), ElementsAre("a"));
  EXPECT_THAT(TemplateLiterals("{"), ElementsAre("{"));
  EXPECT_THAT(TemplateLiterals("{x}"), ElementsAre("{", "x}"));
}

TEST(Literals, TemplatesOfEveryFile) {
  TokenizerSpec spec;
  spec.companions["chat_template.jinja"] = "one";
  spec.companions["tokenizer_config.json"] =
      R"({"chat_template": [{"name": "default", "template": "two"}, {"template": "three"}]})";
  spec.rest["tokenizer.chat_template"] = R"("four")";
  EXPECT_THAT(ChatTemplates(spec), ElementsAre("one", "two", "three", "four"));
}

}  // namespace
}  // namespace tokgraft
