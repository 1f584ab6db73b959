// A: identity of pieces. Same piece on another id, same id with another piece, same bytes in
// another spelling, same spelling with other bytes, several pieces for one byte string.
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <utility>

#include "tokenizer/text/utf8.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

void CheckSharedIds(const MergeFacts& facts, ConflictReport* report) {
  Finding moved{.code = "A1", .action = "the base's id stands for both; id_map.json says which"};
  Finding respelled{.code = "A3",
                    .action = "compared by their bytes; new pieces are spelled as the base spells"};
  std::size_t shared = 0;
  for (const ListedToken& token : facts.donor_tokens) {
    const std::optional<TokenId> id = facts.alignment.donor_to_base[token.id];
    if (!id) continue;
    const auto base = facts.base_by_id.find(*id);
    if (base == facts.base_by_id.end()) continue;
    ++shared;
    if (*id != token.id) {
      moved.donor_ids.push_back(token.id);
      moved.base_ids.push_back(*id);
      if (moved.examples.size() < kMaxExamples) {
        moved.examples.push_back(Cat(ShowPiece(token.bytes), ": donor ", token.id, ", base ", *id));
      }
    }
    if (base->second.spelling != token.spelling) {
      respelled.donor_ids.push_back(token.id);
      respelled.base_ids.push_back(*id);
      if (respelled.examples.size() < kMaxExamples) {
        respelled.examples.push_back(Cat(ShowPiece(token.spelling), " in the donor, ",
                                         ShowPiece(base->second.spelling), " in the base"));
      }
    }
  }
  moved.message = Cat(moved.donor_ids.size(), " of ", shared,
                      " tokens that both have stand on another id in the donor");
  moved.count = moved.donor_ids.size();
  respelled.message =
      Cat(respelled.donor_ids.size(), " shared pieces are spelled in another way in the donor");
  respelled.count = respelled.donor_ids.size();
  AddFinding(std::move(moved), report);
  AddFinding(std::move(respelled), report);
}

void CheckSameIds(const MergeFacts& facts, ConflictReport* report) {
  Finding other{.code = "A2", .action = "donor ids are not used; new pieces get new ids"};
  for (const ListedToken& token : facts.donor_tokens) {
    const auto base = facts.base_by_id.find(token.id);
    if (base == facts.base_by_id.end() || base->second.bytes == token.bytes) continue;
    other.donor_ids.push_back(token.id);
    other.base_ids.push_back(token.id);
    if (other.examples.size() < kMaxExamples) {
      other.examples.push_back(Cat(token.id, ": ", ShowPiece(base->second.bytes), " in the base, ",
                                   ShowPiece(token.bytes), " in the donor"));
    }
  }
  other.message = Cat(other.donor_ids.size(), " ids stand for other pieces in the donor");
  AddFinding(std::move(other), report);
}

void CheckFalseMatches(const MergeFacts& facts, ConflictReport* report) {
  Finding match{.code = "A4",
                .severity = Severity::kWarning,
                .action = "not joined: a comparison of spellings would have taken them for one"};
  for (const ListedToken& token : facts.donor_tokens) {
    const std::optional<TokenId> id = facts.base.vocab.FindSpelling(token.spelling);
    if (!id) continue;
    const auto base = facts.base_by_id.find(*id);
    if (base == facts.base_by_id.end() || base->second.bytes == token.bytes) continue;
    match.donor_ids.push_back(token.id);
    match.base_ids.push_back(*id);
    if (match.examples.size() < kMaxExamples) {
      match.examples.push_back(Cat(ShowPiece(token.spelling), " is ", ShowPiece(base->second.bytes),
                                   " in the base, ", ShowPiece(token.bytes), " in the donor"));
    }
  }
  match.message = Cat(match.donor_ids.size(), " pieces have the same spelling but other bytes");
  AddFinding(std::move(match), report);
}

// The pieces that share their bytes with a preferred one.
std::vector<TokenId> Shadowed(const TokenizerSpec& spec, const std::vector<ListedToken>& tokens,
                              std::vector<std::string>* examples) {
  std::vector<TokenId> out;
  for (const ListedToken& token : tokens) {
    if (!token.in_vocab) continue;
    const std::optional<TokenId> preferred = spec.vocab.Find(token.bytes);
    if (!preferred || *preferred == token.id) continue;
    out.push_back(token.id);
    if (examples->size() < kMaxExamples) {
      examples->push_back(
          Cat(ShowPiece(token.spelling), " (", token.id, ") beside id ", *preferred));
    }
  }
  return out;
}

void CheckSameBytes(const MergeFacts& facts, ConflictReport* report) {
  Finding base{.code = "A5",
               .action = "kept; the piece that encoding prefers stands for the bytes"};
  base.base_ids = Shadowed(facts.base, facts.base_tokens, &base.examples);
  base.message = Cat(base.base_ids.size(), " base pieces have the same bytes as a preferred one");
  AddFinding(std::move(base), report);
  Finding donor{
      .code = "A5",
      .action = "compared once; all of them are mapped to one id of the merged vocabulary"};
  donor.donor_ids = Shadowed(facts.donor, facts.donor_tokens, &donor.examples);
  donor.message =
      Cat(donor.donor_ids.size(), " donor pieces have the same bytes as a preferred one");
  AddFinding(std::move(donor), report);
}

void CheckDuplicates(const MergeFacts& facts, ConflictReport* report) {
  Finding spelling{.code = "A6", .severity = Severity::kError, .action = "the first one was used"};
  Finding shared_id{.code = "A8", .severity = Severity::kError, .action = "the first one was used"};
  std::unordered_map<std::string_view, TokenId> by_spelling;
  for (const ListedToken& token : facts.donor_tokens) {
    const auto [same, first_spelling] = by_spelling.emplace(token.spelling, token.id);
    if (!first_spelling) {
      spelling.donor_ids.push_back(token.id);
      spelling.examples.push_back(ShowPiece(token.spelling));
    }
    const ListedToken& first = facts.donor_by_id.at(token.id);
    if (first.spelling != token.spelling) {
      shared_id.donor_ids.push_back(token.id);
      shared_id.examples.push_back(
          Cat(token.id, ": ", ShowPiece(first.spelling), ", ", ShowPiece(token.spelling)));
    }
  }
  spelling.message = Cat(spelling.donor_ids.size(), " pieces stand twice in the donor's file");
  shared_id.message = Cat(shared_id.donor_ids.size(), " ids of the donor have two pieces");
  if (spelling.examples.size() > kMaxExamples) spelling.examples.resize(kMaxExamples);
  if (shared_id.examples.size() > kMaxExamples) shared_id.examples.resize(kMaxExamples);
  AddFinding(std::move(spelling), report);
  AddFinding(std::move(shared_id), report);
  for (const auto& [spec, side] :
       {std::pair(&facts.base, "base"), std::pair(&facts.donor, "donor")}) {
    for (const LoadNote& note : spec->notes) {
      if (note.kind != LoadNote::Kind::kRepeated) continue;
      Finding repeated{.code = "A6",
                       .severity = Severity::kWarning,
                       .count = 1,
                       .message = Cat(side, ": ", note.place, ": ", note.message),
                       .action = "read as the reference library reads it"};
      if (note.actual) {
        (spec == &facts.base ? repeated.base_ids : repeated.donor_ids).push_back(*note.actual);
      }
      AddFinding(std::move(repeated), report);
    }
  }
}

// `form` of valid UTF-8, or "" where it is the text itself.
std::string Normalized(const icu::Normalizer2& form, std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::UnicodeString in = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  if (form.isNormalized(in, status) || U_FAILURE(status)) return {};
  std::string out;
  form.normalize(in, status).toUTF8String(out);
  return U_FAILURE(status) || out == text ? std::string() : out;
}

void CheckEqualForms(const MergeFacts& facts, ConflictReport* report) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(status);
  if (U_FAILURE(status)) return;
  Finding canonical{.code = "A7",
                    .severity = Severity::kWarning,
                    .action =
                        "added only where the base's normalizer leaves them as they are; a "
                        "piece that it rewrites is mapped to the id of what it becomes"};
  Finding compatible{.code = "A7", .action = "added: other characters, told apart by the base"};
  for (const TokenId id : facts.alignment.missing) {
    const std::string_view bytes = facts.donor_by_id.at(id).bytes;
    const bool ascii = std::all_of(bytes.begin(), bytes.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (ascii || !IsValidUtf8(bytes)) continue;
    for (const auto& [form, finding] : {std::pair(nfc, &canonical), std::pair(nfkc, &compatible)}) {
      const std::string equal = Normalized(*form, bytes);
      if (equal.empty()) continue;
      if (!facts.base.vocab.Find(equal) && !facts.donor.vocab.Find(equal)) continue;
      finding->donor_ids.push_back(id);
      if (finding->examples.size() < kMaxExamples) {
        finding->examples.push_back(Cat(ShowPiece(bytes), " (", bytes.size(), " bytes) and ",
                                        ShowPiece(equal), " (", equal.size(), " bytes)"));
      }
      break;
    }
  }
  canonical.message = Cat(canonical.donor_ids.size(),
                          " donor pieces equal another piece after Unicode normalization (NFC)");
  compatible.message = Cat(compatible.donor_ids.size(),
                           " donor pieces equal another piece after compatibility normalization "
                           "(NFKC) only");
  AddFinding(std::move(canonical), report);
  AddFinding(std::move(compatible), report);
}

}  // namespace

void CheckIdentity(const MergeFacts& facts, ConflictReport* report) {
  LookedFor({"A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8"}, report);
  CheckSharedIds(facts, report);
  CheckSameIds(facts, report);
  CheckFalseMatches(facts, report);
  CheckSameBytes(facts, report);
  CheckDuplicates(facts, report);
  CheckEqualForms(facts, report);
}

}  // namespace tokgraft
