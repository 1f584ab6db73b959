#include "vocab_merge/extend/settle.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include "tokenizer/status.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/batches.h"
#include "vocab_merge/extend/cuts.h"

namespace tokgraft {
namespace {

// A witness of a cut is a stretch of about so many bytes to each side of it, where that shows it.
constexpr std::size_t kAround = 48;

using Ids = std::span<const TokenId>;

std::vector<WholePiece> Of(std::span<const WholePiece> pieces,
                           const std::vector<std::size_t>& indices) {
  std::vector<WholePiece> out;
  out.reserve(indices.size());
  for (const std::size_t i : indices) out.push_back(pieces[i]);
  return out;
}

std::vector<std::string> Witnesses(const Tokenizer& tokenizer, TokenId first_id,
                                   std::span<const WholePiece> pieces,
                                   const std::vector<std::string_view>& known,
                                   const WitnessOptions& options) {
  std::vector<WitnessQuery> queries;
  queries.reserve(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    queries.push_back({.id = static_cast<TokenId>(first_id + i),
                       .bytes = pieces[i].bytes,
                       .owner = {},
                       .known = known.empty() ? std::string_view() : known[i]});
  }
  return FindWitnesses(tokenizer, queries, options);
}

// Why pieces are dead, asked of a base that has them.
StatusOr<std::vector<Settled::Dead>> Explain(const TokenizerSpec& base,
                                             std::span<const WholePiece> pieces,
                                             const std::vector<std::size_t>& indices,
                                             const WitnessOptions& options) {
  std::vector<Settled::Dead> out;
  if (indices.empty()) return out;
  const std::vector<WholePiece> dead = Of(pieces, indices);
  TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec spec, AddWhole(base, dead));
  std::vector<DeadPiece> asked;
  for (std::size_t i = 0; i < dead.size(); ++i) {
    asked.push_back({.id = static_cast<TokenId>(base.id_limit() + i), .bytes = dead[i].bytes});
  }
  TOKGRAFT_RETURN_IF_ERROR(ExplainDead(spec, options, &asked));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    out.push_back({indices[i], asked[i].cause, std::move(asked[i].becomes)});
  }
  return out;
}

// Who makes new cuts in the protected documents, and where.
class CutSearch {
 public:
  struct Blame {
    std::map<TokenId, std::string> pieces{};  // new ids, with a text each
    bool unknown_score = false;               // a cut that no new piece stands near
  };

  CutSearch(const TokenizerSpec& base, Tokenizer before, const SettleOptions& options)
      : before_(std::move(before)),
        unknown_(UnknownOf(base)),
        first_id_(static_cast<TokenId>(base.id_limit())),
        options_(options) {}

  // Documents that were cut as before are looked at again only when the others have no new cut.
  Blame Find(const Tokenizer& after) {
    if (!changed_.empty()) {
      const std::vector<std::string_view> changed = changed_;
      Blame blame = Look(after, changed, nullptr);
      if (!blame.pieces.empty() || blame.unknown_score) return blame;
    }
    changed_.clear();
    return Look(after, options_.protect, &changed_);
  }

 private:
  Blame Look(const Tokenizer& after, std::span<const std::string_view> documents,
             std::vector<std::string_view>* changed) const {
    Blame blame;
    for (const auto texts : Batches(documents)) {
      const EncodingBatch old_ids = before_.EncodeBatch(texts, options_.witness.threads);
      const EncodingBatch new_ids = after.EncodeBatch(texts, options_.witness.threads);
      for (std::size_t i = 0; i < texts.size(); ++i) {
        const Ids a = old_ids.row(i);
        const Ids b = new_ids.row(i);
        if (std::equal(a.begin(), a.end(), b.begin(), b.end())) continue;
        if (changed != nullptr) changed->push_back(texts[i]);
        Judge(after, a, b, texts[i], &blame);
      }
    }
    return blame;
  }

  void Judge(const Tokenizer& after, Ids old_ids, Ids new_ids, std::string_view text,
             Blame* blame) const {
    const CutText cuts = CutsOf(before_, old_ids, after, new_ids, unknown_, text);
    std::optional<TokenId> last_new;
    VisitStretches(cuts, [&](const Stretch& stretch) {
      for (const std::size_t cut : stretch.new_cuts) {
        std::optional<TokenId> guilty =
            LastNew(new_ids.subspan(cut, std::min<std::size_t>(2, new_ids.size() - cut)));
        if (!guilty) {
          guilty = LastNew(
              new_ids.subspan(stretch.after_begin, stretch.after_end - stretch.after_begin));
        }
        if (!guilty) guilty = last_new;  // sums are rounded: what came before has a say
        if (!guilty) {
          blame->unknown_score = true;
        } else if (std::string& witness = blame->pieces[*guilty]; witness.empty()) {
          witness = Around(after, text, cuts.after_ends[cut]);
        }
      }
      for (const std::size_t lost : stretch.newly_unknown) {
        std::optional<TokenId> guilty = WhoLost(after, cuts, stretch, lost, text);
        if (!guilty) guilty = last_new;
        if (!guilty) {
          blame->unknown_score = true;
        } else if (std::string& witness = blame->pieces[*guilty]; witness.empty()) {
          witness = Around(after, text, cuts.after_ends[lost]);
        }
      }
      const std::optional<TokenId> here =
          LastNew(new_ids.subspan(stretch.after_begin, stretch.after_end - stretch.after_begin));
      if (here) last_new = here;
    });
  }

  // The one of the lowest score.
  std::optional<TokenId> LastNew(Ids ids) const {
    const auto last = std::max_element(ids.begin(), ids.end());
    return last != ids.end() && *last >= first_id_ ? std::optional<TokenId>(*last) : std::nullopt;
  }

  // The new piece that left a rest which nothing fits. WordPiece gives the whole word up, so its
  // beginnings are asked, the longest first.
  std::optional<TokenId> WhoLost(const Tokenizer& after, const CutText& cuts,
                                 const Stretch& stretch, std::size_t lost,
                                 std::string_view text) const {
    const std::optional<TokenId> beside =
        LastNew(cuts.after.subspan(stretch.after_begin, stretch.after_end - stretch.after_begin));
    if (beside) return beside;
    const auto begin = static_cast<std::size_t>(cuts.AfterBegin(lost));
    const std::string_view word =
        text.substr(begin, static_cast<std::size_t>(cuts.after_ends[lost]) - begin);
    std::vector<TokenId> ids;
    for (std::size_t size = word.size(); size-- > 1;) {
      if ((static_cast<unsigned char>(word[size]) & 0xC0) == 0x80) continue;
      ids.clear();
      after.EncodeIds(word.substr(0, size), &ids);
      const auto last =
          std::find_if(ids.rbegin(), ids.rend(), [&](TokenId id) { return id >= first_id_; });
      if (last != ids.rend()) return *last;
    }
    return std::nullopt;
  }

  // What stands around the cut, if that alone has a new cut too; else the whole text.
  std::string Around(const Tokenizer& after, std::string_view text, std::uint64_t at) const {
    if (text.size() <= 2 * kAround) return std::string(text);
    const auto starts = [&](std::size_t i) {
      return i >= text.size() || (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    };
    std::size_t begin = at < kAround ? 0 : std::min<std::size_t>(at, text.size()) - kAround;
    std::size_t end = std::min<std::size_t>(at + kAround, text.size());
    while (begin > 0 && !starts(begin)) --begin;
    while (!starts(end)) ++end;
    const std::string_view part = text.substr(begin, end - begin);
    std::vector<TokenId> old_ids;
    std::vector<TokenId> new_ids;
    before_.EncodeIds(part, &old_ids);
    after.EncodeIds(part, &new_ids);
    bool cut = false;
    VisitStretches(CutsOf(before_, old_ids, after, new_ids, unknown_, part),
                   [&](const Stretch& stretch) {
                     cut |= !stretch.new_cuts.empty() || !stretch.newly_unknown.empty();
                   });
    return std::string(cut ? part : text);
  }

  Tokenizer before_;
  std::optional<TokenId> unknown_;
  TokenId first_id_;
  const SettleOptions& options_;
  std::vector<std::string_view> changed_;
};

class Settler {
 public:
  Settler(const TokenizerSpec& base, std::span<const WholePiece> pieces,
          const SettleOptions& options)
      : base_(base), pieces_(pieces), options_(options), texts_(pieces.size()) {}

  StatusOr<Settled> Run(const std::vector<std::size_t>& best_first);

 private:
  // What became of a piece.
  enum class Fate : std::uint8_t { kUntried, kKept, kDead, kCutter };

  Status Pass(const std::vector<std::size_t>& offered);
  // Takes out what is dead, or else what makes new cuts; whether there was any.
  StatusOr<bool> TakeOut(const TokenizerSpec& current, const WitnessOptions& witness,
                         std::optional<CutSearch>* cuts, std::vector<std::size_t>* in);

  const TokenizerSpec& base_;
  std::span<const WholePiece> pieces_;
  const SettleOptions& options_;
  std::vector<std::string> texts_;  // witnesses, or texts that are cut
  std::vector<Fate> fates_ = std::vector<Fate>(texts_.size());
  std::vector<std::size_t> kept_;
  std::map<std::size_t, Settled::Dead> dead_;
  std::size_t lowest_to_go_ = 1;
};

StatusOr<bool> Settler::TakeOut(const TokenizerSpec& current, const WitnessOptions& witness,
                                std::optional<CutSearch>* cuts, std::vector<std::size_t>* in) {
  const std::vector<WholePiece> pieces = Of(pieces_, *in);
  const auto first_id = static_cast<TokenId>(current.id_limit());
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec spec, AddWhole(current, pieces));
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(std::move(spec)));
  std::vector<std::string_view> known;
  for (const std::size_t i : *in) {
    known.push_back(fates_[i] == Fate::kUntried ? std::string_view(texts_[i]) : "");
  }
  std::vector<std::string> witnesses = Witnesses(tokenizer, first_id, pieces, known, witness);
  bool any_dead = false;
  for (std::size_t i = 0; i < in->size(); ++i) {
    texts_[(*in)[i]] = std::move(witnesses[i]);
    if (!texts_[(*in)[i]].empty()) continue;
    fates_[(*in)[i]] = Fate::kDead;
    any_dead = true;
  }
  bool any = any_dead;
  if (!any_dead && *cuts) {
    CutSearch::Blame blame = (*cuts)->Find(tokenizer);
    for (auto& [id, text] : blame.pieces) {
      fates_[(*in)[id - first_id]] = Fate::kCutter;
      texts_[(*in)[id - first_id]] = std::move(text);
    }
    any = !blame.pieces.empty();
    if (!any && blame.unknown_score) {
      // The score of unknown characters has sunk too low, by the lowest of the new pieces.
      for (std::size_t n = std::min(lowest_to_go_, in->size()); n > 0; --n) {
        fates_[(*in)[in->size() - n]] = Fate::kCutter;
      }
      lowest_to_go_ *= 2;
      any = !in->empty();
    }
  }
  std::erase_if(*in, [&](std::size_t i) { return fates_[i] != Fate::kUntried; });
  return any;
}

Status Settler::Pass(const std::vector<std::size_t>& offered) {
  TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec current, AddWhole(base_, Of(pieces_, kept_)));
  // Words of this pass's vocabulary, as a second merge would have them.
  const std::vector<std::string> begins = WordBegins(current);
  WitnessOptions witness = options_.witness;
  witness.lefts = begins;
  std::optional<CutSearch> cuts;
  if (!options_.protect.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(Tokenizer before, Compile(current));
    cuts.emplace(current, std::move(before), options_);
  }
  for (const std::size_t i : offered) {
    if (fates_[i] != Fate::kUntried) texts_[i].clear();
    fates_[i] = Fate::kUntried;
  }
  const std::uint64_t room = options_.limit - kept_.size();
  std::vector<std::size_t> in;
  std::size_t next = 0;
  bool changed = true;
  while (changed) {
    while (in.size() < room && next < offered.size()) in.push_back(offered[next++]);
    std::sort(in.begin(), in.end());
    if (in.empty()) break;
    TOKGRAFT_ASSIGN_OR_RETURN(changed, TakeOut(current, witness, &cuts, &in));
  }
  std::vector<std::size_t> dead;
  for (const std::size_t i : offered) {
    if (fates_[i] == Fate::kDead) dead.push_back(i);
  }
  std::sort(dead.begin(), dead.end());
  TOKGRAFT_ASSIGN_OR_RETURN(std::vector<Settled::Dead> explained,
                            Explain(current, pieces_, dead, witness));
  for (Settled::Dead& one : explained) dead_[one.piece] = std::move(one);
  for (const std::size_t i : in) {
    fates_[i] = Fate::kKept;
    kept_.push_back(i);
  }
  return {};
}

StatusOr<Settled> Settler::Run(const std::vector<std::size_t>& best_first) {
  std::vector<std::size_t> offered = best_first;
  while (!offered.empty() && kept_.size() < options_.limit) {
    const std::size_t before = kept_.size();
    TOKGRAFT_RETURN_IF_ERROR(Pass(offered));
    if (kept_.size() == before) break;
    // What the normalizer changes, or an added token takes, stays dead whatever its rivals.
    std::erase_if(offered, [&](std::size_t i) {
      const bool final = fates_[i] == Fate::kDead && (dead_[i].cause == Cause::kNormalizer ||
                                                      dead_[i].cause == Cause::kAddedToken);
      const bool may_return = fates_[i] != Fate::kKept && !final;
      return !may_return;
    });
  }
  Settled out;
  out.kept = kept_;
  for (const std::size_t i : kept_) out.witnesses.push_back(texts_[i]);
  for (std::size_t i = 0; i < fates_.size(); ++i) {
    if (fates_[i] == Fate::kDead) out.dead.push_back(std::move(dead_[i]));
    if (fates_[i] == Fate::kCutter) out.cutters.push_back({i, texts_[i]});
  }
  return out;
}

}  // namespace

StatusOr<Settled> Settle(const TokenizerSpec& base, std::span<const WholePiece> pieces,
                         const std::vector<std::size_t>& best_first, const SettleOptions& options) {
  return Settler(base, pieces, options).Run(best_first);
}

StatusOr<std::vector<Settled::Dead>> FindDead(const TokenizerSpec& base,
                                              std::span<const WholePiece> pieces,
                                              const WitnessOptions& given) {
  const std::vector<std::string> begins = WordBegins(base);
  WitnessOptions options = given;
  options.lefts = begins;
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec spec, AddWhole(base, pieces));
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(std::move(spec)));
  const std::vector<std::string> witnesses =
      Witnesses(tokenizer, static_cast<TokenId>(base.id_limit()), pieces, {}, options);
  std::vector<std::size_t> dead;
  for (std::size_t i = 0; i < witnesses.size(); ++i) {
    if (witnesses[i].empty()) dead.push_back(i);
  }
  return Explain(base, pieces, dead, options);
}

}  // namespace tokgraft
