#include "embed_init/vectors/training.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "tokenizer/base/parallel.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/corpus.h"

namespace tokgraft {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kShortestGram = 3;
constexpr std::size_t kLongestGram = 6;
constexpr std::uint64_t kBuckets = std::uint64_t{1} << 20;
constexpr std::size_t kDrawTable = std::size_t{1} << 22;
constexpr std::uint64_t kWindow = 5;
constexpr double kRate = 0.05;
constexpr double kFrequent = 1e-4;
constexpr std::size_t kPlacesPerReport = 20'000;

// SplitMix64: the same numbers everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t value = state_;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31);
  }
  std::uint64_t Below(std::uint64_t bound) { return Next() % bound; }
  double Fraction() { return static_cast<double>(Next() >> 11) * 0x1p-53; }  // in [0, 1)

 private:
  std::uint64_t state_;
};

// The buckets of a token's n-grams; 256 and 257 mark its begin and end.
std::vector<std::uint64_t> GramBuckets(std::string_view bytes) {
  std::vector<std::uint32_t> symbols = {256};
  for (const char c : bytes) symbols.push_back(static_cast<unsigned char>(c));
  symbols.push_back(257);
  std::vector<std::uint64_t> buckets;
  for (std::size_t begin = 0; begin < symbols.size(); ++begin) {
    std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
    for (std::size_t end = begin; end < symbols.size() && end - begin < kLongestGram; ++end) {
      hash = (hash ^ symbols[end]) * 0x100000001B3U;
      if (end - begin + 1 >= kShortestGram) buckets.push_back((hash ^ (hash >> 32)) % kBuckets);
    }
  }
  return buckets;
}

// What is trained: tokens as places in `ids`, each with the rows that make its vector.
struct Vocabulary {
  std::vector<TokenId> ids;
  std::vector<std::uint64_t> counts;
  std::vector<std::uint32_t> rows;  // of all tokens, one after the other: its own, its n-grams'
  std::vector<std::size_t> splits = {0};
  std::size_t row_count = 0;
  std::vector<std::uint32_t> place_of;  // by id, or kNone

  std::span<const std::uint32_t> RowsOf(std::uint32_t token) const {
    return {rows.data() + splits[token], splits[token + 1] - splits[token]};
  }
};

Vocabulary CountTokens(const TokenizedText& text, const Tokenizer& tokenizer,
                       std::uint64_t min_count) {
  Vocabulary vocabulary;
  std::vector<std::uint64_t> counts(tokenizer.vocab_size(), 0);
  for (const TokenId id : text.ids) ++counts[id];
  vocabulary.place_of.assign(counts.size(), kNone);
  for (TokenId id = 0; id < counts.size(); ++id) {
    if (counts[id] == 0 || counts[id] < min_count) continue;
    vocabulary.place_of[id] = static_cast<std::uint32_t>(vocabulary.ids.size());
    vocabulary.ids.push_back(id);
    vocabulary.counts.push_back(counts[id]);
  }
  vocabulary.row_count = vocabulary.ids.size();
  std::unordered_map<std::uint64_t, std::uint32_t> row_of_bucket;
  for (std::uint32_t token = 0; token < vocabulary.ids.size(); ++token) {
    vocabulary.rows.push_back(token);
    const std::string_view bytes = tokenizer.token_bytes(vocabulary.ids[token]).value_or("");
    for (const std::uint64_t bucket : GramBuckets(bytes)) {
      const auto [at, is_new] =
          row_of_bucket.emplace(bucket, static_cast<std::uint32_t>(vocabulary.row_count));
      if (is_new) ++vocabulary.row_count;
      vocabulary.rows.push_back(at->second);
    }
    vocabulary.splits.push_back(vocabulary.rows.size());
  }
  return vocabulary;
}

// Tokens as often as the square root of their counts says.
std::vector<std::uint32_t> DrawTable(const std::vector<std::uint64_t>& counts) {
  double sum = 0;
  for (const std::uint64_t count : counts) sum += std::sqrt(static_cast<double>(count));
  std::vector<std::uint32_t> table;
  table.reserve(kDrawTable);
  double until = 0;
  for (std::uint32_t token = 0; token < counts.size(); ++token) {
    until += std::sqrt(static_cast<double>(counts[token])) / sum * static_cast<double>(kDrawTable);
    while (table.size() < kDrawTable && static_cast<double>(table.size()) < until) {
      table.push_back(token);
    }
  }
  while (table.size() < kDrawTable) table.push_back(static_cast<std::uint32_t>(counts.size() - 1));
  return table;
}

class Trainer {
 public:
  Trainer(const TokenizedText& text, const Vocabulary& vocabulary, const TrainingOptions& options)
      : text_(text),
        vocabulary_(vocabulary),
        options_(options),
        table_(DrawTable(vocabulary.counts)),
        inputs_(static_cast<Eigen::Index>(options.columns),
                static_cast<Eigen::Index>(vocabulary.row_count)),
        outputs_(Eigen::MatrixXf::Zero(static_cast<Eigen::Index>(options.columns),
                                       static_cast<Eigen::Index>(vocabulary.ids.size()))),
        hidden_(static_cast<Eigen::Index>(options.columns)),
        gradient_(static_cast<Eigen::Index>(options.columns)),
        random_(options.seed) {
    const double most = 1.0 / static_cast<double>(options.columns);
    for (Eigen::Index i = 0; i < inputs_.size(); ++i) {
      inputs_.data()[i] = static_cast<float>((2 * random_.Fraction() - 1) * most);
    }
    std::uint64_t total = 0;
    for (const std::uint64_t count : vocabulary.counts) total += count;
    for (const std::uint64_t count : vocabulary.counts) {
      const double share = kFrequent * static_cast<double>(total) / static_cast<double>(count);
      keep_.push_back(std::sqrt(share) + share);
    }
    places_ = static_cast<double>(total) * static_cast<double>(options.epochs);
  }

  void Train() {
    std::vector<std::uint32_t> document;
    for (std::uint64_t epoch = 0; epoch < options_.epochs; ++epoch) {
      std::size_t begin = 0;
      for (const std::size_t end : text_.ends) {
        document.clear();
        for (std::size_t i = begin; i < end; ++i) {
          const std::uint32_t token = vocabulary_.place_of[text_.ids[i]];
          if (token == kNone) continue;
          Advance();
          if (keep_[token] >= 1 || random_.Fraction() < keep_[token]) document.push_back(token);
        }
        TrainDocument(document);
        begin = end;
      }
    }
  }

  // The mean of a token's rows.
  Eigen::VectorXf VectorOf(std::uint32_t token) const {
    Eigen::VectorXf sum = Eigen::VectorXf::Zero(hidden_.size());
    const auto rows = vocabulary_.RowsOf(token);
    for (const std::uint32_t row : rows) sum += inputs_.col(row);
    return sum / static_cast<float>(rows.size());
  }

 private:
  // One more place of the text is seen.
  void Advance() {
    const double fraction = static_cast<double>(seen_) / places_;
    rate_ = static_cast<float>(kRate * (1 - fraction));
    if (options_.progress && seen_ % kPlacesPerReport == 0) options_.progress(fraction);
    ++seen_;
  }

  void TrainDocument(const std::vector<std::uint32_t>& document) {
    for (std::size_t at = 0; at < document.size(); ++at) {
      const auto window = static_cast<std::size_t>(1 + random_.Below(kWindow));
      const std::size_t first = at < window ? 0 : at - window;
      const std::size_t last = std::min(at + window + 1, document.size());
      around_.clear();
      for (std::size_t i = first; i < last; ++i) {
        if (i == at) continue;
        const auto rows = vocabulary_.RowsOf(document[i]);
        around_.insert(around_.end(), rows.begin(), rows.end());
      }
      if (!around_.empty()) Predict(document[at]);
    }
  }

  void Predict(std::uint32_t token) {
    hidden_.setZero();
    for (const std::uint32_t row : around_) hidden_ += inputs_.col(row);
    hidden_ /= static_cast<float>(around_.size());
    gradient_.setZero();
    Judge(token, 1);
    for (int i = 0; i < options_.negatives; ++i) {
      const std::uint32_t other = table_[random_.Below(kDrawTable)];
      if (other != token) Judge(other, 0);
    }
    for (const std::uint32_t row : around_) inputs_.col(row) += gradient_;
  }

  // One step of logistic regression.
  void Judge(std::uint32_t token, float truth) {
    const float score = outputs_.col(token).dot(hidden_);
    const float step = rate_ * (truth - 1 / (1 + std::exp(-score)));
    gradient_ += step * outputs_.col(token);
    outputs_.col(token) += step * hidden_;
  }

  const TokenizedText& text_;
  const Vocabulary& vocabulary_;
  const TrainingOptions& options_;
  std::vector<std::uint32_t> table_;
  Eigen::MatrixXf inputs_;   // [columns, rows]
  Eigen::MatrixXf outputs_;  // [columns, tokens]
  Eigen::VectorXf hidden_;
  Eigen::VectorXf gradient_;
  Random random_;
  std::vector<double> keep_;           // by token: how likely it stays
  std::vector<std::uint32_t> around_;  // rows of the tokens around a place
  double places_ = 0;
  std::uint64_t seen_ = 0;
  float rate_ = 0;
};

}  // namespace

StatusOr<TokenizedText> TokenizeLines(const std::string& path, const Tokenizer& tokenizer) {
  TOKGRAFT_ASSIGN_OR_RETURN(const DocumentList lines,
                            ReadDocuments({{.name = path, .path = path}}, Documents::kLine));
  constexpr std::size_t kLinesPerTask = 256;
  const std::size_t count = lines.documents.size();
  std::vector<TokenizedText> parts((count + kLinesPerTask - 1) / kLinesPerTask);
  ParallelFor(count, kLinesPerTask, 0, [&](std::size_t begin, std::size_t end) {
    TokenizedText& part = parts[begin / kLinesPerTask];
    for (std::size_t i = begin; i < end; ++i) {
      tokenizer.EncodeIds(lines.documents[i], &part.ids);
      part.ends.push_back(part.ids.size());
    }
  });
  TokenizedText text;
  for (TokenizedText& part : parts) {
    const std::size_t before = text.ids.size();
    text.ids.insert(text.ids.end(), part.ids.begin(), part.ids.end());
    for (const std::size_t end : part.ends) text.ends.push_back(before + end);
    part = {};
  }
  if (text.ids.empty()) {
    return InvalidArgumentError(
        Cat(path, ": line 1: there is no text, lines to train vectors on were expected; give ",
            "another file"));
  }
  return text;
}

StatusOr<TrainedVectors> TrainVectors(const TokenizedText& text, const Tokenizer& tokenizer,
                                      const TrainingOptions& options) {
  const Vocabulary vocabulary = CountTokens(text, tokenizer, options.min_count);
  if (vocabulary.ids.size() < 2) {
    return FailedPreconditionError(
        Cat("of ", Counted(text.ids.size(), "token"), " of text, ", vocabulary.ids.size(),
            " different ones stand there ", options.min_count, " times, 2 and better thousands ",
            "were expected to train vectors; give more text, or set vector_min_count lower"));
  }
  Trainer trainer(text, vocabulary, options);
  trainer.Train();
  TrainedVectors trained{.columns = options.columns, .ids = vocabulary.ids, .values = {}};
  trained.values.reserve(vocabulary.ids.size() * options.columns);
  for (std::uint32_t token = 0; token < vocabulary.ids.size(); ++token) {
    const Eigen::VectorXf vector = trainer.VectorOf(token);
    trained.values.insert(trained.values.end(), vector.begin(), vector.end());
  }
  return trained;
}

}  // namespace tokgraft
