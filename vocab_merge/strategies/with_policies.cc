// A merge under other rules than the base's: the rules are changed first, and what that alone does
// to old text is measured and reported beside the codes that it is about.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/rules/rule.h"
#include "vocab_merge/strategies/strategy.h"

namespace tokgraft {
namespace {

struct Rule {
  std::string_view code;
  std::string_view name;  // in the report
  std::string Policies::*value;
  std::string_view what;  // is so now
};

constexpr std::array<Rule, 4> kRules = {{
    {"B3", "pre_tokenizer", &Policies::pre_tokenizer, "text is cut by the donor's pre-tokenizer"},
    {"B4", "digits", &Policies::digits, "runs of digits are as long as the donor's"},
    {"B5", "normalizer", &Policies::normalizer, "text is changed by the donor's normalizer"},
    {"D1", "byte_alphabet", &Policies::byte_alphabet, "bytes that the base dropped are pieces"},
}};

std::string Effect(const Certificate& measured) {
  if (measured.checked_bytes == 0) return "what that does to old text was not measured: no text";
  return Cat("on ", Grouped(measured.checked_bytes),
             " bytes of old text, new pieces apart: ", Grouped(measured.base_tokens),
             " tokens before, ", Grouped(measured.merged_tokens), " after, ",
             Grouped(measured.new_cuts), " new cuts, ", Grouped(measured.changed_spans),
             " changed spans");
}

// One finding for each rule that is not the base's, with the effect of this rule alone.
Status ReportRules(const TokenizerSpec& base, const TokenizerSpec& donor,
                   const MergeOptions& options, ConflictReport* report) {
  for (const Rule& rule : kRules) {
    const std::string& value = options.policies.*rule.value;
    if (value == Policies().*rule.value) continue;
    Policies alone;
    alone.*rule.value = value;
    TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec changed, ApplyPolicies(base, donor, alone));
    report->policies[std::string(rule.name)] = value;
    if (changed == base) {
      AddFinding({.code = std::string(rule.code),
                  .count = 1,
                  .message = Cat(rule.what, ", as was asked for"),
                  .action = "nothing: the base's rule is the same"},
                 report);
      continue;
    }
    const CertifyOptions certify{.texts = options.old_text(), .threads = options.threads};
    TOKGRAFT_ASSIGN_OR_RETURN(const Certificate measured, Certify(base, changed, certify));
    AddFinding({.code = std::string(rule.code),
                .severity = Severity::kWarning,
                .count = 1,
                .message = Cat(rule.what, ", as was asked for"),
                .action = Effect(measured)},
               report);
  }
  SortByCode(report);
  return {};
}

// Bytes that completed the alphabet are new ids, not the base's.
void MoveToAdded(const TokenizerSpec& base, const Tokenizer& merged, IdMap* map) {
  std::vector<AddedPiece> bytes;
  for (std::size_t id = base.id_limit(); id < map->base_to_merged.size(); ++id) {
    const auto merged_id = static_cast<TokenId>(id);
    AddedPiece piece{.id = merged_id, .bytes = std::string(*merged.token_bytes(merged_id))};
    for (std::size_t donor = 0; donor < map->donor_to_merged.size(); ++donor) {
      if (map->donor_to_merged[donor] != merged_id) continue;
      piece.donor_id = static_cast<TokenId>(donor);
      break;
    }
    bytes.push_back(std::move(piece));
  }
  std::vector<WitnessQuery> queries;
  for (const AddedPiece& piece : bytes) queries.push_back({.id = piece.id, .bytes = piece.bytes});
  std::vector<std::string> witnesses = FindWitnesses(merged, queries, {.allow_bytes = true});
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i].witness = std::move(witnesses[i]);
  map->added.insert(map->added.begin(), bytes.begin(), bytes.end());
  map->base_size = base.id_limit();
  map->base_to_merged.resize(base.id_limit());
}

}  // namespace

StatusOr<MergeResult> MergeWithPolicies(const TokenizerSpec& base, const TokenizerSpec& donor,
                                        const MergeOptions& options) {
  if (options.strategy == "swap" || options.strategy == "intersect") {
    return InvalidArgumentError(Cat("strategy: \"", options.strategy,
                                    "\" leaves no choice of rules, policies were given; leave "
                                    "them out, or use \"extend\""));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec changed,
                            ApplyPolicies(base, donor, options.policies));
  MergeOptions inner = options;
  inner.policies = {};
  if (options.policies.byte_alphabet == "complete" && options.budget) {
    const std::size_t bytes = changed.id_limit() - base.id_limit();
    inner.budget = *options.budget - std::min<std::uint64_t>(*options.budget, bytes);
  }
  TOKGRAFT_ASSIGN_OR_RETURN(MergeResult result, MergeTokenizers(changed, donor, inner));
  if (changed.id_limit() > base.id_limit()) {
    TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer merged, Compile(result.tokenizer));
    MoveToAdded(base, merged, &result.id_map);
    TOKGRAFT_RETURN_IF_ERROR(CheckAgain(changed, donor, &result));
  }
  TOKGRAFT_RETURN_IF_ERROR(ReportRules(base, donor, options, &result.conflicts));
  TOKGRAFT_RETURN_IF_ERROR(CertifyResult(base, options, &result));
  return result;
}

}  // namespace tokgraft
