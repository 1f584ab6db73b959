#include "embed_init/pytorch/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/embed_init/pytorch/torch_file.h"
#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;

class PytorchArchive : public ::testing::Test {
 protected:
  StatusOr<std::vector<TensorInfo>> Read(const std::string& bytes) {
    const std::string path = directory_ / "pytorch_model.bin";
    testing::WriteText(path, bytes);
    return ReadPytorchTensors(path, "pytorch_model.bin");
  }
  std::string ErrorOf(const std::string& bytes) {
    return std::string(Message(Read(bytes).status()));
  }
  static std::string Pickle() {
    return testing::PickleOf({{"b", "HalfStorage", "1", 4, 0, {2, 2}, {2, 1}},
                              {"a", "FloatStorage", "0", 2, 1, {1}, {1}},
                              {"c", "HalfStorage", "1", 4, 0, {2, 2}, {2, 1}}});
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(PytorchArchive, TensorsAreRangesOfTheFile) {
  const std::string bytes = testing::ZipBytes({{"m/data.pkl", Pickle()},
                                               {"m/byteorder", "little"},
                                               {"m/data/0", "xxxx1234"},
                                               {"m/data/1", "abcdefgh"}});
  const auto tensors = Read(bytes);
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  ASSERT_EQ(tensors->size(), 3u);
  const auto text = [&](std::size_t i) {
    return bytes.substr((*tensors)[i].begin, (*tensors)[i].size_bytes());
  };
  EXPECT_EQ((*tensors)[0].name, "a");
  EXPECT_EQ(text(0), "1234");
  EXPECT_EQ((*tensors)[1].name, "b");
  EXPECT_EQ((*tensors)[2].name, "c");
  EXPECT_EQ(text(1), "abcdefgh");
  EXPECT_EQ(text(2), "abcdefgh");
  EXPECT_EQ((*tensors)[1].dtype, DType::kF16);
}

TEST_F(PytorchArchive, RefusesWhatIsNoSuchArchive) {
  const testing::ZipFileEntry pickle{"m/data.pkl", Pickle()};
  EXPECT_THAT(ErrorOf(""), HasSubstr("the file is empty"));
  EXPECT_THAT(ErrorOf("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03."),
              HasSubstr("torch.save has written since version 1.6"));
  EXPECT_THAT(ErrorOf(testing::ZipBytes({{"m/data/0", "12345678"}})), HasSubstr("no data.pkl"));
  EXPECT_THAT(ErrorOf(testing::ZipBytes({pickle, {"n/data.pkl", ""}})),
              HasSubstr("second data.pkl"));
  EXPECT_THAT(ErrorOf(testing::ZipBytes({pickle, {"m/byteorder", "big"}})),
              HasSubstr("byteorder is not little"));
  EXPECT_THAT(ErrorOf(testing::ZipBytes({pickle, {"m/data/0", "12345678"}})),
              HasSubstr("data/1: is missing, 8 were expected for b"));
  EXPECT_THAT(
      ErrorOf(testing::ZipBytes({pickle, {"m/data/0", "12345678"}, {"m/data/1", "1234567"}})),
      HasSubstr("data/1: has 7 bytes, 8 were expected for b"));
}

TEST(WrittenNames, AreThoseOfSafetensors) {
  EXPECT_EQ(WrittenName("pytorch_model.bin"), "model.safetensors");
  EXPECT_EQ(WrittenName("pytorch_model-00001-of-00002.bin"), "model-00001-of-00002.safetensors");
  EXPECT_EQ(WrittenName("pytorch_model.bin.index.json"), "model.safetensors.index.json");
  EXPECT_EQ(WrittenName("consolidated.00.bin"), "consolidated.00.safetensors");
  EXPECT_EQ(WrittenName("model.safetensors"), "model.safetensors");
  EXPECT_EQ(WrittenName("config.json"), "config.json");
}

}  // namespace
}  // namespace tokgraft
