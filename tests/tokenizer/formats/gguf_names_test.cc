// The names that llama.cpp knows by heart, held against its src/llama-vocab.cpp.
#include "tokenizer/formats/gguf_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace tokgraft {
namespace {

TEST(GgufNamesTest, FlagsOfEachFamily) {
  const auto expect = [](std::string_view name, bool ignore_merges, bool add_bos, bool clean,
                         bool no_bos = false) {
    const GgufPre* pre = FindGgufPre(name);
    ASSERT_NE(pre, nullptr) << name;
    EXPECT_EQ(pre->name, name);
    EXPECT_EQ(pre->ignore_merges, ignore_merges) << name;
    EXPECT_EQ(pre->add_bos, add_bos) << name;
    EXPECT_EQ(pre->clean_spaces, clean) << name;
    EXPECT_EQ(pre->no_default_bos, no_bos) << name;
  };
  expect("default", false, false, true);
  expect("gpt-2", false, false, true);
  expect("llama-bpe", true, true, true);
  expect("llama3", true, true, true);
  expect("qwen2", false, false, false);
  expect("smollm", false, false, false);
  expect("tekken", true, true, false);
  expect("chameleon", false, true, false);
  expect("glm4", false, false, true, true);
}

TEST(GgufNamesTest, OtherNamesAreNotKnown) {
  for (const std::string_view name : {"", "Default", "llama", "qwen2 ", "gpt2"}) {
    EXPECT_EQ(FindGgufPre(name), nullptr) << name;
  }
}

TEST(GgufNamesTest, ANameHasOneRole) {
  std::set<std::string_view> keys;
  std::set<std::string_view> names;
  for (const GgufRoleNames& role : GgufRolesByName()) {
    ASSERT_FALSE(role.keys.empty());
    for (const std::string_view key : role.keys) {
      EXPECT_TRUE(key.starts_with("tokenizer.ggml.")) << key;
      EXPECT_TRUE(keys.insert(key).second) << key;
    }
    for (const std::string_view name : role.names) EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_TRUE(names.contains("<|fim_prefix|>"));
  EXPECT_TRUE(names.contains("<\uFF5Cfim\u2581hole\uFF5C>"));
}

TEST(GgufNamesTest, EndsOfAGeneration) {
  const auto ends = GgufEndNames();
  EXPECT_THAT(ends, testing::Contains("<|eot_id|>"));
  EXPECT_THAT(ends, testing::Contains("</s>"));
  EXPECT_THAT(ends, testing::Contains("<\uFF5Cend\u2581of\u2581sentence\uFF5C>"));
  EXPECT_THAT(ends, testing::Not(testing::Contains("<s>")));
  EXPECT_EQ(std::set<std::string_view>(ends.begin(), ends.end()).size(), ends.size());
}

}  // namespace
}  // namespace tokgraft
