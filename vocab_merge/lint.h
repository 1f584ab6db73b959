// Lint: every defect of one tokenizer, found before a model is trained with it.
//
// A vocabulary may carry pieces that nothing can produce, merges that never get their turn, ids
// that two readers number differently; the file loads, the text encodes, and the rows of those
// pieces are never trained. Lint looks for every such defect and gives each a code of the taxonomy
// (A identity of pieces, B reachability, C merges and scores, D alphabet, ids, stages and special
// tokens), the same codes that a ConflictReport uses.
//
//   StatusOr<TokenizerSpec> spec = Load("tokenizer.json");
//   StatusOr<LintReport> report = Lint(*spec);
//   std::cout << report->DebugString();
//   report->counts.at("B3");             // pieces that the pre-tokenizer cuts
//   std::cout << *ExplainCode("B3");     // what it is, why it is bad, what to do
//
// Reachability is tried, not derived: every piece is encoded through the whole compiled pipeline,
// first alone; one that does not come out is tried between neighbours of every sort (13 to its
// left, 13 to its right), and one that begins or ends inside a character with up to 640 completions
// to valid UTF-8. What comes out in a context only is B7, with the text that shows it. What comes
// out in none is dead, and has exactly one of the primary codes: the first of
//  B6  an added token inside it is found first;
//  B5  the normalizer changes it;
//  B3  the pre-tokenizer cuts it (without the cuts some text would show it); B4, of digits only;
//  B1  the model itself never makes it.
//
//   {tokenizer, counts: {CODE: ids concerned}, ignored: [CODE], not_checked: [{codes, reason}],
//    findings: [{code, severity, count, ids, message, action, place, witness,
//                examples: [{id, place, text, witness}]}]}
//
// `counts` names every code that was looked for, so that "none" can be told from "not checked".
// Dead pieces and those of B7 are all among the examples; of other findings the first few are.
#ifndef TOKGRAFT_VOCAB_MERGE_LINT_H_
#define TOKGRAFT_VOCAB_MERGE_LINT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/corpus.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "tokenizer/token.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/conflict.h"

namespace tokgraft {

struct LintOptions {
  std::vector<std::string> ignore{};  // codes that are not reported
  std::vector<Corpus> corpora{};  // for B9: pieces that never come out in them, a line a document
  // A model directory: its config.json and generation_config.json are compared with the tokenizer
  // (D4, D10). Empty: not checked.
  std::string model_directory{};
  int threads = 0;  // 0: all cores; the result does not depend on it
};

struct LintExample {
  std::optional<TokenId> id{};
  std::string place{};  // in the file: `model.vocab["Ġthe"]`, `tokenizer.ggml.tokens[7]`, `line 8`
  std::string text{};   // what is to be seen there
  std::string witness{};  // B7: a text whose encoding contains the id
  friend bool operator==(const LintExample&, const LintExample&) = default;
};

struct LintFinding {
  std::string code{};  // "A5" ... "D17"
  Severity severity = Severity::kNote;
  std::uint64_t count = 0;     // ids concerned (D1, D2: bytes)
  std::vector<TokenId> ids{};  // ascending
  std::string message{};       // what is so
  std::string action{};        // what to do
  std::string place{};         // of the first example, or the part of the file
  std::string witness{};       // a text that shows it; may be empty
  std::vector<LintExample> examples{};
  friend bool operator==(const LintFinding&, const LintFinding&) = default;
};

// Codes that were not looked for, and why.
struct NotChecked {
  std::vector<std::string> codes{};
  std::string reason{};
  friend bool operator==(const NotChecked&, const NotChecked&) = default;
};

struct LintReport {
  std::string tokenizer;  // the file it came from
  std::map<std::string, std::uint64_t> counts{};
  std::vector<LintFinding> findings{};  // by code
  std::vector<NotChecked> not_checked{};
  std::vector<std::string> ignored{};

  // Whether any finding is an error or a warning, or the pieces could not be tried.
  bool HasProblems() const;
  std::string ToJson() const;
  std::string ToSarif() const;      // SARIF 2.1.0, for CI systems
  std::string DebugString() const;  // for people
  friend bool operator==(const LintReport&, const LintReport&) = default;
};

// A tokenizer that cannot be compiled is linted too, as far as that goes: the codes that need its
// encodings are then in `not_checked`. Errors: InvalidArgument (an unknown code in `ignore`, a
// config.json that is not JSON), DataLoss (one that is cut off), NotFound (a corpus).
StatusOr<LintReport> Lint(const TokenizerSpec& spec, const LintOptions& options = {});
// The same without compiling again.
StatusOr<LintReport> Lint(const Tokenizer& tokenizer, const LintOptions& options = {});

// The page of a code, Markdown; InvalidArgument: no such code. The codes with a page, in order:
// those of Lint and of a merge's ConflictReport.
StatusOr<std::string> ExplainCode(std::string_view code);
std::vector<std::string> ExplainedCodes();

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_LINT_H_
