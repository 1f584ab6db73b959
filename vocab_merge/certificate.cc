#include "vocab_merge/certificate.h"

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include "tokenizer/base/parallel.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/batches.h"
#include "vocab_merge/extend/cuts.h"
#include "vocab_merge/extend/scripts.h"
#include "vocab_merge/extend/untouched.h"
#include "vocab_merge/extend/whole.h"
#include "vocab_merge/rules/detect.h"

namespace tokgraft {
namespace {

bool AllBytesPresent(const Vocab& vocab, PieceKind kind) {
  std::array<bool, 256> present{};
  for (std::size_t i = 0; i < vocab.size(); ++i) {
    const Piece piece = vocab.entry(i);
    if (piece.bytes.size() == 1 && piece.kind == kind) {
      present[static_cast<unsigned char>(piece.bytes[0])] = true;
    }
  }
  return std::all_of(present.begin(), present.end(), [](bool b) { return b; });
}

// Every function below returns why a condition of the proof fails, or "".

std::string StagesDiffer(const TokenizerSpec& base, const TokenizerSpec& merged) {
  if (base.reference != merged.reference) return "the references differ";
  if (base.normalizers != merged.normalizers) return "the normalizers differ";
  if (base.pre_tokenizers != merged.pre_tokenizers) return "the pre-tokenizers differ";
  if (base.added_tokens != merged.added_tokens) return "the added tokens differ";
  return {};
}

std::string FlagsDiffer(const BpeModel& base, const BpeModel& merged) {
  if (base.order != merged.order) return "the models are ordered in different ways";
  if (base.ignore_merges != merged.ignore_merges) return "ignore_merges differs";
  if (base.byte_fallback != merged.byte_fallback) return "byte_fallback differs";
  if (base.fuse_unk != merged.fuse_unk || base.unk != merged.unk)
    return "the unknown token differs";
  if (base.continuing_subword_prefix.value_or("") !=
          merged.continuing_subword_prefix.value_or("") ||
      base.end_of_word_suffix.value_or("") != merged.end_of_word_suffix.value_or("")) {
    return "the marks of words differ";
  }
  return {};
}

// Whether a new piece is a single unit: a byte, or a character for models that join characters.
bool AddsUnits(const TokenizerSpec& base, const TokenizerSpec& merged, bool joins_bytes) {
  const std::size_t limit = base.id_limit();
  for (std::size_t i = 0; i < merged.vocab.size(); ++i) {
    const Piece piece = merged.vocab.entry(i);
    if (piece.id < limit) continue;
    if (piece.bytes.size() == 1) return true;
    if (!joins_bytes && (!IsValidUtf8(piece.bytes) || CountCharacters(piece.bytes) == 1))
      return true;
  }
  return false;
}

// What the base cannot spell, it drops or fuses into one unknown token. A new piece that makes such
// characters known would then make a boundary.
std::string UnknownsChange(const TokenizerSpec& base, const TokenizerSpec& merged) {
  const auto& bpe = std::get<BpeModel>(base.model);
  const bool joins_bytes = base.spelling == Spelling::kByteLevel ||
                           (base.spelling == Spelling::kRaw && bpe.order == BpeModel::Order::kRank);
  // Without new units the joins start from the same symbols; but scores join unknown ones too.
  if (bpe.order != BpeModel::Order::kScore && !AddsUnits(base, merged, joins_bytes)) return {};
  if (joins_bytes) {
    return AllBytesPresent(base.vocab, PieceKind::kNormal) ? "" : "the base lacks bytes";
  }
  if (bpe.byte_fallback && AllBytesPresent(base.vocab, PieceKind::kByte)) {
    for (const Merge& merge : bpe.merges) {
      for (const TokenId id : {merge.left, merge.right}) {
        const std::optional<Piece> piece = base.vocab.Get(id);
        if (piece && piece->kind == PieceKind::kByte) return "the base joins byte pieces";
      }
    }
    return {};
  }
  if (base.reference != Reference::kHuggingFace || bpe.fuse_unk) {
    return "the base may fuse unknown characters into one token";
  }
  return bpe.has_unk ? "" : "the base drops unknown characters";
}

std::string VocabularyMoved(const TokenizerSpec& base, const TokenizerSpec& merged) {
  for (std::size_t i = 0; i < base.vocab.size(); ++i) {
    const Piece piece = base.vocab.entry(i);
    const std::optional<Piece> now = merged.vocab.Get(piece.id);
    if (!now || !(*now == piece)) return Cat("base id ", piece.id, " has changed");
  }
  double lowest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < base.vocab.size(); ++i) {
    lowest = std::min(lowest, base.vocab.entry(i).score);
  }
  const auto& bpe = std::get<BpeModel>(base.model);
  const std::size_t limit = base.id_limit();
  for (std::size_t i = 0; i < merged.vocab.size(); ++i) {
    const Piece piece = merged.vocab.entry(i);
    if (piece.id >= limit) {
      if (bpe.order == BpeModel::Order::kScore && piece.score >= lowest) {
        return Cat("new piece ", piece.id, " has a score above a base piece's");
      }
      continue;
    }
    if (base.vocab.Get(piece.id)) continue;
    // An added token that has become part of the vocabulary: only found before the model runs.
    const auto token =
        std::find_if(base.added_tokens.begin(), base.added_tokens.end(),
                     [&](const AddedToken& t) { return t.content == piece.spelling; });
    if (token == base.added_tokens.end()) return Cat("id ", piece.id, " is new among base ids");
    if (token->single_word || CountCharacters(token->content) < 2) {
      return Cat("added token ", piece.id, " could now be found by the model too");
    }
  }
  return {};
}

std::string MergesMoved(const BpeModel& base, const BpeModel& merged) {
  if (merged.merges.size() < base.merges.size() ||
      !std::equal(base.merges.begin(), base.merges.end(), merged.merges.begin())) {
    return "the base's merges are not the first of the merged list";
  }
  std::set<std::pair<TokenId, TokenId>> added;
  for (std::size_t i = base.merges.size(); i < merged.merges.size(); ++i) {
    added.emplace(merged.merges[i].left, merged.merges[i].right);
  }
  for (const Merge& merge : base.merges) {
    if (added.contains({merge.left, merge.right})) return "a new merge repeats a pair of the base";
  }
  return {};
}

std::string IdsMoved(const TokenizerSpec& base, const IdMap* map) {
  if (map == nullptr) return {};
  std::uint64_t gone = map->removed.size();
  std::uint64_t moved = 0;
  for (std::size_t id = 0; id < map->base_to_merged.size(); ++id) {
    const std::optional<TokenId> now = map->base_to_merged[id];
    if (now && *now != id) ++moved;
  }
  if (gone + moved == 0) return {};
  return Cat(Grouped(gone), " of ", Grouped(base.id_limit()), " base ids have no counterpart and ",
             Grouped(moved), " are elsewhere");
}

std::string WhyNotCoarsening(const TokenizerSpec& base, const TokenizerSpec& merged) {
  const auto* base_bpe = std::get_if<BpeModel>(&base.model);
  const auto* merged_bpe = std::get_if<BpeModel>(&merged.model);
  if (base_bpe == nullptr || merged_bpe == nullptr) return "the model is not BPE";
  for (std::string why : {StagesDiffer(base, merged), FlagsDiffer(*base_bpe, *merged_bpe),
                          UnknownsChange(base, merged), VocabularyMoved(base, merged),
                          MergesMoved(*base_bpe, *merged_bpe)}) {
    if (!why.empty()) return why;
  }
  return {};
}

// Whether an added token that has become part of the vocabulary may be spelled in a text that the
// model sees: then it was not in the text itself, where it would have been found first.
bool StagesMaySpell(const TokenizerSpec& spec) {
  return !spec.normalizers.empty() ||
         !std::all_of(spec.pre_tokenizers.begin(), spec.pre_tokenizers.end(),
                      [](const PreTokenizer& step) {
                        const auto* bytes = std::get_if<pre_tokenizer::ByteLevel>(&step);
                        return std::holds_alternative<pre_tokenizer::Split>(step) ||
                               (bytes != nullptr && !bytes->add_prefix_space);
                      });
}

// The scripts of which a character is needed for any new join or piece.
struct Needed {
  std::set<std::string> scripts;
  std::string exception;  // a new piece that needs none of them, described; "": there is none
};

std::string Describe(std::string_view bytes) {
  std::string out;
  if (IsValidUtf8(bytes)) return ShowPiece(bytes);
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    out += Cat(out.empty() ? "bytes " : " ", kHex[b >> 4], kHex[b & 15]);
  }
  return out;
}

StatusOr<Needed> FindNeeded(const TokenizerSpec& base, const TokenizerSpec& merged,
                            const CertifyOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(const ScriptSet scripts, ScriptSet::Parse(options.protected_scripts));
  const auto& old_bpe = std::get<BpeModel>(base.model);
  const auto& bpe = std::get<BpeModel>(merged.model);
  const bool finds_any_piece = bpe.ignore_merges || bpe.order != BpeModel::Order::kMergeList;
  const bool finds_folded = finds_any_piece && StagesMaySpell(base);
  Needed out;
  const std::size_t limit = base.id_limit();
  for (std::size_t i = 0; i < merged.vocab.size(); ++i) {
    const Piece piece = merged.vocab.entry(i);
    const bool acts = piece.id >= limit || (finds_folded && !base.vocab.Get(piece.id));
    if (acts && !scripts.HasForeign(piece.bytes, &out.scripts)) {
      return Needed{{}, Cat("piece ", piece.id, ", ", Describe(piece.bytes))};
    }
  }
  for (std::size_t i = old_bpe.merges.size(); i < bpe.merges.size(); ++i) {
    const std::optional<Piece> left = merged.vocab.Get(bpe.merges[i].left);
    const std::optional<Piece> right = merged.vocab.Get(bpe.merges[i].right);
    const std::string both = left && right ? Cat(left->bytes, right->bytes) : std::string();
    if (!scripts.HasForeign(both, &out.scripts)) {
      return Needed{{}, Cat("merge ", i, ", ", Describe(both))};
    }
  }
  return out;
}

// What is claimed at L0, in words.
std::string DisjointReason(const TokenizerSpec& base, const std::vector<std::string>& scripts) {
  if (scripts.empty()) return "no new join acts on valid text";
  std::string list;
  for (const std::string& name : scripts) list += Cat(list.empty() ? "" : ", ", name);
  return Cat("every new join needs a character of ", list, "; a valid text that has none",
             base.normalizers.empty() ? "" : " once it is normalized",
             " keeps its ids (scripts by the Script_Extensions of Unicode ", UnicodeVersion(), ")");
}

// Whether the two stretches are the same tokens, by the map where there is one.
bool SameTokens(std::span<const TokenId> base, std::span<const TokenId> merged, const IdMap* map) {
  return std::ranges::equal(base, merged, [&](TokenId before, TokenId after) {
    return map == nullptr ? before == after : map->base_to_merged[before] == after;
  });
}

// Adds what one text says to `out`.
void MeasureText(const CutText& cuts, const IdMap* map, Certificate* out) {
  VisitStretches(cuts, [&](const Stretch& stretch) {
    out->new_cuts += stretch.new_cuts.size();
    const bool same = SameTokens(
        cuts.before.subspan(stretch.before_begin, stretch.before_end - stretch.before_begin),
        cuts.after.subspan(stretch.after_begin, stretch.after_end - stretch.after_begin), map);
    out->changed_spans += same ? 0U : 1U;
  });
}

void Measure(const Tokenizer& base, const Tokenizer& merged, const CertifyOptions& options,
             Certificate* out) {
  constexpr std::size_t kTextsAtOnce = 64;
  const std::optional<TokenId> unknown = UnknownOf(base.spec());
  std::mutex mutex;
  for (const auto texts : Batches(options.texts)) {
    const EncodingBatch before = base.EncodeBatch(texts, options.threads);
    const EncodingBatch after = merged.EncodeBatch(texts, options.threads);
    ParallelFor(
        texts.size(), kTextsAtOnce, options.threads, [&](std::size_t begin, std::size_t end) {
          Certificate part;
          for (std::size_t i = begin; i < end; ++i) {
            const bool same = SameTokens(before.row(i), after.row(i), options.id_map);
            if (same && !unknown) continue;
            MeasureText(CutsOf(base, before.row(i), merged, after.row(i), unknown, texts[i]),
                        options.id_map, &part);
          }
          const std::lock_guard<std::mutex> lock(mutex);
          out->new_cuts += part.new_cuts;
          out->changed_spans += part.changed_spans;
        });
    for (const std::string_view text : texts) out->checked_bytes += text.size();
    out->base_tokens += before.ids.size();
    out->merged_tokens += after.ids.size();
  }
}

// What holds by the two specs alone.
StatusOr<Certificate> Prove(const TokenizerSpec& base, const TokenizerSpec& merged,
                            const CertifyOptions& options) {
  Certificate out;
  const bool whole = FindsWholePieces(base);
  std::string why_not = IdsMoved(base, options.id_map);
  if (why_not.empty() && whole) {
    why_not = StagesDiffer(base, merged);
    TOKGRAFT_ASSIGN_OR_RETURN(const ScriptSet scripts, ScriptSet::Parse(options.protected_scripts));
    const Untouched untouched = ProveUntouched(base, merged, scripts);
    if (why_not.empty()) why_not = untouched.why_not;
    out.reason = untouched.reason;
    out.scripts = untouched.scripts;
  } else if (why_not.empty()) {
    why_not = WhyNotCoarsening(base, merged);
  }
  if (!why_not.empty()) {
    out.scripts.clear();
    out.reason = why_not;
    return out;
  }
  out.proved = true;
  out.level = whole ? "L0" : "L1";
  if (whole) return out;
  out.reason =
      "every join of the base keeps its turn and every new one comes later, so that token "
      "boundaries only disappear";
  TOKGRAFT_ASSIGN_OR_RETURN(const Needed needed, FindNeeded(base, merged, options));
  if (!needed.exception.empty()) {
    out.reason += Cat("; not L0: ", needed.exception, ", needs no character of another script");
    return out;
  }
  out.level = "L0";
  const bool grown = merged.id_limit() != base.id_limit() || merged.model != base.model;
  out.scripts.assign(needed.scripts.begin(), needed.scripts.end());
  out.reason = grown ? DisjointReason(base, out.scripts) : "nothing was added";
  return out;
}

}  // namespace

std::string Certificate::ToJson() const {
  const nlohmann::ordered_json out = {{"level", level},
                                      {"proved", proved},
                                      {"reason", reason},
                                      {"scripts", scripts},
                                      {"checked_bytes", checked_bytes},
                                      {"base_tokens", base_tokens},
                                      {"merged_tokens", merged_tokens},
                                      {"new_cuts", new_cuts},
                                      {"changed_spans", changed_spans}};
  return out.dump() + "\n";
}

std::string Certificate::DebugString() const {
  std::string out = Cat(level, proved ? ", proved: " : ": ", reason);
  if (checked_bytes > 0) {
    out += Cat("; checked on ", Grouped(checked_bytes), " bytes: ", Grouped(base_tokens),
               " tokens before, ", Grouped(merged_tokens), " after, ", Grouped(new_cuts),
               " new cuts, ", Grouped(changed_spans), " changed spans");
  }
  return out;
}

StatusOr<Certificate> Certify(const Tokenizer& base, const Tokenizer& merged,
                              const CertifyOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(Certificate out, Prove(base.spec(), merged.spec(), options));
  if (options.texts.empty()) return out;
  Measure(base, merged, options, &out);
  if (!out.proved) {
    out.level = "L2";
  } else if (out.new_cuts > 0 && !FindsWholePieces(base.spec())) {
    return InternalError(Cat("certificate: ", out.new_cuts,
                             " new cuts in the text, none was proved to be possible; please report "
                             "the two tokenizers and the text"));
  }
  return out;
}

StatusOr<Certificate> Certify(const TokenizerSpec& base, const TokenizerSpec& merged,
                              const CertifyOptions& options) {
  if (options.texts.empty()) return Prove(base, merged, options);
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer before, Compile(base));
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer after, Compile(merged));
  return Certify(before, after, options);
}

}  // namespace tokgraft
