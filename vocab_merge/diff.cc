#include "vocab_merge/diff.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "vocab_merge/rules/detect.h"
#include "vocab_merge/rules/token_list.h"
#include "vocab_merge/same/canonical.h"
#include "vocab_merge/same/counter_example.h"
#include "vocab_merge/same/piece_classes.h"

namespace tokgraft {
namespace {

// Tokens by what they stand for: text by its bytes (and place in the word), others by their class.
class TokenIndex {
 public:
  TokenIndex(const TokenizerSpec& spec, const std::vector<ListedToken>& tokens)
      : spelled_(spec.spelling == Spelling::kWordPiece) {
    ids_.reserve(tokens.size());
    for (const ListedToken& token : tokens) ids_.emplace(KeyOf(token), &token);
  }
  const ListedToken* Find(const ListedToken& token) const {
    const auto at = ids_.find(KeyOf(token));
    return at == ids_.end() ? nullptr : at->second;
  }

 private:
  std::string KeyOf(const ListedToken& token) const {
    const TokenClass group =
        token.token_class == TokenClass::kDeclared ? TokenClass::kText : token.token_class;
    const bool inside = spelled_ && token.spelling != token.bytes;
    return Cat(static_cast<char>('0' + static_cast<int>(group)), inside ? "#" : " ", token.bytes);
  }
  bool spelled_;
  std::unordered_map<std::string, const ListedToken*> ids_;
};

struct Sides {
  const TokenizerSpec& a;
  const TokenizerSpec& b;
  std::vector<ListedToken> tokens_a;
  std::vector<ListedToken> tokens_b;
  std::vector<std::optional<TokenId>> b_to_a;  // [b's id limit]
};

void AddExample(std::string example, Difference* difference) {
  if (difference->examples.size() < kMaxExamples)
    difference->examples.push_back(std::move(example));
}
void AddDifference(Difference difference, DiffReport* report) {
  if (difference.count > 0) report->differences.push_back(std::move(difference));
}

// Tokens of `tokens` that `other` lacks.
std::vector<TokenId> Lacking(const std::vector<ListedToken>& tokens, const TokenIndex& other,
                             std::map<std::string, std::uint64_t>* classes,
                             Difference* difference) {
  std::vector<TokenId> out;
  for (const ListedToken& token : tokens) {
    if (other.Find(token) != nullptr) continue;
    out.push_back(token.id);
    ++(*classes)[std::string(ClassOfPiece(token))];
    AddExample(Cat(ShowPiece(token.bytes), " (", token.id, ")"), difference);
  }
  std::sort(out.begin(), out.end());
  difference->count = out.size();
  std::string text;
  for (const auto& [name, count] : *classes) {
    text += Cat(text.empty() ? ": " : ", ", Grouped(count), " ", name);
  }
  difference->message = Cat(Grouped(out.size()), difference->message, text);
  return out;
}

bool HasScores(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  return std::holds_alternative<UnigramModel>(spec.model) ||
         (bpe != nullptr && bpe->order == BpeModel::Order::kScore);
}

void ComparePieces(Sides* sides, DiffReport* report) {
  const TokenIndex index_a(sides->a, sides->tokens_a);
  const TokenIndex index_b(sides->b, sides->tokens_b);
  PieceDiff& pieces = report->pieces;
  pieces.a = sides->tokens_a.size();
  pieces.b = sides->tokens_b.size();
  Difference only_a{.kind = "pieces", .message = " tokens are in the first only"};
  pieces.only_a = Lacking(sides->tokens_a, index_b, &pieces.only_a_classes, &only_a);
  AddDifference(std::move(only_a), report);
  Difference only_b{.kind = "pieces", .message = " tokens are in the second only"};
  pieces.only_b = Lacking(sides->tokens_b, index_a, &pieces.only_b_classes, &only_b);
  AddDifference(std::move(only_b), report);
  Difference moved{.kind = "ids"};
  Difference kinds{.kind = "kinds"};
  Difference scores{.kind = "scores"};
  const bool scored = HasScores(sides->a) && HasScores(sides->b);
  sides->b_to_a.resize(sides->b.id_limit());
  for (const ListedToken& token : sides->tokens_b) {
    const ListedToken* other = index_a.Find(token);
    if (other == nullptr) continue;
    ++pieces.shared;
    sides->b_to_a[token.id] = other->id;
    if (other->id == token.id) {
      ++pieces.same_id;
    } else {
      ++moved.count;
      AddExample(Cat(ShowPiece(token.bytes), ": ", other->id, " and ", token.id), &moved);
    }
    if (other->token_class != token.token_class) {
      ++kinds.count;
      AddExample(ShowPiece(token.bytes), &kinds);
    }
    const auto score_a = sides->a.vocab.Get(other->id);
    const auto score_b = sides->b.vocab.Get(token.id);
    if (scored && score_a && score_b && score_a->score != score_b->score) {
      ++scores.count;
      AddExample(ShowPiece(token.bytes), &scores);
    }
  }
  moved.message = Cat(Grouped(moved.count), " tokens that both have stand on other ids");
  kinds.message = Cat(Grouped(kinds.count), " tokens are ordinary in one and added in the other");
  scores.message = Cat(Grouped(scores.count), " tokens have other scores");
  AddDifference(std::move(moved), report);
  AddDifference(std::move(kinds), report);
  AddDifference(std::move(scores), report);
}

std::uint64_t PairKey(TokenId left, TokenId right) { return (std::uint64_t{left} << 32) | right; }

double ShareOfPairs(std::vector<std::uint32_t> order) {
  const double size = static_cast<double>(order.size());
  const double pairs = size * (size - 1) / 2;
  return pairs > 0 ? static_cast<double>(CountInversions(&order)) / pairs : 0;
}

// Merges of b, as ids of a, at their ranks in a.
std::vector<std::uint32_t> SharedMergeOrder(const Sides& sides, const std::vector<Merge>& a,
                                            const std::vector<Merge>& b) {
  std::unordered_map<std::uint64_t, std::uint32_t> ranks;
  ranks.reserve(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ranks[PairKey(a[i].left, a[i].right)] = static_cast<std::uint32_t>(i);
  }
  std::vector<std::uint32_t> order;
  for (const Merge& merge : b) {
    const auto& left = sides.b_to_a[merge.left];
    const auto& right = sides.b_to_a[merge.right];
    if (!left || !right) continue;
    const auto rank = ranks.find(PairKey(*left, *right));
    if (rank == ranks.end()) continue;
    order.push_back(rank->second);
    ranks.erase(rank);
  }
  return order;
}

// Ids of the pieces that have a turn, in the order of their turns.
std::vector<TokenId> Turns(const TokenizerSpec& spec, const std::vector<ListedToken>& tokens) {
  std::vector<TokenId> out;
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  if (bpe != nullptr && bpe->order == BpeModel::Order::kMergeList) {
    std::vector<bool> seen(spec.id_limit());
    for (const Merge& merge : bpe->merges) {
      if (!seen[merge.product]) out.push_back(merge.product);
      seen[merge.product] = true;
    }
    return out;
  }
  const bool by_score = HasScores(spec);
  if (bpe == nullptr && !by_score) return out;
  std::vector<std::pair<double, TokenId>> turns;
  for (const ListedToken& token : tokens) {
    if (token.token_class != TokenClass::kText || !token.in_vocab) continue;
    turns.emplace_back(by_score ? -spec.vocab.Get(token.id)->score : 0, token.id);
  }
  std::sort(turns.begin(), turns.end());
  for (const auto& [score, id] : turns) out.push_back(id);
  return out;
}

void CompareTurns(const Sides& sides, DiffReport* report) {
  const bool lists = MergeListOf(sides.a) != nullptr && MergeListOf(sides.b) != nullptr;
  std::vector<std::uint32_t> order;
  MergeDiff& merges = report->merges;
  if (lists) {
    const std::vector<Merge> list_a = EffectiveMerges(sides.a);
    const std::vector<Merge> list_b = EffectiveMerges(sides.b);
    merges.a = list_a.size();
    merges.b = list_b.size();
    order = SharedMergeOrder(sides, list_a, list_b);
  } else {
    const std::vector<TokenId> turns_a = Turns(sides.a, sides.tokens_a);
    const std::vector<TokenId> turns_b = Turns(sides.b, sides.tokens_b);
    merges.a = turns_a.size();
    merges.b = turns_b.size();
    std::unordered_map<TokenId, std::uint32_t> at;
    for (const TokenId id : turns_a) at.emplace(id, static_cast<std::uint32_t>(at.size()));
    for (const TokenId id : turns_b) {
      if (!sides.b_to_a[id]) continue;
      const auto turn = at.find(*sides.b_to_a[id]);
      if (turn == at.end()) continue;
      order.push_back(turn->second);
      at.erase(turn);
    }
  }
  merges.shared = order.size();
  merges.inverted_share = ShareOfPairs(std::move(order));
  const std::string_view what = lists ? " merges" : " pieces with a rank";
  Difference only{
      .kind = "merges",
      .count = merges.a + merges.b - 2 * merges.shared,
      .message = Cat(Grouped(merges.a - merges.shared), what, " are in the first only, ",
                     Grouped(merges.b - merges.shared), " in the second only")};
  AddDifference(std::move(only), report);
  if (merges.inverted_share > 0) {
    report->differences.push_back(
        {.kind = "merges",
         .count = merges.shared,
         .message = Cat("of all pairs of shared", what, ", ",
                        std::to_string(merges.inverted_share * 100).substr(0, 6),
                        " % stand in the other order")});
  }
}

std::string ShowFlags(const AddedToken& token) {
  std::string out;
  for (const auto& [set, name] :
       {std::pair(token.special, " special"), std::pair(token.single_word, " single_word"),
        std::pair(token.lstrip, " lstrip"), std::pair(token.rstrip, " rstrip"),
        std::pair(token.normalized, " normalized")}) {
    if (set) out += name;
  }
  return out.empty() ? " no flags" : out;
}

void CompareAdded(const Sides& sides, DiffReport* report) {
  std::unordered_map<std::string_view, const AddedToken*> by_content;
  for (const AddedToken& token : sides.a.added_tokens) by_content.emplace(token.content, &token);
  Difference flags{.kind = "added tokens"};
  for (const AddedToken& token : sides.b.added_tokens) {
    const auto at = by_content.find(token.content);
    if (at == by_content.end()) continue;
    const std::string a = ShowFlags(*at->second);
    const std::string b = ShowFlags(token);
    if (a == b) continue;
    ++flags.count;
    AddExample(Cat(ShowPiece(token.content), ":", a, " and", b), &flags);
  }
  flags.message = Cat(Grouped(flags.count), " added tokens have other flags");
  AddDifference(std::move(flags), report);
}

void CompareStages(const Canonical& a, const Canonical& b, DiffReport* report) {
  const auto compare = [&](std::string_view kind, const std::string& in_a,
                           const std::string& in_b) {
    if (in_a == in_b) return;
    report->differences.push_back(
        {.kind = std::string(kind),
         .count = 1,
         .message = Cat("the ", kind, " is another one"),
         .examples = {Cat("first:  ", ShowPart(in_a)), Cat("second: ", ShowPart(in_b))}});
  };
  compare("reference", a.reference, b.reference);
  compare("model", a.model, b.model);
  compare("normalizer", a.normalizers, b.normalizers);
  compare("pre-tokenizer", a.pre_tokenizers, b.pre_tokenizers);
  compare("template", a.post_processors, b.post_processors);
  compare("decoder", a.decoders, b.decoders);
}

// What no line above names although the two are told in different ways.
void CompareTheRest(const Canonical& a, const Canonical& b, DiffReport* report) {
  if (!report->differences.empty()) return;
  const auto add = [&](std::string_view kind, std::string_view message) {
    report->differences.push_back(
        {.kind = std::string(kind), .count = 1, .message = std::string(message)});
  };
  if (a.pieces != b.pieces) {
    add("pieces",
        "a piece is of another kind, or an added token is in the vocabulary of one of them alone");
  }
  if (a.merges != b.merges) add("merges", "the lists of merges are not the same");
  if (a.added != b.added) add("added tokens", "the lists of added tokens are not the same");
}

DiffReport CompareSpecs(const TokenizerSpec& a, const TokenizerSpec& b) {
  DiffReport report{.a = a.source, .b = b.source};
  const Canonical canonical_a = CanonicalOf(a);
  const Canonical canonical_b = CanonicalOf(b);
  report.hash_a = HashOf(canonical_a);
  report.hash_b = HashOf(canonical_b);
  Sides sides{.a = a, .b = b, .tokens_a = ListTokens(a), .tokens_b = ListTokens(b), .b_to_a = {}};
  ComparePieces(&sides, &report);
  CompareTurns(sides, &report);
  CompareAdded(sides, &report);
  CompareStages(canonical_a, canonical_b, &report);
  if (canonical_a == canonical_b) {
    report.verdict = Verdict::kSame;
    report.proof = "pieces, ids, merges, scores, stages, added tokens and their flags are the same";
  } else {
    CompareTheRest(canonical_a, canonical_b, &report);
  }
  return report;
}

void Judge(DiffReport* report) {
  if (report->counter_example) {
    report->verdict = Verdict::kDifferent;
    report->proof = report->counter_example->kind == "decoding"
                        ? "the same ids decode to other text"
                        : "a text has other ids";
    return;
  }
  report->proof =
      Cat("they are told in different ways, and ", Grouped(report->checked_texts), " texts (",
          Grouped(report->checked_bytes), " bytes) have the same ids in both");
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSame:
      return "same";
    case Verdict::kDifferent:
      return "different";
    case Verdict::kUndecided:
      return "undecided";
  }
  return "";
}

StatusOr<DiffReport> Diff(const TokenizerSpec& a, const TokenizerSpec& b,
                          const DiffOptions& options) {
  const StatusOr<Tokenizer> compiled_a = Compile(a);
  const StatusOr<Tokenizer> compiled_b = Compile(b);
  if (compiled_a.ok() && compiled_b.ok()) return Diff(*compiled_a, *compiled_b, options);
  DiffReport report = CompareSpecs(a, b);
  if (report.verdict != Verdict::kSame) {
    const Status& why = compiled_a.ok() ? compiled_b.status() : compiled_a.status();
    report.proof =
        Cat("no text was tried, since one of them cannot be encoded with: ", Message(why));
  }
  return report;
}

StatusOr<DiffReport> Diff(const Tokenizer& a, const Tokenizer& b, const DiffOptions& options) {
  DiffReport report = CompareSpecs(a.spec(), b.spec());
  if (report.verdict == Verdict::kSame) return report;
  TOKGRAFT_RETURN_IF_ERROR(SeekDifference(a, b, options, &report));
  Judge(&report);
  return report;
}

std::string ContentHash(const TokenizerSpec& spec) { return HashOf(CanonicalOf(spec)); }

}  // namespace tokgraft
