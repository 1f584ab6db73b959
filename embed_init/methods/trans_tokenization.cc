// trans-tokenization: what old pieces say where the new token stands, by parallel text
// (arXiv:2408.04303). The old side is spelled by the model's tokenizer, the new side by the merged
// one, and the two are aligned token by token (token_alignment.h, where the paper aligns words with
// fast_align and then shares out pieces). Pairs that are aligned fewer than translate_min_count
// times, as expectation counts, are left out; the others are p(old | new), and the row is the sum
// of p times the old row, in both roles. A token without such pairs gets the mean of its pieces.
#include <algorithm>
#include <limits>

#include "embed_init/alignment/text_pairs.h"
#include "embed_init/methods/auxiliary_cache.h"
#include "embed_init/methods/donor_space.h"
#include "tokenizer/base/parallel.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

constexpr std::size_t kLinesPerTask = 128;
// Longer lines are left out: their cost is the product of both lengths, what they tell is little.
constexpr std::size_t kMostTokens = 1000;

StatusOr<ParallelAlignment> Align(const MethodInput& input) {
  const std::string& path = input.options->auxiliary.parallel;
  TOKGRAFT_ASSIGN_OR_RETURN(const TextPairs text, ReadTextPairs(path));
  if (text.pairs.size() > std::numeric_limits<std::uint32_t>::max()) {
    return InvalidArgumentError(Cat(path, ": has more than 2^32 lines; give fewer"));
  }
  struct Line {
    std::vector<TokenId> old_ids;
    std::vector<TokenId> new_ids;
  };
  std::vector<Line> lines(text.pairs.size());
  ParallelFor(lines.size(), kLinesPerTask, 0, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      input.base->EncodeIds(text.pairs[i].first, &lines[i].old_ids);
      input.merged->EncodeIds(text.pairs[i].second, &lines[i].new_ids);
    }
  });
  TokenPairs pairs;
  std::uint64_t too_long = 0;
  for (Line& line : lines) {
    if (line.old_ids.size() > kMostTokens || line.new_ids.size() > kMostTokens) {
      ++too_long;
    } else {
      pairs.Add(line.old_ids, line.new_ids);
    }
    line = {};
  }
  AlignmentOptions options;
  if (input.options->progress) {
    options.progress = [&](double fraction) { input.options->progress("align", fraction); };
  }
  ParallelAlignment found;
  found.alignment = AlignTokens(pairs, options);
  found.note = Cat("trans-tokenization: aligned ", Counted(pairs.size(), "line"), " of ",
                   Grouped(pairs.old_ids.size()), " old and ", Grouped(pairs.new_ids.size()),
                   " new tokens, tension ", Fixed(found.alignment.tension, 2));
  if (too_long > 0) {
    found.note += Cat("; ", Counted(too_long, "line was", "lines were"), " left out, longer than ",
                      Grouped(kMostTokens), " tokens");
  }
  return found;
}

}  // namespace

StatusOr<MadeRows> MakeTransTokenizationRows(const MethodInput& input) {
  TOKGRAFT_RETURN_IF_ERROR(RequireFile("trans-tokenization", input.options->auxiliary.parallel,
                                       "--parallel", "parallel text"));
  AuxiliaryCache own;
  AuxiliaryCache& cache = input.cache != nullptr ? *input.cache : own;
  if (!cache.parallel) {
    TOKGRAFT_ASSIGN_OR_RETURN(cache.parallel, Align(input));
  }
  const double least = input.options->settings.translate_min_count;
  std::vector<double> scratch(static_cast<std::size_t>(input.old.columns));
  MadeRows made;
  std::uint64_t translated = 0;
  for (const WantedToken& token : input.tokens) {
    RowEntries entries;
    double sum = 0;
    for (const auto& [id, count] :
         cache.parallel->alignment.CountsOf(static_cast<std::uint32_t>(token.row))) {
      if (count < least || id >= input.old.rows || input.is_hidden(id)) continue;
      if (!IsSound(input.old, id, &scratch)) continue;
      entries.emplace_back(id, count);
      sum += count;
    }
    if (!(sum > 0)) {
      made.AddFallback(input, token);
      continue;
    }
    for (auto& [id, weight] : entries) weight /= sum;
    made.Add(RowOrigin::kMethod, std::move(entries));
    ++translated;
  }
  made.notes.push_back(Cat(cache.parallel->note, "; ", Grouped(translated), " of ",
                           Counted(input.tokens.size(), "new token"), " have translations"));
  return made;
}

}  // namespace tokgraft
