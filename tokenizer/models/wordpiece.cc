#include "tokenizer/models/wordpiece.h"

#include <limits>
#include <utility>

#include "tokenizer/text/utf8.h"

namespace tokgraft {

StatusOr<WordPiece> WordPiece::Compile(const TokenizerSpec& spec, bool byte_domain) {
  const auto& model = std::get<WordPieceModel>(spec.model);
  if (byte_domain) return UnimplementedError("model: WordPiece behind a ByteLevel pre-tokenizer");
  if (spec.reference != Reference::kHuggingFace) {
    return UnimplementedError(Cat("model: WordPiece as ", ReferenceName(spec.reference),
                                  " runs it, expected tokenizers"));
  }
  const auto unk = spec.vocab.FindSpelling(model.unk_spelling);
  if (!unk) {
    return InvalidArgumentError(Cat("model.unk_token: \"", model.unk_spelling,
                                    "\" is not in the vocabulary; add it or name another"));
  }
  WordPiece out;
  out.unk_ = *unk;
  out.most_characters_ = static_cast<std::size_t>(model.max_input_chars_per_word);
  std::vector<ByteTrie::Key> first;
  std::vector<ByteTrie::Key> following;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.spelling.empty()) continue;
    first.push_back({piece.spelling, piece.id});
    std::string_view rest = piece.spelling;
    if (rest.starts_with(model.continuing_subword_prefix)) {
      rest.remove_prefix(model.continuing_subword_prefix.size());
      if (!rest.empty()) following.push_back({rest, piece.id});
    }
  }
  out.first_ = ByteTrie::Build(std::move(first));
  out.following_ = ByteTrie::Build(std::move(following));
  return out;
}

void WordPiece::EncodeRanges(std::string_view word, std::vector<TokenRange>* ranges) const {
  const std::size_t first = ranges->size();
  const auto size = static_cast<std::uint32_t>(word.size());
  bool bad = word.size() > most_characters_ && CountCharacters(word) > most_characters_;
  for (std::size_t at = 0; !bad && at < word.size();) {
    const ByteTrie::Match match = (at == 0 ? first_ : following_).LongestPrefix(word.substr(at));
    bad = match.size == 0;
    ranges->push_back(
        {match.value, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + match.size)});
    at += match.size;
  }
  if (bad) {
    ranges->resize(first);
    ranges->push_back({unk_, 0, size});
  }
}

void WordPiece::Encode(std::string_view word, WordPieceScratch* scratch,
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
  EncodeRanges(word, &scratch->ranges);
  const std::size_t begin = ids->size();
  for (const TokenRange& range : scratch->ranges) ids->push_back(range.id);
  if (keep) scratch->cache.Insert(word, hash, std::span(*ids).subspan(begin));
}

}  // namespace tokgraft
