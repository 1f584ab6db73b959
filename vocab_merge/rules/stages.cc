// D6, D11, D14: the stages around the model. Ids in templates that the vocabulary contradicts,
// spaces that one tokenizer puts before a text and the other does not, blocks that cut or pad.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "tokenizer/base/report_text.h"
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
  const bool donor = facts.donor_holds();
  const Detected stale = donor ? StaleTemplateIds(facts.donor, facts.donor_tokens)
                               : StaleTemplateIds(facts.base, facts.base_tokens);
  Finding finding{.code = "D6",
                  .severity = Severity::kWarning,
                  .message = Cat(Grouped(stale.size()), " ids of the ", donor ? "donor" : "base",
                                 "'s template are not those of its vocabulary"),
                  .action = "kept: the reference library emits the id of the template too",
                  .examples = stale.Texts()};
  (donor ? finding.donor_ids : finding.base_ids) = stale.ids;
  AddFinding(std::move(finding), report);
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
       .action = facts.Done("the base's way is kept; pieces are compared with their spaces",
                            "the donor's way holds; pieces are compared with their spaces")},
      report);
}

}  // namespace

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

TokenizerSpec WithoutPrefix(TokenizerSpec spec) {
  std::erase_if(spec.normalizers, [](const Normalizer& step) {
    return std::holds_alternative<normalizer::Prepend>(step);
  });
  for (Normalizer& step : spec.normalizers) {
    if (auto* sentencepiece = std::get_if<normalizer::SentencePiece>(&step)) {
      sentencepiece->add_dummy_prefix = false;
    }
  }
  for (PreTokenizer& step : spec.pre_tokenizers) {
    if (auto* metaspace = std::get_if<pre_tokenizer::Metaspace>(&step)) {
      metaspace->prepend_scheme = pre_tokenizer::PrependScheme::kNever;
    } else if (auto* byte_level = std::get_if<pre_tokenizer::ByteLevel>(&step)) {
      byte_level->add_prefix_space = false;
    }
  }
  return spec;
}

Detected StaleTemplateIds(const TokenizerSpec& spec, const std::vector<ListedToken>& tokens) {
  Detected out;
  const std::vector<NamedId> named_ids = TemplateIds(spec.post_processors);
  if (named_ids.empty()) return out;
  std::unordered_map<std::string_view, TokenId> ids;
  ids.reserve(tokens.size());
  for (const ListedToken& token : tokens) ids.emplace(token.spelling, token.id);
  for (const NamedId& named : named_ids) {
    const auto at = ids.find(named.name);
    if (at != ids.end() && at->second == named.id) continue;
    out.ids.push_back(named.id);
    out.AddExample({.id = named.id,
                    .place = "post_processor",
                    .text = Cat(ShowPiece(named.name), ": ", named.id, " in the template, ",
                                at == ids.end() ? std::string("not") : Cat(at->second),
                                " in the vocabulary")});
  }
  return out;
}

void CheckStages(const MergeFacts& facts, ConflictReport* report) {
  LookedFor({"D6", "D11"}, report);
  CheckTemplates(facts, report);
  CheckPrefix(facts, report);
}

void LintStages(const LintFacts& facts, LintReport* report) {
  if (facts.spec.format != Format::kTokenizerJson) return;
  LookedFor({"D6", "D14"}, report);
  AddFinding({.code = "D6",
              .severity = Severity::kWarning,
              .message = " ids of the template are not those of the vocabulary",
              .action = "write the template anew from the names: these ids are what is emitted"},
             StaleTemplateIds(facts.spec, facts.tokens), facts, report);
  Detected blocks;
  for (const char* key : {"truncation", "padding"}) {
    const auto at = facts.spec.rest.find(key);
    if (at == facts.spec.rest.end() || at->second == "null") continue;
    ++blocks.count;
    blocks.AddExample({.place = key, .text = at->second});
  }
  AddFinding({.code = "D14",
              .severity = Severity::kWarning,
              .message = " blocks of the file cut or pad every encoding",
              .action = "set them to null: lengths belong to the caller, and a text that is cut "
                        "is lost without a word"},
             std::move(blocks), facts, report);
}

}  // namespace tokgraft
