#include "tokenizer/stages/pre_tokenizers/behavior.h"

#include <algorithm>

namespace tokgraft {
namespace {

// Joins each match to the piece before it (in the order of `cuts`), unless a match precedes it.
void MergeMatches(std::vector<Cut>* cuts) {
  std::size_t kept = 0;
  bool after_match = false;
  for (const Cut& cut : *cuts) {
    const bool joins = cut.is_match && !after_match && kept != 0;
    after_match = cut.is_match;
    if (joins) {
      Cut& last = (*cuts)[kept - 1];
      last = {std::min(last.begin, cut.begin), std::max(last.end, cut.end), false};
    } else {
      (*cuts)[kept++] = {cut.begin, cut.end, false};
    }
  }
  cuts->resize(kept);
}

void JoinAlike(std::vector<Cut>* cuts) {
  std::size_t kept = 0;
  bool after_match = false;
  for (const Cut& cut : *cuts) {
    const bool joins = cut.is_match == after_match && kept != 0;
    after_match = cut.is_match;
    if (joins) {
      (*cuts)[kept - 1].end = cut.end;
    } else {
      (*cuts)[kept++] = {cut.begin, cut.end, false};
    }
  }
  cuts->resize(kept);
}

}  // namespace

void ApplyBehavior(std::string_view text, pre_tokenizer::SplitBehavior behavior,
                   std::vector<Cut>* cuts, std::vector<std::string_view>* pieces) {
  using enum pre_tokenizer::SplitBehavior;
  switch (behavior) {
    case kIsolated:
    case kRemoved:
      break;
    case kMergedWithPrevious:
      MergeMatches(cuts);
      break;
    case kMergedWithNext:
      std::reverse(cuts->begin(), cuts->end());
      MergeMatches(cuts);
      std::reverse(cuts->begin(), cuts->end());
      break;
    case kContiguous:
      JoinAlike(cuts);
      break;
  }
  for (const Cut& cut : *cuts) {
    if (cut.begin == cut.end || (behavior == kRemoved && cut.is_match)) continue;
    pieces->push_back(text.substr(cut.begin, cut.end - cut.begin));
  }
  cuts->clear();
}

}  // namespace tokgraft
