// Tokens of a donor model are found by the tokenizer beside it, or else by the id map.
#include "embed_init/methods/donor_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/embed_init/made_input.h"
#include "tests/embed_init/random_model.h"
#include "tokenizer/save.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Wanted = std::optional<std::uint32_t>;

Tokenizer ModelTokenizer() {
  return testing::ByteLevelTokenizer({"a", "b", "c", "ab"}, R"(["a b"])");
}

IdMap Adds(std::vector<std::string> pieces) {
  IdMap map = testing::ExtendMap(4, pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    map.added[i].bytes = pieces[i];
    map.added[i].donor_id.reset();
  }
  return map;
}

void WriteDonor(const std::string& directory) {
  const Tokenizer donor =
      testing::ByteLevelTokenizer({"c", "b", "a", "abc", "ab"}, R"(["a b","ab c"])");
  ASSERT_TRUE(Save(donor.spec(), directory + "/tokenizer.json").ok());
}

TEST(DonorTokensTest, TheSameBytesAreTheSameToken) {
  const testing::TemporaryDirectory folder;
  WriteDonor(folder / "");
  const auto found = FindDonorTokens(folder / "", 5, Adds({"abc", "bc"}), ModelTokenizer(), 4);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->anchors, ElementsAre(Anchor{2, 0}, Anchor{1, 1}, Anchor{0, 2}, Anchor{3, 4}));
  EXPECT_THAT(found->wanted, ElementsAre(Wanted{3}, Wanted{}));
  EXPECT_EQ(found->beyond, 0);
}

TEST(DonorTokensTest, TokensWithoutARowAreLeftOut) {
  const testing::TemporaryDirectory folder;
  WriteDonor(folder / "");
  const auto found = FindDonorTokens(folder / "", 3, Adds({"abc"}), ModelTokenizer(), 1);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->anchors, ElementsAre(Anchor{0, 2}));  // the model has one row
  EXPECT_THAT(found->wanted, ElementsAre(Wanted{}));
  EXPECT_EQ(found->beyond, 2);
}

TEST(DonorTokensTest, WithoutATokenizerTheIdMapSpeaks) {
  const testing::TemporaryDirectory folder;
  IdMap map = Adds({"abc"});
  map.added[0].donor_id = 1;
  map.donor_to_merged = {TokenId{2}, TokenId{4}, std::nullopt};
  const auto found = FindDonorTokens(folder / "", 3, map, ModelTokenizer(), 4);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->anchors, ElementsAre(Anchor{2, 0}));
  EXPECT_THAT(found->wanted, ElementsAre(Wanted{1}));

  const auto nothing = FindDonorTokens(folder / "", 3, Adds({"abc"}), ModelTokenizer(), 4);
  EXPECT_THAT(std::string(nothing.status().message()), HasSubstr("holds no tokenizer"));
}

TEST(DonorTokensTest, ABrokenTokenizerIsAnError) {
  const testing::TemporaryDirectory folder;
  testing::WriteText(folder / "tokenizer.json", "{");
  const auto found = FindDonorTokens(folder / "", 3, Adds({"abc"}), ModelTokenizer(), 4);
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("tokenizer.json"));
}

}  // namespace
}  // namespace tokgraft
