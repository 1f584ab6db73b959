// Compiles the normalizers of a spec into steps and runs them one after another.
#include "tokenizer/stages/normalize.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tokenizer/stages/normalizers/step.h"

namespace tokgraft {

struct CompiledNormalizer::Steps {
  std::vector<NormalizerStepPtr> list;
};

namespace {

// Makes the step of each alternative of Normalizer.
struct StepMaker {
  const TokenizerSpec& spec;

  StatusOr<NormalizerStepPtr> operator()(const normalizer::Bert& o) const { return MakeBert(o); }
  StatusOr<NormalizerStepPtr> operator()(const normalizer::Strip& o) const { return MakeStrip(o); }
  StatusOr<NormalizerStepPtr> operator()(const normalizer::StripAccents&) const {
    return MakeStripAccents();
  }
  StatusOr<NormalizerStepPtr> operator()(const normalizer::Unicode& o) const {
    return MakeUnicodeForm(o.form);
  }
  StatusOr<NormalizerStepPtr> operator()(const normalizer::Lowercase&) const {
    return MakeLowercase();
  }
  StatusOr<NormalizerStepPtr> operator()(const normalizer::Nmt&) const { return MakeNmt(); }
  StatusOr<NormalizerStepPtr> operator()(const normalizer::Precompiled& o) const {
    return MakePrecompiled(o);
  }
  StatusOr<NormalizerStepPtr> operator()(const normalizer::Replace& o) const {
    return MakeReplace(o, spec.reference);
  }
  StatusOr<NormalizerStepPtr> operator()(const normalizer::Prepend& o) const {
    // The reference then takes the first character for one that no input stands behind.
    if (o.prepend.empty() && spec.reference == Reference::kHuggingFace) {
      return UnimplementedError(
          "Prepend of nothing is not supported, expected a text; remove the normalizer");
    }
    return MakePrepend(o);
  }
  StatusOr<NormalizerStepPtr> operator()(const normalizer::ByteLevel&) const {
    return MakeByteLevel();
  }
  StatusOr<NormalizerStepPtr> operator()(const normalizer::SentencePiece& o) const {
    return MakeSentencePiece(o, spec);
  }
  StatusOr<NormalizerStepPtr> operator()(const UnknownStage& o) const {
    return UnimplementedError(Cat("the normalizer ", o.type,
                                  " is not known, one of Hugging Face tokenizers 0.23 was "
                                  "expected; encode with the reference library instead"));
  }
};

// The reference holds a text that Replace put before the first character for no part of the input,
// and then panics, or doubles that text, in each step that goes over the characters; Prepend and
// Replace do not. Gives the place of such a step.
std::optional<std::string> StepThatPanics(const TokenizerSpec& spec,
                                          const std::vector<NormalizerStepPtr>& steps) {
  bool inserts = false;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool goes_over = !std::holds_alternative<normalizer::Prepend>(spec.normalizers[i]) &&
                           !std::holds_alternative<normalizer::Replace>(spec.normalizers[i]);
    if (inserts && goes_over) return Cat("normalizer[", i, "]");
    inserts = inserts || steps[i]->may_insert_before_all();
  }
  for (std::size_t i = 0; inserts && i < spec.pre_tokenizers.size(); ++i) {
    if (std::holds_alternative<pre_tokenizer::ByteLevel>(spec.pre_tokenizers[i])) {
      return Cat("pre_tokenizer[", i, "]");
    }
  }
  return std::nullopt;
}

}  // namespace

StatusOr<CompiledNormalizer> CompiledNormalizer::Compile(const TokenizerSpec& spec,
                                                         bool skip_trailing_byte_level) {
  auto steps = std::make_shared<Steps>();
  std::size_t count = spec.normalizers.size();
  if (skip_trailing_byte_level && count > 0 &&
      std::holds_alternative<normalizer::ByteLevel>(spec.normalizers[count - 1])) {
    --count;
  }
  for (std::size_t i = 0; i < count; ++i) {
    StatusOr<NormalizerStepPtr> step = std::visit(StepMaker{spec}, spec.normalizers[i]);
    if (!step.ok()) return WithPlace(step.status(), Cat("normalizer[", i, "]"));
    steps->list.push_back(*std::move(step));
  }
  if (const auto place = StepThatPanics(spec, steps->list);
      place && spec.reference == Reference::kHuggingFace) {
    return UnimplementedError(
        Cat(*place,
            ": follows a Replace that can insert before the first character, expected it "
            "before; the reference fails on such texts, use a pattern that matches no "
            "empty text"));
  }
  CompiledNormalizer compiled;
  compiled.steps_ = std::move(steps);
  return compiled;
}

bool CompiledNormalizer::is_identity() const { return steps_ == nullptr || steps_->list.empty(); }

void CompiledNormalizer::Normalize(std::string_view text, std::string* out) const {
  if (is_identity()) {
    out->append(text);
    return;
  }
  // `text` is a view of the input or of one of two buffers; the last step writes to `out`.
  std::string buffers[2];
  std::size_t next = 0;
  const std::size_t count = steps_->list.size();
  for (std::size_t i = 0; i + 1 < count; ++i) {
    std::string& buffer = buffers[next];
    buffer.clear();
    if (steps_->list[i]->Apply(text, &buffer)) {
      text = buffer;
      next = 1 - next;
    }
  }
  if (!steps_->list[count - 1]->Apply(text, out)) out->append(text);
}

void CompiledNormalizer::Normalize(AlignedText* text) const {
  if (is_identity()) return;
  for (const NormalizerStepPtr& step : steps_->list) step->Apply(text);
}

}  // namespace tokgraft
