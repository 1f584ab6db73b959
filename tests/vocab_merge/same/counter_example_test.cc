#include "vocab_merge/same/counter_example.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

DiffReport Sought(const TokenizerSpec& a, const TokenizerSpec& b, const DiffOptions& options = {}) {
  DiffReport report;
  const StatusOr<Tokenizer> first = Compile(a);
  const StatusOr<Tokenizer> second = Compile(b);
  EXPECT_TRUE(first.ok() && second.ok());
  const Status status = SeekDifference(*first, *second, options, &report);
  EXPECT_TRUE(status.ok()) << status;
  return report;
}

TEST(CounterExampleTest, NoneBetweenATokenizerAndItself) {
  const DiffReport report = Sought(toy::ByteLevel({{"a", "b"}}), toy::ByteLevel({{"a", "b"}}));
  EXPECT_EQ(report.counter_example, std::nullopt);
  EXPECT_EQ(report.cut_example, std::nullopt);
  EXPECT_GT(report.checked_texts, 0U);
}

TEST(CounterExampleTest, ThePiecesOfOneShowWhatNoUsualTextDoes) {
  // "zq" stands in none of the usual texts.
  const DiffReport report = Sought(toy::ByteLevel({}), toy::ByteLevel({{"z", "q"}}));
  EXPECT_EQ(report.counter_example, (CounterExample{.kind = "ids",
                                                    .text = "zq",
                                                    .ids_a = {'z', 'q'},
                                                    .ids_b = {256},
                                                    .pieces_a = {"z", "q"},
                                                    .pieces_b = {"zq"}}));
  EXPECT_EQ(report.cut_example, report.counter_example);
}

TEST(CounterExampleTest, AnAddedTokenIsTried) {
  TokenizerSpec b = toy::ByteLevel({});
  b.added_tokens = {{.id = 256, .content = "zqzq"}};
  const DiffReport report = Sought(toy::ByteLevel({}), b);
  ASSERT_TRUE(report.counter_example);
  EXPECT_EQ(report.counter_example->text, "zqzq");
  EXPECT_EQ(report.counter_example->ids_b, (std::vector<TokenId>{256}));
}

TEST(CounterExampleTest, TheCorporaAreTheLastResort) {
  TokenizerSpec a = toy::ByteLevel({}, /*use_regex=*/false);
  TokenizerSpec b = a;
  auto& replace = b.normalizers.emplace_back().emplace<normalizer::Replace>();
  replace.pattern.text = "zqzq";
  replace.content = "x";
  EXPECT_EQ(Sought(a, b).counter_example, std::nullopt);
  const std::string path = ::testing::TempDir() + "counter_example_test.txt";
  std::ofstream(path) << "nothing\nzqzq\n";
  const DiffReport report = Sought(a, b, {.corpora = {{"toy", path}}});
  ASSERT_TRUE(report.counter_example);
  EXPECT_EQ(report.counter_example->text, "zqzq\n");  // with the end of its line
  EXPECT_EQ(report.counter_example->pieces_b, (std::vector<std::string>{"x", "\n"}));
}

TEST(CounterExampleTest, TheTokensAroundATextAreComparedToo) {
  TokenizerSpec a = toy::ByteLevel({});
  TokenizerSpec b = a;
  auto& processor = b.post_processors.emplace_back().emplace<post_processor::Template>();
  using Kind = post_processor::TemplatePart::Kind;
  processor.single = {{Kind::kSpecial, "a", 0}, {Kind::kSequenceA, "", 0}};
  processor.special_tokens = {{.id = "a", .ids = {'a'}, .tokens = {"a"}}};
  const DiffReport report = Sought(a, b);
  ASSERT_TRUE(report.counter_example);
  EXPECT_EQ(report.counter_example->kind, "ids with special tokens");
  EXPECT_EQ(report.counter_example->ids_b.front(), static_cast<TokenId>('a'));
  EXPECT_EQ(report.counter_example->ids_b.size(), report.counter_example->ids_a.size() + 1);
}

TEST(CounterExampleTest, DecodingShowsTheTextsThatComeOut) {
  const TokenizerSpec a = toy::ByteLevel({});
  TokenizerSpec b = a;
  auto& replace = b.decoders->emplace_back().emplace<decoder::Replace>();
  replace.pattern.text = "Hello";
  replace.content = "Bye";
  const DiffReport report = Sought(a, b);
  ASSERT_TRUE(report.counter_example);
  EXPECT_EQ(report.counter_example->kind, "decoding");
  EXPECT_EQ(report.counter_example->ids_a, report.counter_example->ids_b);
  EXPECT_EQ(report.counter_example->pieces_a, (std::vector<std::string>{"Hello world"}));
  EXPECT_EQ(report.counter_example->pieces_b, (std::vector<std::string>{"Bye world"}));
}

TEST(CounterExampleTest, AMissingCorpusIsAnError) {
  const StatusOr<Tokenizer> tokenizer = Compile(toy::ByteLevel({}));
  ASSERT_TRUE(tokenizer.ok());
  DiffReport report;
  const Status status =
      SeekDifference(*tokenizer, *tokenizer,
                     {.corpora = {{"toy", ::testing::TempDir() + "no_such_file.txt"}}}, &report);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tokgraft
