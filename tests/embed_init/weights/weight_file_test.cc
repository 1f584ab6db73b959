#include "embed_init/weights/weight_file.h"

#include <gtest/gtest.h>

#include "tests/embed_init/pytorch/torch_file.h"
#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

TEST(WeightFile, TheNameTellsTheFormat) {
  testing::TemporaryDirectory directory;
  testing::WriteText(directory / "a.safetensors",
                     testing::SafetensorsBytes({{"w", {1}, "F32", "1234"}}));
  testing::WriteText(
      directory / "a.bin",
      testing::ZipBytes(
          {{"m/data.pkl", testing::PickleOf({{"w", "FloatStorage", "0", 1, 0, {1}, {1}}})},
           {"m/data/0", "1234"}}));
  for (const std::string file : {"a.safetensors", "a.bin"}) {
    const auto weights = ReadWeightFile(directory / file, file);
    ASSERT_TRUE(weights.ok()) << weights.status();
    ASSERT_EQ(weights->tensors.size(), 1u);
    EXPECT_EQ(weights->tensors[0].file, file);
    EXPECT_EQ(testing::ReadText(directory / file).substr(weights->tensors[0].begin, 4), "1234");
    EXPECT_EQ(weights->metadata, "{\"format\":\"pt\"}");
  }
  EXPECT_FALSE(ReadWeightFile(directory / "a.bin", "a.safetensors").ok());
  EXPECT_FALSE(ReadWeightFile(directory / "a.safetensors", "a.bin").ok());
}

}  // namespace
}  // namespace tokgraft
