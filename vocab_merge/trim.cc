#include "vocab_merge/trim.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/batches.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/rules/token_list.h"
#include "vocab_merge/trim/keep.h"
#include "vocab_merge/trim/renumber.h"

namespace tokgraft {
namespace {

Status KeepAsked(const TokenizerSpec& spec, const std::vector<TokenId>& ids, KeepSet* keep,
                 TrimReport* report) {
  const auto known = TokensById(ListTokens(spec));
  for (const TokenId id : ids) {
    if (!known.contains(id)) {
      return InvalidArgumentError(Cat(spec.source, ": id ", id,
                                      " does not exist, so it cannot be kept; its ids end at ",
                                      spec.id_limit() - 1));
    }
    keep->Add(id, &report->asked);
  }
  return {};
}

IdMap MakeIdMap(const TokenizerSpec& spec, std::vector<std::optional<TokenId>> new_ids,
                std::uint64_t merged_size) {
  IdMap map;
  map.strategy = "trim";
  map.base_size = new_ids.size();
  map.merged_size = merged_size;
  map.base_to_merged = std::move(new_ids);
  map.removed = RemovedPieces(spec, map.base_to_merged);
  return map;
}

// The promise, on the text given.
Status Check(const Tokenizer& before, const Tokenizer& after, const TrimOptions& options,
             const std::vector<std::optional<TokenId>>& new_ids, TrimReport* report) {
  for (const auto batch : Batches(options.corpus)) {
    const auto old_ids = before.EncodeBatch(batch, options.threads);
    const auto ids = after.EncodeBatch(batch, options.threads);
    const bool same =
        old_ids.row_splits == ids.row_splits &&
        std::equal(old_ids.ids.begin(), old_ids.ids.end(), ids.ids.begin(), ids.ids.end(),
                   [&](TokenId old_id, TokenId id) { return new_ids[old_id] == id; });
    if (!same) {
      return InternalError(Cat(before.spec().source, ": one of the documents ",
                               report->checked_documents + 1, " to ",
                               report->checked_documents + batch.size(),
                               " encodes to other ids than before; nothing is written; please "
                               "report the tokenizer and the text"));
    }
    report->checked_documents += batch.size();
    for (const std::string_view document : batch) report->checked_bytes += document.size();
    report->checked_tokens += ids.ids.size();
  }
  return {};
}

}  // namespace

std::string TrimReport::ToJson() const {
  nlohmann::ordered_json out;
  out["base_size"] = base_size;
  out["kept"] = {{"special", special},   {"alphabet", alphabet}, {"used", used},
                 {"literals", literals}, {"asked", asked},       {"intermediate", intermediate}};
  out["removed"] = removed;
  out["checked_documents"] = checked_documents;
  out["checked_bytes"] = checked_bytes;
  out["checked_tokens"] = checked_tokens;
  return out.dump(2) + "\n";
}

std::string TrimReport::DebugString() const {
  const std::uint64_t kept = special + alphabet + used + literals + asked + intermediate;
  const std::string of_them = Table({{"special", Grouped(special)},
                                     {"alphabet", Grouped(alphabet)},
                                     {"used", Grouped(used)},
                                     {"literals", Grouped(literals)},
                                     {"asked for", Grouped(asked)},
                                     {"on the way", Grouped(intermediate)}},
                                    {.left_columns = 1, .indent = "  "});
  return Cat("ids          ", Grouped(kept), " of ", Grouped(base_size), " stay, ",
             Grouped(removed), " are removed\n", of_them, "checked      ",
             Counted(checked_documents, "document"), ", ", Counted(checked_bytes, "byte"), ", ",
             Counted(checked_tokens, "token"), ": equal ids, renumbered\n");
}

StatusOr<TrimResult> Trim(const TokenizerSpec& base, const TrimOptions& options) {
  if (options.corpus.empty() && options.ids.empty()) {
    return InvalidArgumentError("trim: nothing to keep, a corpus or ids were expected");
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer before, Compile(base));
  TrimResult out;
  TrimReport& report = out.report;
  KeepSet keep(base.id_limit());
  KeepFoundations(base, &keep, &report.special, &report.alphabet);
  KeepUsed(before, options.corpus, options.threads, &keep, &report.used);
  KeepLiterals(before, options.threads, &keep, &report.literals);
  TOKGRAFT_RETURN_IF_ERROR(KeepAsked(base, options.ids, &keep, &report));
  TOKGRAFT_RETURN_IF_ERROR(KeepIntermediates(base, &keep, &report.intermediate));

  std::vector<std::optional<TokenId>> new_ids = NumberAnew(keep);
  TOKGRAFT_ASSIGN_OR_RETURN(out.tokenizer, Renumber(base, new_ids));
  if (base.format == Format::kTokenizerJson) {
    TOKGRAFT_RETURN_IF_ERROR(FoldAddedTokens(&out.tokenizer));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer after, Compile(out.tokenizer));
  TOKGRAFT_RETURN_IF_ERROR(Check(before, after, options, new_ids, &report));
  out.id_map = MakeIdMap(base, std::move(new_ids), out.tokenizer.id_limit());
  report.base_size = out.id_map.removed.size() + out.id_map.merged_size;
  report.removed = out.id_map.removed.size();
  return out;
}

}  // namespace tokgraft
