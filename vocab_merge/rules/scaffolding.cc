// B9: pieces that merges pass through on the way to longer ones, and that a corpus never shows.
#include <algorithm>
#include <optional>
#include <utility>

#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

Status MarkEmitted(const LintFacts& facts, std::vector<bool>* emitted) {
  for (const Corpus& corpus : facts.options.corpora) {
    TOKGRAFT_RETURN_IF_ERROR(ForEachBatch(
        corpus, Documents::kLine, [&](std::span<const std::string_view> documents, double) {
          const EncodingBatch batch =
              facts.tokenizer->EncodeBatch(documents, facts.options.threads);
          for (const TokenId id : batch.ids) (*emitted)[id] = true;
        }));
  }
  return {};
}

// All products that the joins of emitted pieces pass through, by the first merge of each.
std::vector<bool> PassedThrough(const BpeModel& bpe, const std::vector<bool>& emitted) {
  std::vector<std::uint32_t> first(emitted.size());  // product -> merge + 1
  for (std::size_t i = bpe.merges.size(); i > 0; --i) {
    first[bpe.merges[i - 1].product] = static_cast<std::uint32_t>(i);
  }
  std::vector<bool> passed(emitted.size());
  std::vector<TokenId> open;
  for (TokenId id = 0; id < emitted.size(); ++id) {
    if (emitted[id]) open.push_back(id);
  }
  while (!open.empty()) {
    const TokenId id = open.back();
    open.pop_back();
    if (first[id] == 0) continue;
    const Merge& merge = bpe.merges[first[id] - 1];
    for (const TokenId part : {merge.left, merge.right}) {
      if (passed[part] || first[part] == 0) continue;
      passed[part] = true;
      open.push_back(part);
    }
  }
  return passed;
}

}  // namespace

Status LintScaffolding(const LintFacts& facts, LintReport* report) {
  const BpeModel* bpe = MergeListOf(facts.spec);
  std::string why_not = facts.why_not;
  if (facts.options.corpora.empty()) {
    why_not = "no corpus was given";
  } else if (bpe == nullptr) {
    why_not = "the model has no merge list to follow";
  }
  if (!why_not.empty()) {
    report->not_checked.push_back({.codes = {"B9"}, .reason = std::move(why_not)});
    return {};
  }
  LookedFor({"B9"}, report);
  std::vector<bool> emitted(facts.spec.id_limit());
  TOKGRAFT_RETURN_IF_ERROR(MarkEmitted(facts, &emitted));
  const std::vector<bool> passed = PassedThrough(*bpe, emitted);
  Detected detected;
  for (const ListedToken& token : facts.tokens) {
    if (token.token_class != TokenClass::kText || !passed[token.id] || emitted[token.id]) continue;
    detected.Add(token.id, [&] { return ShowPiece(token.bytes); });
  }
  AddFinding({.code = "B9",
              .message = " pieces are steps on the way to longer ones and never come out in the "
                         "corpora given",
              .action = "nothing, or trim them with a corpus that is large enough to tell"},
             std::move(detected), facts, report);
  return {};
}

}  // namespace tokgraft
