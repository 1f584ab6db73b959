#include "vocab_merge/learn.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "tokenizer/base/parallel.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/convert.h"
#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/alignment.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/extend/witness.h"
#include "vocab_merge/learn/learner.h"
#include "vocab_merge/learn/piece_rules.h"
#include "vocab_merge/learn/sequences.h"
#include "vocab_merge/learn/unigram.h"
#include "vocab_merge/learn/words.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

void Tell(const LearnOptions& options, std::string_view stage, double fraction) {
  if (options.progress) options.progress(stage, fraction);
}

Status Check(const TokenizerSpec& base, const LearnOptions& options) {
  if (options.size == 0) {
    return InvalidArgumentError("donor size: it is 0, the number of pieces to learn was expected");
  }
  if (options.min_count == 0) {
    return InvalidArgumentError("min_count: it is 0, at least 1 was expected");
  }
  if (std::ranges::all_of(options.corpus, [](std::string_view text) { return text.empty(); })) {
    return InvalidArgumentError(
        "donor corpus: it is empty, text to learn pieces from was expected");
  }
  if (std::holds_alternative<WordPieceModel>(base.model)) {
    return UnimplementedError(
        Cat(base.source.empty() ? "base" : base.source,
            ": model: no pieces are learnt for a WordPiece model, whose trainer is not public and "
            "whose longest match cuts old words anew with every piece; a BPE or Unigram base was "
            "expected; train a donor elsewhere and merge that"));
  }
  return {};
}

// A text from the corpus, valid UTF-8, for each piece without a witness: a word that it is seen in.
std::vector<std::string> SeenIn(const TokenizerSpec& base, const Learnt& learnt,
                                const std::vector<std::size_t>& pieces) {
  const Sequences& all = learnt.sequences;
  const auto first = all.limit + static_cast<Symbol>(all.foreign.size());
  std::vector<std::string> out(learnt.growth.pieces.size());
  std::vector<bool> wanted(out.size());
  for (const std::size_t i : pieces) wanted[i] = true;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const Symbol symbol : all.at(i)) {
      if (symbol < first || !wanted[symbol - first]) continue;
      std::string text = learnt.BytesOf(base, i);
      if (!IsValidUtf8(text)) continue;
      std::string& best = out[symbol - first];
      const auto rank = [](const std::string& s) {
        return std::pair(s.size(), std::string_view(s));
      };
      if (best.empty() || rank(text) < rank(best)) best = std::move(text);
    }
  }
  return out;
}

std::vector<std::string> Witnesses(const TokenizerSpec& base, const Tokenizer& tokenizer,
                                   const Learnt& learnt, const LearnOptions& options) {
  const std::vector<NewPiece>& pieces = learnt.growth.pieces;
  const WitnessOptions witness{.threads = options.threads};
  const auto query = [&](std::size_t i) {
    return WitnessQuery{.id = static_cast<TokenId>(learnt.growth.first_id + i),
                        .bytes = pieces[i].bytes};
  };
  std::vector<WitnessQuery> queries;
  for (std::size_t i = 0; i < pieces.size(); ++i) queries.push_back(query(i));
  std::vector<std::string> out = FindWitnesses(tokenizer, queries, witness);
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i].empty()) open.push_back(i);
  }
  if (open.empty()) return out;
  const std::vector<std::string> seen = SeenIn(base, learnt, open);
  std::vector<WitnessQuery> again;
  for (const std::size_t i : open) {
    again.push_back(query(i));
    again.back().known = seen[i];
    again.back().owner = seen[i];
  }
  std::vector<std::string> found = FindWitnesses(tokenizer, again, witness);
  for (std::size_t k = 0; k < open.size(); ++k) out[open[k]] = std::move(found[k]);
  return out;
}

struct LearntPieces {
  Growth growth;
  std::vector<std::string> witnesses;
  Tokenizer merged;
};

// Learns, and again without the pieces that nothing can emit, until there are none.
StatusOr<LearntPieces> LearnAll(const TokenizerSpec& base, const ChainBuilder& builder,
                                const PieceRules& rules, const Sequences& sequences,
                                const LearnOptions& options) {
  const auto& bpe = std::get<BpeModel>(base.model);
  ForbiddenPieces forbidden;
  LearnerOptions learner{
      .size = options.size,
      .min_count = options.min_count,
      .whole_words = bpe.ignore_merges || bpe.order == BpeModel::Order::kRank,
      .forbidden = &forbidden,
      .progress = [&](double fraction) { Tell(options, "learn pieces", fraction); }};
  while (true) {
    Learnt learnt = Learn(base, builder, rules, sequences, learner);
    Tell(options, "find witnesses", 0);
    TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec merged, ExtendSpec(base, learnt.growth));
    TOKGRAFT_ASSIGN_OR_RETURN(Tokenizer tokenizer, Compile(std::move(merged)));
    std::vector<std::string> witnesses = Witnesses(base, tokenizer, learnt, options);
    bool all = true;
    for (std::size_t i = 0; i < witnesses.size(); ++i) {
      if (!witnesses[i].empty()) continue;
      forbidden.insert(learnt.growth.pieces[i].bytes);
      all = false;
    }
    if (all) {
      return LearntPieces{std::move(learnt.growth), std::move(witnesses), std::move(tokenizer)};
    }
  }
}

IdMap MakeIdMap(const TokenizerSpec& base, const LearntPieces& learnt) {
  IdMap map;
  map.base_size = base.id_limit();
  map.merged_size = map.base_size + learnt.growth.pieces.size();
  map.base_to_merged.resize(map.base_size);
  for (const ListedToken& token : ListTokens(base)) map.base_to_merged[token.id] = token.id;
  for (std::size_t i = 0; i < learnt.growth.pieces.size(); ++i) {
    const NewPiece& piece = learnt.growth.pieces[i];
    AddedPiece added{.id = static_cast<TokenId>(learnt.growth.first_id + i),
                     .bytes = piece.bytes,
                     .donor_id = std::nullopt,
                     .merges = {},
                     .witness = learnt.witnesses[i]};
    for (std::uint32_t m = piece.merges_begin; m < piece.merges_end; ++m) {
      added.merges.emplace_back(learnt.growth.merges[m].left, learnt.growth.merges[m].right);
    }
    map.added.push_back(std::move(added));
  }
  return map;
}

// Documents to certify on where none were given: so many bytes of the corpus, from all over it.
constexpr std::size_t kSampleBytes = std::size_t{1} << 20;

std::vector<std::string_view> SampleOf(const std::vector<std::string_view>& corpus) {
  std::size_t bytes = 0;
  for (const std::string_view text : corpus) bytes += text.size();
  const std::size_t step = (bytes + kSampleBytes - 1) / kSampleBytes;
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < corpus.size(); i += step) out.push_back(corpus[i]);
  return out;
}

// The base's stages without a piece: a donor that agrees with it and has nothing to say.
TokenizerSpec SilentDonor(const TokenizerSpec& base) {
  TokenizerSpec donor;
  donor.source = base.source;
  donor.format = base.format;
  donor.reference = base.reference;
  donor.normalizers = base.normalizers;
  donor.pre_tokenizers = base.pre_tokenizers;
  donor.post_processors = base.post_processors;
  donor.decoders = base.decoders;
  donor.add_bos = base.add_bos;
  donor.add_eos = base.add_eos;
  donor.spelling = Spelling::kRaw;  // owes no bytes
  donor.model = BpeModel{};
  return donor;
}

// What is to be said of the base.
StatusOr<ConflictReport> ReportOf(const TokenizerSpec& base, const IdMap& map) {
  const TokenizerSpec donor = SilentDonor(base);
  TOKGRAFT_ASSIGN_OR_RETURN(const Alignment alignment, Align(base, donor));
  const std::vector<RefusedPiece> refused;
  return CheckAll(MakeFacts(base, donor, alignment, map, refused));
}

template <typename T>
Status Store(StatusOr<T> from, T* to) {
  if (!from.ok()) return from.status();
  *to = *std::move(from);
  return {};
}

StatusOr<MergeResult> ContinueBpe(const TokenizerSpec& base, const LearnOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(const ChainBuilder builder, ChainBuilder::Make(base));
  const PieceRules rules = PieceRules::Of(base);
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(base));
  Sequences sequences;
  {
    const WordCounts words =
        CountWords(tokenizer, options.corpus, options.threads,
                   [&](double fraction) { Tell(options, "count words", fraction); });
    sequences = MakeSequences(tokenizer, builder, rules, words, options.threads);
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const LearntPieces learnt,
                            LearnAll(base, builder, rules, sequences, options));
  MergeResult result;
  result.tokenizer = learnt.merged.spec();
  result.id_map = MakeIdMap(base, learnt);
  Tell(options, "certify", 0);
  const CertifyOptions certify{
      .texts = options.protect.empty() ? SampleOf(options.corpus) : options.protect,
      .threads = options.threads};
  Status reported;
  Status certified;
  ParallelFor(2, 1, options.threads, [&](std::size_t task, std::size_t) {
    if (task == 0) {
      reported = Store(ReportOf(base, result.id_map), &result.conflicts);
    } else {
      certified = Store(Certify(tokenizer, learnt.merged, certify), &result.certificate);
    }
  });
  TOKGRAFT_RETURN_IF_ERROR(reported);
  TOKGRAFT_RETURN_IF_ERROR(certified);
  return result;
}

// The donor is not kept, so nothing refers to its ids.
StatusOr<MergeResult> MergeTrainedUnigram(const TokenizerSpec& base, const LearnOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec donor, TrainUnigram(base, options));
  const MergeOptions merge{.protect = options.protect.empty() ? options.corpus : options.protect,
                           .threads = options.threads,
                           .progress = options.progress};
  TOKGRAFT_ASSIGN_OR_RETURN(MergeResult result, MergeTokenizers(base, donor, merge));
  result.id_map.donor_to_merged.clear();
  for (AddedPiece& piece : result.id_map.added) piece.donor_id.reset();
  if (options.protect.empty() && result.conflicts.counts["C9"] > 0) {
    result.notes.push_back(
        Cat(Counted(result.conflicts.counts["C9"], "learnt piece"),
            " left out, which would cut the corpus itself in other places; name the old text to "
            "protect instead with --protect (protect=)"));
  }
  return result;
}

}  // namespace

StatusOr<MergeResult> MergeLearnt(const TokenizerSpec& base, const LearnOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(Check(base, options));
  if (options.format && *options.format != base.format) {
    TOKGRAFT_ASSIGN_OR_RETURN(const Conversion made, Convert(base, *options.format));
    TOKGRAFT_ASSIGN_OR_RETURN(MergeResult result, MergeLearnt(made.spec, options));
    result.certificate.reason +=
        Cat("; the base was turned into ", FormatName(*options.format), " first",
            made.model_proved ? "" : ", not proved to be the same");
    return result;
  }
  if (std::holds_alternative<UnigramModel>(base.model)) return MergeTrainedUnigram(base, options);
  return ContinueBpe(base, options);
}

}  // namespace tokgraft
