// The closing page of a graft, word by word, and the same as JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "embed_init/graft.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

CorpusEfficiency CorpusOf(const std::string& name, std::uint64_t bytes, std::uint64_t tokens) {
  CorpusEfficiency corpus{};
  corpus.name = name;
  corpus.bytes = bytes;
  corpus.tokens = tokens;
  return corpus;
}

// Two tokens of a donor and one helper on a base of 1,000, measured on two corpora.
GraftReport FullReport() {
  GraftReport report;
  report.model = "model";
  report.donor = "donor.json";
  report.out = "out";
  report.id_map.base_size = 1000;
  report.id_map.merged_size = 1003;
  report.id_map.donor_to_merged = {std::nullopt};
  report.id_map.added = {{.id = 1000, .donor_id = 5}, {.id = 1001}, {.id = 1002, .donor_id = 6}};
  report.conflicts.counts = {{"A1", 1200}, {"C2", 3}};
  report.conflicts.findings = {
      {.code = "A1", .count = 1200, .message = "same pieces"},
      {.code = "C2", .severity = Severity::kWarning, .count = 3, .message = "joins differ"}};
  report.certificate = {
      .level = "L1", .proved = true, .reason = "only joins", .checked_bytes = 2048, .new_cuts = 1};
  report.before.corpora = {CorpusOf("en", 2000, 1000), CorpusOf("zh", 0, 0)};
  report.after.corpora = {CorpusOf("en", 2000, 900), CorpusOf("zh", 0, 0)};
  report.init.rows = {{"asymmetric", 3}, {"copied", 1000}};
  report.init.output_rows = report.init.rows;
  report.init.method = "auto (asymmetric)";
  report.init.input = "mean";
  report.init.output = "first";
  report.init.old_rows = 1000;
  report.init.new_rows = 1003;
  report.init.files = {{"tokgraft_rows.json", "written"}};
  report.init.left_out = {"x.bin (weights of the old vocabulary)"};
  report.init.warnings = {"mind this"};
  report.verified.emplace();
  report.seconds = 1.5;
  return report;
}

TEST(GraftReportTest, ThePageOfAFullGraft) {
  EXPECT_EQ(FullReport().ToText(), R"(Grafted donor.json
   onto model

Vocabulary: 1,000 -> 1,003 tokens, 2 of the donor and 1 helper that builds them

Efficiency
  corpus  bytes  tokens before  after   saved  bytes/token before  after
  en      2,000          1,000    900  10.0 %                2.00   2.22
  zh          0              0      0   0.0 %                0.00   0.00

Conflicts by code: A same piece, B cannot be produced, C joins and scores, D alphabet, ids,
stages, special tokens (conflicts.json has all ids)
  A1 note     1,200  same pieces
  C2 warning      3  joins differ

Rows by origin (1,000 -> 1,003, method auto (asymmetric))
  input (mean): 3 asymmetric, 1,000 copied
  output (first): 3 asymmetric, 1,000 copied

Certificate: L1, proved: only joins
  checked on 2,048 bytes: 1 token boundary that the old tokenizer did not set (new cuts)

Files in out
  model and tokenizer  load them with transformers as before
  id_map.json          where each id of both vocabularies went
  conflicts.json       every conflict, its ids and what was done
  certificate.json     what the merge does to old text
  init_report.json     how the rows were made
  tokgraft.json        the manifest: hashes, and the origin of each row
  tokgraft_rows.json   of the manifest: the origin of each row
  efficiency.json      the corpora before and after
  left out: x.bin (weights of the old vocabulary)
Note: mind this
Verified: every hash, row and tensor holds
Took 1.5 s
)");
}

TEST(GraftReportTest, ADryRunPromisesNothing) {
  GraftReport report = FullReport();
  report.out = "";
  report.verified.reset();
  report.before.corpora.clear();
  report.after.corpora.clear();
  report.conflicts = {};
  report.certificate = {.level = "L3", .reason = "bytes move"};
  report.init.output_rows.clear();
  report.init.warnings.clear();
  EXPECT_EQ(report.ToText(), R"(Would graft donor.json
   onto model

Vocabulary: 1,000 -> 1,003 tokens, 2 of the donor and 1 helper that builds them

Efficiency: not measured; name a corpus to see it

Conflicts: none

Rows by origin (1,000 -> 1,003, method auto (asymmetric))
  input and output, one matrix: 3 asymmetric, 1,000 copied

Certificate: L3: bytes move

Nothing was written: a dry run
Took 1.5 s
)");
}

TEST(GraftReportTest, ABudgetThatIsLeftOverIsExplained) {
  GraftReport report = FullReport();
  report.budget = 3;
  EXPECT_THAT(report.ToText(), Not(HasSubstr("no further piece")));
  report.budget = 8000;
  EXPECT_THAT(report.ToText(),
              HasSubstr("\n  3 of 8,000: no further piece saves a token on the corpora\n"));
  report.before.corpora.clear();
  EXPECT_THAT(report.ToText(), HasSubstr("\n  3 of 8,000: no further piece of the donor fits\n"));
}

TEST(GraftReportTest, AnEncoderAndAFailedCheckAreSaid) {
  GraftReport report = FullReport();
  report.init.output = "";
  report.init.output_rows.clear();
  report.verified->problems = {"a", "b"};
  EXPECT_THAT(report.ToText(), HasSubstr("  input (no head): 3 asymmetric, 1,000 copied\n"));
  EXPECT_THAT(report.ToText(), HasSubstr("\nNOT verified: 2 problems\n"));
  EXPECT_THAT(report.ToText(), Not(HasSubstr("Verified")));
}

TEST(GraftReportTest, JsonHasEveryPart) {
  const nlohmann::json json = nlohmann::json::parse(FullReport().ToJson());
  EXPECT_EQ(json["model"], "model");
  EXPECT_EQ(json["donor"], "donor.json");
  EXPECT_EQ(json["out"], "out");
  EXPECT_EQ(json["dry_run"], false);
  EXPECT_EQ(json["vocabulary"], nlohmann::json::parse(R"(
      {"base_size": 1000, "merged_size": 1003, "added": 3, "helpers": 1})"));
  EXPECT_EQ(json["efficiency"]["before"]["corpora"]["en"]["tokens"], 1000);
  EXPECT_EQ(json["efficiency"]["after"]["corpora"]["en"]["tokens"], 900);
  EXPECT_EQ(json["conflicts"]["counts"], nlohmann::json({{"A1", 1200}, {"C2", 3}}));
  EXPECT_EQ(json["certificate"]["level"], "L1");
  EXPECT_EQ(json["init"], nlohmann::json::parse(FullReport().init.ToJson()));
  EXPECT_EQ(json["verify"]["ok"], true);
  EXPECT_EQ(json["seconds"], 1.5);
  GraftReport dry;
  EXPECT_EQ(nlohmann::json::parse(dry.ToJson())["dry_run"], true);
  EXPECT_EQ(nlohmann::json::parse(dry.ToJson())["verify"], nullptr);
}

}  // namespace
}  // namespace tokgraft
