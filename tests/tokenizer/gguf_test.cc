#include "tokenizer/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tokgraft {
namespace {

using ::testing::HasSubstr;

std::string GufInt(std::uint64_t value, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}
std::string GufText(const std::string& text) { return GufInt(text.size(), 8) + text; }

GgufFile Sample() {
  GgufFile file;
  file.keys = {{"b", GufInt(8, 4) + GufText("text"), "text", {}, 1},
               {"a", GufInt(10, 4) + GufInt(7, 8), {}, 7, 1},
               {"c", GufInt(9, 4) + GufInt(0, 4) + GufInt(3, 8) + "123", {}, {}, 3},
               {"d", GufInt(5, 4) + GufInt(0xFFFFFFFF, 4), {}, {}, 1}};
  file.tensors = {{"w", {3, 2}, 1, 0}, {"v", {5}, 0, 32}};
  return file;
}
std::string ErrorOf(const std::string& bytes) {
  const auto file = ReadGgufFile(bytes, "m.gguf");
  return file.ok() ? "" : std::string(Message(file.status()));
}

TEST(GgufFileTest, WhatIsWrittenIsRead) {
  const std::string header = BuildGgufHeader(Sample());
  EXPECT_EQ(header.size() % 32, 0u);
  const auto file = ReadGgufFile(header + std::string(64, 'x'), "m.gguf");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->keys, Sample().keys);
  EXPECT_EQ(file->data_begin, header.size());
  ASSERT_EQ(file->tensors.size(), 2u);
  EXPECT_EQ(file->tensors[0].begin, header.size());
  EXPECT_EQ(file->tensors[1].begin, header.size() + 32);
  EXPECT_THAT(file->tensors[0].shape, ::testing::ElementsAre(3, 2));
  EXPECT_EQ(file->Find("a")->number, 7u);
  EXPECT_EQ(file->Find("e"), nullptr);
}

TEST(GgufFileTest, ANumberIsReplacedInItsOwnType) {
  const GgufKey old = Sample().keys[1];
  const GgufKey key = WithNumber(old, 300);
  EXPECT_EQ(key.number, 300u);
  EXPECT_EQ(key.value, GufInt(10, 4) + GufInt(300, 8));
}

TEST(GgufFileTest, RefusesWhatIsMalformed) {
  const auto with = [](auto edit) {
    GgufFile file = Sample();
    edit(&file);
    return BuildGgufHeader(file) + std::string(64, 'x');
  };
  EXPECT_THAT(ErrorOf(with([](GgufFile* f) { f->tensors[1].name = "w"; })),
              HasSubstr("tensor w stands twice"));
  EXPECT_THAT(ErrorOf(with([](GgufFile* f) { f->tensors[1].begin = 33; })),
              HasSubstr("a multiple of 32"));
  EXPECT_THAT(ErrorOf(with([](GgufFile* f) {
                f->tensors[1].shape = {1, 1, 1, 1, 1};
              })),
              HasSubstr("5 dimensions"));
  EXPECT_THAT(ErrorOf(with([](GgufFile* f) {
                f->keys.push_back({"general.alignment", GufInt(4, 4) + GufInt(24, 4), {}, 24, 1});
              })),
              HasSubstr("no power of two"));
  EXPECT_THAT(ErrorOf(with([](GgufFile* f) {
                f->keys.push_back({"split.count", GufInt(2, 4) + GufInt(3, 2), {}, 3, 1});
              })),
              HasSubstr("in 3 files"));
  std::string many = with([](GgufFile*) {});
  many.replace(8, 8, GufInt(~std::uint64_t{0}, 8));
  EXPECT_THAT(ErrorOf(many), HasSubstr("the list of 18446744073709551615 tensors"));
  const std::string whole = BuildGgufHeader(Sample());
  for (std::size_t size = 0; size + 32 < whole.size(); ++size) {
    EXPECT_NE(ErrorOf(whole.substr(0, size)), "") << size;
  }
}

}  // namespace
}  // namespace tokgraft
