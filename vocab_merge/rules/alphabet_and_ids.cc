// D1-D5, D13, D17: bytes that the vocabulary cannot spell, holes among the ids, rows of the
// embedding, ids that readers ignore, merges that their file format cannot spell.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

// Ids of holes that are listed; all are counted.
constexpr std::size_t kMostListedHoles = std::size_t{1} << 20;

void CheckAlphabet(const MergeFacts& facts, bool is_base, ConflictReport* report) {
  const TokenizerSpec& spec = is_base ? facts.base : facts.donor;
  const bool holds = is_base != facts.donor_holds();
  const Alphabet alphabet = AlphabetOf(spec);
  if (alphabet == Alphabet::kNone) return;
  const Detected missing = MissingBytes(spec);
  AddFinding(
      {.code = alphabet == Alphabet::kBytes ? "D1" : "D2",
       .severity = Severity::kWarning,
       .count = missing.size(),
       .message = Cat(Grouped(missing.size()), " of 256 bytes have no piece in the ",
                      is_base ? "base" : "donor"),
       .action = !holds    ? "of no consequence for the merged vocabulary"
                 : is_base ? "left as it is, so that old text keeps its ids; pieces with such a "
                             "byte are not added"
                           : "left as it is, so that the donor's ids hold; text with such a byte "
                             "is dropped or unknown",
       .examples = missing.Texts()},
      report);
}

void CheckHoles(const MergeFacts& facts, ConflictReport* report) {
  // Under intersect ids are numbered anew.
  if (facts.id_map.strategy == "intersect") return;
  const bool donor = facts.donor_holds();
  const Detected holes = Holes(donor ? facts.donor_tokens : facts.base_tokens);
  Finding finding{
      .code = "D3",
      .severity = Severity::kWarning,
      .count = holes.size(),
      .message = Cat(Grouped(holes.size()), " ids below ",
                     Grouped(donor ? facts.id_map.merged_size : facts.id_map.base_size),
                     " have no piece in the ", donor ? "donor" : "base"),
      .action = facts.Done("kept empty, base ids never move; new ids start above all of them. A "
                           "later add_tokens of Hugging Face counts pieces and would collide",
                           "kept empty, so that the donor's ids hold. A later add_tokens of "
                           "Hugging Face counts pieces and would collide")};
  (donor ? finding.donor_ids : finding.base_ids) = holes.ids;
  AddFinding(std::move(finding), report);
}

void CheckRows(const MergeFacts& facts, ConflictReport* report) {
  const std::uint64_t before = facts.id_map.base_size;
  const std::uint64_t after = facts.id_map.merged_size;
  Finding finding{.code = "D4", .count = after > before ? after - before : before - after};
  finding.message = Cat("the merged vocabulary has ", Grouped(finding.count), " ids ",
                        after > before ? "more" : "fewer", ", ", Grouped(after), " in all");
  finding.action = after > before ? "the embedding needs as many rows or more: `init` or `graft` "
                                    "makes them and writes vocab_size"
                                  : "the embedding needs fewer rows: `init` or `graft` moves those "
                                    "that stay and writes vocab_size";
  AddFinding(std::move(finding), report);
}

void CheckIgnoredIds(const MergeFacts& facts, ConflictReport* report) {
  for (const bool is_base : {true, false}) {
    const Detected ignored = IgnoredIds(is_base ? facts.base : facts.donor);
    Finding finding{
        .code = "D5",
        .severity = Severity::kWarning,
        .count = ignored.size(),
        .message = Cat(Grouped(ignored.size()), " added tokens of the ", is_base ? "base" : "donor",
                       " declare an id that the reference library ignores"),
        .action = "the id that the reference library gives was used",
        .examples = ignored.Texts()};
    (is_base ? finding.base_ids : finding.donor_ids) = ignored.ids;
    AddFinding(std::move(finding), report);
  }
}

void CheckSpelledMerges(const MergeFacts& facts, ConflictReport* report) {
  if (facts.donor_holds() || !WritesMergesAsText(facts.base)) return;
  Finding finding{.code = "D13",
                  .action = "merges are written as pairs, which tokenizers 0.20 and later read"};
  for (const AddedPiece& piece : facts.id_map.added) {
    const std::optional<std::string> spelling = Spell(facts.base.spelling, piece.bytes);
    if (!spelling || spelling->find(' ') == std::string::npos) continue;
    ++finding.count;
    if (finding.examples.size() < kMaxExamples) finding.examples.push_back(ShowPiece(*spelling));
  }
  finding.message = Cat(Grouped(finding.count),
                        " new pieces hold a space, which merges written as \"a b\" cannot say");
  AddFinding(std::move(finding), report);
}

void CheckUnlistedAddedTokens(const MergeFacts& facts, ConflictReport* report) {
  if (facts.donor_holds()) return;  // nothing is appended to its vocabulary
  const Detected unlisted = UnlistedAddedTokens(facts.base, facts.base_tokens);
  AddFinding({.code = "D17",
              .base_ids = unlisted.ids,
              .message = Cat(Grouped(unlisted.size()),
                             " added tokens of the base are not in its model.vocab"),
              .action = "made part of model.vocab at their ids: readers would number them from "
                        "the size of the vocabulary, onto new pieces",
              .examples = unlisted.Texts()},
             report);
}

}  // namespace

Alphabet AlphabetOf(const TokenizerSpec& spec) {
  if (const auto* bpe = std::get_if<BpeModel>(&spec.model)) {
    const bool bytes = spec.spelling == Spelling::kByteLevel ||
                       (spec.spelling == Spelling::kRaw && bpe->order == BpeModel::Order::kRank);
    if (bytes) return Alphabet::kBytes;
    return bpe->byte_fallback ? Alphabet::kFallback : Alphabet::kNone;
  }
  const auto* unigram = std::get_if<UnigramModel>(&spec.model);
  return unigram != nullptr && unigram->byte_fallback ? Alphabet::kFallback : Alphabet::kNone;
}

Detected MissingBytes(const TokenizerSpec& spec) {
  Detected out;
  const Alphabet alphabet = AlphabetOf(spec);
  if (alphabet == Alphabet::kNone) return out;
  std::vector<bool> present(256);
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.bytes.size() != 1) continue;
    const auto byte = static_cast<unsigned char>(piece.bytes[0]);
    // A byte below 0x80 is a character: one that is a piece needs no fallback.
    const bool character = piece.kind == PieceKind::kNormal && byte < 0x80;
    if (alphabet == Alphabet::kBytes ? piece.kind == PieceKind::kNormal
                                     : piece.kind == PieceKind::kByte || character) {
      present[byte] = true;
    }
  }
  for (std::size_t byte = 0; byte < 256; ++byte) {
    if (present[byte]) continue;
    ++out.count;
    const char c = static_cast<char>(byte);
    out.AddExample({.text = ShowPiece(std::string_view(&c, 1))});
  }
  return out;
}

Detected Holes(const std::vector<ListedToken>& tokens) {
  std::vector<TokenId> ids;
  ids.reserve(tokens.size());
  for (const ListedToken& token : tokens) ids.push_back(token.id);
  std::sort(ids.begin(), ids.end());
  Detected out;
  std::uint64_t next = 0;  // the lowest id that may be free
  for (const TokenId id : ids) {
    for (std::uint64_t hole = next; hole < id && out.ids.size() < kMostListedHoles; ++hole) {
      out.ids.push_back(static_cast<TokenId>(hole));
    }
    if (id > next) out.count += id - next;
    next = std::max<std::uint64_t>(next, std::uint64_t{id} + 1);
  }
  return out;
}

Detected IgnoredIds(const TokenizerSpec& spec) {
  Detected out;
  for (const LoadNote& note : spec.notes) {
    if (note.kind != LoadNote::Kind::kRenumbered) continue;
    ++out.count;
    if (note.actual) out.ids.push_back(*note.actual);
    out.AddExample({.id = note.actual, .place = note.place, .text = note.message});
  }
  for (std::size_t i = 0; i < spec.added_tokens.size(); ++i) {
    const AddedToken& token = spec.added_tokens[i];
    const std::optional<TokenId> id = spec.vocab.FindSpelling(token.content);
    if (!id || *id == token.id) continue;
    ++out.count;
    out.ids.push_back(*id);
    out.AddExample({.id = id,
                    .place = Cat("added_tokens[", i, "]"),
                    .text = Cat(ShowPiece(token.content), ": ", token.id, " declared, ", *id,
                                " in the vocabulary")});
  }
  return out;
}

bool WritesMergesAsText(const TokenizerSpec& spec) {
  const BpeModel* bpe = MergeListOf(spec);
  return bpe != nullptr && !bpe->merges_as_pairs;
}

Detected UnlistedAddedTokens(const TokenizerSpec& spec, const std::vector<ListedToken>& tokens) {
  Detected out;
  if (spec.format != Format::kTokenizerJson) return out;
  for (const ListedToken& token : tokens) {
    if (token.in_vocab) continue;
    out.Add(token.id, [&] { return Cat(ShowPiece(token.spelling), " (", token.id, ")"); });
  }
  return out;
}

void CheckAlphabetAndIds(const MergeFacts& facts, ConflictReport* report) {
  LookedFor({"D1", "D2", "D3", "D4", "D5", "D13", "D17"}, report);
  CheckAlphabet(facts, true, report);
  CheckAlphabet(facts, false, report);
  CheckHoles(facts, report);
  CheckRows(facts, report);
  CheckIgnoredIds(facts, report);
  CheckSpelledMerges(facts, report);
  CheckUnlistedAddedTokens(facts, report);
}

namespace {

void LintAlphabet(const LintFacts& facts, LintReport* report) {
  const Alphabet alphabet = AlphabetOf(facts.spec);
  if (alphabet == Alphabet::kNone) return;
  LookedFor({alphabet == Alphabet::kBytes ? "D1" : "D2"}, report);
  if (alphabet == Alphabet::kBytes) {
    const auto* bpe = std::get_if<BpeModel>(&facts.spec.model);
    const bool lost = bpe == nullptr || !bpe->unk;
    AddFinding({.code = "D1",
                .severity = Severity::kError,
                .message = Cat(" of 256 bytes have no piece; text with them is ",
                               lost ? "dropped without a word" : "unknown"),
                .action = "add the missing bytes as pieces",
                .place = std::string(facts.places.vocabulary())},
               MissingBytes(facts.spec), facts, report);
    return;
  }
  AddFinding({.code = "D2",
              .severity = Severity::kError,
              .message = " of 256 byte pieces are missing; one is enough to make a character "
                         "unknown",
              .action = "add the missing <0xNN> pieces, or turn byte_fallback off",
              .place = std::string(facts.places.vocabulary())},
             MissingBytes(facts.spec), facts, report);
}

void LintHoles(const LintFacts& facts, LintReport* report) {
  LookedFor({"D3"}, report);
  const bool collides = facts.spec.format == Format::kTokenizerJson;
  AddFinding(
      {.code = "D3",
       .severity = collides ? Severity::kWarning : Severity::kNote,
       .message = Cat(" ids below ", Grouped(facts.spec.id_limit()), " have no piece"),
       .action = collides ? "fill them with named reserved pieces, or never call add_tokens: "
                            "it numbers from the count of pieces, onto ids in use"
                          : "nothing, or fill them with named reserved pieces",
       .place = std::string(facts.places.vocabulary())},
      Holes(facts.tokens), facts, report);
}

void LintSpelledMerges(const LintFacts& facts, LintReport* report) {
  if (MergeListOf(facts.spec) == nullptr) return;
  LookedFor({"D13"}, report);
  if (!WritesMergesAsText(facts.spec)) return;
  Detected spaced;
  for (const ListedToken& token : facts.tokens) {
    if (!token.in_vocab || token.token_class != TokenClass::kText) continue;
    if (token.spelling.find(' ') == std::string_view::npos) continue;
    spaced.Add(token.id, [&] { return ShowPiece(token.spelling); });
  }
  AddFinding({.code = "D13",
              .severity = Severity::kWarning,
              .message = " pieces hold a space, which merges written as \"a b\" cannot say",
              .action = "write the merges as pairs, which tokenizers 0.20 and later read"},
             std::move(spaced), facts, report);
}

}  // namespace

void LintAlphabetAndIds(const LintFacts& facts, LintReport* report) {
  LintAlphabet(facts, report);
  LintHoles(facts, report);
  LintSpelledMerges(facts, report);
  if (facts.spec.format != Format::kTokenizerJson) return;
  LookedFor({"D5", "D17"}, report);
  AddFinding({.code = "D5",
              .severity = Severity::kWarning,
              .message = " added tokens declare an id that the reference library ignores",
              .action = "declare the id that it gives, or put the token into model.vocab at the "
                        "id that was meant"},
             IgnoredIds(facts.spec), facts, report);
  AddFinding({.code = "D17",
              .message = " added tokens are not in model.vocab",
              .action = "put them into model.vocab at their ids before pieces are appended: "
                        "readers number them from the size of the vocabulary"},
             UnlistedAddedTokens(facts.spec, facts.tokens), facts, report);
}

}  // namespace tokgraft
