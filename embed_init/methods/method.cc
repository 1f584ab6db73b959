#include "embed_init/methods/method.h"

#include <algorithm>

#include "tokenizer/base/parallel.h"

namespace tokgraft {
namespace {

using Make = StatusOr<MadeRows> (*)(const MethodInput&);

// A method that makes each row of the token's own pieces.
template <typename F>
MadeRows OfPieces(const MethodInput& input, const F& row) {
  MadeRows made;
  for (const WantedToken& token : input.tokens) {
    if (token.pieces.ids.empty()) {
      made.AddFallback(input, token);
    } else {
      made.Add(RowOrigin::kMethod, row(token));
    }
  }
  return made;
}

template <RowEntries (*kRow)(const OldPieces&)>
StatusOr<MadeRows> Pieces(const MethodInput& input) {
  return OfPieces(input, [](const WantedToken& token) { return kRow(token.pieces); });
}

template <RowEntries (*kRow)(const OldPieces&, Role)>
StatusOr<MadeRows> PiecesByRole(const MethodInput& input) {
  return OfPieces(input, [&](const WantedToken& token) { return kRow(token.pieces, input.role); });
}

StatusOr<MadeRows> Bil(const MethodInput& input) {
  return OfPieces(input, [&](const WantedToken& token) {
    return BilRow(token.pieces, input.role, *input.base);
  });
}

StatusOr<MadeRows> MergeOrder(const MethodInput& input) {
  return OfPieces(input, [](const WantedToken& token) {
    return token.merge_order.empty() ? MeanRow(token.pieces) : token.merge_order;
  });
}

StatusOr<MadeRows> Copy(const MethodInput& input) {
  MadeRows made;
  for (std::size_t i = 0; i < input.tokens.size(); ++i) {
    made.Add(RowOrigin::kMeanOfAll, MeanOfAllRow(input.mean_column()));
  }
  return made;
}

MadeRows Noise(const MethodInput& input, double share) {
  MadeRows made;
  made.noise = GaussianNoise(share);
  for (std::size_t i = 0; i < input.tokens.size(); ++i) {
    made.Add(RowOrigin::kMethod, GaussianRow(input.mean_column()));
  }
  return made;
}
StatusOr<MadeRows> Gaussian(const MethodInput& input) {
  return Noise(input, input.options->covariance_share);
}
StatusOr<MadeRows> Hewitt(const MethodInput& input) { return Noise(input, 1); }

StatusOr<MadeRows> Zero(const MethodInput& input) {
  MadeRows made;
  for (std::size_t i = 0; i < input.tokens.size(); ++i) made.Add(RowOrigin::kMethod, {});
  return made;
}

// What a method may be chosen for by auto. Nearer to the true rows is not always better for the
// loss (benchmarks/swap, SmolLM2-135M): of output rows that are sums of pieces, halving costs least
// though others come nearer, for they compete with first pieces that keep their rows; and input
// rows of ridge, by far the nearest, close 15 % of the gap in German but lose 10 % in Chinese and
// English. So sums compete as input rows, or where one matrix is both, and ridge does not.
enum class Rehearsed : std::uint8_t { kNo, kInput, kBoth };

struct MethodRow {
  Method method;
  std::string_view name;
  MethodNeeds needs;
  bool by_role;
  Rehearsed rehearsed;
  Make make;  // null: resolved before, or given
  std::string_view help;
  std::string_view files = "";  // the options that give them
};
constexpr MethodNeeds kOnlyPieces = {};
constexpr MethodNeeds kTokenizer = {
    .base = true, .merged = false, .numbers = false, .donor = false};
constexpr MethodNeeds kOldTokens = {.base = true, .merged = false, .numbers = true, .donor = false};
constexpr MethodNeeds kDonor = {.base = false, .merged = false, .numbers = true, .donor = true};
constexpr MethodNeeds kAll = {.base = true, .merged = false, .numbers = true, .donor = true};
constexpr MethodNeeds kBothTokenizers = {
    .base = true, .merged = true, .numbers = true, .donor = false};

constexpr MethodNeeds kVectors = {
    .base = true, .merged = true, .numbers = true, .donor = false, .vectors = true};
constexpr MethodNeeds kBothVectors = {.base = true,
                                      .merged = true,
                                      .numbers = true,
                                      .donor = false,
                                      .vectors = true,
                                      .old_vectors = true};

constexpr MethodRow kMethods[] = {
    {Method::kAuto, "auto", kOnlyPieces, false, Rehearsed::kNo, nullptr,
     "what makes hidden old tokens best; by default mean, output rows by halving"},
    {Method::kCopy, "copy", kOnlyPieces, false, Rehearsed::kNo, Copy, "the mean of all old rows"},
    {Method::kMean, "mean", kOnlyPieces, false, Rehearsed::kInput, Pieces<MeanRow>,
     "of the rows of the old pieces"},
    {Method::kWeighted, "weighted", kOnlyPieces, false, Rehearsed::kInput, Pieces<WeightedRow>,
     "the same, by the length of each piece in bytes"},
    {Method::kFirst, "first", kOnlyPieces, false, Rehearsed::kInput, Pieces<FirstRow>,
     "the row of the first old piece"},
    {Method::kLast, "last", kOnlyPieces, false, Rehearsed::kInput, Pieces<LastRow>,
     "the row of the last old piece"},
    {Method::kHalving, "halving", kOnlyPieces, true, Rehearsed::kBoth, PiecesByRole<HalvingRow>,
     "weights 1, 1/2, 1/4, ...: output rows from the first piece on, input rows from the last"},
    {Method::kSoftmax, "softmax", kOnlyPieces, true, Rehearsed::kInput, PiecesByRole<SoftmaxRow>,
     "weights softmax(-2i) of piece i in output rows, softmax(2i) in input rows"},
    {Method::kAsymmetric, "asymmetric", kOnlyPieces, true, Rehearsed::kNo, nullptr,
     "input rows by mean, output rows by first (EEVE)"},
    {Method::kBil, "bil", kTokenizer, true, Rehearsed::kInput, Bil,
     "input rows by mean, with the norm of their script; output rows by length in characters"},
    {Method::kMergeOrder, "merge-order", kOnlyPieces, false, Rehearsed::kNo, MergeOrder,
     "halves of the token's merges averaged, down to old tokens; without merges: mean"},
    {Method::kGaussian, "gaussian", kOnlyPieces, false, Rehearsed::kNo, Gaussian,
     "the mean of all old rows and a little noise"},
    {Method::kHewitt, "hewitt", kOnlyPieces, false, Rehearsed::kNo, Hewitt,
     "the same with as much noise as the old rows have"},
    {Method::kScript, "script", kOldTokens, false, Rehearsed::kNo, MakeScriptRows,
     "mean and noise of the old tokens of the same script"},
    {Method::kZero, "zero", kOnlyPieces, false, Rehearsed::kNo, Zero, "zeros"},
    {Method::kRidge, "ridge", kOldTokens, false, Rehearsed::kNo, MakeRidgeRows,
     "a map from pieces to rows, learnt from the old tokens that have merges"},
    {Method::kOmp, "omp", kDonor, false, Rehearsed::kBoth, MakeOmpRows,
     "the donor's row as a sum of 64 rows of shared tokens, made again of the model's"},
    {Method::kMap, "map", kDonor, false, Rehearsed::kBoth, MakeMapRows,
     "a linear map from the donor's rows, fitted on shared tokens"},
    {Method::kKnn, "knn", kDonor, false, Rehearsed::kBoth, MakeKnnRows,
     "the nearest shared tokens in the donor, weighted"},
    {Method::kStacked, "stacked", kAll, false, Rehearsed::kBoth, MakeStackedRows,
     "omp, map, knn and ridge, weighted by what held-out tokens say"},
    {Method::kWechsel, "wechsel", kBothTokenizers, false, Rehearsed::kNo, MakeWechselRows,
     "the old tokens that are nearest by word vectors of both languages, weighted",
     "--vectors, --base-vectors, --dictionary"},
    {Method::kTransTokenization, "trans-tokenization", kBothTokenizers, false, Rehearsed::kNo,
     MakeTransTokenizationRows, "the old pieces that stand for it in parallel text, weighted",
     "--parallel"},
    {Method::kFocus, "focus", kVectors, false, Rehearsed::kNo, MakeFocusRows,
     "the shared tokens whose vectors are near, by sparsemax (FOCUS)",
     "--vectors or --vector-text"},
    {Method::kClp, "clp", kDonor, false, Rehearsed::kNo, MakeClpRows,
     "all shared tokens, by their cosines in the donor (CLP-Transfer)"},
    {Method::kTokenAdapt, "tokenadapt", kVectors, false, Rehearsed::kNo, MakeTokenAdaptRows,
     "old pieces by vectors and length, and the old tokens nearest by vectors",
     "--vectors or --vector-text"},
    {Method::kTokAlign, "tokalign", kBothVectors, false, Rehearsed::kNo, MakeTokAlignRows,
     "the row of the old token that the text uses most alike", "--vector-text"},
    {Method::kGiven, "given", kOnlyPieces, false, Rehearsed::kNo, nullptr, "rows of the caller's"},
};

const MethodRow& RowOf(Method method) {
  return *std::find_if(std::begin(kMethods), std::end(kMethods),
                       [&](const MethodRow& row) { return row.method == method; });
}

// Names of values, in the order in which they are told.
template <typename T>
struct Named {
  T value;
  std::string_view name;
};
constexpr Named<TiePolicy> kTies[] = {
    {TiePolicy::kKeep, "keep"},
    {TiePolicy::kKeepInput, "keep-input"},
    {TiePolicy::kKeepOutput, "keep-output"},
    {TiePolicy::kCompromise, "compromise"},
    {TiePolicy::kUntie, "untie"},
};
constexpr Named<NormPolicy> kNorms[] = {
    {NormPolicy::kNone, "none"},
    {NormPolicy::kPieces, "pieces"},
    {NormPolicy::kScript, "script"},
};

template <typename T, std::size_t N>
std::string_view NameIn(const Named<T> (&names)[N], T value) {
  for (const Named<T>& named : names) {
    if (named.value == value) return named.name;
  }
  return "?";
}

template <typename T, std::size_t N>
StatusOr<T> ValueIn(const Named<T> (&names)[N], std::string_view what, std::string_view name) {
  std::string known;
  for (const Named<T>& named : names) {
    if (named.name == name) return named.value;
    known += Cat(known.empty() ? "" : ", ", named.name);
  }
  return InvalidArgumentError(Cat(what, ": \"", name, "\" is not known; choose one of ", known));
}

}  // namespace

void MadeRows::AddFallback(const MethodInput& input, const WantedToken& token) {
  if (token.pieces.ids.empty()) {
    Add(RowOrigin::kMeanOfAll, MeanOfAllRow(input.mean_column()));
  } else {
    Add(RowOrigin::kMeanOfPieces, MeanRow(token.pieces));
  }
}

void AddUp(const MethodInput& input, const MadeRows& made, std::size_t i, std::span<double> sum,
           std::span<double> term) {
  std::fill(sum.begin(), sum.end(), 0.0);
  for (const auto& [source, weight] : made.entries[i]) {
    std::span<const double> values = input.mean;
    if (source != input.old.rows) {
      ReadRow(input.old, source, term);
      values = term;
    }
    for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += weight * values[j];
  }
  const std::optional<std::size_t> at = made.dense.Find(i);
  if (!at) return;
  const float* dense = made.dense.values.data() + *at * sum.size();
  for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += static_cast<double>(dense[j]);
}

std::vector<float> NumbersOf(const MethodInput& input, const MadeRows& made, int threads) {
  const auto columns = static_cast<std::size_t>(input.old.columns);
  std::vector<float> numbers(made.origins.size() * columns);
  ParallelFor(made.origins.size(), 64, threads, [&](std::size_t begin, std::size_t end) {
    std::vector<double> sum(columns);
    std::vector<double> term(columns);
    for (std::size_t i = begin; i < end; ++i) {
      AddUp(input, made, i, sum, term);
      for (std::size_t j = 0; j < columns; ++j) {
        numbers[i * columns + j] = static_cast<float>(sum[j]);
      }
    }
  });
  return numbers;
}

std::string_view MethodName(Method method) { return RowOf(method).name; }

std::vector<MethodInfo> ListMethods() {
  std::vector<MethodInfo> methods;
  for (const MethodRow& row : kMethods) {
    if (row.method != Method::kGiven) {
      methods.push_back({row.method, row.name, row.help, row.needs.donor, row.files});
    }
  }
  return methods;
}

StatusOr<Method> ParseMethod(std::string_view name) {
  std::string names;
  for (const MethodRow& row : kMethods) {
    if (row.name == name) return row.method;
    if (row.method != Method::kGiven) names += Cat(names.empty() ? "" : ", ", row.name);
  }
  return InvalidArgumentError(Cat("method: \"", name, "\" is not known; choose one of ", names));
}

std::string_view TiePolicyName(TiePolicy policy) { return NameIn(kTies, policy); }
StatusOr<TiePolicy> ParseTiePolicy(std::string_view name) { return ValueIn(kTies, "tie", name); }
std::string_view NormPolicyName(NormPolicy policy) { return NameIn(kNorms, policy); }
StatusOr<NormPolicy> ParseNormPolicy(std::string_view name) {
  return ValueIn(kNorms, "norm", name);
}

MethodNeeds NeedsOf(Method method) { return RowOf(method).needs; }

Status CheckAuxiliary(const InitOptions& options) {
  const AuxiliaryInputs& auxiliary = options.auxiliary;
  if (!auxiliary.vectors.empty() && !auxiliary.vector_text.empty()) {
    return InvalidArgumentError(Cat("vectors: ", auxiliary.vectors,
                                    " was given, and text to train on, ", auxiliary.vector_text,
                                    ", too, one was expected; leave out vectors (--vectors) or ",
                                    "vector_text (--vector-text)"));
  }
  for (const auto& [method, given] :
       {std::pair(options.input_method.value_or(options.method), options.given.input),
        std::pair(options.output_method.value_or(options.method), options.given.output)}) {
    if (!given.empty()) continue;
    const MethodNeeds& needs = RowOf(method).needs;
    if (needs.old_vectors && auxiliary.vector_text.empty()) {
      return InvalidArgumentError(Cat("method ", MethodName(method),
                                      ": trains vectors under both tokenizers, text to ",
                                      "train on was expected; give vector_text (--vector-text)"));
    }
    if (needs.vectors && auxiliary.vectors.empty() && auxiliary.vector_text.empty()) {
      return InvalidArgumentError(
          Cat("method ", MethodName(method), ": needs vectors of tokens, none were given; give a ",
              "file of them, vectors (--vectors), or text to train them on, vector_text ",
              "(--vector-text)"));
    }
  }
  return absl::OkStatus();
}

bool DiffersByRole(Method method) { return RowOf(method).by_role; }

std::vector<Method> RehearsedMethods(Role role, bool serves_both, bool has_donor) {
  std::vector<Method> methods;
  for (const MethodRow& row : kMethods) {
    const bool serves =
        row.rehearsed == Rehearsed::kBoth ||
        (row.rehearsed == Rehearsed::kInput && (role == Role::kInput || serves_both));
    if (serves && (!serves_both || !row.by_role) && (has_donor || !row.needs.donor)) {
      methods.push_back(row.method);
    }
  }
  return methods;
}

Method ResolveMethod(Method method, Role role, bool two_matrices) {
  if (method == Method::kAuto) method = AutoMethod(role, two_matrices);
  return method == Method::kAsymmetric ? AsymmetricMethod(role) : method;
}

StatusOr<MadeRows> MakeRows(Method method, const MethodInput& input) {
  const MethodRow& row = RowOf(method);
  if (row.make == nullptr) {
    return InternalError(Cat("method ", row.name, " makes no rows by itself"));
  }
  return row.make(input);
}

}  // namespace tokgraft
