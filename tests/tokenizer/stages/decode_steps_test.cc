// One decoder on a list of tokens, at its edges. (Chains of them: decode_test.)
#include "tokenizer/stages/decode_steps.h"

#include <gtest/gtest.h>

#include <string>

namespace tokgraft {
namespace {

TokenStrings Decoded(const Decoder& decoder, TokenStrings tokens) {
  const StatusOr<DecodeStep> step = MakeDecodeStep(decoder, Reference::kHuggingFace);
  EXPECT_TRUE(step.ok()) << step.status();
  (*step)(&tokens);
  return tokens;
}

TEST(DecodeStepsTest, ReplaceAllGoesFromTheLeftAndIgnoresNothing) {
  EXPECT_EQ(ReplaceAll("aaaaa", "aa", "b"), "bba");
  EXPECT_EQ(ReplaceAll("abc", "", "x"), "abc");
  EXPECT_EQ(ReplaceAll("", "a", "x"), "");
  EXPECT_EQ(ReplaceAll("aXa", "a", "aa"), "aaXaa");
  EXPECT_EQ(ReplaceAll(std::string("\0a\0", 3), std::string(1, '\0'), "0"), "0a0");
}

TEST(DecodeStepsTest, ByteLevelBytesAreAllOrNothing) {
  EXPECT_EQ(ByteLevelBytes("Ġa"), " a");
  EXPECT_EQ(ByteLevelBytes("Ġ a"), "Ġ a");
  EXPECT_EQ(ByteLevelBytes(""), "");
  EXPECT_EQ(ByteLevelBytes("Ã"), "\xC3");
}

TEST(DecodeStepsTest, FusingNoTokensGivesAnEmptyOne) {
  EXPECT_EQ(Decoded(decoder::ByteLevel{}, {}), TokenStrings{""});
  EXPECT_EQ(Decoded(decoder::Fuse{}, {}), TokenStrings{""});
  EXPECT_EQ(Decoded(decoder::ByteFallback{}, {}), TokenStrings{});
  EXPECT_EQ(Decoded(decoder::Ctc{}, {}), TokenStrings{});
  EXPECT_EQ(Decoded(decoder::Bpe{}, {}), TokenStrings{});
}

TEST(DecodeStepsTest, ByteFallbackReadsBothCasesAndAPlusSign) {
  EXPECT_EQ(Decoded(decoder::ByteFallback{}, {"<0xe4>", "<0xBD>", "<0xa0>", "b"}),
            (TokenStrings{"你", "b"}));
  EXPECT_EQ(Decoded(decoder::ByteFallback{}, {"<0x+A>"}), TokenStrings{"\n"});
  EXPECT_EQ(Decoded(decoder::ByteFallback{}, {"<0x-A>", "<0X41>", "<0x411>", "<0x4+>"}),
            (TokenStrings{"<0x-A>", "<0X41>", "<0x411>", "<0x4+>"}));
  // The run as a whole counts: one bad byte makes all of them bad.
  EXPECT_EQ(Decoded(decoder::ByteFallback{}, {"<0x41>", "<0xFF>", "a", "<0x42>"}),
            (TokenStrings{"\uFFFD", "\uFFFD", "a", "B"}));
}

TEST(DecodeStepsTest, StripTakesNoCharacterTwice) {
  const auto strip = [](std::uint64_t start, std::uint64_t stop, const std::string& token) {
    return Decoded(decoder::Strip{.content = "é", .start = start, .stop = stop}, {token})[0];
  };
  EXPECT_EQ(strip(1, 1, "ééaéé"), "éaé");
  EXPECT_EQ(strip(9, 9, "ééaéé"), "a");
  EXPECT_EQ(strip(2, 2, "ééé"), "");
  EXPECT_EQ(strip(1, 0, "é"), "");
  EXPECT_EQ(strip(0, 0, "é"), "é");
  EXPECT_EQ(strip(1, 1, ""), "");
  EXPECT_EQ(strip(5, 5, "aéa"), "aéa");
}

TEST(DecodeStepsTest, WordPieceLeavesTheFirstTokenItsPrefix) {
  EXPECT_EQ(Decoded(decoder::WordPiece{.prefix = "##", .cleanup = false}, {"##a", "##b", "c", "."}),
            (TokenStrings{"##a", "b", " c", " ."}));
  EXPECT_EQ(Decoded(decoder::WordPiece{}, {"do", "n't", "x ' y", "."}),
            (TokenStrings{"do", "n't", " x'y", "."}));
}

TEST(DecodeStepsTest, CtcDropsRepeatsBeforePads) {
  EXPECT_EQ(Decoded(decoder::Ctc{}, {"a", "a", "<pad>", "a", "|", "<pad>", "<pad>"}),
            (TokenStrings{"a", "a", " "}));
  EXPECT_EQ(Decoded(decoder::Ctc{.pad_token = "<pad>", .cleanup = false}, {"|", "|"}),
            TokenStrings{"|"});
}

TEST(DecodeStepsTest, ReplaceByARegexKeepsWhatLiesBetween) {
  EXPECT_EQ(Decoded(decoder::Replace{{.text = "b+", .is_regex = true}, "-"}, {"abbcb", "", "b"}),
            (TokenStrings{"a-c-", "", "-"}));
}

TEST(DecodeStepsTest, RefusesByName) {
  const auto error_of = [](const Decoder& decoder) {
    const Status status = MakeDecodeStep(decoder, Reference::kHuggingFace).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
    return std::string(Message(status));
  };
  EXPECT_EQ(error_of(decoder::Replace{{.text = "", .is_regex = false}, "x"}),
            "decoder: Replace of an empty string");
  EXPECT_EQ(error_of(UnknownStage{"New", "{}"}), "decoder: New is not supported");
  for (const Decoder& other : {Decoder(decoder::SentencePiece{}), Decoder(decoder::LlamaCpp{}),
                               Decoder(decoder::RawBytes{})}) {
    EXPECT_EQ(error_of(other), "decoder: one of another format among those of tokenizer.json");
  }
  EXPECT_EQ(MakeDecodeStep(decoder::Replace{{.text = "(", .is_regex = true}, "x"},
                           Reference::kHuggingFace)
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tokgraft
