// Split: a literal or a regex, with any behavior. Known regexes run on their scanner.
#include <cstring>
#include <utility>

#include "tokenizer/stages/pre_tokenizers/step.h"
#include "tokenizer/stages/regex.h"
#include "tokenizer/stages/scanners/scan.h"

namespace tokgraft {
namespace {

using pre_tokenizer::SplitBehavior;

class ScannerSplitter : public Splitter {
 public:
  explicit ScannerSplitter(ScannerKind kind) : kind_(kind) {}
  void Split(std::string_view text, SplitBuffers*,
             std::vector<std::string_view>* pieces) const override {
    Scan(kind_, text, pieces);
  }
  bool takes_any_bytes() const override { return true; }

 private:
  ScannerKind kind_;
};

class DeepSeekSplitter : public Splitter {
 public:
  void Split(std::string_view text, SplitBuffers*,
             std::vector<std::string_view>* pieces) const override {
    ScanDeepSeek(text, pieces);
  }
  bool takes_any_bytes() const override { return true; }
};

// Turns matches into cuts, then into pieces.
class MatchSplitter : public Splitter {
 public:
  MatchSplitter(SplitBehavior behavior, bool invert) : behavior_(behavior), invert_(invert) {}
  void Split(std::string_view text, SplitBuffers* buffers,
             std::vector<std::string_view>* pieces) const override {
    buffers->matches.clear();
    FindAll(text, &buffers->matches);
    std::size_t gap = 0;
    for (const RegexMatch& match : buffers->matches) {
      if (gap != match.begin) buffers->cuts.push_back({gap, match.begin, invert_});
      buffers->cuts.push_back({match.begin, match.end, !invert_});
      gap = match.end;
    }
    if (gap != text.size()) buffers->cuts.push_back({gap, text.size(), invert_});
    ApplyBehavior(text, behavior_, &buffers->cuts, pieces);
  }

 private:
  virtual void FindAll(std::string_view text, std::vector<RegexMatch>* matches) const = 0;

  SplitBehavior behavior_;
  bool invert_;
};

class LiteralSplitter : public MatchSplitter {
 public:
  LiteralSplitter(std::string literal, SplitBehavior behavior, bool invert)
      : MatchSplitter(behavior, invert), literal_(std::move(literal)) {}

 private:
  void FindAll(std::string_view text, std::vector<RegexMatch>* matches) const override {
    for (std::size_t from = 0; from < text.size();) {
      const void* found =
          memmem(text.data() + from, text.size() - from, literal_.data(), literal_.size());
      if (found == nullptr) break;
      const auto begin = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
      from = begin + literal_.size();
      matches->push_back({begin, from});
    }
  }

  std::string literal_;
};

class RegexSplitter : public MatchSplitter {
 public:
  RegexSplitter(Regex regex, SplitBehavior behavior, bool invert)
      : MatchSplitter(behavior, invert), regex_(std::move(regex)) {}

 private:
  void FindAll(std::string_view text, std::vector<RegexMatch>* matches) const override {
    regex_.FindAll(text, matches);
  }

  Regex regex_;
};

}  // namespace

std::unique_ptr<const Splitter> MakeScannerSplitter(ScannerKind kind) {
  return std::make_unique<ScannerSplitter>(kind);
}

std::unique_ptr<const Splitter> MakeDeepSeekSplitter() {
  return std::make_unique<DeepSeekSplitter>();
}

StatusOr<std::unique_ptr<const Splitter>> MakePatternSplitter(const pre_tokenizer::Split& split,
                                                              Reference reference) {
  const Pattern& pattern = split.pattern;
  if (!pattern.is_regex && !pattern.text.empty()) {
    return std::make_unique<LiteralSplitter>(pattern.text, split.behavior, split.invert);
  }
  // A scanner's matches are a partition: isolated, or removed where nothing lies between them.
  const bool keeps_matches = split.behavior == SplitBehavior::kRemoved
                                 ? split.invert
                                 : split.behavior != SplitBehavior::kContiguous;
  if (keeps_matches) {
    if (const auto kind = FindScanner(pattern.text, reference)) {
      return std::make_unique<ScannerSplitter>(*kind);
    }
  }
  TOKGRAFT_ASSIGN_OR_RETURN(Regex regex, Regex::Compile(pattern.text, reference));
  return std::make_unique<RegexSplitter>(std::move(regex), split.behavior, split.invert);
}

}  // namespace tokgraft
