// A: identity of pieces. Same piece on another id, same id with another piece, same bytes in
// another spelling, same spelling with other bytes, several pieces for one byte string, for one
// Unicode form, or on one id.
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "tokenizer/text/utf8.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

void CheckSharedIds(const MergeFacts& facts, ConflictReport* report) {
  Finding moved{.code = "A1",
                .action = facts.Done("the base's id stands for both; id_map.json says which",
                                     "the donor's id stands for both; the base's rows move "
                                     "there, as id_map.json says")};
  Finding respelled{
      .code = "A3",
      .action = facts.Done("compared by their bytes; new pieces are spelled as the base spells",
                           "compared by their bytes; all pieces are spelled as the donor spells")};
  std::size_t shared = 0;
  for (const ListedToken& token : facts.donor_used) {
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
  moved.message = Cat(Grouped(moved.donor_ids.size()), " of ", Grouped(shared),
                      " tokens that both have stand on another id in the donor");
  moved.count = moved.donor_ids.size();
  respelled.message = Cat(Grouped(respelled.donor_ids.size()),
                          " shared pieces are spelled in another way in the donor");
  respelled.count = respelled.donor_ids.size();
  AddFinding(std::move(moved), report);
  AddFinding(std::move(respelled), report);
}

void CheckSameIds(const MergeFacts& facts, ConflictReport* report) {
  Finding other{
      .code = "A2",
      .action = facts.Done("donor ids are not used; id_map.json has the ids of new pieces",
                           "the donor's ids hold: text that the base encoded must be "
                           "encoded again, rows are moved by id_map.json")};
  for (const ListedToken& token : facts.donor_used) {
    const auto base = facts.base_by_id.find(token.id);
    if (base == facts.base_by_id.end() || base->second.bytes == token.bytes) continue;
    other.donor_ids.push_back(token.id);
    other.base_ids.push_back(token.id);
    if (other.examples.size() < kMaxExamples) {
      other.examples.push_back(Cat(token.id, ": ", ShowPiece(base->second.bytes), " in the base, ",
                                   ShowPiece(token.bytes), " in the donor"));
    }
  }
  other.message = Cat(Grouped(other.donor_ids.size()), " ids stand for other pieces in the donor");
  AddFinding(std::move(other), report);
}

void CheckFalseMatches(const MergeFacts& facts, ConflictReport* report) {
  Finding match{.code = "A4",
                .severity = Severity::kWarning,
                .action = "not joined: a comparison of spellings would have taken them for one"};
  for (const ListedToken& token : facts.donor_used) {
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
  match.message =
      Cat(Grouped(match.donor_ids.size()), " pieces have the same spelling but other bytes");
  AddFinding(std::move(match), report);
}

void CheckSameBytes(const MergeFacts& facts, ConflictReport* report) {
  Detected base = SharedBytes(facts.base, facts.base_tokens);
  AddFinding(
      {.code = "A5",
       .base_ids = base.ids,
       .message = Cat(Grouped(base.size()), " base pieces have the same bytes as a preferred one"),
       .action = facts.Done("kept; the piece that encoding prefers stands for the bytes",
                            "compared once; the row of the piece that encoding prefers is kept"),
       .examples = base.Texts()},
      report);
  Detected donor = SharedBytes(facts.donor, facts.donor_tokens);
  AddFinding({.code = "A5",
              .donor_ids = donor.ids,
              .message = Cat(Grouped(donor.size()),
                             " donor pieces have the same bytes as a preferred one"),
              .action = facts.Done(
                  "compared once; all of them are mapped to one id of the merged vocabulary",
                  "kept; the piece that encoding prefers gets the base's row"),
              .examples = donor.Texts()},
             report);
}

void CheckDuplicates(const MergeFacts& facts, ConflictReport* report) {
  const Detected spelling = RepeatedSpellings(facts.donor, facts.donor_tokens);
  AddFinding({.code = "A6",
              .severity = Severity::kError,
              .donor_ids = spelling.ids,
              .message = Cat(Grouped(spelling.size()), " pieces stand twice in the donor's file"),
              .action = "the first one was used",
              .examples = spelling.Texts()},
             report);
  const Detected shared_id = SharedIds(facts.donor_tokens);
  AddFinding({.code = "A8",
              .severity = Severity::kError,
              .donor_ids = shared_id.ids,
              .message = Cat(Grouped(shared_id.size()), " ids of the donor have two pieces"),
              .action = "the first one was used",
              .examples = shared_id.Texts()},
             report);
  for (const bool is_base : {true, false}) {
    const Detected repeated = RepeatedInFile(is_base ? facts.base : facts.donor);
    Finding finding{.code = "A6",
                    .severity = Severity::kWarning,
                    .count = repeated.size(),
                    .message = Cat(Grouped(repeated.size()), " entries stand again in the ",
                                   is_base ? "base's" : "donor's", " file"),
                    .action = "read as the reference library reads it",
                    .examples = repeated.Texts()};
    (is_base ? finding.base_ids : finding.donor_ids) = repeated.ids;
    AddFinding(std::move(finding), report);
  }
}

void CheckEqualForms(const MergeFacts& facts, ConflictReport* report) {
  std::vector<ListedToken> missing;
  for (const TokenId id : facts.alignment.missing) missing.push_back(facts.donor_by_id.at(id));
  const EqualForms forms = FindEqualForms(missing, [&](std::string_view text) {
    return facts.base.vocab.Find(text) || facts.donor.vocab.Find(text);
  });
  AddFinding({.code = "A7",
              .severity = Severity::kWarning,
              .donor_ids = forms.canonical.ids,
              .message = Cat(Grouped(forms.canonical.size()),
                             " donor pieces equal another piece after Unicode normalization (NFC)"),
              .action = facts.Done(
                  "added only where the base's normalizer leaves them as they are; a "
                  "piece that it rewrites is mapped to the id of what it becomes",
                  "kept as the donor has them; those that its normalizer rewrites are under B5"),
              .examples = forms.canonical.Texts()},
             report);
  AddFinding(
      {.code = "A7",
       .donor_ids = forms.compatible.ids,
       .message = Cat(Grouped(forms.compatible.size()),
                      " donor pieces equal another piece after compatibility normalization "
                      "(NFKC) only"),
       .action = facts.Done("treated like all others: other characters, told apart by the base",
                            "kept: other characters, told apart by the donor"),
       .examples = forms.compatible.Texts()},
      report);
}

// Whether the same bytes inside and outside a word are two pieces.
bool MarksPlaceInWord(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  return spec.spelling == Spelling::kWordPiece ||
         (bpe != nullptr && !(bpe->continuing_subword_prefix.value_or("").empty() &&
                              bpe->end_of_word_suffix.value_or("").empty()));
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

}  // namespace

Detected SharedBytes(const TokenizerSpec& spec, const std::vector<ListedToken>& tokens) {
  Detected out;
  if (MarksPlaceInWord(spec)) return out;
  for (const ListedToken& token : tokens) {
    if (!token.in_vocab) continue;
    const std::optional<TokenId> preferred = spec.vocab.Find(token.bytes);
    if (!preferred || *preferred == token.id) continue;
    out.Add(token.id, [&] {
      return Cat(ShowPiece(token.spelling), " (", token.id, ") beside id ", *preferred);
    });
  }
  return out;
}

Detected RepeatedSpellings(const TokenizerSpec& spec, const std::vector<ListedToken>& tokens) {
  Detected out;
  for (const ListedToken& token : tokens) {
    if (!token.in_vocab) continue;
    const std::optional<TokenId> last = spec.vocab.FindSpelling(token.spelling);
    if (!last || *last == token.id) continue;
    out.Add(token.id,
            [&] { return Cat(ShowPiece(token.spelling), " on ids ", token.id, " and ", *last); });
  }
  return out;
}

Detected RepeatedInFile(const TokenizerSpec& spec) {
  Detected out;
  for (const LoadNote& note : spec.notes) {
    if (note.kind != LoadNote::Kind::kRepeated) continue;
    ++out.count;
    if (note.actual) out.ids.push_back(*note.actual);
    out.AddExample({.id = note.actual, .place = note.place, .text = note.message});
  }
  return out;
}

Detected SharedIds(const std::vector<ListedToken>& tokens) {
  std::vector<const ListedToken*> by_id;
  by_id.reserve(tokens.size());
  for (const ListedToken& token : tokens) by_id.push_back(&token);
  const auto less = [](const ListedToken* a, const ListedToken* b) { return a->id < b->id; };
  if (!std::is_sorted(by_id.begin(), by_id.end(), less)) {
    std::stable_sort(by_id.begin(), by_id.end(), less);
  }
  Detected out;
  for (std::size_t i = 1; i < by_id.size(); ++i) {
    if (by_id[i]->id != by_id[i - 1]->id || by_id[i]->spelling == by_id[i - 1]->spelling) continue;
    out.Add(by_id[i]->id, [&] {
      return Cat(by_id[i]->id, ": ", ShowPiece(by_id[i - 1]->spelling), ", ",
                 ShowPiece(by_id[i]->spelling));
    });
  }
  return out;
}

EqualForms FindEqualForms(const std::vector<ListedToken>& tokens,
                          const std::function<bool(std::string_view)>& is_piece) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(status);
  EqualForms out;
  if (U_FAILURE(status)) return out;
  for (const ListedToken& token : tokens) {
    const std::string_view bytes = token.bytes;
    const bool ascii = std::all_of(bytes.begin(), bytes.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (ascii || !IsValidUtf8(bytes)) continue;
    // NFKC changes whatever NFC changes.
    const std::string compatible = Normalized(*nfkc, bytes);
    if (compatible.empty()) continue;
    const std::string canonical = Normalized(*nfc, bytes);
    const bool is_canonical = !canonical.empty() && is_piece(canonical);
    if (!is_canonical && !is_piece(compatible)) continue;
    const std::string& equal = is_canonical ? canonical : compatible;
    (is_canonical ? out.canonical : out.compatible).Add(token.id, [&] {
      return Cat(ShowPiece(bytes), " (", bytes.size(), " bytes) and ", ShowPiece(equal), " (",
                 equal.size(), " bytes)");
    });
  }
  return out;
}

void CheckIdentity(const MergeFacts& facts, ConflictReport* report) {
  LookedFor({"A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8"}, report);
  CheckSharedIds(facts, report);
  CheckSameIds(facts, report);
  CheckFalseMatches(facts, report);
  CheckSameBytes(facts, report);
  CheckDuplicates(facts, report);
  CheckEqualForms(facts, report);
}

void LintIdentity(const LintFacts& facts, LintReport* report) {
  LookedFor({"A5", "A6", "A7", "A8"}, report);
  AddFinding({.code = "A5",
              .message = " pieces have the same bytes as another one",
              .action = "nothing, if the other ones are those that encoding emits (bytes of last "
                        "resort are such pairs); otherwise their rows are never trained"},
             SharedBytes(facts.spec, facts.tokens), facts, report);
  AddFinding({.code = "A6",
              .severity = Severity::kError,
              .message = " pieces stand twice in the file",
              .action = "take the second one out: loaders abort on it, or keep either"},
             RepeatedSpellings(facts.spec, facts.tokens), facts, report);
  AddFinding({.code = "A6",
              .severity = Severity::kWarning,
              .message = " entries of the file stand there again",
              .action = "keep one: this reader lets the last one count, others the first"},
             RepeatedInFile(facts.spec), facts, report);
  AddFinding({.code = "A8",
              .severity = Severity::kError,
              .message = " ids have two pieces",
              .action = "give each piece an id of its own: one of the two decodes as the other"},
             SharedIds(facts.tokens), facts, report);
  std::vector<ListedToken> text;
  for (const ListedToken& token : facts.tokens) {
    if (token.token_class == TokenClass::kText) text.push_back(token);
  }
  const EqualForms forms = FindEqualForms(
      text, [&](std::string_view bytes) { return facts.spec.vocab.Find(bytes).has_value(); });
  AddFinding({.code = "A7",
              .message = " pieces equal another piece after Unicode normalization (NFC)",
              .action = "normalize text before it is encoded, or the model learns each twice"},
             forms.canonical, facts, report);
  AddFinding(
      {.code = "A7",
       .message = " pieces equal another piece after compatibility normalization (NFKC) only",
       .action = "nothing: other characters (full-width, ligatures), told apart on purpose"},
      forms.compatible, facts, report);
}

}  // namespace tokgraft
