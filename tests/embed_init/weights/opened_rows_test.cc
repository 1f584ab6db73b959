#include "embed_init/weights/opened_rows.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

TEST(OpenedRowsTest, RowsAreThoseOfTheFile) {
  const testing::TemporaryDirectory directory;
  testing::WriteRandomModel(directory / "m", testing::LlamaConfig(20, false),
                            testing::LlamaTensors(20, 8, false, "F32", 1));
  const Checkpoint model = *OpenCheckpoint(directory / "m");
  const OpenedRows opened = *OpenRows(model, model.embedding);
  EXPECT_EQ(opened.view.rows, 20u);
  EXPECT_EQ(opened.view.columns, 8u);
  const TensorInfo& info = *model.Find(model.embedding.tensor);
  const std::string bytes = testing::ReadText(directory / ("m/" + info.file));
  EXPECT_EQ(std::string(opened.view.row(3), 32), bytes.substr(info.begin + 3 * 32, 32));
}

TEST(OpenedRowsTest, AFileThatShrankIsAnError) {
  const testing::TemporaryDirectory directory;
  testing::WriteRandomModel(directory / "m", testing::LlamaConfig(20, false),
                            testing::LlamaTensors(20, 8, false, "F32", 1));
  const Checkpoint model = *OpenCheckpoint(directory / "m");
  const TensorInfo& info = *model.Find(model.embedding.tensor);
  std::filesystem::resize_file(directory / ("m/" + info.file), info.end - 1);
  EXPECT_EQ(OpenRows(model, model.embedding).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace tokgraft
