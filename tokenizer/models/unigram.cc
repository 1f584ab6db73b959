#include "tokenizer/models/unigram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "tokenizer/text/byte_alphabet.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::uint32_t kUnreached = 0xFFFFFFFF;
constexpr TokenId kUnknownNode = 0xFFFFFFFF;
constexpr double kUnknownPenalty = 10;
constexpr float kShiftScoresAbove = 100000;  // sentencepiece's kScoreResetThreshold
constexpr std::size_t kMostIds = std::size_t{1} << 24;

}  // namespace

// Turns the pieces of the best path into tokens: runs of unknown characters become one.
class Unigram::Emitter {
 public:
  Emitter(const Unigram& model, std::string_view word, std::vector<TokenRange>* ranges)
      : model_(model), word_(word), ranges_(*ranges) {}

  void Add(const TokenRange& piece) {
    if (piece.id == kUnknownNode || piece.id == model_.unk_) {
      if (unknown_begin_ == unknown_end_) unknown_begin_ = piece.begin;
      unknown_end_ = piece.end;
      // Bytes do not depend on where a run ends; sentencepiece looks at each unknown alone.
      if (model_.in_float_ && model_.byte_fallback_) Flush();
      return;
    }
    Flush();
    ranges_.push_back(piece);
  }

  void Flush() {
    if (unknown_begin_ == unknown_end_) return;
    const std::string_view text = word_.substr(unknown_begin_, unknown_end_ - unknown_begin_);
    const std::optional<TokenId> whole = model_.in_float_ ? std::nullopt : model_.trie_.Find(text);
    const auto known = [&](char b) {
      return model_.byte_tokens_[static_cast<unsigned char>(b)].has_value();
    };
    if (whole) {
      ranges_.push_back({*whole, unknown_begin_, unknown_end_});
    } else if (model_.byte_fallback_ && std::all_of(text.begin(), text.end(), known)) {
      for (std::uint32_t i = unknown_begin_; i < unknown_end_; ++i) {
        const TokenId id = *model_.byte_tokens_[static_cast<unsigned char>(word_[i])];
        // tokenizers gives each byte the span of the whole run, sentencepiece has it exact.
        ranges_.push_back(model_.in_float_ ? TokenRange{id, i, i + 1}
                                           : TokenRange{id, unknown_begin_, unknown_end_});
      }
    } else if (model_.unk_) {
      ranges_.push_back({*model_.unk_, unknown_begin_, unknown_end_});
    }
    unknown_begin_ = unknown_end_;
  }

 private:
  const Unigram& model_;
  std::string_view word_;
  std::vector<TokenRange>& ranges_;
  std::uint32_t unknown_begin_ = 0;  // the run that is not yet emitted; empty: none
  std::uint32_t unknown_end_ = 0;
};

StatusOr<Unigram> Unigram::Compile(const TokenizerSpec& spec, bool byte_domain) {
  const auto& model = std::get<UnigramModel>(spec.model);
  Unigram out;
  out.byte_domain_ = byte_domain;
  out.unk_ = model.unk;
  out.byte_fallback_ = model.byte_fallback;
  switch (spec.reference) {
    case Reference::kHuggingFace:
      break;
    case Reference::kSentencePiece:
      out.in_float_ = true;
      break;
    case Reference::kTiktoken:
    case Reference::kTekken:
    case Reference::kLlamaCpp:
      return UnimplementedError(Cat("model: Unigram as ", ReferenceName(spec.reference),
                                    " runs it, expected tokenizers or sentencepiece"));
  }
  if (!out.unk_ && !(out.in_float_ && out.byte_fallback_)) {
    return InvalidArgumentError(
        "model.unk_id: no unknown piece, expected one: the reference fails at the first character "
        "that is no piece");
  }
  if (byte_domain && out.byte_fallback_) {
    return UnimplementedError("model.byte_fallback: Unigram behind a ByteLevel pre-tokenizer");
  }
  if (spec.vocab.id_limit() > kMostIds) {
    return InvalidArgumentError(Cat("model.vocab: an id of ", spec.vocab.id_limit() - 1,
                                    ", expected less than ", kMostIds));
  }
  out.scores_.resize(spec.vocab.id_limit(), 0);
  double lowest = out.in_float_ ? double{std::numeric_limits<float>::max()}
                                : std::numeric_limits<double>::infinity();
  std::vector<std::string> texts(byte_domain ? spec.vocab.size() : 0);
  std::vector<ByteTrie::Key> keys;
  keys.reserve(spec.vocab.size());
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (!std::isfinite(piece.score)) {
      return InvalidArgumentError(Cat("model.vocab[", i, "]: the score of \"", piece.spelling,
                                      "\" is not a finite number"));
    }
    double score = piece.score;
    if (out.in_float_) {
      score = static_cast<float>(score);
      if (piece.kind == PieceKind::kNormal) lowest = std::min(lowest, score);
      if (piece.kind == PieceKind::kUserDefined) {
        // A bonus, so that it is always chosen.
        score = static_cast<float>(0.1 * (static_cast<int>(piece.spelling.size()) - 1));
      } else if (piece.kind != PieceKind::kNormal) {
        continue;
      }
    } else {
      lowest = std::min(lowest, score);
    }
    out.scores_[piece.id] = score;
    std::string_view text = piece.spelling;
    if (byte_domain) {
      const auto bytes = FromByteAlphabet(piece.spelling);
      if (!bytes) continue;
      texts[i] = *bytes;
      text = texts[i];
    }
    if (!text.empty()) keys.push_back({text, piece.id});
  }
  out.unk_score_ = out.in_float_ ? static_cast<float>(lowest) - static_cast<float>(kUnknownPenalty)
                                 : lowest - kUnknownPenalty;
  out.trie_ = ByteTrie::Build(std::move(keys));
  for (unsigned byte = 0; byte < 256; ++byte) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    out.byte_tokens_[byte] =
        spec.vocab.FindSpelling(Cat("<0x", kDigits[byte >> 4], kDigits[byte & 15], ">"));
  }
  return out;
}

template <typename Score>
void Unigram::Viterbi(std::string_view word, UnigramScratch* scratch, Emitter* emitter) const {
  std::vector<UnigramScratch::Node>& nodes = scratch->nodes;
  if (nodes.size() < 64) nodes.resize(64);
  const auto size = static_cast<std::uint32_t>(word.size());
  const auto unk_score = static_cast<Score>(unk_score_);
  std::uint32_t window = 0;    // where nodes[0] stands
  std::uint32_t at = 0;        // where pieces start now
  std::uint32_t frontier = 0;  // the furthest end of any piece so far
  nodes[0] = {0, 0, kUnknownNode};
  // Offers the path to `at` and then the piece [at, end) to the node at `end`.
  const auto offer = [&](std::uint32_t end, Score score, TokenId id) {
    while (frontier < end) {
      ++frontier;
      if (nodes.size() <= frontier - window) nodes.resize(nodes.size() * 2);
      nodes[frontier - window].start = kUnreached;
    }
    UnigramScratch::Node& node = nodes[end - window];
    const Score candidate = score + static_cast<Score>(nodes[at - window].score);
    if (node.start == kUnreached || candidate > static_cast<Score>(node.score)) {
      node = {candidate, at - window, id};
    }
  };
  while (at < size) {
    if (frontier == at && at > window) {
      // Every path passes here: what lies before is decided.
      const double score = nodes[at - window].score;
      scratch->path.clear();
      for (std::uint32_t end = at - window; end > 0; end = nodes[end].start) {
        scratch->path.push_back({nodes[end].id, window + nodes[end].start, window + end});
      }
      std::for_each(scratch->path.rbegin(), scratch->path.rend(),
                    [&](const TokenRange& piece) { emitter->Add(piece); });
      window = at;
      nodes[0] = {score, 0, kUnknownNode};
    }
    if constexpr (sizeof(Score) == sizeof(float)) {
      const auto here = static_cast<float>(nodes[at - window].score);
      if (here < -kShiftScoresAbove || here > kShiftScoresAbove) {
        for (std::uint32_t i = at; i <= frontier; ++i) {
          UnigramScratch::Node& node = nodes[i - window];
          if (i == at || node.start != kUnreached) {
            node.score = static_cast<float>(node.score) - here;
          }
        }
      }
    }
    const std::uint32_t character =
        byte_domain_
            ? 1
            : std::min<std::uint32_t>(static_cast<std::uint32_t>(Utf8Length(word[at])), size - at);
    bool has_single = false;
    std::uint32_t node = ByteTrie::kRoot;
    for (std::uint32_t end = at; end < size;) {
      node = trie_.Child(node, word[end]);
      if (node == ByteTrie::kDead) break;
      ++end;
      const std::uint32_t id = trie_.Value(node);
      if (id == ByteTrie::kNoValue) continue;
      offer(end, static_cast<Score>(scores_[id]), id);
      has_single |= end - at == character;
    }
    if (!has_single) offer(at + character, unk_score, kUnknownNode);
    at += character;
  }
  scratch->path.clear();
  for (std::uint32_t end = at - window; end > 0; end = nodes[end].start) {
    scratch->path.push_back({nodes[end].id, window + nodes[end].start, window + end});
  }
  std::for_each(scratch->path.rbegin(), scratch->path.rend(),
                [&](const TokenRange& piece) { emitter->Add(piece); });
  emitter->Flush();
}

void Unigram::EncodeRanges(std::string_view word, UnigramScratch* scratch,
                           std::vector<TokenRange>* ranges) const {
  Emitter emitter(*this, word, ranges);
  if (in_float_) {
    Viterbi<float>(word, scratch, &emitter);
  } else {
    Viterbi<double>(word, scratch, &emitter);
  }
}

void Unigram::Encode(std::string_view word, UnigramScratch* scratch,
                     std::vector<TokenId>* ids) const {
  const bool keep = word.size() <= WordCache::kLongestWord;
  const std::uint64_t hash = keep ? HashOfWord(word) : 0;
  if (keep) {
    const std::span<const TokenId> known = scratch->cache.Find(word, hash);
    if (!known.empty()) {
      ids->insert(ids->end(), known.begin(), known.end());
      return;
    }
  }
  scratch->ranges.clear();
  EncodeRanges(word, scratch, &scratch->ranges);
  const std::size_t first = ids->size();
  for (const TokenRange& range : scratch->ranges) ids->push_back(range.id);
  if (keep) scratch->cache.Insert(word, hash, std::span(*ids).subspan(first));
}

}  // namespace tokgraft
