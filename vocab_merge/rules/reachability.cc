// B in a merge: donor pieces that nothing could emit in the merged tokenizer, by the first stage
// that stands in their way, and pieces that are parts of characters.
#include <array>
#include <set>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "tokenizer/text/utf8.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

struct CauseText {
  Cause cause;
  std::string_view code;
  std::string_view message;
  std::string_view action;
};

constexpr std::array<CauseText, 5> kCauses = {{
    {Cause::kNoPath, "B1", "",  // by the model, see NoPath
     "not added: nothing would emit them"},
    {Cause::kPreTokenizer, "B3", " donor pieces are cut by the merged tokenizer's pre-tokenizer",
     "not added: nothing would emit them, in any of the contexts tried"},
    {Cause::kDigits, "B4",
     " donor pieces of digits are cut by the merged tokenizer's rule for digits",
     "not added: nothing would emit them; --digits widen takes longer runs"},
    {Cause::kNormalizer, "B5", " donor pieces are changed by the merged tokenizer's normalizer",
     "not added; where the result is a piece, id_map.json maps them to it"},
    {Cause::kAddedToken, "B6",
     " donor pieces contain an added token of the base, which is found first",
     "not added: nothing would emit them"},
}};

// Why the model itself does not make them.
std::string_view NoPath(const TokenizerSpec& base) {
  if (std::holds_alternative<UnigramModel>(base.model)) {
    return " donor pieces come out of no text: the base cannot spell them, or another cut has a "
           "better score";
  }
  if (std::holds_alternative<WordPieceModel>(base.model)) {
    return " donor pieces come out of no text: the base cannot spell them, or a longer piece comes "
           "first";
  }
  return " donor pieces cannot be made of valid text by joins of the base";
}

void CheckRefused(const MergeFacts& facts, ConflictReport* report) {
  for (const CauseText& text : kCauses) {
    Finding finding{.code = std::string(text.code), .severity = Severity::kWarning};
    for (const RefusedPiece& piece : facts.refused) {
      if (piece.cause != text.cause) continue;
      finding.donor_ids.push_back(piece.donor_id);
      if (finding.witness.empty()) finding.witness = piece.bytes;
      if (finding.examples.size() < kMaxExamples) {
        finding.examples.push_back(piece.becomes.empty() ? ShowPiece(piece.bytes)
                                                         : Cat(ShowPiece(piece.bytes), " becomes ",
                                                               ShowPiece(piece.becomes)));
      }
    }
    finding.message = Cat(Grouped(finding.donor_ids.size()),
                          text.message.empty() ? NoPath(facts.base) : text.message);
    finding.action = text.action;
    AddFinding(std::move(finding), report);
  }
}

void CheckFragments(const MergeFacts& facts, ConflictReport* report) {
  std::set<TokenId> refused;
  for (const RefusedPiece& piece : facts.refused) refused.insert(piece.donor_id);
  std::set<TokenId> added;
  for (const AddedPiece& piece : facts.id_map.added) {
    if (piece.donor_id) added.insert(*piece.donor_id);
  }
  Finding in{.code = "B8",
             .action = "added: each has a text, valid UTF-8, whose encoding contains it"};
  Finding out{.code = "B8",
              .severity = Severity::kWarning,
              .action = "not added: no valid text was found whose encoding contains them"};
  for (const TokenId id : facts.alignment.missing) {
    const std::string_view bytes = facts.donor_by_id.at(id).bytes;
    if (IsValidUtf8(bytes)) continue;
    if (!refused.contains(id) && !added.contains(id)) continue;  // not selected
    Finding& finding = refused.contains(id) ? out : in;
    finding.donor_ids.push_back(id);
    if (finding.examples.size() < kMaxExamples) finding.examples.push_back(ShowPiece(bytes));
  }
  in.message = Cat(Grouped(in.donor_ids.size()), " new pieces begin or end inside a character");
  out.message = Cat(Grouped(out.donor_ids.size()), " donor pieces begin or end inside a character");
  AddFinding(std::move(in), report);
  AddFinding(std::move(out), report);
}

}  // namespace

void CheckReachability(const MergeFacts& facts, ConflictReport* report) {
  LookedFor({"B1", "B3", "B4", "B5", "B6", "B8"}, report);
  if (facts.donor_holds()) return;  // all pieces are kept; lint says which are dead
  CheckRefused(facts, report);
  CheckFragments(facts, report);
}

}  // namespace tokgraft
