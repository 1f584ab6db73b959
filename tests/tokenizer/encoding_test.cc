// The printable forms of an encoding and of a batch.
#include "tokenizer/encoding.h"

#include <gtest/gtest.h>

namespace tokgraft {
namespace {

TEST(EncodingTest, PrintsIdsWithTheirSpans) {
  Encoding encoding;
  EXPECT_EQ(encoding.DebugString(), "0 tokens:");
  encoding.ids = {7, 4294967295};
  encoding.offsets = {{0, 3}, {3, 3}};
  EXPECT_EQ(encoding.DebugString(), "2 tokens: 7[0,3) 4294967295[3,3)");
  encoding.offsets.pop_back();  // ids alone are printed alone
  encoding.invalid_utf8 = 2;
  EXPECT_EQ(encoding.DebugString(), "2 tokens: 7[0,3) 4294967295; 2 invalid UTF-8 sequences");
}

TEST(EncodingTest, ABatchOfNothingHasNoDocuments) {
  EncodingBatch batch;
  EXPECT_EQ(batch.DebugString(), "0 documents, 0 tokens");
  batch.row_splits = {0, 2, 2};
  batch.ids = {1, 2};
  EXPECT_EQ(batch.DebugString(), "2 documents, 2 tokens");
  batch.invalid_utf8 = 1;
  EXPECT_EQ(batch.DebugString(), "2 documents, 2 tokens, 1 invalid UTF-8 sequences");
}

TEST(EncodingTest, ARowHoldsTheIdsOfItsDocument) {
  const EncodingBatch batch{.ids = {7, 8, 9}, .row_splits = {0, 2, 2, 3}};
  EXPECT_EQ(std::vector<TokenId>(batch.row(0).begin(), batch.row(0).end()),
            (std::vector<TokenId>{7, 8}));
  EXPECT_TRUE(batch.row(1).empty());
  EXPECT_EQ(std::vector<TokenId>(batch.row(2).begin(), batch.row(2).end()),
            (std::vector<TokenId>{9}));
}

}  // namespace
}  // namespace tokgraft
