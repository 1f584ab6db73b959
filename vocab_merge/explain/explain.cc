#include "vocab_merge/explain/explain.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/alignment.h"
#include "vocab_merge/explain/recipe.h"
#include "vocab_merge/extend/batches.h"
#include "vocab_merge/extend/witness.h"

namespace tokgraft {
namespace {

// One token of a text: its id and where it ends, in bytes of what the tokens spell. What is unknown
// spells nothing, so that its end is told by its span.
struct Placed {
  TokenId id = 0;
  std::uint64_t end = 0;
};

std::vector<Placed> ByBytes(const Tokenizer& tokenizer, std::span<const TokenId> ids) {
  std::vector<Placed> out;
  std::uint64_t at = 0;
  for (const TokenId id : ids) {
    at += tokenizer.token_bytes(id).value_or("").size();
    out.push_back({id, at});
  }
  return out;
}

std::vector<Placed> BySpans(const Encoding& encoding) {
  std::vector<Placed> out;
  for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
    out.push_back({encoding.ids[i], static_cast<std::uint64_t>(encoding.offsets[i].end)});
  }
  return out;
}

void Count(const std::vector<Placed>& before, const std::vector<Placed>& after, ExplainedWay* way) {
  way->tokens += after.size();
  std::size_t b = 0;
  std::size_t a = 0;
  std::uint64_t b_begin = 0;
  std::uint64_t a_begin = 0;
  while (b < before.size() || a < after.size()) {
    const bool only_after =
        b == before.size() || (a < after.size() && after[a].end < before[b].end);
    const bool only_before =
        a == after.size() || (b < before.size() && before[b].end < after[a].end);
    if (only_after) {
      ++way->new_cuts;
      a_begin = after[a++].end;
    } else if (only_before) {
      ++way->changed_tokens;
      b_begin = before[b++].end;
    } else {
      const bool same = b_begin == a_begin && before[b].id == after[a].id;
      way->changed_tokens += same ? 0U : 1U;
      b_begin = before[b++].end;
      a_begin = after[a++].end;
    }
  }
}

void MeasureText(const Tokenizer& before, const Tokenizer& after,
                 const std::vector<std::string_view>& texts, int threads, ExplainedWay* way) {
  for (const auto batch : Batches(texts)) {
    const EncodingBatch old_ids = before.EncodeBatch(batch, threads);
    const EncodingBatch new_ids = after.EncodeBatch(batch, threads);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      std::vector<Placed> old_tokens = ByBytes(before, old_ids.row(i));
      std::vector<Placed> new_tokens = ByBytes(after, new_ids.row(i));
      const auto length = [](const std::vector<Placed>& tokens) {
        return tokens.empty() ? 0 : tokens.back().end;
      };
      if (length(old_tokens) != length(new_tokens)) {
        old_tokens = BySpans(before.Encode(batch[i]));
        new_tokens = BySpans(after.Encode(batch[i]));
      }
      Count(old_tokens, new_tokens, way);
    }
  }
}

std::uint64_t CountDead(const Tokenizer& tokenizer, const Cooked& cooked, int threads) {
  std::uint64_t dead = 0;
  if (cooked.added_tokens) {
    std::vector<TokenId> ids;
    for (const auto& [id, bytes] : cooked.pieces) {
      ids.clear();
      tokenizer.EncodeIds(bytes, &ids);
      dead += std::find(ids.begin(), ids.end(), id) == ids.end() ? 1U : 0U;
    }
    return dead;
  }
  std::vector<WitnessQuery> queries;
  for (std::size_t i = 0; i < cooked.pieces.size(); ++i) {
    const auto& [id, bytes] = cooked.pieces[i];
    queries.push_back({.id = id, .bytes = bytes});
    if (i < cooked.witnesses.size()) queries.back().known = cooked.witnesses[i];
  }
  const WitnessOptions options{.allow_bytes = false, .threads = threads, .lefts = {}};
  for (const std::string& witness : FindWitnesses(tokenizer, queries, options)) {
    dead += witness.empty() ? 1U : 0U;
  }
  return dead;
}

bool LooksUpWords(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  return bpe != nullptr && bpe->ignore_merges;
}

TokenizerSpec WithoutLookUp(TokenizerSpec spec) {
  std::get<BpeModel>(spec.model).ignore_merges = false;
  return spec;
}

// Measures ways against one base, twice where the base looks up whole words.
class Comparison {
 public:
  Comparison(const TokenizerSpec& base, const MergeOptions& options)
      : base_(base), texts_(options.old_text()), options_(options) {}

  Status Add(std::string name, Cooked cooked) {
    TOKGRAFT_RETURN_IF_ERROR(AddAs(name, true, base_, cooked));
    if (!LooksUpWords(base_) || cooked.added_tokens) return {};
    cooked.tokenizer = WithoutLookUp(std::move(cooked.tokenizer));
    return AddAs(std::move(name), false, WithoutLookUp(base_), cooked);
  }
  StatusOr<Explanation> Take() && {
    TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer before, Compile(base_));
    for (const std::string_view text : texts_) out_.checked_bytes += text.size();
    for (const auto batch : Batches(texts_)) {
      out_.base_tokens += before.EncodeBatch(batch, options_.threads).ids.size();
    }
    // As the file says first, then without the flag.
    std::stable_sort(out_.ways.begin(), out_.ways.end(), [](const auto& a, const auto& b) {
      return a.looks_up_words && !b.looks_up_words;
    });
    return std::move(out_);
  }

 private:
  Status AddAs(std::string name, bool looks_up_words, const TokenizerSpec& base,
               const Cooked& cooked) {
    if (options_.progress) options_.progress("explain", 0);
    TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer before, Compile(base));
    ExplainedWay way{
        .name = std::move(name), .looks_up_words = looks_up_words, .added = cooked.pieces.size()};
    if (const StatusOr<Tokenizer> after = Compile(cooked.tokenizer); after.ok()) {
      way.dead = CountDead(*after, cooked, options_.threads);
      MeasureText(before, *after, texts_, options_.threads, &way);
    } else {
      way.refused = std::string(Message(after.status()));
    }
    out_.ways.push_back(std::move(way));
    return {};
  }

  const TokenizerSpec& base_;
  const std::vector<std::string_view>& texts_;
  const MergeOptions& options_;
  Explanation out_;
};

std::vector<TokenId> PiecesToCook(const Alignment& alignment, const MergeResult& merged,
                                  const MergeOptions& options) {
  if (!options.budget && options.scripts.empty() && options.corpus.empty()) {
    return alignment.missing;
  }
  std::vector<TokenId> out;
  for (const AddedPiece& piece : merged.id_map.added) {
    if (piece.donor_id) out.push_back(*piece.donor_id);
  }
  return out;
}

std::string Share(std::uint64_t part, std::uint64_t whole) {
  return Cat(
      Fixed(whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole), 2),
      " %");
}

std::string WaysTable(const Explanation& why, bool looks_up_words) {
  std::vector<std::vector<std::string>> rows = {{"way", "new ids", "dead"}};
  std::string refused;
  if (why.checked_bytes > 0) {
    rows[0].insert(rows[0].end(), {"old tokens changed", "", "new cuts", "tokens"});
  }
  for (const ExplainedWay& way : why.ways) {
    if (way.looks_up_words != looks_up_words) continue;
    if (!way.refused.empty()) {
      refused += Cat(way.name, ": not possible: ", way.refused, "\n");
      continue;
    }
    std::vector<std::string>& row = rows.emplace_back(
        std::vector<std::string>{way.name, Grouped(way.added), Grouped(way.dead)});
    if (why.checked_bytes == 0) continue;
    row.insert(row.end(), {Grouped(way.changed_tokens), Share(way.changed_tokens, why.base_tokens),
                           Grouped(way.new_cuts), Grouped(way.tokens)});
  }
  return rows.size() == 1 ? refused : Table(rows) + refused;
}

}  // namespace

std::string Explanation::ToJson() const {
  nlohmann::ordered_json out = {{"checked_bytes", checked_bytes},
                                {"base_tokens", base_tokens},
                                {"shared_pairs", shared_pairs},
                                {"ways", nlohmann::ordered_json::array()}};
  for (const ExplainedWay& way : ways) {
    out["ways"].push_back({{"name", way.name},
                           {"looks_up_words", way.looks_up_words},
                           {"added", way.added},
                           {"dead", way.dead},
                           {"tokens", way.tokens},
                           {"changed_tokens", way.changed_tokens},
                           {"new_cuts", way.new_cuts}});
    if (!way.refused.empty()) out["ways"].back()["refused"] = way.refused;
  }
  return out.dump() + "\n";
}

std::string Explanation::DebugString() const {
  std::string out = "why             plain ways to put the same pieces into the base, measured\n";
  out += checked_bytes > 0 ? Cat("old text        ", Grouped(checked_bytes), " bytes, ",
                                 Grouped(base_tokens), " tokens with the base\n")
                           : "old text        none was given: --protect FILE tells what it would "
                             "notice\n";
  out += WaysTable(*this, true);
  if (const std::string table = WaysTable(*this, false); !table.empty()) {
    out +=
        Cat("the same by joins alone, for readers that do not look up whole words first\n", table);
  }
  out +=
      "dead: no text was found whose encoding contains the piece. Cuts: boundaries inside old "
      "tokens.\n";
  if (shared_pairs > 0) {
    out += Cat(Counted(shared_pairs, "pair stands", "pairs stand"),
               " in both merge lists. Concatenated, the second one counts in Hugging Face and the "
               "first\none in llama.cpp: two tokenizers from one file.\n");
  }
  return out;
}

StatusOr<Explanation> ExplainMerge(const TokenizerSpec& base, const TokenizerSpec& donor,
                                   const MergeResult& merged, const MergeOptions& options) {
  if (merged.id_map.strategy != "extend") {
    return InvalidArgumentError(Cat("explain: the strategy was \"", merged.id_map.strategy,
                                    "\", only \"extend\" has plain ways to be compared with"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const Alignment alignment, Align(base, donor));
  Comparison comparison(base, options);
  Cooked ours{.tokenizer = merged.tokenizer, .pieces = {}};
  for (const AddedPiece& piece : merged.id_map.added) {
    ours.pieces.emplace_back(piece.id, piece.bytes);
    ours.witnesses.push_back(piece.witness);
  }
  TOKGRAFT_RETURN_IF_ERROR(comparison.Add("tokgraft merge", std::move(ours)));
  const std::vector<TokenId> pieces = PiecesToCook(alignment, merged, options);
  for (const Recipe recipe : RecipesFor(base, donor)) {
    TOKGRAFT_RETURN_IF_ERROR(
        comparison.Add(std::string(RecipeName(recipe)), Cook(recipe, base, donor, pieces)));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(Explanation out, std::move(comparison).Take());
  out.shared_pairs = SharedPairs(base, donor);
  return out;
}

}  // namespace tokgraft
