// D1-D5, D13, D17: bytes that the vocabulary cannot spell, holes among the ids, rows of the
// embedding, ids that readers ignore, merges that their file format cannot spell.
#include <algorithm>
#include <utility>

#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

bool IsByteLevel(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  return bpe != nullptr &&
         (spec.spelling == Spelling::kByteLevel ||
          (spec.spelling == Spelling::kRaw && bpe->order == BpeModel::Order::kRank));
}

bool HasByteFallback(const TokenizerSpec& spec) {
  if (const auto* bpe = std::get_if<BpeModel>(&spec.model)) return bpe->byte_fallback;
  if (const auto* unigram = std::get_if<UnigramModel>(&spec.model)) return unigram->byte_fallback;
  return false;
}

void CheckAlphabet(const TokenizerSpec& spec, bool is_base, ConflictReport* report) {
  const bool byte_level = IsByteLevel(spec);
  if (!byte_level && !HasByteFallback(spec)) return;
  std::vector<bool> present(256);
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.bytes.size() != 1) continue;
    if (byte_level ? piece.kind == PieceKind::kNormal : piece.kind == PieceKind::kByte) {
      present[static_cast<unsigned char>(piece.bytes[0])] = true;
    }
  }
  Finding finding{.code = byte_level ? "D1" : "D2", .severity = Severity::kWarning};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    if (present[byte]) continue;
    ++finding.count;
    if (finding.examples.size() < kMaxExamples) {
      const char c = static_cast<char>(byte);
      finding.examples.push_back(ShowPiece(std::string_view(&c, 1)));
    }
  }
  finding.message =
      Cat(finding.count, " of 256 bytes have no piece in the ", is_base ? "base" : "donor");
  finding.action = is_base
                       ? "left as it is, so that old text keeps its ids; pieces with such a byte "
                         "are not added"
                       : "of no consequence for the merged vocabulary";
  AddFinding(std::move(finding), report);
}

void CheckHoles(const MergeFacts& facts, ConflictReport* report) {
  Finding finding{.code = "D3",
                  .severity = Severity::kWarning,
                  .action =
                      "kept empty, base ids never move; new ids start above all of them. A "
                      "later add_tokens of Hugging Face counts pieces and would collide"};
  for (TokenId id = 0; id < facts.id_map.base_size; ++id) {
    if (!facts.base_by_id.contains(id)) finding.base_ids.push_back(id);
  }
  finding.message = Cat(finding.base_ids.size(), " ids below ", facts.id_map.base_size,
                        " have no piece in the base");
  AddFinding(std::move(finding), report);
}

void CheckRows(const MergeFacts& facts, ConflictReport* report) {
  const std::uint64_t added = facts.id_map.merged_size - facts.id_map.base_size;
  Finding finding{.code = "D4", .count = added};
  finding.message =
      Cat("the merged vocabulary has ", added, " ids more, ", facts.id_map.merged_size, " in all");
  finding.action =
      "the embedding needs as many rows or more: `init` or `graft` makes them and "
      "writes vocab_size";
  AddFinding(std::move(finding), report);
}

void CheckIgnoredIds(const MergeFacts& facts, ConflictReport* report) {
  for (const auto& [spec, side] :
       {std::pair(&facts.base, "base"), std::pair(&facts.donor, "donor")}) {
    Finding finding{.code = "D5",
                    .severity = Severity::kWarning,
                    .action = "the id that the reference library gives was used"};
    for (const LoadNote& note : spec->notes) {
      if (note.kind != LoadNote::Kind::kRenumbered) continue;
      ++finding.count;
      if (note.actual) {
        (spec == &facts.base ? finding.base_ids : finding.donor_ids).push_back(*note.actual);
      }
      if (finding.examples.size() < kMaxExamples) {
        finding.examples.push_back(Cat(note.place, ": ", note.message));
      }
    }
    for (const AddedToken& token : spec->added_tokens) {
      const std::optional<TokenId> id = spec->vocab.FindSpelling(token.content);
      if (!id || *id == token.id) continue;
      (spec == &facts.base ? finding.base_ids : finding.donor_ids).push_back(*id);
      finding.examples.push_back(
          Cat(ShowPiece(token.content), ": ", token.id, " declared, ", *id, " in the vocabulary"));
    }
    if (finding.examples.size() > kMaxExamples) finding.examples.resize(kMaxExamples);
    finding.count = std::max<std::uint64_t>(
        finding.count, std::max(finding.base_ids.size(), finding.donor_ids.size()));
    finding.message = Cat(finding.count, " added tokens of the ", side,
                          " declare an id that the reference library ignores");
    AddFinding(std::move(finding), report);
  }
}

void CheckSpelledMerges(const MergeFacts& facts, ConflictReport* report) {
  const auto* bpe = std::get_if<BpeModel>(&facts.base.model);
  if (bpe == nullptr || bpe->order != BpeModel::Order::kMergeList) return;
  Finding finding{.code = "D13",
                  .action = "merges are written as pairs, which tokenizers 0.20 and later read"};
  for (const AddedPiece& piece : facts.id_map.added) {
    const std::optional<std::string> spelling = Spell(facts.base.spelling, piece.bytes);
    if (!spelling || spelling->find(' ') == std::string::npos || bpe->merges_as_pairs) continue;
    ++finding.count;
    if (finding.examples.size() < kMaxExamples) finding.examples.push_back(ShowPiece(*spelling));
  }
  finding.message =
      Cat(finding.count, " new pieces hold a space, which merges written as \"a b\" cannot say");
  AddFinding(std::move(finding), report);
}

void CheckUnlistedAddedTokens(const MergeFacts& facts, ConflictReport* report) {
  if (facts.base.format != Format::kTokenizerJson) return;
  Finding finding{.code = "D17",
                  .action =
                      "made part of model.vocab at their ids: readers would number them from "
                      "the size of the vocabulary, onto new pieces"};
  for (const ListedToken& token : facts.base_tokens) {
    if (token.in_vocab) continue;
    finding.base_ids.push_back(token.id);
    if (finding.examples.size() < kMaxExamples) {
      finding.examples.push_back(Cat(ShowPiece(token.spelling), " (", token.id, ")"));
    }
  }
  finding.message =
      Cat(finding.base_ids.size(), " added tokens of the base are not in its model.vocab");
  AddFinding(std::move(finding), report);
}

}  // namespace

void CheckAlphabetAndIds(const MergeFacts& facts, ConflictReport* report) {
  LookedFor({"D1", "D2", "D3", "D4", "D5", "D13", "D17"}, report);
  CheckAlphabet(facts.base, true, report);
  CheckAlphabet(facts.donor, false, report);
  CheckHoles(facts, report);
  CheckRows(facts, report);
  CheckIgnoredIds(facts, report);
  CheckSpelledMerges(facts, report);
  CheckUnlistedAddedTokens(facts, report);
}

}  // namespace tokgraft
