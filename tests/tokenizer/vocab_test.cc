#include "tokenizer/vocab.h"

#include <gtest/gtest.h>

#include "tokenizer/status.h"

namespace tokgraft {
namespace {

TEST(VocabTest, FindsByBytesAndBySpelling) {
  Vocab vocab;
  vocab.Add({.id = 3, .bytes = " the", .spelling = "Ġthe"});
  EXPECT_EQ(vocab.Find(" the"), 3u);
  EXPECT_EQ(vocab.FindSpelling("Ġthe"), 3u);
  EXPECT_EQ(vocab.Find("Ġthe"), std::nullopt);
  EXPECT_EQ(vocab.id_limit(), 4u);
  EXPECT_EQ(vocab.Get(0), std::nullopt);
  EXPECT_EQ(vocab.Get(3)->bytes, " the");
}

TEST(VocabTest, ANormalPieceWinsOverTheBytePieceWithItsBytes) {
  for (const bool byte_first : {false, true}) {
    Vocab vocab;
    const Piece byte{.id = 1, .bytes = "A", .spelling = "<0x41>", .kind = PieceKind::kByte};
    const Piece normal{.id = 7, .bytes = "A", .spelling = "A"};
    vocab.Add(byte_first ? byte : normal);
    vocab.Add(byte_first ? normal : byte);
    EXPECT_EQ(vocab.Find("A"), 7u);
  }
}

TEST(VocabTest, HoldsTwoPiecesOnOneId) {
  Vocab vocab;
  vocab.Add({.id = 1, .bytes = "a", .spelling = "a"});
  vocab.Add({.id = 1, .bytes = "b", .spelling = "b"});
  EXPECT_EQ(vocab.size(), 2u);
  EXPECT_EQ(vocab.Get(1)->bytes, "b");
}

TEST(VocabTest, GrowsWithoutLosingPieces) {
  Vocab vocab;
  for (TokenId id = 0; id < 10000; ++id) {
    const std::string bytes = Cat("piece", id);
    vocab.Add({.id = id, .bytes = bytes, .spelling = Cat("_", bytes)});
  }
  for (TokenId id = 0; id < 10000; ++id) {
    ASSERT_EQ(vocab.Find(Cat("piece", id)), id);
    ASSERT_EQ(vocab.FindSpelling(Cat("_piece", id)), id);
  }
}

}  // namespace
}  // namespace tokgraft
