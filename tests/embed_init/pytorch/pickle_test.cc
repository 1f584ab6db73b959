#include "embed_init/pytorch/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/embed_init/pytorch/torch_file.h"

namespace tokgraft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::PickleGlobal;
using testing::PickleInt;
using testing::PickleText;

Status PickleStatusOf(const std::string& pickle) {
  return ReadPickledTensors(pickle, "a.bin: data.pkl").status();
}
std::string PickleErrorOf(const std::string& pickle) {
  return std::string(Message(PickleStatusOf(pickle)));
}

TEST(Pickle, FindsTensorsInTheirStorages) {
  const auto tensors = ReadPickledTensors(
      testing::PickleOf({{"embedding", "BFloat16Storage", "0", 12, 0, {3, 4}, {4, 1}},
                         {"head", "BFloat16Storage", "0", 12, 0, {3, 4}, {4, 1}},
                         {"row", "BFloat16Storage", "0", 12, 4, {1, 4}, {77, 1}},
                         {"scalar", "LongStorage", "1", 1, 0, {}, {}},
                         {"empty", "FloatStorage", "2", 0, 0, {0, 4}, {4, 1}}}),
      "data.pkl");
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  ASSERT_EQ(tensors->size(), 5u);
  EXPECT_EQ((*tensors)[0].name, "embedding");
  EXPECT_EQ((*tensors)[0].dtype, DType::kBf16);
  EXPECT_THAT((*tensors)[0].shape, ::testing::ElementsAre(3, 4));
  EXPECT_EQ((*tensors)[0].storage_bytes, 24u);
  EXPECT_EQ((*tensors)[1].storage, (*tensors)[0].storage);
  EXPECT_EQ((*tensors)[2].begin, 8u);
  EXPECT_EQ((*tensors)[3].dtype, DType::kI64);
  EXPECT_EQ((*tensors)[4].storage_bytes, 0u);
}

TEST(Pickle, RefusesEveryOtherGlobalByNameAndByte) {
  for (const auto& [module, name] : std::vector<std::pair<std::string, std::string>>{
           {"os", "system"},
           {"builtins", "eval"},
           {"torch", "load"},
           {"torch._utils", "_rebuild_sparse_tensor"},
           {"torch._utils", "_rebuild_tensor_v2.__globals__"},
           {"collections", "deque"},
           {"numpy.core.multiarray", "_reconstruct"}}) {
    const std::string call = PickleText("rm -rf /") + "\x85R.";
    EXPECT_THAT(PickleErrorOf("\x80\x02" + PickleGlobal(module, name) + call),
                AllOf(HasSubstr("byte 2: asks for the global " + module + "." + name),
                      HasSubstr("nothing was run")));
    EXPECT_THAT(PickleErrorOf(PickleText(module) + PickleText(name) + "\x93" + call),
                HasSubstr("asks for the global " + module + "." + name));
  }
}

TEST(Pickle, RefusesEveryOtherOperationByCodeAndByte) {
  const std::string known =
      "(.0)JKMNUTXGQRabehjqrstu]}\x80\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x93\x94\x95";
  for (int code = 0; code < 256; ++code) {
    if (code == 'c' || (known.find(static_cast<char>(code)) != std::string::npos && code != '0'))
      continue;
    const Status status =
        PickleStatusOf(std::string("N") + static_cast<char>(code) + std::string(64, '\0'));
    EXPECT_TRUE(absl::IsUnimplemented(status)) << code;
    EXPECT_THAT(std::string(Message(status)), HasSubstr("byte 1: operation 0x")) << code;
  }
}

TEST(Pickle, RefusesWhatIsNotPlainRowsByName) {
  const auto error = [](const testing::TorchTensor& tensor) {
    return PickleErrorOf(testing::PickleOf({tensor}));
  };
  EXPECT_THAT(error({"w", "FloatStorage", "0", 12, 0, {4, 3}, {1, 4}}),
              HasSubstr("tensor w is not contiguous"));
  EXPECT_THAT(error({"w", "FloatStorage", "0", 12, 0, {3, 2}, {4, 1}}),
              HasSubstr("tensor w is not contiguous"));
  EXPECT_THAT(error({"w", "FloatStorage", "0", 11, 0, {4, 3}, {3, 1}}),
              HasSubstr("tensor w goes beyond its storage"));
  EXPECT_THAT(error({"w", "FloatStorage", "0", 12, 1, {4, 3}, {3, 1}}),
              HasSubstr("tensor w goes beyond its storage"));
  EXPECT_THAT(error({"w", "QInt8Storage", "0", 12, 0, {4, 3}, {3, 1}}),
              HasSubstr("torch.QInt8Storage"));
  EXPECT_THAT(error({"\xff", "FloatStorage", "0", 12, 0, {4, 3}, {3, 1}}), HasSubstr("no text"));
  const std::uint64_t huge = std::uint64_t{1} << 62;
  EXPECT_THAT(error({"w", "FloatStorage", "0", huge, 0, {huge, huge}, {huge, 1}}),
              HasSubstr("more bytes than any file has"));
  EXPECT_THAT(error({"w", "FloatStorage", "0", huge, huge, {1}, {1}}), HasSubstr("beyond"));
  const std::uint64_t negative = ~std::uint64_t{0};
  EXPECT_THAT(error({"w", "FloatStorage", "0", negative, 0, {1}, {1}}), HasSubstr("no storage"));
  EXPECT_THAT(error({"w", "FloatStorage", "0", 4, negative, {1}, {1}}), HasSubstr("no place"));
  EXPECT_THAT(error({"w", "FloatStorage", "0", 4, 0, {negative}, {1}}), HasSubstr("size"));
  EXPECT_THAT(error({"w", "FloatStorage", "0", 4, 0, {1}, {1, 1}}), HasSubstr("strides"));
  const testing::TorchTensor twice{"w", "FloatStorage", "0", 1, 0, {1}, {1}};
  EXPECT_THAT(PickleErrorOf(testing::PickleOf({twice, twice})), HasSubstr("tensor w stands twice"));
  EXPECT_THAT(PickleErrorOf("}" + PickleText("epoch") + PickleInt(3) + "s."),
              HasSubstr("epoch is a number, a tensor was expected"));
  EXPECT_THAT(PickleErrorOf("}" + PickleText("model") + "}s."), HasSubstr("model is a dict"));
  EXPECT_THAT(PickleErrorOf("N."), HasSubstr("holds None, a dict of tensors was expected"));
}

TEST(Pickle, CyclesDepthAndFloodsEndInAnError) {
  // A dict that holds itself.
  EXPECT_THAT(PickleErrorOf("}q" + std::string(1, '\0') + PickleText("self") + "h" +
                            std::string(1, '\0') + "s."),
              HasSubstr("self is a dict"));
  EXPECT_THAT(PickleErrorOf(std::string(100'000, '(') + "."), HasSubstr("nested too deeply"));
  // Tuples in tuples a million deep are flat records: no recursion, and no value for a tensor.
  EXPECT_THAT(PickleErrorOf("}" + PickleText("deep") + "N" + std::string(1'000'000, '\x85') + "s."),
              HasSubstr("deep is a tuple"));
  EXPECT_THAT(PickleErrorOf(std::string(5'000'000, ')')), HasSubstr("more than 4000000 objects"));
  std::string dimensions = "(";
  for (int i = 0; i < 100; ++i) dimensions += "K\x01";
  EXPECT_THAT(PickleErrorOf(PickleGlobal("torch._utils", "_rebuild_tensor_v2") + "((" +
                            PickleText("storage") + PickleGlobal("torch", "FloatStorage") +
                            PickleText("0") + PickleText("cpu") + PickleInt(1) + "tQ" +
                            PickleInt(0) + dimensions + "t)\x89NtR."),
              HasSubstr("too many dimensions"));
  // Texts that claim to be longer than the file.
  EXPECT_TRUE(absl::IsDataLoss(PickleStatusOf("X\xff\xff\xff\xff")));
  EXPECT_TRUE(absl::IsDataLoss(PickleStatusOf("\x8d\xff\xff\xff\xff\xff\xff\xff\xff")));
  EXPECT_TRUE(absl::IsDataLoss(PickleStatusOf("cos\nsystem")));
  EXPECT_THAT(
      PickleErrorOf("\x8b" + testing::LittleEndian(1'000'000, 4) + std::string(1'000'000, '1')),
      HasSubstr("at most 8 were expected"));
}

TEST(Pickle, EveryTruncationAndManyMutationsAreHandled) {
  const std::string pickle =
      testing::PickleOf({{"embedding", "BFloat16Storage", "0", 12, 0, {3, 4}, {4, 1}},
                         {"norm", "FloatStorage", "1", 4, 0, {4}, {1}}});
  ASSERT_TRUE(PickleStatusOf(pickle).ok());
  for (std::size_t size = 0; size < pickle.size(); ++size) {
    EXPECT_FALSE(PickleStatusOf(pickle.substr(0, size)).ok()) << size;
  }
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string broken = pickle;
    for (std::size_t i = random() % 3; i < 3; ++i) {
      broken[random() % broken.size()] = static_cast<char>(random());
    }
    const auto tensors = ReadPickledTensors(broken, "p");
    if (!tensors.ok()) continue;
    for (const PickledTensor& tensor : *tensors) EXPECT_LE(tensor.begin, tensor.storage_bytes);
  }
}

}  // namespace
}  // namespace tokgraft
