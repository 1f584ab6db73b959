#include "vocab_merge/trim/renumber.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace tokgraft {
namespace {

class Renumbering {
 public:
  Renumbering(const TokenizerSpec& spec, const std::vector<std::optional<TokenId>>& new_ids)
      : spec_(spec), new_ids_(new_ids) {}

  std::optional<TokenId> Find(TokenId id) const {
    return id < new_ids_.size() ? new_ids_[id] : std::nullopt;
  }
  Status Move(std::string_view place, TokenId* id) const {
    const std::optional<TokenId> moved = Find(*id);
    if (!moved) {
      return InvalidArgumentError(Cat(spec_.source, ": ", place, ": id ", *id,
                                      " was expected to stay, but it is removed or was never "
                                      "there; the file contradicts itself"));
    }
    *id = *moved;
    return {};
  }
  Status Move(std::string_view place, std::optional<TokenId>* id) const {
    return *id ? Move(place, &**id) : Status();
  }

 private:
  const TokenizerSpec& spec_;
  const std::vector<std::optional<TokenId>>& new_ids_;
};

void MoveVocab(const Renumbering& renumbering, const Vocab& from, Vocab* to) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    Piece piece = from.entry(i);
    const std::optional<TokenId> id = renumbering.Find(piece.id);
    if (!id) continue;
    piece.id = *id;
    to->Add(piece);
  }
}

Status MoveModel(const Renumbering& renumbering, Model* model) {
  if (auto* unigram = std::get_if<UnigramModel>(model)) {
    return renumbering.Move("model.unk_id", &unigram->unk);
  }
  auto* bpe = std::get_if<BpeModel>(model);
  if (bpe == nullptr) return {};
  std::vector<Merge> kept;
  for (const Merge& merge : bpe->merges) {
    const auto left = renumbering.Find(merge.left);
    const auto right = renumbering.Find(merge.right);
    const auto product = renumbering.Find(merge.product);
    if (left && right && product) kept.push_back({*left, *right, *product});
  }
  bpe->merges = std::move(kept);
  return renumbering.Move("model.unk_token", &bpe->unk);
}

Status MovePostProcessor(const Renumbering& renumbering, PostProcessor* step) {
  if (auto* with_template = std::get_if<post_processor::Template>(step)) {
    for (post_processor::SpecialToken& token : with_template->special_tokens) {
      for (TokenId& id : token.ids) {
        TOKGRAFT_RETURN_IF_ERROR(renumbering.Move("post_processor.special_tokens", &id));
      }
    }
  } else if (auto* bert = std::get_if<post_processor::Bert>(step)) {
    TOKGRAFT_RETURN_IF_ERROR(renumbering.Move("post_processor.sep", &bert->sep_id));
    return renumbering.Move("post_processor.cls", &bert->cls_id);
  } else if (auto* roberta = std::get_if<post_processor::Roberta>(step)) {
    TOKGRAFT_RETURN_IF_ERROR(renumbering.Move("post_processor.sep", &roberta->sep_id));
    return renumbering.Move("post_processor.cls", &roberta->cls_id);
  }
  return {};
}

Status MoveRoles(const Renumbering& renumbering, SpecialRoles* roles) {
  for (std::optional<TokenId>* id : {&roles->bos, &roles->eos, &roles->unk, &roles->pad,
                                     &roles->sep, &roles->cls, &roles->mask}) {
    TOKGRAFT_RETURN_IF_ERROR(renumbering.Move("special tokens", id));
  }
  return {};
}

// tokenizer.json's padding section repeats the id of its token.
Status MovePadding(const Renumbering& renumbering, TokenizerSpec* spec) {
  const auto padding = spec->rest.find("padding");
  if (padding == spec->rest.end()) return {};
  auto json = nlohmann::ordered_json::parse(padding->second, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("pad_id") || !json["pad_id"].is_number_unsigned()) {
    return {};
  }
  TokenId id = json["pad_id"].get<TokenId>();
  TOKGRAFT_RETURN_IF_ERROR(renumbering.Move("padding.pad_id", &id));
  json["pad_id"] = id;
  padding->second = json.dump();
  return {};
}

}  // namespace

StatusOr<TokenizerSpec> Renumber(const TokenizerSpec& spec,
                                 const std::vector<std::optional<TokenId>>& new_ids) {
  const Renumbering renumbering(spec, new_ids);
  TokenizerSpec out = spec;
  out.notes.clear();
  out.vocab = Vocab();
  MoveVocab(renumbering, spec.vocab, &out.vocab);
  TOKGRAFT_RETURN_IF_ERROR(MoveModel(renumbering, &out.model));
  for (AddedToken& token : out.added_tokens) {
    TOKGRAFT_RETURN_IF_ERROR(renumbering.Move("added_tokens", &token.id));
  }
  for (PostProcessor& step : out.post_processors) {
    TOKGRAFT_RETURN_IF_ERROR(MovePostProcessor(renumbering, &step));
  }
  TOKGRAFT_RETURN_IF_ERROR(MoveRoles(renumbering, &out.roles));
  TOKGRAFT_RETURN_IF_ERROR(MovePadding(renumbering, &out));
  return out;
}

}  // namespace tokgraft
