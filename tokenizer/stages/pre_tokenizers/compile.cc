// From the stages of a spec to steps that run.
#include <iterator>
#include <utility>

#include "tokenizer/stages/pre_tokenizers/step.h"
#include "tokenizer/stages/scanners/scan.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

Status CheckOneCharacter(std::string_view text, std::string_view field) {
  std::size_t bad = 0;
  if (!text.empty() && CheckCharacter(text, &bad) == text.size()) return absl::OkStatus();
  return InvalidArgumentError(
      Cat(field, " is \"", text, "\", expected one character; correct the pre-tokenizer"));
}

struct StepOf {
  Reference reference;

  StatusOr<PreTokenizeStep> Cut(std::unique_ptr<const Splitter> splitter) const {
    PreTokenizeStep step;
    step.splitter = std::move(splitter);
    return step;
  }

  StatusOr<PreTokenizeStep> operator()(const pre_tokenizer::Bert&) const {
    return Cut(MakeBertSplitter());
  }
  StatusOr<PreTokenizeStep> operator()(const pre_tokenizer::ByteLevel& stage) const {
    PreTokenizeStep step;
    if (stage.add_prefix_space) step.rewrite = Rewrite{.mark = " "};
    if (stage.use_regex) step.splitter = MakeScannerSplitter(ScannerKind::kGpt2);
    return step;
  }
  StatusOr<PreTokenizeStep> operator()(const pre_tokenizer::CharDelimiterSplit& stage) const {
    TOKGRAFT_RETURN_IF_ERROR(CheckOneCharacter(stage.delimiter, "CharDelimiterSplit.delimiter"));
    std::size_t position = 0;
    return Cut(MakeCharDelimiterSplitter(DecodeValid(stage.delimiter, &position)));
  }
  StatusOr<PreTokenizeStep> operator()(const pre_tokenizer::Metaspace& stage) const {
    TOKGRAFT_RETURN_IF_ERROR(CheckOneCharacter(stage.replacement, "Metaspace.replacement"));
    PreTokenizeStep step;
    step.rewrite = Rewrite{
        .mark = stage.replacement, .replaces_spaces = true, .prepend = stage.prepend_scheme};
    if (stage.split) step.splitter = MakeMetaspaceSplitter(stage.replacement);
    return step;
  }
  StatusOr<PreTokenizeStep> operator()(const pre_tokenizer::Whitespace&) const {
    return Cut(MakeWhitespaceSplitter());
  }
  StatusOr<PreTokenizeStep> operator()(const pre_tokenizer::WhitespaceSplit&) const {
    return Cut(MakeWhitespaceSplitSplitter());
  }
  StatusOr<PreTokenizeStep> operator()(const pre_tokenizer::Split& stage) const {
    TOKGRAFT_ASSIGN_OR_RETURN(auto splitter, MakePatternSplitter(stage, reference));
    return Cut(std::move(splitter));
  }
  StatusOr<PreTokenizeStep> operator()(const pre_tokenizer::Punctuation& stage) const {
    return Cut(MakePunctuationSplitter(stage.behavior));
  }
  StatusOr<PreTokenizeStep> operator()(const pre_tokenizer::Digits& stage) const {
    return Cut(MakeDigitsSplitter(stage.individual_digits));
  }
  StatusOr<PreTokenizeStep> operator()(const pre_tokenizer::UnicodeScripts&) const {
    return Cut(MakeUnicodeScriptsSplitter());
  }
  StatusOr<PreTokenizeStep> operator()(const pre_tokenizer::FixedLength& stage) const {
    if (stage.length == 0) {
      return InvalidArgumentError(
          "FixedLength.length is 0, expected a positive number; correct the pre-tokenizer");
    }
    return Cut(MakeFixedLengthSplitter(stage.length));
  }
  StatusOr<PreTokenizeStep> operator()(const pre_tokenizer::LlamaCpp&) const {
    return InternalError("llama.cpp's pre-tokenizer is not one step");
  }
  StatusOr<PreTokenizeStep> operator()(const UnknownStage& stage) const {
    return UnimplementedError(Cat("pre-tokenizer ", stage.type,
                                  " is not supported, expected one that is; use a tokenizer "
                                  "without it"));
  }
};

// DeepSeek-V3's three splits at `i`.
bool IsDeepSeek(const std::vector<PreTokenizer>& stages, std::size_t i) {
  if (i + 3 > stages.size()) return false;
  const pre_tokenizer::Split* splits[3];
  for (std::size_t k = 0; k < 3; ++k) {
    splits[k] = std::get_if<pre_tokenizer::Split>(&stages[i + k]);
    if (splits[k] == nullptr || !splits[k]->pattern.is_regex || splits[k]->invert ||
        splits[k]->behavior != pre_tokenizer::SplitBehavior::kIsolated) {
      return false;
    }
  }
  return AreDeepSeekRegexes(splits[0]->pattern.text, splits[1]->pattern.text,
                            splits[2]->pattern.text);
}

}  // namespace

StatusOr<PreTokenizeStep> CompileStep(const PreTokenizer& stage, Reference reference) {
  return std::visit(StepOf{reference}, stage);
}

StatusOr<std::vector<PreTokenizeStep>> CompileSteps(const TokenizerSpec& spec) {
  const std::vector<PreTokenizer>& stages = spec.pre_tokenizers;
  std::vector<PreTokenizeStep> steps;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const std::string place = Cat("pre_tokenizers[", i, "]");
    if (std::holds_alternative<pre_tokenizer::ByteLevel>(stages[i]) && i + 1 != stages.size()) {
      return UnimplementedError(
          Cat(place,
              ": ByteLevel is followed by another pre-tokenizer, expected it last; use a "
              "tokenizer whose last pre-tokenizer it is"));
    }
    if (spec.reference == Reference::kHuggingFace && IsDeepSeek(stages, i)) {
      steps.emplace_back().splitter = MakeDeepSeekSplitter();
      i += 2;
      continue;
    }
    if (const auto* llama = std::get_if<pre_tokenizer::LlamaCpp>(&stages[i])) {
      auto own = CompileLlamaCpp(llama->name);
      if (!own.ok()) return WithPlace(own.status(), place);
      std::move(own->begin(), own->end(), std::back_inserter(steps));
      continue;
    }
    auto step = CompileStep(stages[i], spec.reference);
    if (!step.ok()) return WithPlace(step.status(), place);
    // ByteLevel without a regex or a prefix changes nothing but the alphabet.
    if (step->rewrite || step->splitter != nullptr) steps.push_back(*std::move(step));
  }
  return steps;
}

}  // namespace tokgraft
