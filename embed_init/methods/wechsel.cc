// wechsel: the old tokens that mean most nearly what the new one means, by word vectors of both
// languages (arXiv:2112.06598). The vectors of the new language are laid onto those of the old one
// by the rotation that fits the pairs of a dictionary best, each pair also in lower case and with
// a capital. The k nearest old tokens by cosine, weighted by softmax of cosine / temperature, make
// the row.
//
// The vector of a token is the mean of the vectors of the words that hold it when its tokenizer
// spells them, alone or behind a blank; a word of rank r weighs 1 / r, which stands for its
// frequency. (The paper's first choice, fastText's n-grams of a token, are not in a .vec file.) A
// token of no word gets the mean of its pieces.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include "embed_init/alignment/letter_case.h"
#include "embed_init/alignment/rotation.h"
#include "embed_init/alignment/text_pairs.h"
#include "embed_init/alignment/word_vectors.h"
#include "embed_init/methods/auxiliary_cache.h"
#include "embed_init/methods/donor_space.h"
#include "embed_init/methods/neighbours.h"
#include "tokenizer/base/parallel.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

constexpr std::size_t kWordsPerTask = 64;

// Words whose vectors are asked for.
struct LookedUpWords {
  std::unordered_map<std::string, std::size_t> index;
  std::vector<float> values;  // [words, columns]
  std::vector<bool> found;

  std::size_t Add(const std::string& word) {
    return index.emplace(word, index.size()).first->second;
  }
  void Open(std::size_t columns) {
    values.assign(index.size() * columns, 0);
    found.assign(index.size(), false);
  }
  void Take(const WordBlock& block) {
    for (std::size_t i = 0; i < block.words.size(); ++i) {
      const auto at = index.find(std::string(block.words[i]));
      if (at == index.end() || found[at->second]) continue;
      const std::span<const float> vector = block.vector(i);
      std::copy(vector.begin(), vector.end(),
                values.begin() + static_cast<std::ptrdiff_t>(at->second * block.columns));
      found[at->second] = true;
    }
  }
  std::span<const float> vector(std::size_t word, std::size_t columns) const {
    return {values.data() + word * columns, columns};
  }
};

// The tokens of a word, alone and behind a blank, each once.
std::vector<TokenId> TokensOf(const Tokenizer& tokenizer, std::string_view word) {
  std::vector<TokenId> ids;
  tokenizer.EncodeIds(word, &ids);
  tokenizer.EncodeIds(Cat(" ", word), &ids);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// Unit vectors of `ids` (ascending), as far as they stand in words; and the words of `words`.
StatusOr<WordTokens> ReadVectors(const std::string& path, const Tokenizer& tokenizer,
                                 const std::vector<std::uint32_t>& ids, std::size_t columns,
                                 const InitOptions& options, LookedUpWords* words) {
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> slot(tokenizer.vocab_size(), kNone);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < slot.size()) slot[ids[i]] = i;
  }
  std::vector<float> sums(ids.size() * columns, 0);
  words->Open(columns);
  std::vector<std::vector<TokenId>> tokens;
  TOKGRAFT_RETURN_IF_ERROR(ForEachWordBlock(path, 0, [&](const WordBlock& block) {
    tokens.assign(block.words.size(), {});
    ParallelFor(tokens.size(), kWordsPerTask, 0, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) tokens[i] = TokensOf(tokenizer, block.words[i]);
    });
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const auto weight = static_cast<float>(1 / static_cast<double>(block.first + i + 1));
      const std::span<const float> vector = block.vector(i);
      for (const TokenId id : tokens[i]) {
        if (id >= slot.size() || slot[id] == kNone) continue;
        float* sum = sums.data() + slot[id] * columns;
        for (std::size_t j = 0; j < columns; ++j) sum[j] += weight * vector[j];
      }
    }
    words->Take(block);
    if (options.progress) options.progress("vectors", block.fraction);
  }));
  const std::vector<float> norms = ToUnitRows(columns, &sums);
  WordTokens vectors;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!(norms[i] > 0) || !std::isfinite(norms[i])) continue;
    vectors.ids.push_back(ids[i]);
    const auto row = sums.begin() + static_cast<std::ptrdiff_t>(i * columns);
    vectors.rows.insert(vectors.rows.end(), row, row + static_cast<std::ptrdiff_t>(columns));
  }
  return vectors;
}

bool IsOfText(const Tokenizer& tokenizer, TokenId id) {
  const std::optional<PieceKind> kind = tokenizer.token_kind(id);
  return kind && *kind != PieceKind::kControl && *kind != PieceKind::kUnknown &&
         *kind != PieceKind::kUnused;
}

StatusOr<WordSpace> OpenWordSpace(const MethodInput& input) {
  const AuxiliaryInputs& files = input.options->auxiliary;
  WordSpace space;
  TOKGRAFT_ASSIGN_OR_RETURN(space.columns, DimensionOfWords(files.base_vectors));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::size_t columns, DimensionOfWords(files.vectors));
  if (columns != space.columns) {
    return InvalidArgumentError(Cat(files.vectors, ": line 1: has vectors of ", columns,
                                    " numbers, ", space.columns, " were expected, as ",
                                    files.base_vectors, " has; give vectors of one size"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const TextPairs dictionary, ReadTextPairs(files.dictionary));
  std::set<std::pair<std::string, std::string>> pairs;
  for (const TextPair& pair : dictionary.pairs) {
    pairs.emplace(pair.first, pair.second);
    pairs.emplace(ToLowercase(pair.first), ToLowercase(pair.second));
    pairs.emplace(ToTitlecase(pair.first), ToTitlecase(pair.second));
  }
  LookedUpWords old_words;
  LookedUpWords new_words;
  for (const auto& [old_word, new_word] : pairs) {
    old_words.Add(old_word);
    new_words.Add(new_word);
  }
  std::vector<std::uint32_t> old_ids;
  for (std::uint32_t id = 0; id < std::min(input.old_tokens, input.old.rows); ++id) {
    if (!input.is_hidden(id) && IsOfText(*input.base, id)) old_ids.push_back(id);
  }
  std::vector<std::uint32_t> wanted;
  for (const WantedToken& token : input.tokens) {
    if (IsOfText(*input.merged, static_cast<TokenId>(token.row))) {
      wanted.push_back(static_cast<std::uint32_t>(token.row));
    }
  }
  std::sort(wanted.begin(), wanted.end());
  TOKGRAFT_ASSIGN_OR_RETURN(space.old_tokens, ReadVectors(files.base_vectors, *input.base, old_ids,
                                                          columns, *input.options, &old_words));
  TOKGRAFT_ASSIGN_OR_RETURN(space.wanted, ReadVectors(files.vectors, *input.merged, wanted, columns,
                                                      *input.options, &new_words));
  std::vector<float> x;
  std::vector<float> y;
  for (const auto& [old_word, new_word] : pairs) {
    const std::size_t old_index = old_words.index.at(old_word);
    const std::size_t new_index = new_words.index.at(new_word);
    if (!old_words.found[old_index] || !new_words.found[new_index]) continue;
    const std::span<const float> from = old_words.vector(old_index, columns);
    const std::span<const float> to = new_words.vector(new_index, columns);
    x.insert(x.end(), from.begin(), from.end());
    y.insert(y.end(), to.begin(), to.end());
  }
  const std::size_t fitted = x.size() / columns;
  if (fitted == 0) {
    return InvalidArgumentError(Cat(files.dictionary, ": none of its ", dictionary.pairs.size(),
                                    " pairs has vectors in ", files.base_vectors, " and ",
                                    files.vectors, ", pairs of words of both were expected; give ",
                                    "the model's language first"));
  }
  if (space.old_tokens.ids.empty()) {
    return InvalidArgumentError(Cat(files.base_vectors,
                                    ": no old token stands in its words, words of the model's "
                                    "language were expected; give its vectors"));
  }
  space.wanted.rows = RotateBack(space.wanted.rows, FitRotation(x, y, columns), columns);
  space.note = Cat(
      "wechsel: the dictionary gave ", Counted(fitted, "pair"), " with vectors, cases counted",
      fitted < columns ? Cat(", fewer than the ", columns, " numbers of a vector: a poor fit") : "",
      "; ", Grouped(space.old_tokens.ids.size()), " old tokens and ",
      Grouped(space.wanted.ids.size()), " of ", Counted(input.tokens.size(), "new token"),
      " stand in words");
  return space;
}

}  // namespace

StatusOr<MadeRows> MakeWechselRows(const MethodInput& input) {
  const AuxiliaryInputs& files = input.options->auxiliary;
  TOKGRAFT_RETURN_IF_ERROR(RequireFile("wechsel", files.vectors, "--vectors",
                                       "word vectors of the new language (.vec)"));
  TOKGRAFT_RETURN_IF_ERROR(RequireFile("wechsel", files.base_vectors, "--base-vectors",
                                       "word vectors of the model's language (.vec)"));
  TOKGRAFT_RETURN_IF_ERROR(
      RequireFile("wechsel", files.dictionary, "--dictionary", "a dictionary of both languages"));
  AuxiliaryCache own;
  AuxiliaryCache& cache = input.cache != nullptr ? *input.cache : own;
  if (!cache.words) {
    TOKGRAFT_ASSIGN_OR_RETURN(cache.words, OpenWordSpace(input));
  }
  const WordSpace& space = *cache.words;
  std::vector<std::uint32_t> candidates;
  std::vector<float> atoms;
  std::vector<double> scratch(static_cast<std::size_t>(input.old.columns));
  for (std::size_t i = 0; i < space.old_tokens.ids.size(); ++i) {
    if (!IsSound(input.old, space.old_tokens.ids[i], &scratch)) continue;
    candidates.push_back(space.old_tokens.ids[i]);
    const auto row = space.old_tokens.rows.begin() + static_cast<std::ptrdiff_t>(i * space.columns);
    atoms.insert(atoms.end(), row, row + static_cast<std::ptrdiff_t>(space.columns));
  }
  const MethodSettings& settings = input.options->settings;
  const std::vector<std::vector<Near>> nearest =
      Nearest(PackedRows(atoms, candidates.size(), space.columns), space.wanted.rows,
              static_cast<std::size_t>(settings.wechsel_k));
  MadeRows made;
  made.notes.push_back(space.note);
  for (const WantedToken& token : input.tokens) {
    const auto at = std::lower_bound(space.wanted.ids.begin(), space.wanted.ids.end(), token.row);
    if (candidates.empty() || at == space.wanted.ids.end() || *at != token.row) {
      made.AddFallback(input, token);
      continue;
    }
    const std::vector<Near>& near =
        nearest[static_cast<std::size_t>(at - space.wanted.ids.begin())];
    std::vector<double> scores;
    for (const Near& one : near) {
      scores.push_back(static_cast<double>(one.cosine) / settings.wechsel_temperature);
    }
    const std::vector<double> weights = Softmax(scores);
    RowEntries entries;
    for (std::size_t j = 0; j < near.size(); ++j) {
      entries.emplace_back(candidates[near[j].row], weights[j]);
    }
    made.Add(RowOrigin::kMethod, std::move(entries));
  }
  return made;
}

}  // namespace tokgraft
