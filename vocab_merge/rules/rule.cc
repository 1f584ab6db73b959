#include "vocab_merge/rules/rule.h"

#include <algorithm>
#include <utility>

#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

std::pair<char, int> CodeOrder(const std::string& code) {
  int number = 0;
  for (std::size_t i = 1; i < code.size(); ++i) number = number * 10 + (code[i] - '0');
  return {code[0], number};
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

ConflictReport CheckAll(const MergeFacts& facts) {
  ConflictReport report;
  CheckIdentity(facts, &report);
  CheckReachability(facts, &report);
  CheckMergesAndScores(facts, &report);
  CheckAlphabetAndIds(facts, &report);
  CheckStages(facts, &report);
  CheckSpecialTokens(facts, &report);
  std::stable_sort(
      report.findings.begin(), report.findings.end(),
      [](const Finding& a, const Finding& b) { return CodeOrder(a.code) < CodeOrder(b.code); });
  return report;
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
