#include "vocab_merge/same/canonical.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "tokenizer/status.h"
#include "vocab_merge/rules/detect.h"
#include "vocab_merge/same/stage_text.h"

namespace tokgraft {
namespace {

// Numbers and texts one after the other, each with its length, so that no two lists look alike.
class Writer {
 public:
  void Text(std::string_view text) {
    Number(text.size());
    out_ += text;
  }
  void Number(std::uint64_t value) {
    do {
      out_.push_back(static_cast<char>((value & 0x7F) | (value > 0x7F ? 0x80 : 0)));
      value >>= 7;
    } while (value != 0);
  }
  void Score(double value) { Number(std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value)); }
  std::string Take() && { return std::move(out_); }

 private:
  std::string out_;
};

bool ScoresCount(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  return std::holds_alternative<UnigramModel>(spec.model) ||
         (bpe != nullptr && bpe->order == BpeModel::Order::kScore);
}

// Where the place in the word is part of the piece, its spelling tells it.
bool SpellingCounts(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  return spec.spelling == Spelling::kWordPiece ||
         (bpe != nullptr && !(bpe->continuing_subword_prefix.value_or("").empty() &&
                              bpe->end_of_word_suffix.value_or("").empty()));
}

std::string PiecesOf(const TokenizerSpec& spec) {
  const bool scores = ScoresCount(spec);
  const bool spelled = SpellingCounts(spec);
  std::vector<Piece> pieces;
  pieces.reserve(spec.vocab.size());
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) pieces.push_back(spec.vocab.entry(i));
  const auto less = [](const Piece& a, const Piece& b) {
    return std::tie(a.id, a.bytes, a.spelling) < std::tie(b.id, b.bytes, b.spelling);
  };
  if (!std::is_sorted(pieces.begin(), pieces.end(), less)) {
    std::sort(pieces.begin(), pieces.end(), less);
  }
  Writer out;
  for (const Piece& piece : pieces) {
    out.Number(piece.id);
    out.Number(static_cast<std::uint64_t>(piece.kind));
    out.Text(piece.bytes);
    if (spelled) out.Text(piece.spelling);
    if (scores) out.Score(piece.score);
  }
  return std::move(out).Take();
}

// In order of rank.
std::string MergesOf(const TokenizerSpec& spec) {
  const BpeModel* bpe = MergeListOf(spec);
  if (bpe == nullptr) return {};
  Writer out;
  for (const Merge& merge : EffectiveMerges(spec)) {
    out.Number(merge.left);
    out.Number(merge.right);
    out.Number(merge.product);
  }
  for (const BrokenMerge& merge : bpe->broken_merges) {
    out.Text(merge.left);
    out.Text(merge.right);
  }
  return std::move(out).Take();
}

std::string AddedOf(const TokenizerSpec& spec) {
  std::vector<const AddedToken*> tokens;
  for (const AddedToken& token : spec.added_tokens) tokens.push_back(&token);
  std::sort(tokens.begin(), tokens.end(), [](const AddedToken* a, const AddedToken* b) {
    return std::tie(a->id, a->content) < std::tie(b->id, b->content);
  });
  Writer out;
  for (const AddedToken* token : tokens) {
    out.Number(token->id);
    out.Text(token->content);
    out.Number((token->single_word ? 1U : 0U) | (token->lstrip ? 2U : 0U) |
               (token->rstrip ? 4U : 0U) | (token->normalized ? 8U : 0U) |
               (token->special ? 16U : 0U));
  }
  return std::move(out).Take();
}

// .model and GGUF have no template, but two flags.
std::string EndsOf(const TokenizerSpec& spec) {
  std::string out = TextOf(spec.post_processors);
  const auto id = [](const std::optional<TokenId>& role) {
    return role ? Cat(*role) : std::string("none");
  };
  if (spec.add_bos) out += Cat("AddBos{", id(spec.roles.bos), "}");
  if (spec.add_eos) out += Cat("AddEos{", id(spec.roles.eos), "}");
  return out;
}

}  // namespace

Canonical CanonicalOf(const TokenizerSpec& spec) {
  return {.reference = std::string(ReferenceName(spec.reference)),
          .pieces = PiecesOf(spec),
          .model = TextOf(spec.model),
          .merges = MergesOf(spec),
          .added = AddedOf(spec),
          .normalizers = TextOf(spec.normalizers),
          .pre_tokenizers = TextOf(spec.pre_tokenizers),
          .post_processors = EndsOf(spec),
          .decoders = spec.decoders ? TextOf(*spec.decoders) : std::string("null")};
}

std::string HashOf(const Canonical& canonical) {
  Writer head;
  for (const std::string* part :
       {&canonical.reference, &canonical.pieces, &canonical.model, &canonical.merges,
        &canonical.added, &canonical.normalizers, &canonical.pre_tokenizers,
        &canonical.post_processors, &canonical.decoders}) {
    head.Text(*part);
  }
  const std::string text = std::move(head).Take();
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return {};
  }
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out.push_back(kHex[digest[i] >> 4]);
    out.push_back(kHex[digest[i] & 15]);
  }
  return out;
}

std::string ShowPart(const std::string& part) {
  static constexpr std::size_t kMost = 300;
  if (part.empty()) return "none";
  if (part.size() <= kMost) return part;
  return part.substr(0, kMost) + "...";
}

}  // namespace tokgraft
