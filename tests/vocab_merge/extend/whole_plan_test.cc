#include "vocab_merge/extend/whole_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MergeResult WholeMerge(const TokenizerSpec& base, const TokenizerSpec& donor,
                       const MergeOptions& options = {}) {
  const StatusOr<MergeResult> out = MergeTokenizers(base, donor, options);
  EXPECT_TRUE(out.ok()) << out.status();
  return out.ok() ? *out : MergeResult{};
}

std::vector<std::string> WholeSpellings(const MergeResult& merged) {
  std::vector<std::string> out;
  for (const AddedPiece& piece : merged.id_map.added) {
    out.emplace_back(merged.tokenizer.vocab.Get(piece.id)->spelling);
  }
  return out;
}

const Finding& WholeFinding(const MergeResult& merged, std::string_view code) {
  for (const Finding& finding : merged.conflicts.findings) {
    if (finding.code == code) return finding;
  }
  static const auto& none = *new Finding{};
  return none;
}

TEST(WholePlanTest, APieceThatCutsProtectedTextIsLeftOut) {
  const TokenizerSpec base = toy::WordPiece({"a", "ab", "##c", "##A", "##cA"});
  const TokenizerSpec donor = toy::WordPiece({"abc", "##cAA"});
  EXPECT_THAT(WholeSpellings(WholeMerge(base, donor)), ElementsAre("abc", "##cAA"));
  const MergeResult merged = WholeMerge(base, donor, {.protect = {"a abcA a"}});
  EXPECT_THAT(WholeSpellings(merged), ElementsAre("##cAA"));
  const Finding& finding = WholeFinding(merged, "C9");
  EXPECT_THAT(finding.donor_ids, ElementsAre(1));
  EXPECT_EQ(finding.message, "1 donor pieces would cut the protected text where the base does not");
  EXPECT_EQ(finding.action, "left out: the protected text keeps the boundaries it had");
  EXPECT_EQ(finding.witness, "a abcA a");
  EXPECT_THAT(finding.examples, ElementsAre("\"abc\" in \"a abcA a\""));
  EXPECT_EQ(merged.certificate.new_cuts, 0U);
}

}  // namespace
}  // namespace tokgraft
