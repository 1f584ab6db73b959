// D7-D10, D15: special tokens. Names that are special on one side only, or declared with other
// flags, and what became of the donor's. The policy is: the base's tokens stay as they are, none is
// taken over silently. In one tokenizer: which of them plain text can spell, and how many.
#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

// So many added tokens are a vocabulary of their own.
constexpr std::size_t kManyAddedTokens = 10000;

bool IsAdded(const TokenizerSpec& spec, std::string_view content) {
  return std::any_of(spec.added_tokens.begin(), spec.added_tokens.end(),
                     [&](const AddedToken& token) { return token.content == content; });
}

std::string_view ClassName(TokenClass token_class) {
  switch (token_class) {
    case TokenClass::kText:
      return "an ordinary piece";
    case TokenClass::kDeclared:
      return "an added token";
    case TokenClass::kByte:
      return "a byte";
    case TokenClass::kSpecial:
      return "special";
    case TokenClass::kUnused:
      return "unused";
  }
  return "";
}

void CheckClasses(const MergeFacts& facts, ConflictReport* report) {
  std::unordered_map<std::string_view, const ListedToken*> base;
  for (const ListedToken& token : facts.base_tokens) {
    const auto [at, first] = base.emplace(token.bytes, &token);
    if (!first && token.token_class == TokenClass::kSpecial) at->second = &token;
  }
  Finding clash{
      .code = "D7",
      .severity = Severity::kWarning,
      .action = facts.Done("not joined: the base's class holds, the donor's token has no id in the "
                           "merged vocabulary",
                           "not joined: the donor's class holds, and its token gets a new row")};
  for (const ListedToken& token : facts.donor_used) {
    const auto at = base.find(token.bytes);
    if (at == base.end()) continue;
    const ListedToken& other = *at->second;
    if ((other.token_class == TokenClass::kSpecial) ==
        (token.token_class == TokenClass::kSpecial)) {
      continue;
    }
    clash.base_ids.push_back(other.id);
    clash.donor_ids.push_back(token.id);
    if (clash.examples.size() < kMaxExamples) {
      clash.examples.push_back(Cat(ShowPiece(token.bytes), ": ", ClassName(other.token_class),
                                   " in the base, ", ClassName(token.token_class),
                                   " in the donor"));
    }
  }
  clash.message = Cat(Grouped(clash.donor_ids.size()),
                      " names are special in one tokenizer and text in the other");
  AddFinding(std::move(clash), report);
}

std::string Flags(const AddedToken& token) {
  std::string out;
  const auto add = [&](bool set, std::string_view name) {
    if (set) out += Cat(out.empty() ? "" : " ", name);
  };
  add(token.special, "special");
  add(token.single_word, "single_word");
  add(token.lstrip, "lstrip");
  add(token.rstrip, "rstrip");
  add(token.normalized, "normalized");
  return out.empty() ? "no flags" : out;
}

void CheckFlags(const MergeFacts& facts, ConflictReport* report) {
  std::unordered_map<std::string_view, const AddedToken*> base;
  for (const AddedToken& token : facts.base.added_tokens) base.emplace(token.content, &token);
  Finding finding{.code = "D8",
                  .action = facts.Done("the base's flags are kept", "the donor's flags hold")};
  for (const AddedToken& token : facts.donor.added_tokens) {
    const auto at = base.find(token.content);
    if (at == base.end()) continue;
    const std::string base_flags = Flags(*at->second);
    const std::string donor_flags = Flags(token);
    if (base_flags == donor_flags) continue;
    finding.base_ids.push_back(at->second->id);
    finding.donor_ids.push_back(token.id);
    if (finding.examples.size() < kMaxExamples) {
      finding.examples.push_back(Cat(ShowPiece(token.content), ": ", base_flags, " in the base, ",
                                     donor_flags, " in the donor"));
    }
  }
  finding.message =
      Cat(Grouped(finding.donor_ids.size()), " added tokens have other flags in the donor");
  AddFinding(std::move(finding), report);
}

void CheckNotTaken(const MergeFacts& facts, ConflictReport* report) {
  const bool swap = facts.donor_holds();
  const std::vector<std::optional<TokenId>>& merged =
      swap ? facts.id_map.base_to_merged : facts.id_map.donor_to_merged;
  Finding finding{
      .code = "D9",
      .severity = swap ? Severity::kWarning : Severity::kNote,
      .action = facts.Done("not taken over: in the merged tokenizer their names are ordinary text, "
                           "as they are in the base",
                           "gone: in the swapped tokenizer their names are ordinary text; what "
                           "the model learnt of them is lost")};
  for (const ListedToken& token : swap ? FirstOfEachId(facts.base_tokens) : facts.donor_used) {
    if (token.token_class != TokenClass::kSpecial && token.token_class != TokenClass::kDeclared) {
      continue;
    }
    if (merged[token.id]) continue;
    (swap ? finding.base_ids : finding.donor_ids).push_back(token.id);
    if (finding.examples.size() < kMaxExamples) finding.examples.push_back(ShowPiece(token.bytes));
  }
  finding.message = Cat(
      Grouped(std::max(finding.base_ids.size(), finding.donor_ids.size())),
      " special or added tokens of the ", swap ? "base" : "donor",
      facts.id_map.strategy == "union" ? " are not in the merged tokenizer" : " are not in the ",
      facts.id_map.strategy == "union" ? ""
      : swap                           ? "donor"
                                       : "base");
  AddFinding(std::move(finding), report);
}

// A donor that ends its text with another token than the base: its stop token means nothing in the
// merged model, and nothing may suggest otherwise.
void CheckRoles(const MergeFacts& facts, ConflictReport* report) {
  using Role = std::pair<std::string_view, std::optional<TokenId> SpecialRoles::*>;
  static constexpr std::array<Role, 3> kRoles = {{{"bos_token", &SpecialRoles::bos},
                                                  {"eos_token", &SpecialRoles::eos},
                                                  {"pad_token", &SpecialRoles::pad}}};
  const auto shown = [](const std::unordered_map<TokenId, ListedToken>& by_id, TokenId id) {
    const auto at = by_id.find(id);
    return at == by_id.end() ? Cat("id ", id) : ShowPiece(at->second.bytes);
  };
  Finding finding{.code = "D10",
                  .message = "the donor starts, ends or pads text with other tokens",
                  .action = facts.Done(
                      "the base's stay in all files, their ids do not move; text made for the "
                      "donor needs its tokens replaced by the base's",
                      "the donor's stand in all files, and take the rows of the base's tokens of "
                      "the same role; text made for the base needs its tokens replaced")};
  for (const auto& [name, role] : kRoles) {
    const std::optional<TokenId> donor = facts.donor.roles.*role;
    const std::optional<TokenId> base = facts.base.roles.*role;
    if (!donor) continue;
    const std::string theirs = shown(facts.donor_by_id, *donor);
    const std::string ours = base ? shown(facts.base_by_id, *base) : "none";
    if (ours == theirs) continue;
    finding.donor_ids.push_back(*donor);
    if (base) finding.base_ids.push_back(*base);
    if (name == "eos_token") finding.severity = Severity::kWarning;
    finding.examples.push_back(Cat(name, ": ", ours, " in the base, ", theirs, " in the donor"));
  }
  AddFinding(std::move(finding), report);
}

}  // namespace

void CheckSpecialTokens(const MergeFacts& facts, ConflictReport* report) {
  LookedFor({"D7", "D8", "D9", "D10"}, report);
  CheckClasses(facts, report);
  CheckFlags(facts, report);
  CheckNotTaken(facts, report);
  CheckRoles(facts, report);
}

void LintSpecialTokens(const LintFacts& facts, LintReport* report) {
  LookedFor({"D15"}, report);
  Detected many;
  if (facts.spec.added_tokens.size() >= kManyAddedTokens) {
    many.count = facts.spec.added_tokens.size();
  }
  AddFinding({.code = "D15",
              .severity = Severity::kWarning,
              .message = " added tokens are looked for in every text before the model runs",
              .action = "make text pieces ordinary ones, with merges: added tokens cut words apart "
                        "and slow loading and encoding down",
              .place = "added_tokens"},
             std::move(many), facts, report);
  if (facts.tokenizer == nullptr) {
    report->not_checked.push_back({.codes = {"D9"}, .reason = facts.why_not});
    return;
  }
  LookedFor({"D9"}, report);
  Detected found;
  std::vector<TokenId> ids;
  for (const ListedToken& token : facts.tokens) {
    if (token.token_class != TokenClass::kSpecial || token.spelling.empty()) continue;
    ids.clear();
    facts.tokenizer->EncodeIds(token.spelling, &ids);
    if (std::find(ids.begin(), ids.end(), token.id) == ids.end()) continue;
    // The unknown token comes out of its own name as of any other unknown text.
    if (token.in_vocab && facts.spec.vocab.Get(token.id)->kind == PieceKind::kUnknown &&
        !IsAdded(facts.spec, token.spelling)) {
      continue;
    }
    found.Add(token.id, [&] { return ShowPiece(token.spelling); });
  }
  AddFinding({.code = "D9",
              .message = " special tokens come out of plain text that spells their names",
              .action = "encode text of strangers with special tokens split, or take the names out "
                        "of it: it can end a document or speak as another role"},
             std::move(found), facts, report);
}

}  // namespace tokgraft
