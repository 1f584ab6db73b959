#include "vocab_merge/trim.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/batches.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/rules/token_list.h"
#include "vocab_merge/trim/literals.h"
#include "vocab_merge/trim/renumber.h"

namespace tokgraft {
namespace {

// The ids that stay. Each is counted under the reason that keeps it first.
class KeepSet {
 public:
  explicit KeepSet(std::size_t size) : kept_(size) {}
  bool Has(TokenId id) const { return id < kept_.size() && kept_[id]; }
  void Add(TokenId id, std::uint64_t* reason) {
    if (id >= kept_.size() || kept_[id]) return;
    kept_[id] = true;
    ++*reason;
  }
  std::size_t size() const { return kept_.size(); }

 private:
  std::vector<bool> kept_;
};

bool HasByteFallback(const TokenizerSpec& spec) {
  if (spec.spelling == Spelling::kByteLevel || spec.spelling == Spelling::kRaw) return true;
  if (const auto* bpe = std::get_if<BpeModel>(&spec.model)) return bpe->byte_fallback;
  const auto* unigram = std::get_if<UnigramModel>(&spec.model);
  return unigram != nullptr && unigram->byte_fallback;
}

bool IsOneUnit(std::string_view bytes, bool of_bytes) {
  if (bytes.empty()) return false;
  return bytes.size() == (of_bytes ? 1 : Utf8Length(bytes.front()));
}

// What no tokenizer should lose, whatever text it is for.
void KeepFoundations(const TokenizerSpec& spec, KeepSet* keep, TrimReport* report) {
  for (const AddedToken& token : spec.added_tokens) keep->Add(token.id, &report->special);
  const bool byte_level = spec.spelling == Spelling::kByteLevel || spec.spelling == Spelling::kRaw;
  const bool covers_bytes = HasByteFallback(spec);
  const bool by_score = std::holds_alternative<UnigramModel>(spec.model);
  std::optional<TokenId> lowest;
  double lowest_score = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.kind == PieceKind::kByte) {
      keep->Add(piece.id, &report->alphabet);
    } else if (piece.kind != PieceKind::kNormal) {
      keep->Add(piece.id, &report->special);
    } else if (byte_level || !covers_bytes) {
      if (IsOneUnit(piece.bytes, byte_level)) keep->Add(piece.id, &report->alphabet);
    }
    if (by_score && piece.kind == PieceKind::kNormal && piece.score < lowest_score) {
      lowest_score = piece.score;
      lowest = piece.id;
    }
  }
  // The score of an unknown character hangs on the lowest of all.
  if (lowest) keep->Add(*lowest, &report->alphabet);
  const SpecialRoles& roles = spec.roles;
  for (const std::optional<TokenId>& id :
       {roles.bos, roles.eos, roles.unk, roles.pad, roles.sep, roles.cls, roles.mask}) {
    if (id) keep->Add(*id, &report->special);
  }
  if (const auto* wordpiece = std::get_if<WordPieceModel>(&spec.model)) {
    const auto unk = spec.vocab.FindSpelling(wordpiece->unk_spelling);
    if (unk) keep->Add(*unk, &report->special);
  } else if (const auto* bpe = std::get_if<BpeModel>(&spec.model)) {
    if (bpe->unk) keep->Add(*bpe->unk, &report->special);
  } else if (const auto* unigram = std::get_if<UnigramModel>(&spec.model)) {
    if (unigram->unk) keep->Add(*unigram->unk, &report->special);
  }
}

void KeepUsed(const Tokenizer& tokenizer, std::span<const std::string_view> documents, int threads,
              KeepSet* keep, std::uint64_t* reason) {
  for (const auto batch : Batches(documents)) {
    for (const TokenId id : tokenizer.EncodeBatch(batch, threads).ids) keep->Add(id, reason);
  }
}

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

Status KeepIntermediates(const TokenizerSpec& spec, KeepSet* keep, TrimReport* report) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  if (bpe == nullptr) return {};
  if (!bpe->continuing_subword_prefix.value_or("").empty() ||
      !bpe->end_of_word_suffix.value_or("").empty()) {
    return UnimplementedError(
        Cat(spec.source,
            ": model: a BPE model that marks the inside or end of words cannot be "
            "trimmed, one without continuing_subword_prefix and end_of_word_suffix "
            "was expected"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const ChainBuilder builder, ChainBuilder::Make(spec));
  const KeepSet wanted = *keep;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (!wanted.Has(piece.id)) continue;
    // None: only whole words (ignore_merges) or the matcher of declared tokens find it.
    const auto made = builder.Derive(piece.bytes);
    if (!made || made->back() != piece.id) continue;
    for (const TokenId id : *made) keep->Add(id, &report->intermediate);
  }
  return {};
}

std::vector<std::optional<TokenId>> NumberAnew(const KeepSet& keep) {
  std::vector<std::optional<TokenId>> out(keep.size());
  TokenId next = 0;
  for (std::size_t id = 0; id < keep.size(); ++id) {
    if (keep.Has(static_cast<TokenId>(id))) out[id] = next++;
  }
  return out;
}

IdMap MakeIdMap(const TokenizerSpec& spec, std::vector<std::optional<TokenId>> new_ids,
                std::uint64_t merged_size) {
  IdMap map;
  map.strategy = "trim";
  map.base_size = new_ids.size();
  map.merged_size = merged_size;
  map.base_to_merged = std::move(new_ids);
  for (const auto& [id, token] : TokensById(ListTokens(spec))) {
    if (!map.base_to_merged[id]) {
      map.removed.push_back({.base_id = id, .bytes = std::string(token.bytes)});
    }
  }
  std::sort(map.removed.begin(), map.removed.end(),
            [](const RemovedPiece& a, const RemovedPiece& b) { return a.base_id < b.base_id; });
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
      return InternalError(Cat("trim: a document near the ", report->checked_documents,
                               "th encodes to other ids than before; nothing was made of it"));
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
  KeepFoundations(base, &keep, &report);
  KeepUsed(before, options.corpus, options.threads, &keep, &report.used);
  for (const std::string& chat_template : ChatTemplates(base)) {
    const std::vector<std::string> literals = TemplateLiterals(chat_template);
    const std::vector<std::string_view> views(literals.begin(), literals.end());
    KeepUsed(before, views, options.threads, &keep, &report.literals);
  }
  TOKGRAFT_RETURN_IF_ERROR(KeepAsked(base, options.ids, &keep, &report));
  TOKGRAFT_RETURN_IF_ERROR(KeepIntermediates(base, &keep, &report));

  std::vector<std::optional<TokenId>> new_ids = NumberAnew(keep);
  TOKGRAFT_ASSIGN_OR_RETURN(out.tokenizer, Renumber(base, new_ids));
  if (base.format == Format::kTokenizerJson) FoldAddedTokens(&out.tokenizer);
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer after, Compile(out.tokenizer));
  TOKGRAFT_RETURN_IF_ERROR(Check(before, after, options, new_ids, &report));
  out.id_map = MakeIdMap(base, std::move(new_ids), out.tokenizer.id_limit());
  report.base_size = out.id_map.removed.size() + out.id_map.merged_size;
  report.removed = out.id_map.removed.size();
  return out;
}

}  // namespace tokgraft
