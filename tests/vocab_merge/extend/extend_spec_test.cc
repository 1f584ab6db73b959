#include <gtest/gtest.h>

#include <vector>

#include "tests/vocab_merge/toy.h"
#include "vocab_merge/extend/chain.h"

namespace tokgraft {
namespace {

Growth OnePiece(const TokenizerSpec& base, std::string bytes) {
  Growth growth;
  growth.first_id = static_cast<TokenId>(base.id_limit());
  growth.pieces.push_back({.bytes = std::move(bytes)});
  return growth;
}

TEST(ExtendSpecTest, AppendsPiecesAndMerges) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  Growth growth = OnePiece(base, "abc");
  growth.merges.push_back({256, 'c', 257});
  const StatusOr<TokenizerSpec> merged = ExtendSpec(base, growth);
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(merged->id_limit(), 258U);
  EXPECT_EQ(merged->vocab.Find("abc"), 257U);
  EXPECT_EQ(std::get<BpeModel>(merged->model).merges.back(), (Merge{256, 'c', 257}));
}

TEST(ExtendSpecTest, AnAddedTokenThatTheModelWouldFindIsNoPiece) {
  for (const AddedToken& token :
       {AddedToken{.id = 256, .content = "<t>", .single_word = true, .special = true},
        AddedToken{.id = 256, .content = "\u4e2d"}}) {
    TokenizerSpec base = toy::ByteLevel({});
    base.added_tokens = {token};
    const Status status = ExtendSpec(base, OnePiece(base, "ab")).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << status;
    EXPECT_NE(status.message().find("the model would find it"), std::string::npos) << status;
  }
}

TEST(ExtendSpecTest, ScoresLieBelowAllOthersAndStayApartAsFloats) {
  TokenizerSpec base = toy::Ranks({});
  std::get<BpeModel>(base.model).order = BpeModel::Order::kScore;
  base.vocab.Add({.id = 256, .bytes = "ab", .spelling = "ab", .score = -16777215.5});
  Growth growth = OnePiece(base, "x1");
  growth.pieces.push_back({.bytes = "x2"});
  growth.pieces.push_back({.bytes = "x3"});
  const StatusOr<TokenizerSpec> merged = ExtendSpec(base, growth);
  ASSERT_TRUE(merged.ok()) << merged.status();
  float last = -16777215.0F;
  for (TokenId id = 257; id < 260; ++id) {
    const double score = merged->vocab.Get(id)->score;
    EXPECT_EQ(static_cast<double>(static_cast<float>(score)), score);
    EXPECT_LT(static_cast<float>(score), last);
    last = static_cast<float>(score);
  }
}

TEST(ExtendSpecTest, AddedTokensBecomePartOfTheVocabulary) {
  TokenizerSpec base = toy::ByteLevel({});
  base.added_tokens = {{.id = 256, .content = "<s>", .special = true}};
  const StatusOr<TokenizerSpec> merged = ExtendSpec(base, OnePiece(base, "ab"));
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(merged->vocab.Get(256)->kind, PieceKind::kControl);
  EXPECT_EQ(merged->vocab.Find("ab"), 257U);
}

TEST(ExtendSpecTest, RefusesAPlanForAnotherBase) {
  const TokenizerSpec base = toy::ByteLevel({});
  Growth growth = OnePiece(base, "ab");
  growth.first_id = 300;
  EXPECT_EQ(ExtendSpec(base, growth).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ExtendSpec(base, OnePiece(base, "a")).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tokgraft
