// The methods: what they get, what they give, and the table of their names.
//
// A method makes the rows of one role for a list of tokens. The tokens need not be new: to be
// judged, a method is given old ones, with their rows hidden from it.
#ifndef TOKGRAFT_EMBED_INIT_METHODS_METHOD_H_
#define TOKGRAFT_EMBED_INIT_METHODS_METHOD_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "embed_init/init.h"
#include "embed_init/init_plan.h"
#include "embed_init/kernels/rows.h"
#include "embed_init/vectors/token_vectors.h"

namespace tokgraft {

struct AuxiliaryCache;  // auxiliary_cache.h

// (old row, weight); the row after the last stands for the mean of all old rows.
using RowEntries = std::vector<std::pair<std::uint32_t, double>>;

// A token that both vocabularies have: its rows in the model and in the donor.
struct Anchor {
  std::uint32_t base = 0;
  std::uint32_t donor = 0;
  friend bool operator==(const Anchor&, const Anchor&) = default;
};

struct WantedToken {
  OldPieces pieces = {};        // that have rows; may be empty
  std::string_view bytes = {};  // canonical
  std::optional<std::uint32_t> donor_row = {};
  std::optional<std::uint32_t> vector = {};  // of MethodInput::vectors
  RowEntries merge_order = {};  // of kMergeOrder alone: its weights, where merges make the token
  std::uint64_t row = 0;        // the new row, the id in `merged`; keys the noise
};

// All that a method may look at. Views are borrowed.
struct MethodInput {
  Role role = Role::kInput;
  const InitOptions* options = nullptr;
  std::uint64_t old_tokens = 0;
  MatrixView old = {};  // data is null where the table says that the method looks at no numbers
  std::span<const double> mean = {};  // of the old rows
  const Tokenizer* base = nullptr;    // may be null unless the table says otherwise
  const Tokenizer* merged = nullptr;  // the same
  AuxiliaryCache* cache = nullptr;    // null: what is found in files is found anew for each role
  MatrixView donor = {};              // data is null where there is no donor model
  std::span<const Anchor> anchors = {};
  // Of the methods with vectors: of both vocabularies in one space, and of the old one under its
  // own tokenizer. Null where no method needs them.
  const TokenVectors* vectors = nullptr;
  const TokenVectors* old_vectors = nullptr;
  std::vector<WantedToken> tokens = {};
  std::vector<bool> hidden = {};  // old rows that must not be learnt from; empty: none

  std::uint32_t mean_column() const { return static_cast<std::uint32_t>(old.rows); }
  bool is_hidden(std::uint64_t row) const { return row < hidden.size() && hidden[row]; }
};

// What a method made of the tokens, in their order.
struct MadeRows {
  std::vector<RowOrigin> origins;
  std::vector<RowEntries> entries;
  DenseRows dense;  // its `rows` are indices of tokens
  double noise = 0;
  std::vector<std::string> notes = {};  // what the method found, for the report

  void Add(RowOrigin origin, RowEntries row) {
    origins.push_back(origin);
    entries.push_back(std::move(row));
  }
  // A row that is numbers and nothing else.
  void AddDense(std::span<const float> numbers) {
    dense.Add(static_cast<std::uint32_t>(origins.size()), numbers);
    Add(RowOrigin::kMethod, {});
  }
  // For a token that the method can say nothing of: the mean of its pieces, or of all.
  void AddFallback(const MethodInput& input, const WantedToken& token);
};
// The numbers of row i, noise aside, into sum [columns]; term [columns] is scratch.
void AddUp(const MethodInput& input, const MadeRows& made, std::size_t i, std::span<double> sum,
           std::span<double> term);
// The numbers of all rows, noise aside: [tokens, columns].
std::vector<float> NumbersOf(const MethodInput& input, const MadeRows& made, int threads = 0);

// copy.cc: a row of its own for a token that both vocabularies have; the mean of all for the rest.
RowEntries CopiedRow(std::uint32_t old_row);
RowEntries MeanOfAllRow(std::uint32_t mean_column);
// Sums of the rows of the pieces. `pieces` is not empty.
RowEntries MeanRow(const OldPieces& pieces);                                   // mean.cc
RowEntries WeightedRow(const OldPieces& pieces);                               // weighted.cc
RowEntries FirstRow(const OldPieces& pieces);                                  // first.cc
RowEntries LastRow(const OldPieces& pieces);                                   // last.cc
RowEntries HalvingRow(const OldPieces& pieces, Role role);                     // halving.cc
RowEntries SoftmaxRow(const OldPieces& pieces, Role role);                     // softmax.cc
RowEntries BilRow(const OldPieces& pieces, Role role, const Tokenizer& base);  // bil.cc
// merge_order.cc: the weights of the old pieces of added[index]; empty: no merges make it.
// `old_of`: [merged_size] the old row of a merged id that the base has.
RowEntries MergeOrderRow(const IdMap& id_map, std::size_t index,
                         const std::vector<std::optional<std::uint32_t>>& old_of);
RowEntries GaussianRow(std::uint32_t mean_column);  // gaussian.cc
double GaussianNoise(double covariance_share);      // gaussian.cc
Method AsymmetricMethod(Role role);                 // asymmetric.cc
Method AutoMethod(Role role, bool two_matrices);    // auto.cc

// Methods that look at numbers: script.cc, ridge.cc, omp.cc, linear_map.cc, knn.cc, stacked.cc,
// wechsel.cc, trans_tokenization.cc, focus.cc, clp.cc, tokenadapt.cc, tokalign.cc.
StatusOr<MadeRows> MakeScriptRows(const MethodInput& input);
StatusOr<MadeRows> MakeRidgeRows(const MethodInput& input);
StatusOr<MadeRows> MakeOmpRows(const MethodInput& input);
StatusOr<MadeRows> MakeMapRows(const MethodInput& input);
StatusOr<MadeRows> MakeKnnRows(const MethodInput& input);
StatusOr<MadeRows> MakeStackedRows(const MethodInput& input);
StatusOr<MadeRows> MakeWechselRows(const MethodInput& input);
StatusOr<MadeRows> MakeTransTokenizationRows(const MethodInput& input);
StatusOr<MadeRows> MakeFocusRows(const MethodInput& input);
StatusOr<MadeRows> MakeClpRows(const MethodInput& input);
StatusOr<MadeRows> MakeTokenAdaptRows(const MethodInput& input);
StatusOr<MadeRows> MakeTokAlignRows(const MethodInput& input);

// What a method needs of a MethodInput besides tokens and pieces.
struct MethodNeeds {
  bool base = false;
  bool merged = false;
  bool numbers = false;
  bool donor = false;
  bool vectors = false;      // MethodInput::vectors, from a file or text
  bool old_vectors = false;  // MethodInput::old_vectors too, from text
};
MethodNeeds NeedsOf(Method method);
// Whether the rows of both roles differ though the old matrix is one.
bool DiffersByRole(Method method);

// What auto compares for a role; `serves_both`: one matrix is input and output.
std::vector<Method> RehearsedMethods(Role role, bool serves_both, bool has_donor);

// That the options give the vectors or the text that their methods need, before any is read.
// InvalidArgument: they do not, or give both; the message names the option.
Status CheckAuxiliary(const InitOptions& options);

// A method that fills rows: kAuto and kAsymmetric resolved for a role.
Method ResolveMethod(Method method, Role role, bool two_matrices);
// The rows by a resolved method other than kGiven.
StatusOr<MadeRows> MakeRows(Method method, const MethodInput& input);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHODS_METHOD_H_
