#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"
#include "vocab_merge/rules/detect.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A template that names one token and gives it an id.
TokenizerSpec WithTemplate(const std::string& name, TokenId id) {
  TokenizerSpec spec = toy::ByteLevel({});
  auto& processor = spec.post_processors.emplace_back().emplace<post_processor::Template>();
  processor.single = {post_processor::TemplatePart()};
  processor.special_tokens = {{.id = name, .ids = {id}, .tokens = {name}}};
  return spec;
}

TEST(StagesTest, D6TheTemplateOfTheBaseIsStale) {
  EXPECT_EQ(toy::Merged(WithTemplate("a", 5), toy::ByteLevel({})).conflicts.findings,
            (std::vector<Finding>{
                {.code = "D6",
                 .severity = Severity::kWarning,
                 .count = 1,
                 .base_ids = {5},
                 .message = "1 ids of the base's template are not those of its vocabulary",
                 .action = "kept: the reference library emits the id of the template too",
                 .examples = {"post_processor: \"a\": 5 in the template, 97 in the vocabulary"}}}));
  // A donor's template is not used.
  EXPECT_THAT(toy::Conflicts("D6", toy::ByteLevel({}), WithTemplate("a", 5)), IsEmpty());
  EXPECT_THAT(toy::Conflicts("D6", WithTemplate("a", 97), toy::ByteLevel({})), IsEmpty());
}

TEST(StagesTest, D6NamesATokenThatTheVocabularyLacks) {
  const TokenizerSpec spec = WithTemplate("<s>", 5);
  EXPECT_THAT(StaleTemplateIds(spec, ListTokens(spec)).Texts(),
              ElementsAre("post_processor: \"<s>\": 5 in the template, not in the vocabulary"));
}

TEST(StagesTest, D6OfTheProcessorsOfBertAndRoberta) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.post_processors = {
      post_processor::Bert{.sep_token = "a", .sep_id = 97, .cls_token = "b", .cls_id = 0}};
  EXPECT_THAT(StaleTemplateIds(spec, ListTokens(spec)).ids, ElementsAre(0U));
  auto& roberta = spec.post_processors[0].emplace<post_processor::Roberta>();
  roberta.sep_token = "a";
  roberta.sep_id = 1;
  roberta.cls_token = "b";
  roberta.cls_id = 98;
  EXPECT_THAT(StaleTemplateIds(spec, ListTokens(spec)).ids, ElementsAre(1U));
}

TEST(StagesTest, D11OneTokenizerPutsASpaceBeforeTheText) {
  const TokenizerSpec with = toy::Metaspace({}, {});
  const TokenizerSpec without = WithoutPrefix(with);
  Finding expected{.code = "D11",
                   .count = 1,
                   .message = "the base puts a space before the text and the donor does not",
                   .action = "the base's way is kept; pieces are compared with their spaces"};
  EXPECT_EQ(toy::Merged(with, without).conflicts.findings, std::vector<Finding>{expected});
  expected.message = "the donor puts a space before the text and the base does not";
  EXPECT_EQ(toy::Merged(without, with).conflicts.findings, std::vector<Finding>{expected});
  EXPECT_THAT(toy::Merged(with, with).conflicts.findings, IsEmpty());
}

TEST(StagesTest, APrefixIsKnownInEachOfItsFourForms) {
  std::vector<TokenizerSpec> specs(4);
  specs[0].normalizers.emplace_back().emplace<normalizer::Prepend>().prepend = "\u2581";
  specs[1].normalizers.emplace_back().emplace<normalizer::SentencePiece>();
  specs[2].pre_tokenizers.emplace_back().emplace<pre_tokenizer::Metaspace>();
  specs[3].pre_tokenizers.emplace_back().emplace<pre_tokenizer::ByteLevel>();
  for (std::size_t i = 0; i < specs.size(); ++i) {
    EXPECT_TRUE(AddsPrefix(specs[i])) << i;
    EXPECT_FALSE(AddsPrefix(WithoutPrefix(specs[i]))) << i;
  }
  EXPECT_FALSE(AddsPrefix(TokenizerSpec()));
}

TEST(StagesTest, D14ABlockThatIsNullIsNone) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.rest = {{"padding", "null"}, {"truncation", R"({"max_length":8})"}};
  EXPECT_EQ(toy::Defects("D14", spec),
            (std::vector<LintFinding>{
                {.code = "D14",
                 .severity = Severity::kWarning,
                 .count = 1,
                 .message = "1 blocks of the file cut or pad every encoding",
                 .action = "set them to null: lengths belong to the caller, and a text that is cut "
                           "is lost without a word",
                 .place = "truncation",
                 .examples = {{.place = "truncation", .text = R"({"max_length":8})"}}}}));
}

TEST(StagesTest, OtherFormatsHaveNoTemplateToLookInto) {
  EXPECT_FALSE(toy::Linted(toy::Ranks({})).counts.contains("D6"));
  EXPECT_TRUE(toy::Linted(toy::ByteLevel({})).counts.contains("D6"));
}

}  // namespace
}  // namespace tokgraft
