#include "tokenizer/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace tokgraft {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LoadTest : public testing::Test {
 protected:
  LoadTest() {
    directory_ = fs::path(testing::TempDir()) /
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  ~LoadTest() override { fs::remove_all(directory_); }

  std::string Put(const std::string& name, const std::string& bytes) {
    std::ofstream(directory_ / name, std::ios::binary) << bytes;
    return (directory_ / name).string();
  }
  static std::string Toy(const std::string& name) {
    std::ifstream file(Cat(TOKGRAFT_SOURCE_DIR, "/tests/data/", name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::string MessageOf(const std::string& path, const LoadOptions& options = {}) {
    return std::string(Message(Load(path, options).status()));
  }

  fs::path directory_;
};

TEST_F(LoadTest, ReadsADirectoryWithItsCompanions) {
  Put("tokenizer.json", Toy("toy_metaspace.json"));
  Put("tokenizer_config.json", R"({"bos_token":{"content":"<s>"},"unk_token":"<unk>",
                                   "model_max_length":1000000000000000019884624838656})");
  Put("special_tokens_map.json", R"({"unk_token":"<s>","eos_token":"<s>","pad_token":"nope"})");
  Put("chat_template.jinja", "{{ x }}");
  Put("readme.md", "not a companion");
  const StatusOr<TokenizerSpec> spec = Load(directory_.string());
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->companions.size(), 3U);
  EXPECT_EQ(spec->companions.at("chat_template.jinja"), "{{ x }}");
  EXPECT_EQ(spec->roles.bos, 1U);
  EXPECT_EQ(spec->roles.unk, 0U) << "tokenizer_config.json goes first";
  EXPECT_EQ(spec->roles.eos, 1U);
  EXPECT_EQ(spec->roles.pad, std::nullopt);
}

TEST_F(LoadTest, AFileAloneHasNoCompanions) {
  const std::string path = Put("any.name", Toy("toy_metaspace.json"));
  Put("tokenizer_config.json", R"({"bos_token":"<s>"})");
  const StatusOr<TokenizerSpec> spec = Load(path);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->source, path);
  EXPECT_TRUE(spec->companions.empty());
  EXPECT_EQ(spec->roles, SpecialRoles{});
}

TEST_F(LoadTest, ABrokenCompanionIsAnError) {
  Put("tokenizer.json", Toy("toy_metaspace.json"));
  Put("tokenizer_config.json", R"({"bos_token":)");
  EXPECT_THAT(MessageOf(directory_.string()),
              HasSubstr("/tokenizer_config.json: byte 13: the file ends, a value was expected; the "
                        "file is truncated"));
}

TEST_F(LoadTest, MissingThingsAreNotFound) {
  const std::string absent = (directory_ / "absent").string();
  EXPECT_EQ(Load(absent).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(MessageOf(absent), Cat(absent, ": no such file or directory; check the path"));
  EXPECT_EQ(Load(directory_.string()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(MessageOf(directory_.string()),
            Cat(directory_.string(),
                ": no tokenizer in this directory, one of tokenizer.json, tokenizer.model, "
                "tekken.json, *.tiktoken, *.gguf was expected"));
  Put("vocab.txt", "a\nb\n");
  EXPECT_THAT(MessageOf(directory_.string()),
              HasSubstr("become a tokenizer.json by AutoTokenizer"));
}

TEST_F(LoadTest, OtherFilesAreToldByName) {
  const auto error = [&](const std::string& bytes) { return MessageOf(Put("file", bytes)); };
  EXPECT_THAT(error(""), HasSubstr("file: is empty, tokenizer.json, a sentencepiece .model"));
  EXPECT_THAT(error("\x80\x04\x95rest"), HasSubstr("is a pickle or an archive"));
  EXPECT_THAT(error(std::string("PK\x03\x04", 4) + "archive"),
              HasSubstr("is a pickle or an archive"));
  EXPECT_THAT(error("#version: 0.2\na b\n"),
              HasSubstr("is a list of merges without its vocabulary"));
  EXPECT_THAT(error("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("git lfs pull"));
  EXPECT_THAT(error(std::string("\x10\0\0\0\0\0\0\0{\"a\":1}", 15)),
              HasSubstr("is a safetensors file"));
  EXPECT_THAT(error(R"({"architectures":["X"]})"), HasSubstr("is the config of a model"));
  EXPECT_THAT(error(R"({"tokenizer_class":"X"})"), HasSubstr("is a tokenizer_config.json"));
  EXPECT_THAT(error(R"({"x":1})"), HasSubstr("is JSON without a \"model\""));
  EXPECT_THAT(error("{\"model\":"), HasSubstr("byte 9: the file ends"));
  EXPECT_THAT(error("plain text, nothing more"),
              HasSubstr("byte 0: is plain text, tokenizer.json, a sentencepiece"));
  EXPECT_THAT(error(std::string("\0\xFE\x01\x9C", 4)),
              HasSubstr("byte 0: is no tokenizer that is known, tokenizer.json"));
}

TEST_F(LoadTest, APatternForAnotherFormatIsRefused) {
  EXPECT_THAT(MessageOf(Put("t.json", Toy("toy_unigram.json")), {.pattern = "cl100k"}),
              HasSubstr("a pattern was given, but tokenizer.json holds its own"));
}

TEST_F(LoadTest, BytesInMemoryAreReadAsAFileIs) {
  const StatusOr<TokenizerSpec> spec = LoadBytes(Toy("toy_unigram.json"), "memory");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_TRUE(*spec == *Load(Put("t", Toy("toy_unigram.json"))));
  EXPECT_EQ(spec->source, "memory");
}

}  // namespace
}  // namespace tokgraft
