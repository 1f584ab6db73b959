#include "vocab_merge/trim/renumber.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::optional<TokenId>> RenumberAllBut(std::size_t size, TokenId gone) {
  std::vector<std::optional<TokenId>> out(size);
  TokenId next = 0;
  for (std::size_t id = 0; id < size; ++id) {
    if (id != gone) out[id] = next++;
  }
  return out;
}

TEST(Renumber, MergesWithAMissingPartGo) {
  // 256 "ab", 257 "abc", 258 "cd"
  const TokenizerSpec spec = toy::ByteLevel({{"a", "b"}, {"ab", "c"}, {"c", "d"}});
  const auto out = Renumber(spec, RenumberAllBut(259, 257));
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->id_limit(), 258U);
  EXPECT_EQ(out->vocab.Find("cd"), TokenId{257});
  EXPECT_FALSE(out->vocab.Find("abc"));
  const auto& bpe = std::get<BpeModel>(out->model);
  EXPECT_THAT(bpe.merges, ElementsAre(Merge{'a', 'b', 256}, Merge{'c', 'd', 257}));
}

TEST(Renumber, EveryPlaceThatNamesAnIdFollows) {
  TokenizerSpec spec = toy::ByteLevel({{"a", "b"}});
  spec.added_tokens.push_back({.id = 257, .content = "<s>", .special = true});
  spec.roles.bos = 257;
  spec.roles.pad = 257;
  auto& with = spec.post_processors.emplace_back().emplace<post_processor::Template>();
  with.special_tokens.push_back({.id = "<s>", .ids = {257}, .tokens = {"<s>"}});
  spec.rest["padding"] = R"({"strategy":"BatchLongest","pad_id":257,"pad_token":"<s>"})";
  const auto out = Renumber(spec, RenumberAllBut(258, 256));
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->added_tokens[0].id, 256U);
  EXPECT_EQ(out->roles.bos, TokenId{256});
  EXPECT_EQ(out->roles.pad, TokenId{256});
  const auto& moved = std::get<post_processor::Template>(out->post_processors[0]);
  EXPECT_THAT(moved.special_tokens[0].ids, ElementsAre(256));
  EXPECT_THAT(out->rest.at("padding"), HasSubstr(R"("pad_id":256)"));
}

TEST(Renumber, ATemplateWhoseIdIsGoneIsRefused) {
  TokenizerSpec spec = toy::ByteLevel({{"a", "b"}});
  auto& with = spec.post_processors.emplace_back().emplace<post_processor::Template>();
  with.special_tokens.push_back({.id = "x", .ids = {256}, .tokens = {"x"}});
  const auto out = Renumber(spec, RenumberAllBut(257, 256));
  ASSERT_FALSE(out.ok());
  EXPECT_THAT(std::string(out.status().message()), HasSubstr("post_processor"));
}

}  // namespace
}  // namespace tokgraft
