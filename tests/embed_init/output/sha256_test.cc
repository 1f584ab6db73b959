// SHA-256 by the vectors of FIPS 180-4, however the bytes arrive.
#include "embed_init/output/sha256.h"

#include <gtest/gtest.h>

#include "embed_init/output/file_io.h"
#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

TEST(Sha256Test, KnownVectors) {
  EXPECT_EQ(Sha256Of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256Of(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  // A zero byte is a byte.
  EXPECT_EQ(Sha256Of(std::string_view("\0", 1)),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST(Sha256Test, PartsAreTheWhole) {
  Sha256 hash;
  for (const std::string_view part : {"a", "", "bc"}) hash.Update(part);
  Sha256 moved = std::move(hash);
  EXPECT_EQ(moved.Hex(), Sha256Of("abc"));
}

// One byte more than two blocks of reading, so that no block is lost or read twice.
TEST(Sha256Test, AFileIsHashedWhole) {
  const testing::TemporaryDirectory directory;
  std::string bytes(2 * kBlockBytes + 1, 'x');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * i >> 7);
  testing::WriteText(directory / "f", bytes);
  const FileHash hash = *HashFile(directory / "f");
  EXPECT_EQ(hash.size_bytes, bytes.size());
  EXPECT_EQ(hash.sha256, Sha256Of(bytes));
  testing::WriteText(directory / "empty", "");
  EXPECT_EQ(HashFile(directory / "empty")->sha256, Sha256Of(""));
}

TEST(Sha256Test, WhatIsNoFileIsAnError) {
  const testing::TemporaryDirectory directory;
  EXPECT_EQ(Message(HashFile(directory / "none").status()),
            directory / "none: cannot be opened: No such file or directory; check the path");
  EXPECT_TRUE(absl::IsNotFound(HashFile(directory / "none").status()));
  EXPECT_EQ(Message(HashFile(directory.path()).status()),
            directory.path() + ": is not a regular file; name a file");
}

}  // namespace
}  // namespace tokgraft
