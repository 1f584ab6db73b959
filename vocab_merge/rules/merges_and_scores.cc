// C: merges and scores. Merges of missing pieces, pairs that stand twice, pairs that both files
// have in another order, several merges for one product.
#include <algorithm>
#include <utility>

#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

const BpeModel* MergeList(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  return bpe != nullptr && bpe->order == BpeModel::Order::kMergeList ? bpe : nullptr;
}

std::uint64_t Key(TokenId left, TokenId right) { return (std::uint64_t{left} << 32) | right; }

// Inversions of a sequence of distinct numbers, by merge sort; sorts it.
std::uint64_t CountInversions(std::vector<std::uint32_t>* values) {
  std::vector<std::uint32_t>& v = *values;
  std::vector<std::uint32_t> buffer(v.size());
  std::uint64_t inversions = 0;
  for (std::size_t width = 1; width < v.size(); width *= 2) {
    for (std::size_t begin = 0; begin < v.size(); begin += 2 * width) {
      const std::size_t middle = std::min(begin + width, v.size());
      const std::size_t end = std::min(begin + 2 * width, v.size());
      std::size_t left = begin;
      std::size_t right = middle;
      for (std::size_t at = begin; at < end; ++at) {
        if (right == end || (left < middle && v[left] <= v[right])) {
          buffer[at] = v[left++];
        } else {
          inversions += middle - left;
          buffer[at] = v[right++];
        }
      }
    }
    v.swap(buffer);
  }
  return inversions;
}

// Products of pairs that stand in the list again, and of those with more than one pair.
struct Repeats {
  std::vector<TokenId> repeated_pairs;
  std::vector<TokenId> several_pairs;
  std::size_t products = 0;
};

Repeats FindRepeats(const BpeModel& bpe) {
  std::vector<std::uint64_t> pairs;
  std::vector<TokenId> products;
  std::unordered_map<std::uint64_t, TokenId> seen;
  seen.reserve(bpe.merges.size());
  Repeats out;
  for (const Merge& merge : bpe.merges) {
    if (!seen.emplace(Key(merge.left, merge.right), merge.product).second) {
      out.repeated_pairs.push_back(merge.product);
    } else {
      products.push_back(merge.product);
    }
  }
  std::sort(products.begin(), products.end());
  for (std::size_t i = 0; i < products.size(); ++i) {
    if (i > 0 && products[i] == products[i - 1]) {
      if (out.several_pairs.empty() || out.several_pairs.back() != products[i]) {
        out.several_pairs.push_back(products[i]);
      }
    } else {
      ++out.products;
    }
  }
  return out;
}

void CheckRepeats(const MergeFacts& facts, ConflictReport* report) {
  for (const auto& [spec, side] :
       {std::pair(&facts.base, "base"), std::pair(&facts.donor, "donor")}) {
    const BpeModel* bpe = MergeList(*spec);
    if (bpe == nullptr) continue;
    const bool is_base = spec == &facts.base;
    const Repeats repeats = FindRepeats(*bpe);
    Finding twice{.code = "C2",
                  .severity = Severity::kWarning,
                  .count = repeats.repeated_pairs.size(),
                  .message = Cat(repeats.repeated_pairs.size(), " merges of the ", side,
                                 " stand in its list again"),
                  .action = is_base ? "kept, with the rank that the base's library gives them; no "
                                      "new merge repeats a pair"
                                    : "not used: new pieces get merges of their own"};
    (is_base ? twice.base_ids : twice.donor_ids) = repeats.repeated_pairs;
    AddFinding(std::move(twice), report);
    Finding several{.code = "C4",
                    .message = Cat(repeats.several_pairs.size(), " of ", repeats.products,
                                   " products of the ", side, " have more than one merge"),
                    .action = is_base ? "kept; a new piece gets only the merges that reach it"
                                      : "not used: new pieces get merges of their own"};
    (is_base ? several.base_ids : several.donor_ids) = repeats.several_pairs;
    AddFinding(std::move(several), report);
  }
}

void CheckInversions(const MergeFacts& facts, ConflictReport* report) {
  const BpeModel* base = MergeList(facts.base);
  const BpeModel* donor = MergeList(facts.donor);
  if (base == nullptr || donor == nullptr) return;
  std::unordered_map<std::uint64_t, std::uint32_t> base_ranks;
  base_ranks.reserve(base->merges.size());
  for (std::size_t i = 0; i < base->merges.size(); ++i) {
    base_ranks.emplace(Key(base->merges[i].left, base->merges[i].right),
                       static_cast<std::uint32_t>(i));
  }
  const auto to_base = [&](TokenId id) {
    const auto& ids = facts.alignment.donor_to_base;
    return id < ids.size() ? ids[id] : std::nullopt;
  };
  std::vector<std::uint32_t> order;  // base ranks of the shared pairs in the donor's order
  std::vector<const Merge*> merges;
  for (const Merge& merge : donor->merges) {
    const std::optional<TokenId> left = to_base(merge.left);
    const std::optional<TokenId> right = to_base(merge.right);
    if (!left || !right) continue;
    const auto rank = base_ranks.find(Key(*left, *right));
    if (rank == base_ranks.end()) continue;
    order.push_back(rank->second);
    merges.push_back(&merge);
  }
  // A pair takes part in an inversion if a higher rank stands before it or a lower one behind it.
  Finding finding{
      .code = "C3",
      .severity = Severity::kWarning,
      .action = "the base's order holds; every new merge comes after all of the base's"};
  std::vector<bool> inverted(order.size());
  std::uint32_t highest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && highest > order[i]) inverted[i] = true;
    highest = std::max(highest, order[i]);
  }
  std::uint32_t lowest = ~std::uint32_t{0};
  for (std::size_t i = order.size(); i > 0; --i) {
    if (lowest < order[i - 1]) inverted[i - 1] = true;
    lowest = std::min(lowest, order[i - 1]);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (!inverted[i]) continue;
    ++finding.count;
    finding.donor_ids.push_back(merges[i]->product);
    finding.base_ids.push_back(base->merges[order[i]].product);
  }
  const double pairs =
      static_cast<double>(order.size()) * (static_cast<double>(order.size()) - 1) / 2;
  const std::uint64_t inversions = CountInversions(&order);
  const double share = pairs > 0 ? static_cast<double>(inversions) / pairs * 100 : 0;
  finding.message = Cat(finding.count, " of ", merges.size(),
                        " shared merges stand in another order in the donor (",
                        std::to_string(share).substr(0, 5), " % of all pairs of them)");
  AddFinding(std::move(finding), report);
}

void CheckBroken(const MergeFacts& facts, ConflictReport* report) {
  const auto* donor = std::get_if<BpeModel>(&facts.donor.model);
  if (donor == nullptr) return;
  Finding finding{.code = "C1",
                  .severity = Severity::kError,
                  .count = donor->broken_merges.size(),
                  .message = Cat(donor->broken_merges.size(),
                                 " merges of the donor name a piece that its vocabulary lacks"),
                  .action = "not used; the pieces themselves are taken as they are"};
  for (const BrokenMerge& merge : donor->broken_merges) {
    if (finding.examples.size() == kMaxExamples) break;
    finding.examples.push_back(Cat("merges[", merge.index, "]: ", ShowPiece(merge.missing)));
  }
  AddFinding(std::move(finding), report);
}

}  // namespace

void CheckMergesAndScores(const MergeFacts& facts, ConflictReport* report) {
  LookedFor({"C1", "C2", "C3", "C4"}, report);
  CheckBroken(facts, report);
  CheckRepeats(facts, report);
  CheckInversions(facts, report);
}

}  // namespace tokgraft
