#include "vocab_merge/strategies/strategy.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "vocab_merge/certificate.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {

Status CheckNoSelection(std::string_view strategy, const MergeOptions& options) {
  const std::string_view given = options.budget             ? "a budget"
                                 : !options.scripts.empty() ? "scripts"
                                 : !options.pieces.empty()  ? "a list of pieces"
                                                            : "";
  if (given.empty()) return {};
  return InvalidArgumentError(Cat("strategy: \"", strategy, "\" chooses no pieces, ", given,
                                  " was given; leave it out, or use \"extend\""));
}

Status CheckAgain(const TokenizerSpec& base, const TokenizerSpec& donor, MergeResult* result) {
  TOKGRAFT_ASSIGN_OR_RETURN(const Alignment alignment, Align(base, donor));
  const std::vector<RefusedPiece> none;
  ConflictReport report = CheckAll(MakeFacts(base, donor, alignment, result->id_map, none));
  const auto of_pieces = [](const Finding& finding) { return finding.code.front() == 'B'; };
  std::erase_if(report.findings, of_pieces);
  std::ranges::copy_if(result->conflicts.findings, std::back_inserter(report.findings), of_pieces);
  for (auto& [code, count] : report.counts) {
    if (code.front() == 'B') count = result->conflicts.counts[code];
  }
  SortByCode(&report);
  result->conflicts = std::move(report);
  return {};
}

Status CertifyResult(const TokenizerSpec& base, const MergeOptions& options, MergeResult* result) {
  if (options.progress) options.progress("certify", 0);
  const CertifyOptions certify{
      .texts = options.old_text(), .id_map = &result->id_map, .threads = options.threads};
  TOKGRAFT_ASSIGN_OR_RETURN(result->certificate, Certify(base, result->tokenizer, certify));
  return {};
}

}  // namespace tokgraft
