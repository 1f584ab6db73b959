// What Metaspace and a prefix space do to a text, in both forms.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tokenizer/stages/pre_tokenizers/step.h"

namespace tokgraft {
namespace {

using pre_tokenizer::PrependScheme;

std::string Rewritten(const Rewrite& rewrite, std::string_view text, bool is_first = true) {
  std::string out = "before ";
  rewrite.Append(text, is_first, &out);
  AlignedText aligned;
  aligned.text = std::string(text);
  aligned.origin.assign(text.size(), {3, 4});
  rewrite.Apply(&aligned, is_first);
  EXPECT_EQ("before " + aligned.text, out);
  EXPECT_EQ(aligned.origin, std::vector<Span>(aligned.text.size(), Span{3, 4}));
  return out.substr(7);
}
Rewrite MetaspaceRewrite(PrependScheme scheme) {
  return {.mark = "▁", .replaces_spaces = true, .prepend = scheme};
}

TEST(RewriteTest, EverySpaceBecomesTheMark) {
  const Rewrite never = MetaspaceRewrite(PrependScheme::kNever);
  EXPECT_EQ(Rewritten(never, ""), "");
  EXPECT_EQ(Rewritten(never, " a  b "), "▁a▁▁b▁");
  EXPECT_EQ(Rewritten(never, "a\tb\u00A0c"), "a\tb\u00A0c");
}

TEST(RewriteTest, TheMarkIsNotDoubled) {
  const Rewrite always = MetaspaceRewrite(PrependScheme::kAlways);
  EXPECT_EQ(Rewritten(always, "a"), "▁a");
  EXPECT_EQ(Rewritten(always, " a"), "▁a");
  EXPECT_EQ(Rewritten(always, "▁a"), "▁a");
  EXPECT_EQ(Rewritten(always, ""), "");
  EXPECT_EQ(Rewritten(always, "a", false), "▁a");
}

TEST(RewriteTest, FirstLooksAtThePlace) {
  const Rewrite first = MetaspaceRewrite(PrependScheme::kFirst);
  EXPECT_EQ(Rewritten(first, "a", true), "▁a");
  EXPECT_EQ(Rewritten(first, "a b", false), "a▁b");
}

TEST(RewriteTest, APrefixSpaceLeavesTheOtherSpaces) {
  const Rewrite prefix{.mark = " "};
  EXPECT_EQ(Rewritten(prefix, "a  b"), " a  b");
  EXPECT_EQ(Rewritten(prefix, " a"), " a");
  EXPECT_EQ(Rewritten(prefix, "\na"), " \na");  // another space is none
  EXPECT_EQ(Rewritten(prefix, ""), "");
}

}  // namespace
}  // namespace tokgraft
