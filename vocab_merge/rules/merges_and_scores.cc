// C: merges and scores. Merges of missing pieces, pairs that stand twice, pairs that both files
// have in another order, several merges for one product, scores that tie or outrank.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "tokenizer/text/utf8.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

std::uint64_t Key(TokenId left, TokenId right) { return (std::uint64_t{left} << 32) | right; }

std::string NotUsed(bool is_base) {
  return is_base ? "not used: the donor's merges hold"
                 : "not used: new pieces get merges of their own";
}

void CheckRepeats(const MergeFacts& facts, ConflictReport* report) {
  for (const bool is_base : {true, false}) {
    const BpeModel* bpe = MergeListOf(is_base ? facts.base : facts.donor);
    if (bpe == nullptr) continue;
    const std::string_view side = is_base ? "base" : "donor";
    const Repeats repeats = FindRepeats(*bpe);
    Finding twice{.code = "C2",
                  .severity = Severity::kWarning,
                  .count = repeats.repeated_pairs.size(),
                  .message = Cat(Grouped(repeats.repeated_pairs.size()), " merges of the ", side,
                                 " stand in its list again"),
                  .action = is_base == facts.donor_holds() ? NotUsed(is_base)
                            : is_base ? "kept, with the rank that the base's library gives them; "
                                        "no new merge repeats a pair"
                                      : "kept, with the rank that the donor's library gives them"};
    (is_base ? twice.base_ids : twice.donor_ids) = repeats.repeated_pairs.ids;
    AddFinding(std::move(twice), report);
    Finding several{
        .code = "C4",
        .message = Cat(Grouped(repeats.several_pairs.size()), " of ", Grouped(repeats.products),
                       " products of the ", side, " have more than one merge"),
        .action = is_base == facts.donor_holds() ? NotUsed(is_base)
                  : is_base ? "kept; a new piece gets only the merges that reach it"
                            : "kept as they are"};
    (is_base ? several.base_ids : several.donor_ids) = repeats.several_pairs.ids;
    AddFinding(std::move(several), report);
  }
}

void CheckInversions(const MergeFacts& facts, ConflictReport* report) {
  const std::vector<Merge> donor = EffectiveMerges(facts.donor);
  if (donor.empty()) return;
  const std::vector<Merge> base = EffectiveMerges(facts.base);
  std::unordered_map<std::uint64_t, std::uint32_t> base_ranks;
  base_ranks.reserve(base.size());
  for (std::size_t i = 0; i < base.size(); ++i) {
    base_ranks.emplace(Key(base[i].left, base[i].right), static_cast<std::uint32_t>(i));
  }
  const auto to_base = [&](TokenId id) {
    const auto& ids = facts.alignment.donor_to_base;
    return id < ids.size() ? ids[id] : std::nullopt;
  };
  std::vector<std::uint32_t> order;  // base ranks of the shared pairs in the donor's order
  std::vector<const Merge*> merges;
  for (const Merge& merge : donor) {
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
      .action = facts.Done("the base's order holds; every new merge comes after all of the base's",
                           "the donor's order holds: old text is cut in other places")};
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
    finding.base_ids.push_back(base[order[i]].product);
  }
  const double pairs =
      static_cast<double>(order.size()) * (static_cast<double>(order.size()) - 1) / 2;
  const std::uint64_t inversions = CountInversions(&order);
  const double share = pairs > 0 ? static_cast<double>(inversions) / pairs * 100 : 0;
  finding.message = Cat(Grouped(finding.count), " of ", Grouped(merges.size()),
                        " shared merges stand in another order in the donor (", Fixed(share, 2),
                        " % of all pairs of them)");
  AddFinding(std::move(finding), report);
}

void CheckBroken(const MergeFacts& facts, ConflictReport* report) {
  const Detected broken = BrokenMerges(facts.donor);
  AddFinding({.code = "C1",
              .severity = Severity::kError,
              .count = broken.size(),
              .message = Cat(Grouped(broken.size()),
                             " merges of the donor name a piece that its vocabulary lacks"),
              .action = facts.Done("not used; the pieces themselves are taken as they are",
                                   "repair the file: no library loads it"),
              .examples = broken.Texts()},
             report);
}

// Normal pieces of a vocabulary whose scores decide: of a BPE by score, or a Unigram model.
std::vector<Piece> ScoredPieces(const TokenizerSpec& spec) {
  std::vector<Piece> out;
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  const bool by_score = bpe != nullptr && bpe->order == BpeModel::Order::kScore;
  if (!by_score && !std::holds_alternative<UnigramModel>(spec.model)) return out;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.kind != PieceKind::kNormal) continue;
    // A single character is no join: its score decides nothing in BPE.
    if (by_score && piece.bytes.size() <= Utf8Length(piece.bytes.empty() ? 0 : piece.bytes[0])) {
      continue;
    }
    out.push_back(piece);
  }
  return out;
}

std::string ShowScore(double score) {
  std::string out = std::to_string(score);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out;
}

// C5: pieces with the score of an earlier one.
Detected TiedScores(const std::vector<Piece>& pieces) {
  Detected out;
  std::unordered_map<double, const Piece*> first;
  for (const Piece& piece : pieces) {
    const auto [at, is_new] = first.emplace(piece.score, &piece);
    if (is_new) continue;
    out.Add(piece.id, [&, at = at] {
      return Cat(ShowPiece(piece.bytes), " and ", ShowPiece(at->second->bytes), ": ",
                 ShowScore(piece.score));
    });
  }
  return out;
}

// C8: all of the pieces, where they have the same score.
Detected FlatScores(const std::vector<Piece>& pieces) {
  Detected out;
  const bool flat = pieces.size() > 1 && std::ranges::all_of(pieces, [&](const Piece& piece) {
                      return piece.score == pieces.front().score;
                    });
  if (!flat) return out;
  for (const Piece& piece : pieces) {
    out.Add(piece.id, [&] { return Cat(ShowPiece(piece.bytes), ": ", ShowScore(piece.score)); });
  }
  return out;
}

// C6: pieces that outrank one that stands before them. Trainers write scores that fall: the longest
// run of pieces (others left out) whose scores do not rise is what the trainer wrote; of the
// others, those that lie above it were put in later, and those below it hurt nobody.
Detected OutrankingScores(const std::vector<Piece>& pieces) {
  std::vector<std::size_t> tails;                  // of the best run of each length
  std::vector<std::size_t> before(pieces.size());  // in the run that ends here; own index: none
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto at = std::upper_bound(
        tails.begin(), tails.end(), pieces[i].score,
        [&](double score, std::size_t tail) { return score > pieces[tail].score; });
    before[i] = at == tails.begin() ? i : *(at - 1);
    if (at == tails.end()) {
      tails.push_back(i);
    } else {
      *at = i;
    }
  }
  std::vector<bool> in_run(pieces.size());
  for (std::size_t i = tails.empty() ? 0 : tails.back(); !tails.empty(); i = before[i]) {
    in_run[i] = true;
    if (before[i] == i) break;
  }
  Detected out;
  const Piece* last = nullptr;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (in_run[i]) {
      last = &piece;
    } else if (last != nullptr && piece.score > last->score) {
      out.Add(piece.id, [&] {
        return Cat(ShowPiece(piece.bytes), ": ", ShowScore(piece.score), ", but ",
                   ShowPiece(last->bytes), " before it: ", ShowScore(last->score));
      });
    }
  }
  return out;
}

}  // namespace

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

const BpeModel* MergeListOf(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  return bpe != nullptr && bpe->order == BpeModel::Order::kMergeList ? bpe : nullptr;
}

Detected BrokenMerges(const TokenizerSpec& spec) {
  Detected out;
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  if (bpe == nullptr) return out;
  out.count = bpe->broken_merges.size();
  for (const BrokenMerge& merge : bpe->broken_merges) {
    if (out.examples.size() == kMaxExamples) break;
    out.AddExample({.place = Cat("merges[", merge.index, "]"), .text = ShowPiece(merge.missing)});
  }
  return out;
}

std::vector<Merge> EffectiveMerges(const TokenizerSpec& spec) {
  std::vector<Merge> out;
  const BpeModel* bpe = MergeListOf(spec);
  if (bpe == nullptr) return out;
  const bool last_counts = spec.reference == Reference::kHuggingFace;
  std::unordered_map<std::uint64_t, std::size_t> line;
  line.reserve(bpe->merges.size());
  for (std::size_t i = 0; i < bpe->merges.size(); ++i) {
    const auto [at, is_new] = line.emplace(Key(bpe->merges[i].left, bpe->merges[i].right), i);
    if (!is_new && last_counts) at->second = i;
  }
  out.reserve(line.size());
  for (std::size_t i = 0; i < bpe->merges.size(); ++i) {
    const Merge& merge = bpe->merges[i];
    if (line.at(Key(merge.left, merge.right)) == i) out.push_back(merge);
  }
  return out;
}

Repeats FindRepeats(const BpeModel& bpe) {
  struct Pair {
    std::uint64_t key;
    TokenId product;
    std::uint32_t index;
  };
  std::vector<Pair> pairs;
  pairs.reserve(bpe.merges.size());
  for (const Merge& merge : bpe.merges) {
    pairs.push_back(
        {Key(merge.left, merge.right), merge.product, static_cast<std::uint32_t>(pairs.size())});
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
    return a.key != b.key ? a.key < b.key : a.index < b.index;
  });
  Repeats out;
  std::vector<TokenId> products;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i == 0 || pairs[i].key != pairs[i - 1].key) {
      products.push_back(pairs[i].product);
      continue;
    }
    ++out.repeated_pairs.count;
    out.repeated_pairs.ids.push_back(pairs[i].product);
    out.repeated_pairs.AddExample({.id = pairs[i].product,
                                   .place = Cat("merges[", pairs[i].index, "]"),
                                   .text = Cat("the pair of merges[", pairs[i - 1].index, "]")});
  }
  std::sort(products.begin(), products.end());
  for (std::size_t i = 0; i < products.size(); ++i) {
    if (i == 0 || products[i] != products[i - 1]) {
      ++out.products;
    } else if (out.several_pairs.ids.empty() || out.several_pairs.ids.back() != products[i]) {
      out.several_pairs.ids.push_back(products[i]);
    }
  }
  return out;
}

void CheckMergesAndScores(const MergeFacts& facts, ConflictReport* report) {
  LookedFor({"C1", "C2", "C3", "C4"}, report);
  CheckBroken(facts, report);
  CheckRepeats(facts, report);
  CheckInversions(facts, report);
}

void LintMergesAndScores(const LintFacts& facts, LintReport* report) {
  if (std::holds_alternative<BpeModel>(facts.spec.model)) {
    LookedFor({"C1"}, report);
    AddFinding({.code = "C1",
                .severity = Severity::kError,
                .message = " merges name a piece that the vocabulary lacks",
                .action = "put the pieces back, or take the merges out: loaders refuse the file"},
               BrokenMerges(facts.spec), facts, report);
  }
  if (const BpeModel* bpe = MergeListOf(facts.spec)) {
    LookedFor({"C2", "C4"}, report);
    Repeats repeats = FindRepeats(*bpe);
    AddFinding({.code = "C2",
                .severity = Severity::kWarning,
                .message = " merges stand in the list again",
                .action = "keep one of each: Hugging Face ranks a pair by its last line, llama.cpp "
                          "by its first"},
               std::move(repeats.repeated_pairs), facts, report);
    AddFinding(
        {.code = "C4",
         .message = Cat(" of ", Grouped(repeats.products), " products have more than one merge"),
         .action = "nothing: the list was made from all splits of the pieces",
         .place = "merges"},
        std::move(repeats.several_pairs), facts, report);
  }
  const std::vector<Piece> scored = ScoredPieces(facts.spec);
  if (scored.empty()) return;
  const bool unigram = std::holds_alternative<UnigramModel>(facts.spec.model);
  LookedFor({"C5", "C6", "C8"}, report);
  Detected flat = FlatScores(scored);
  const bool lost = flat.size() > 0;
  AddFinding({.code = "C8",
              .severity = Severity::kError,
              .message = " pieces have one and the same score: the order of joins is lost",
              .action = "convert again from the tokenizer that the model was trained with"},
             std::move(flat), facts, report);
  if (lost) return;  // each of them is a tie
  AddFinding({.code = "C5",
              .severity = unigram ? Severity::kNote : Severity::kWarning,
              .message = " pieces have the same score as another one",
              .action = "give them scores that fall by id: runtimes break ties in their own ways"},
             TiedScores(scored), facts, report);
  AddFinding({.code = "C6",
              .severity = Severity::kWarning,
              .message = " pieces have a higher score than one before them, as pieces have that "
                         "were appended to an older vocabulary",
              .action = "give appended pieces scores below all old ones, or old text is cut anew"},
             OutrankingScores(scored), facts, report);
}

}  // namespace tokgraft
