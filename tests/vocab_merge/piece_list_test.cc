#include "vocab_merge/piece_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

TEST(PieceListTest, ALineIsAPieceToTheByte) {
  const StatusOr<std::vector<WantedPiece>> pieces =
      ParsePieces("\xEF\xBB\xBF the\nword \n\n\xE5\xA4\xA9\r\n# no comment", "w.txt");
  ASSERT_TRUE(pieces.ok()) << pieces.status();
  EXPECT_THAT(*pieces, ElementsAre(WantedPiece{" the", "w.txt:1"}, WantedPiece{"word ", "w.txt:2"},
                                   WantedPiece{"\xE5\xA4\xA9", "w.txt:4"},
                                   WantedPiece{"# no comment", "w.txt:5"}));
}

TEST(PieceListTest, EscapesSayWhatALineCannot) {
  const StatusOr<std::vector<WantedPiece>> pieces =
      ParsePieces("a\\nb\n\\t\\r\\\\n\n\\xe5\\xA4\\x00x", "w.txt");
  ASSERT_TRUE(pieces.ok()) << pieces.status();
  EXPECT_THAT(*pieces,
              ElementsAre(WantedPiece{"a\nb", "w.txt:1"}, WantedPiece{"\t\r\\n", "w.txt:2"},
                          WantedPiece{std::string("\xE5\xA4\0x", 4), "w.txt:3"}));
}

TEST(PieceListTest, UnknownEscapesAreRefusedByTheirPlace) {
  for (const char* line : {"ok\\q", "ok\\", "ok\\x4", "ok\\xg0", "ok\\u0041"}) {
    EXPECT_EQ(Message(ParsePieces(std::string("fine\n") + line, "w.txt").status()),
              "w.txt:2: byte 2: a backslash with nothing known behind it, one of \\n, \\t, \\r, "
              "\\\\ and \\xNN was expected; write \\\\ for a backslash")
        << line;
  }
}

TEST(PieceListTest, AListWithoutAPieceIsRefused) {
  for (const char* text : {"", "\n\r\n", "\xEF\xBB\xBF"}) {
    const Status status = ParsePieces(text, "w.txt").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(Message(status),
              "w.txt: names no piece, one a line was expected; write some, or leave the list out");
  }
  EXPECT_EQ(ReadPieces("/no/such/list").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tokgraft
