#include "vocab_merge/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/vocab_merge/toy.h"
#include "tokenizer/status.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

using LintTestCounts = std::map<std::string, std::uint64_t>;

LintReport LintTestReport(const TokenizerSpec& spec, const LintOptions& options = {}) {
  const StatusOr<LintReport> report = Lint(spec, options);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? *report : LintReport();
}

// What was found: codes with a count above 0.
LintTestCounts LintTestFound(const TokenizerSpec& spec, const LintOptions& options = {}) {
  LintTestCounts out;
  for (const auto& [code, count] : LintTestReport(spec, options).counts) {
    if (count > 0) out.emplace(code, count);
  }
  return out;
}

// A .model of BPE: pieces with scores, no bytes, no space before the text.
TokenizerSpec LintTestByScore(const std::vector<std::pair<std::string, double>>& pieces) {
  TokenizerSpec spec;
  spec.source = "toy.model";
  spec.format = Format::kSentencePiece;
  spec.reference = Reference::kSentencePiece;
  spec.spelling = Spelling::kMetaspace;
  spec.vocab.Add({.id = 0, .bytes = "<unk>", .spelling = "<unk>", .kind = PieceKind::kUnknown});
  for (const auto& [bytes, score] : pieces) {
    const auto id = static_cast<TokenId>(spec.vocab.id_limit());
    spec.vocab.Add({.id = id, .bytes = bytes, .spelling = bytes, .score = score});
  }
  BpeModel model;
  model.order = BpeModel::Order::kScore;
  model.unk = 0;
  model.has_unk = true;
  model.unk_spelling = "<unk>";
  spec.model = model;
  auto& normalizer = spec.normalizers.emplace_back().emplace<normalizer::SentencePiece>();
  normalizer.name = "identity";
  normalizer.add_dummy_prefix = false;
  normalizer.remove_extra_whitespaces = false;
  spec.decoders.emplace();
  spec.decoders->emplace_back().emplace<decoder::SentencePiece>();
  return spec;
}

BpeModel& LintTestBpe(TokenizerSpec* spec) { return std::get<BpeModel>(spec->model); }

TEST(LintTest, FindsNothingInAnAlphabetAndItsMerges) {
  const LintReport report = LintTestReport(toy::ByteLevel({{"t", "h"}, {"th", "e"}}));
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_FALSE(report.HasProblems());
  EXPECT_EQ(report.counts.at("B1"), 0U);
  EXPECT_FALSE(report.counts.contains("B9"));  // no corpus: not looked for
}

TEST(LintTest, A5SeveralPiecesForTheSameBytes) {
  EXPECT_THAT(LintTestFound(toy::Metaspace({"a"}, {})), ElementsAre(Pair("A5", 1)));
}

TEST(LintTest, A6StandsTwice) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.notes.push_back({.kind = LoadNote::Kind::kRepeated,
                        .place = "model.vocab[\"a\"]",
                        .message = "given twice",
                        .declared = std::nullopt,
                        .actual = 'a'});
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("A6", 1)));
  TokenizerSpec entries = toy::Ranks({});
  entries.vocab.Add({.id = 256, .bytes = "a", .spelling = "a"});
  EXPECT_EQ(LintTestFound(entries)["A6"], 1U);
  EXPECT_TRUE(LintTestReport(entries).HasProblems());
}

TEST(LintTest, A7EqualAfterNormalization) {
  const toy::Pairs merges = {{"\xC3", "\xA9"}, {"\xCC", "\x81"}, {"e", "\xCC\x81"}};
  EXPECT_THAT(LintTestFound(toy::ByteLevel(merges, /*use_regex=*/false)),
              ElementsAre(Pair("A7", 1)));
}

TEST(LintTest, A8TwoPiecesOnOneId) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.vocab.Add({.id = 7, .bytes = "zz", .spelling = "zz"});
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("A8", 1)));
  const LintReport report = LintTestReport(spec);
  EXPECT_TRUE(report.HasProblems());
  ASSERT_FALSE(report.not_checked.empty());
  EXPECT_THAT(report.not_checked[0].codes, ::testing::Contains("B1"));
  EXPECT_THAT(report.not_checked[0].reason, HasSubstr("7"));
}

TEST(LintTest, B1NoPath) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.vocab.Add({.id = 256, .bytes = "xyz", .spelling = "xyz"});
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("B1", 1)));
  const LintReport report = LintTestReport(spec);
  ASSERT_EQ(report.findings.size(), 1U);
  const LintFinding& finding = report.findings[0];
  EXPECT_EQ(finding.severity, Severity::kWarning);
  EXPECT_THAT(finding.ids, ElementsAre(256U));
  EXPECT_EQ(finding.place, "model.vocab[\"xyz\"]");
  ASSERT_EQ(finding.examples.size(), 1U);
  EXPECT_THAT(finding.examples[0].text, HasSubstr("encodes as \"x\" \"y\" \"z\""));
}

TEST(LintTest, B2MaskedByTheLookupOfWords) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.vocab.Add({.id = 256, .bytes = "xyz", .spelling = "xyz"});
  LintTestBpe(&spec).ignore_merges = true;
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("B2", 1)));
  EXPECT_FALSE(LintTestReport(spec).HasProblems());
}

TEST(LintTest, B3CutByThePreTokenizer) {
  EXPECT_THAT(LintTestFound(toy::ByteLevel({{"a", "."}})), ElementsAre(Pair("B3", 1)));
}

TEST(LintTest, B4CutByTheRuleForDigits) {
  TokenizerSpec spec = toy::ByteLevel({{"1", "2"}});
  pre_tokenizer::Digits digits;
  digits.individual_digits = true;
  spec.pre_tokenizers.insert(spec.pre_tokenizers.begin(), digits);
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("B4", 1)));
}

TEST(LintTest, B5ChangedByTheNormalizer) {
  TokenizerSpec spec = toy::ByteLevel({{"\xCC", "\x81"}, {"e", "\xCC\x81"}}, /*use_regex=*/false);
  spec.normalizers = {normalizer::Unicode{normalizer::UnicodeForm::kNfc}};
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("B5", 1)));
  EXPECT_THAT(LintTestReport(spec).findings[0].examples[0].text, HasSubstr("becomes \"\xC3\xA9\""));
}

TEST(LintTest, B6ShadowedByAnAddedToken) {
  TokenizerSpec spec = toy::ByteLevel({{"a", "b"}, {"ab", "c"}});
  spec.added_tokens = {{.id = 256, .content = "ab"}};
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("B6", 1)));
}

TEST(LintTest, B7NotAloneButInContext) {
  TokenizerSpec spec = toy::ByteLevel({{"a", "b"}}, /*use_regex=*/false);
  pre_tokenizer::Split split;
  split.pattern.text = "_ab|a|b";
  split.pattern.is_regex = true;
  spec.pre_tokenizers.insert(spec.pre_tokenizers.begin(), split);
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("B7", 1)));
  const LintReport report = LintTestReport(spec);
  EXPECT_EQ(report.findings[0].examples[0].witness, "_ab");
  EXPECT_FALSE(report.HasProblems());
}

TEST(LintTest, APieceInsideAWordIsNoFindingWhereTextsBeginWithASpace) {
  // "b" alone is encoded as " b"; the piece comes out of longer texts, as it should.
  TokenizerSpec spec = toy::Metaspace({"\u4e2d", "\u6587"}, {{"\u4e2d", "\u6587"}});
  EXPECT_THAT(LintTestFound(spec), IsEmpty());
}

TEST(LintTest, B8PartOfACharacter) {
  EXPECT_THAT(LintTestFound(toy::ByteLevel({{"\xE4", "\xB8"}})), ElementsAre(Pair("B8", 1)));
}

TEST(LintTest, B9Scaffolding) {
  const std::string path = ::testing::TempDir() + "lint_test_corpus.txt";
  std::ofstream(path) << "abc abc\n";
  const TokenizerSpec spec = toy::ByteLevel({{"a", "b"}, {"ab", "c"}});
  EXPECT_THAT(LintTestFound(spec, {.corpora = {{"toy", path}}}), ElementsAre(Pair("B9", 1)));
  std::ofstream(path) << "abc ab\n";
  EXPECT_THAT(LintTestFound(spec, {.corpora = {{"toy", path}}}), IsEmpty());
  EXPECT_EQ(Lint(spec, {.corpora = {{"toy", path + ".missing"}}}).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(LintTest, C1MergeOfAMissingPiece) {
  TokenizerSpec spec = toy::ByteLevel({});
  LintTestBpe(&spec).broken_merges.push_back(
      {.index = 3, .left = "a", .right = "b", .missing = "ab"});
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("C1", 1)));
  EXPECT_EQ(LintTestReport(spec).findings[0].place, "merges[3]");
}

TEST(LintTest, C2PairTwice) {
  TokenizerSpec spec = toy::ByteLevel({{"a", "b"}, {"x", "y"}});
  LintTestBpe(&spec).merges.push_back(LintTestBpe(&spec).merges[0]);
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("C2", 1)));
}

TEST(LintTest, C4SeveralMerges) {
  EXPECT_THAT(LintTestFound(toy::ByteLevel({{"a", "b"}, {"ab", "c"}, {"b", "c"}, {"a", "bc"}})),
              ElementsAre(Pair("C4", 1)));
}

TEST(LintTest, C5EqualScores) {
  EXPECT_THAT(LintTestFound(LintTestByScore(
                  {{"a", 0}, {"b", 0}, {"c", 0}, {"ab", -1}, {"bc", -1}, {"ac", -2}})),
              ElementsAre(Pair("C5", 1)));
}

TEST(LintTest, C6AppendedPiecesOutrank) {
  const std::vector<std::pair<std::string, double>> old = {
      {"a", 0}, {"b", 0}, {"c", 0}, {"ab", -1}, {"aa", -1e9}, {"bc", -2}, {"ca", -3}};
  auto appended = old;
  appended.emplace_back("abc", 0);
  EXPECT_THAT(LintTestFound(LintTestByScore(old)), IsEmpty());  // one far below hurts nobody
  EXPECT_THAT(LintTestFound(LintTestByScore(appended)), ElementsAre(Pair("C6", 1)));
}

TEST(LintTest, D1BytesMissing) {
  EXPECT_THAT(LintTestFound(toy::Without(toy::ByteLevel({}), 255)), ElementsAre(Pair("D1", 1)));
}

TEST(LintTest, D2BytePiecesMissing) {
  EXPECT_THAT(LintTestFound(toy::Without(toy::Metaspace({}, {}), 256)), ElementsAre(Pair("D2", 1)));
}

TEST(LintTest, D3Holes) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.vocab.Add({.id = 258, .bytes = "th", .spelling = "th"});
  LintTestBpe(&spec).merges.push_back({.left = 't', .right = 'h', .product = 258});
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("D3", 2)));
  EXPECT_THAT(LintTestReport(spec).findings[0].ids, ElementsAre(256U, 257U));
}

TEST(LintTest, D4RowsMissing) {
  const std::filesystem::path model = std::filesystem::path(::testing::TempDir()) / "lint_test_d4";
  std::filesystem::create_directories(model);
  std::ofstream(model / "config.json") << R"({"vocab_size": 200})";
  EXPECT_THAT(LintTestFound(toy::ByteLevel({}), {.model_directory = model.string()}),
              ElementsAre(Pair("D4", 56)));
  std::ofstream(model / "config.json") << R"({"text_config": {"vocab_size": 300}})";
  const LintReport padded = LintTestReport(toy::ByteLevel({}), {.model_directory = model.string()});
  EXPECT_EQ(padded.counts.at("D4"), 44U);
  EXPECT_FALSE(padded.HasProblems());
}

TEST(LintTest, D5DeclaredIdIgnored) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.notes.push_back({.kind = LoadNote::Kind::kRenumbered,
                        .place = "added_tokens[0]",
                        .message = "id 500 is ignored",
                        .declared = 500,
                        .actual = 'a'});
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("D5", 1)));
}

TEST(LintTest, D6StaleTemplate) {
  TokenizerSpec spec = toy::ByteLevel({});
  auto& processor = spec.post_processors.emplace_back().emplace<post_processor::Template>();
  processor.special_tokens = {{.id = "a", .ids = {5}, .tokens = {"a"}}};
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("D6", 1)));
}

TEST(LintTest, D9SpecialsOutOfPlainText) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.vocab.Add({.id = 256, .bytes = "<s>", .spelling = "<s>", .kind = PieceKind::kControl});
  spec.added_tokens = {{.id = 256, .content = "<s>", .special = true}};
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("D9", 1)));
}

TEST(LintTest, D10OtherNamesInOtherFiles) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.companions["tokenizer_config.json"] =
      R"({"eos_token": "<nope>", "chat_template": "{{ '<|im_start|>' }}"})";
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("D10", 2)));
}

TEST(LintTest, D13SpaceInAMergeWrittenAsText) {
  TokenizerSpec spec;
  BpeModel model;
  for (const char* bytes : {"a", "b", " ", "a ", "a b"}) {
    const auto id = static_cast<TokenId>(spec.vocab.size());
    spec.vocab.Add({.id = id, .bytes = bytes, .spelling = bytes});
  }
  model.merges = {{.left = 0, .right = 2, .product = 3}, {.left = 3, .right = 1, .product = 4}};
  model.merges_as_pairs = false;
  spec.model = model;
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("D13", 3)));
  LintTestBpe(&spec).merges_as_pairs = true;
  EXPECT_THAT(LintTestFound(spec), IsEmpty());
}

TEST(LintTest, D14TruncationInTheFile) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.rest["truncation"] = R"({"max_length":8})";
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("D14", 1)));
}

TEST(LintTest, D15VeryManyAddedTokens) {
  TokenizerSpec spec = toy::ByteLevel({});
  for (TokenId id = 256; id < 10256; ++id) {
    const std::string content = Cat("<", id, ">");
    spec.vocab.Add(
        {.id = id, .bytes = content, .spelling = content, .kind = PieceKind::kUserDefined});
    spec.added_tokens.push_back({.id = id, .content = content});
  }
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("D15", 10000)));
}

TEST(LintTest, D17AddedTokensOutsideOfTheVocabulary) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.added_tokens = {{.id = 256, .content = "<x>"}};
  EXPECT_THAT(LintTestFound(spec), ElementsAre(Pair("D17", 1)));
}

TEST(LintTest, EveryDeadPieceHasOnePrimaryCode) {
  TokenizerSpec spec = toy::ByteLevel({{"a", "."}, {"a", "b"}, {"ab", "c"}});
  spec.vocab.Add({.id = 300, .bytes = "xyz", .spelling = "xyz"});
  spec.added_tokens = {{.id = 257, .content = "ab"}};
  std::map<TokenId, int> codes;
  for (const LintFinding& finding : LintTestReport(spec).findings) {
    if (finding.code[0] != 'B' || finding.code == "B8") continue;
    for (const TokenId id : finding.ids) ++codes[id];
  }
  EXPECT_THAT(codes, ElementsAre(Pair(256, 1), Pair(258, 1), Pair(300, 1)));
}

TEST(LintTest, LeavesOutWhatIsIgnored) {
  TokenizerSpec spec = toy::ByteLevel({{"a", "."}});
  const LintReport report = LintTestReport(spec, {.ignore = {"B3", "B9"}});
  EXPECT_FALSE(report.HasProblems());
  EXPECT_FALSE(report.counts.contains("B3"));
  EXPECT_THAT(report.ignored, ElementsAre("B3", "B9"));
  const StatusOr<LintReport> bad = Lint(spec, {.ignore = {"B33"}});
  EXPECT_EQ(bad.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(bad.status())), HasSubstr("B33"));
}

TEST(LintTest, DoesNotDependOnThreads) {
  TokenizerSpec spec = toy::ByteLevel({{"a", "."}, {"\xE4", "\xB8"}, {"e", "\xCC"}});
  EXPECT_EQ(LintTestReport(spec, {.threads = 1}), LintTestReport(spec, {.threads = 7}));
}

TEST(LintTest, WritesJsonAndSarif) {
  TokenizerSpec spec = toy::ByteLevel({{"a", "."}});
  spec.source = "toy.json";
  const LintReport report = LintTestReport(spec);
  const auto json = nlohmann::json::parse(report.ToJson());
  EXPECT_EQ(json["counts"]["B3"], 1);
  EXPECT_EQ(json["findings"][0]["code"], "B3");
  EXPECT_EQ(json["findings"][0]["severity"], "warning");
  EXPECT_EQ(json["findings"][0]["ids"], nlohmann::json::array({256}));
  EXPECT_EQ(json["findings"][0]["witness"], "a.");
  const auto sarif = nlohmann::json::parse(report.ToSarif());
  EXPECT_EQ(sarif["version"], "2.1.0");
  const auto& result = sarif["runs"][0]["results"][0];
  EXPECT_EQ(result["ruleId"], "B3");
  EXPECT_EQ(result["level"], "warning");
  EXPECT_EQ(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "toy.json");
  EXPECT_EQ(sarif["runs"][0]["tool"]["driver"]["rules"][0]["id"], "B3");
  EXPECT_THAT(report.DebugString(), HasSubstr("toy.json: 0 errors, 1 warning, 0 notes"));
}

TEST(LintTest, EveryCodeHasAPage) {
  const std::vector<std::string> codes = ExplainedCodes();
  EXPECT_EQ(codes.front(), "A1");
  EXPECT_EQ(codes.back(), "D17");
  for (const std::string& code : codes) {
    const StatusOr<std::string> page = ExplainCode(code);
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->find(Cat("# ", code, ": ")), 0U);
    for (const char* part :
         {"**What it is.**", "**Why it is bad.**", "**Example.**", "**What to do.**"}) {
      EXPECT_THAT(*page, HasSubstr(part));
    }
  }
  EXPECT_EQ(ExplainCode("Z1").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tokgraft
