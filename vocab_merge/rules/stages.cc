// D6, D11: the stages around the model. Ids in templates that the vocabulary contradicts, and
// spaces that one tokenizer puts before a text and the other does not.
#include <algorithm>
#include <utility>

#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

struct NamedId {
  std::string name;
  TokenId id = 0;
};

std::vector<NamedId> TemplateIds(const std::vector<PostProcessor>& processors) {
  std::vector<NamedId> out;
  for (const PostProcessor& processor : processors) {
    if (const auto* t = std::get_if<post_processor::Template>(&processor)) {
      for (const post_processor::SpecialToken& token : t->special_tokens) {
        const std::size_t size = std::min(token.ids.size(), token.tokens.size());
        for (std::size_t i = 0; i < size; ++i) out.push_back({token.tokens[i], token.ids[i]});
      }
    } else if (const auto* bert = std::get_if<post_processor::Bert>(&processor)) {
      out.push_back({bert->sep_token, bert->sep_id});
      out.push_back({bert->cls_token, bert->cls_id});
    } else if (const auto* roberta = std::get_if<post_processor::Roberta>(&processor)) {
      out.push_back({roberta->sep_token, roberta->sep_id});
      out.push_back({roberta->cls_token, roberta->cls_id});
    }
  }
  return out;
}

void CheckTemplates(const MergeFacts& facts, ConflictReport* report) {
  std::unordered_map<std::string_view, TokenId> ids;
  for (const ListedToken& token : facts.base_tokens) ids.emplace(token.spelling, token.id);
  Finding finding{.code = "D6",
                  .severity = Severity::kWarning,
                  .action = "kept: the reference library emits the id of the template too"};
  for (const NamedId& named : TemplateIds(facts.base.post_processors)) {
    const auto at = ids.find(named.name);
    if (at != ids.end() && at->second == named.id) continue;
    finding.base_ids.push_back(named.id);
    finding.examples.push_back(Cat(ShowPiece(named.name), ": ", named.id, " in the template, ",
                                   at == ids.end() ? std::string("not") : Cat(at->second),
                                   " in the vocabulary"));
  }
  finding.message =
      Cat(finding.base_ids.size(), " ids of the base's template are not those of its vocabulary");
  AddFinding(std::move(finding), report);
}

// Whether a space is put before the text.
bool AddsPrefix(const TokenizerSpec& spec) {
  for (const Normalizer& step : spec.normalizers) {
    if (std::holds_alternative<normalizer::Prepend>(step)) return true;
    const auto* sentencepiece = std::get_if<normalizer::SentencePiece>(&step);
    if (sentencepiece != nullptr && sentencepiece->add_dummy_prefix) return true;
  }
  for (const PreTokenizer& step : spec.pre_tokenizers) {
    const auto* metaspace = std::get_if<pre_tokenizer::Metaspace>(&step);
    if (metaspace != nullptr && metaspace->prepend_scheme != pre_tokenizer::PrependScheme::kNever) {
      return true;
    }
    const auto* byte_level = std::get_if<pre_tokenizer::ByteLevel>(&step);
    if (byte_level != nullptr && byte_level->add_prefix_space) return true;
  }
  return false;
}

void CheckPrefix(const MergeFacts& facts, ConflictReport* report) {
  const bool base = AddsPrefix(facts.base);
  const bool donor = AddsPrefix(facts.donor);
  if (base == donor) return;
  AddFinding(
      {.code = "D11",
       .count = 1,
       .message = Cat("the ", base ? "base" : "donor", " puts a space before the text and the ",
                      base ? "donor" : "base", " does not"),
       .action = "the base's way is kept; pieces are compared with their spaces"},
      report);
}

}  // namespace

void CheckStages(const MergeFacts& facts, ConflictReport* report) {
  LookedFor({"D6", "D11"}, report);
  CheckTemplates(facts, report);
  CheckPrefix(facts, report);
}

}  // namespace tokgraft
