#include "vocab_merge/rules/rule.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "tokenizer/base/parallel.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

std::pair<char, int> CodeOrder(std::string_view code) {
  int number = 0;
  for (std::size_t i = 1; i < code.size(); ++i) number = number * 10 + (code[i] - '0');
  return {code[0], number};
}

// What holds unless MergeOptions::policies say otherwise.
std::map<std::string, std::string> PoliciesOf(const MergeFacts& facts) {
  const std::string side = facts.Done("base", "donor");
  return {{"specials", facts.id_map.strategy == "union" ? "both" : side},
          {"digits", facts.Done("keep", "donor")},
          {"normalizer", side},
          {"pre_tokenizer", side},
          {"duplicates", "one id per byte string"},
          {"byte_alphabet", facts.Done("keep", "donor")},
          {"padding", "left to init and graft"}};
}

}  // namespace

void LookedFor(std::initializer_list<std::string_view> codes, ConflictReport* report) {
  for (const std::string_view code : codes) report->counts.emplace(std::string(code), 0);
}

void AddFinding(Finding finding, ConflictReport* report) {
  for (std::vector<TokenId>* ids : {&finding.base_ids, &finding.donor_ids}) {
    std::sort(ids->begin(), ids->end());
    ids->erase(std::unique(ids->begin(), ids->end()), ids->end());
  }
  if (finding.count == 0) {
    finding.count = std::max(finding.base_ids.size(), finding.donor_ids.size());
  }
  if (finding.count == 0) return;
  report->counts[finding.code] += finding.count;
  report->findings.push_back(std::move(finding));
}

MergeFacts MakeFacts(const TokenizerSpec& base, const TokenizerSpec& donor,
                     const Alignment& alignment, const IdMap& id_map,
                     const std::vector<RefusedPiece>& refused) {
  MergeFacts facts{.base = base,
                   .donor = donor,
                   .alignment = alignment,
                   .id_map = id_map,
                   .refused = refused,
                   .base_tokens = ListTokens(base),
                   .donor_tokens = ListTokens(donor),
                   .donor_used = {},
                   .base_by_id = {},
                   .donor_by_id = {}};
  facts.donor_used = FirstOfEachId(facts.donor_tokens);
  facts.base_by_id = TokensById(facts.base_tokens);
  facts.donor_by_id = TokensById(facts.donor_tokens);
  return facts;
}

void SortByCode(ConflictReport* report) {
  std::stable_sort(report->findings.begin(), report->findings.end(),
                   [](const Finding& a, const Finding& b) { return CodeLess(a.code, b.code); });
}

ConflictReport CheckAll(const MergeFacts& facts) {
  ConflictReport report;
  CheckIdentity(facts, &report);
  CheckReachability(facts, &report);
  CheckMergesAndScores(facts, &report);
  CheckAlphabetAndIds(facts, &report);
  CheckStages(facts, &report);
  CheckSpecialTokens(facts, &report);
  report.policies = PoliciesOf(facts);
  SortByCode(&report);
  return report;
}

// ---- One tokenizer -----------------------------------------------------------------------------

bool CodeLess(std::string_view a, std::string_view b) { return CodeOrder(a) < CodeOrder(b); }

void LookedFor(std::initializer_list<std::string_view> codes, LintReport* report) {
  for (const std::string_view code : codes) report->counts.emplace(std::string(code), 0);
}

void AddFinding(LintFinding finding, Detected detected, const LintFacts& facts,
                LintReport* report) {
  std::sort(detected.ids.begin(), detected.ids.end());
  detected.ids.erase(std::unique(detected.ids.begin(), detected.ids.end()), detected.ids.end());
  finding.count = detected.size();
  if (finding.count == 0) return;
  finding.message.insert(0, Grouped(finding.count));
  for (LintExample& example : detected.examples) {
    if (example.place.empty() && example.id) example.place = facts.places.Of(*example.id);
  }
  if (finding.place.empty() && !detected.examples.empty()) {
    finding.place = detected.examples.front().place;
  }
  finding.ids = std::move(detected.ids);
  finding.examples = std::move(detected.examples);
  report->counts[finding.code] += finding.count;
  report->findings.push_back(std::move(finding));
}

StatusOr<LintReport> LintAll(const LintFacts& facts) {
  // What is tried and what is read off, beside each other.
  LintReport report;
  LintReport read;
  Status tried;
  ParallelFor(2, 1, facts.options.threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t task = begin; task < end; ++task) {
      if (task == 0) {
        tried = LintReachability(facts, &report);
      } else {
        LintIdentity(facts, &read);
        LintMergesAndScores(facts, &read);
        LintAlphabetAndIds(facts, &read);
        LintStages(facts, &read);
        LintSpecialTokens(facts, &read);
      }
    }
  });
  TOKGRAFT_RETURN_IF_ERROR(tried);
  TOKGRAFT_RETURN_IF_ERROR(LintScaffolding(facts, &report));
  TOKGRAFT_RETURN_IF_ERROR(LintModelDirectory(facts, &read));
  report.counts.insert(read.counts.begin(), read.counts.end());
  std::move(read.findings.begin(), read.findings.end(), std::back_inserter(report.findings));
  std::move(read.not_checked.begin(), read.not_checked.end(),
            std::back_inserter(report.not_checked));
  std::stable_sort(
      report.findings.begin(), report.findings.end(),
      [](const LintFinding& a, const LintFinding& b) { return CodeLess(a.code, b.code); });
  return report;
}

// ---- Detectors ---------------------------------------------------------------------------------

void Detected::Add(TokenId id, const std::function<std::string()>& text) {
  ids.push_back(id);
  if (examples.size() < kMaxExamples) examples.push_back({.id = id, .text = text()});
}

void Detected::AddExample(LintExample example) {
  if (examples.size() < kMaxExamples) examples.push_back(std::move(example));
}

std::vector<std::string> Detected::Texts() const {
  std::vector<std::string> out;
  for (const LintExample& example : examples) {
    out.push_back(example.place.empty() ? example.text : Cat(example.place, ": ", example.text));
  }
  return out;
}

std::string ShowPiece(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t bad = 0;
    const std::size_t size = CheckCharacter(bytes.substr(at), &bad);
    if (size > 0 && static_cast<unsigned char>(bytes[at]) >= 0x20) {
      out.append(bytes.substr(at, size));
      at += size;
      continue;
    }
    const auto byte = static_cast<unsigned char>(bytes[at]);
    if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (byte == '\t') {
      out += "\\t";
    } else {
      out += Cat("\\x", kDigits[byte >> 4], kDigits[byte & 15]);
    }
    ++at;
  }
  return out + "\"";
}

}  // namespace tokgraft
