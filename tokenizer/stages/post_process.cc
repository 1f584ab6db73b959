#include "tokenizer/stages/post_process.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tokenizer/text/unicode_data.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr char32_t kSpelledSpace = 0x120;  // Ġ

bool IsSpelledSpace(char32_t c) { return c == kSpelledSpace || IsWhitespace(c); }

// One encoding on its way through the reference's processors; nullopt stands for the sequence.
using Draft = std::vector<std::optional<TokenId>>;

Status ApplyTemplate(const post_processor::Template& stage, std::vector<Draft>* drafts) {
  using Kind = post_processor::TemplatePart::Kind;
  if (drafts->size() > 2) {
    return UnimplementedError("post_processor: TemplateProcessing after another one");
  }
  std::vector<Draft> result;
  for (const auto& part : drafts->size() == 2 ? stage.pair : stage.single) {
    if (part.kind != Kind::kSpecial) {
      const std::size_t index = part.kind == Kind::kSequenceA ? 0 : 1;
      if (index >= drafts->size()) {
        return UnimplementedError("post_processor.single: a template with a sequence B");
      }
      result.push_back((*drafts)[index]);
      continue;
    }
    const auto named = std::find_if(stage.special_tokens.begin(), stage.special_tokens.end(),
                                    [&](const auto& token) { return token.id == part.special; });
    if (named == stage.special_tokens.end()) {
      return InvalidArgumentError(Cat("post_processor.special_tokens: \"", part.special,
                                      "\" stands in the template but is not among them"));
    }
    result.emplace_back(named->ids.begin(), named->ids.end());
  }
  *drafts = std::move(result);
  return absl::OkStatus();
}

void Surround(TokenId first, TokenId last, std::vector<Draft>* drafts) {
  (*drafts)[0].insert((*drafts)[0].begin(), first);
  (*drafts)[0].push_back(last);
}

// Goes `count` characters forward in `text`, not past `limit`.
std::size_t Forward(std::string_view text, std::size_t at, std::uint32_t count, std::size_t limit) {
  for (; count > 0 && at < limit; --count) {
    std::size_t bad = 1;
    const std::size_t size = CheckCharacter(text.substr(at), &bad);
    at += size > 0 ? size : bad;
  }
  return std::min(at, limit);
}

// Goes `count` characters back; nullopt where the text starts before that.
std::optional<std::size_t> Back(std::string_view text, std::size_t at, std::uint32_t count) {
  for (; count > 0; --count) {
    if (at == 0) return std::nullopt;
    --at;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  }
  return at;
}

}  // namespace

SpaceCounts CountSpaces(std::string_view spelled) {
  SpaceCounts counts;
  std::uint32_t run = 0;
  bool leading = true;
  for (std::size_t at = 0; at < spelled.size();) {
    std::size_t bad = 1;
    const std::size_t size = CheckCharacter(spelled.substr(at), &bad);
    bool space = false;
    if (size > 0) {
      space = IsSpelledSpace(DecodeValid(spelled, &at));
    } else {
      at += bad;
    }
    run = space ? run + 1 : 0;
    leading = leading && space;
    if (leading) counts.leading = run;
  }
  counts.trailing = run;
  return counts;
}

StatusOr<CompiledPostProcessor> CompiledPostProcessor::Compile(const TokenizerSpec& spec) {
  CompiledPostProcessor out;
  std::vector<Draft> drafts = {{std::nullopt}};
  for (const PostProcessor& stage : spec.post_processors) {
    // Several encodings in a row are a pair to the processors that follow.
    const auto front = std::find_if(drafts.begin(), drafts.end(), [](const Draft& draft) {
      return std::find(draft.begin(), draft.end(), std::nullopt) != draft.end();
    });
    const bool after_specials = front != drafts.end() && front->front().has_value();
    if (const auto* unknown = std::get_if<UnknownStage>(&stage)) {
      return UnimplementedError(Cat("post_processor: ", unknown->type, " is not supported"));
    }
    if (const auto* one = std::get_if<post_processor::Template>(&stage)) {
      TOKGRAFT_RETURN_IF_ERROR(ApplyTemplate(*one, &drafts));
    } else if (const auto* byte_level = std::get_if<post_processor::ByteLevel>(&stage)) {
      if (byte_level->trim_offsets) {
        out.trims_.push_back({byte_level->add_prefix_space, after_specials});
      }
    } else if (drafts.size() != 1) {
      return UnimplementedError("post_processor: Bert or Roberta after TemplateProcessing");
    } else if (const auto* bert = std::get_if<post_processor::Bert>(&stage)) {
      Surround(bert->cls_id, bert->sep_id, &drafts);
    } else if (const auto* roberta = std::get_if<post_processor::Roberta>(&stage)) {
      if (roberta->trim_offsets) out.trims_.push_back({roberta->add_prefix_space, after_specials});
      Surround(roberta->cls_id, roberta->sep_id, &drafts);
    }
  }
  std::size_t sequences = 0;
  for (const Draft& draft : drafts) {
    for (const std::optional<TokenId>& item : draft) {
      if (!item) {
        ++sequences;
      } else {
        (sequences == 0 ? out.before_ : out.after_).push_back(*item);
      }
    }
  }
  if (sequences != 1) {
    return UnimplementedError(Cat("post_processor.single: the template has sequence A ", sequences,
                                  " times, expected once"));
  }
  if (spec.add_bos && spec.roles.bos) out.before_.insert(out.before_.begin(), *spec.roles.bos);
  if (spec.add_eos && spec.roles.eos) out.after_.push_back(*spec.roles.eos);
  return out;
}

void CompiledPostProcessor::Trim(std::string_view text, bool add_special_tokens,
                                 const std::vector<SpaceCounts>& spaces,
                                 std::vector<Span>* offsets) const {
  for (const TrimStep& step : trims_) {
    const bool after_specials = add_special_tokens && step.after_specials;
    for (std::size_t i = 0; i < offsets->size(); ++i) {
      Span& span = (*offsets)[i];
      std::uint32_t leading = spaces[i].leading;
      const std::uint32_t trailing = spaces[i].trailing;
      if (leading == 0 && trailing == 0) continue;
      // One leading space of the first token is the one that was put there: nothing to trim.
      const bool is_first = (i == 0 && !after_specials) || span.begin == 0;
      if (is_first && step.add_prefix_space && leading == 1) leading = 0;
      const auto end = static_cast<std::size_t>(span.end);
      const std::size_t begin = Forward(text, static_cast<std::size_t>(span.begin), leading, end);
      span.begin = static_cast<std::int64_t>(begin);
      const std::optional<std::size_t> shorter = Back(text, end, trailing);
      if (shorter) span.end = static_cast<std::int64_t>(std::max(*shorter, begin));
    }
  }
}

}  // namespace tokgraft
