// InitPlan: where every row of the new matrices comes from, before a single number is computed.
//
// A plan is a sparse matrix [new_rows, old_rows + 1] for each role (input, output), a little noise,
// and a reason per row. New row i is the weighted sum of old rows; column `old_rows` stands for the
// mean of the old rows that belong to tokens, so "the mean of everything" costs one entry. Rows
// that are no sum of old ones (learnt, or given by the caller) add numbers of their own: DenseRows.
// One kernel applies any plan; a method only fills in entries (embed_init/methods, one file each).
//
//   TOKGRAFT_ASSIGN_OR_RETURN(Checkpoint model, OpenCheckpoint("model"));
//   TOKGRAFT_ASSIGN_OR_RETURN(auto pieces, SplitIntoOldPieces(id_map, base, &merged));
//   TOKGRAFT_ASSIGN_OR_RETURN(InitPlan plan, PlanInit(model, id_map, pieces, {}));
//   plan.input.origins[49152];   // RowOrigin::kMethod
//   plan.input.Entries(49152);   // {{5, 0.5}, {77, 0.5}}: the mean of two old pieces
//
// The pieces of a new token are the ids into which the base tokenizer breaks exactly the bytes of
// this token, in a text where the new tokenizer uses it. Never an unknown: a token for which no
// pieces are found gets the mean of all old rows, and the reason says so.
#ifndef TOKGRAFT_EMBED_INIT_INIT_PLAN_H_
#define TOKGRAFT_EMBED_INIT_INIT_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "embed_init/auxiliary.h"
#include "embed_init/checkpoint.h"
#include "embed_init/method.h"
#include "embed_init/report.h"
#include "tokenizer/status.h"
#include "tokenizer/token.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/id_map.h"

namespace tokgraft {

// Called from the calling thread with the name of the stage ("vectors", "write", "verify", ...) and
// the fraction of it that is done, in [0, 1].
using Progress = std::function<void(std::string_view stage, double fraction)>;

// What happens to a matrix that serves as input and output.
enum class TiePolicy : std::uint8_t {
  kKeep,        // one matrix; refused where the two methods differ
  kKeepInput,   // one matrix, made by the input method
  kKeepOutput,  // one matrix, made by the output method
  kCompromise,  // one matrix, the average of what both methods make
  kUntie,       // the head becomes a matrix of its own, config.json says so
};
std::string_view TiePolicyName(TiePolicy policy);  // "keep", "keep-input", "keep-output", ...
StatusOr<TiePolicy> ParseTiePolicy(std::string_view name);

// The norm that the rows of new tokens are scaled to.
enum class NormPolicy : std::uint8_t {
  kNone,    // as they are made
  kPieces,  // the mean norm of the old pieces; without pieces as it is made
  kScript,  // the median norm of the old rows of the same script
};
std::string_view NormPolicyName(NormPolicy policy);  // "none", "pieces", "script"
StatusOr<NormPolicy> ParseNormPolicy(std::string_view name);

// Rows that were made elsewhere (trained, say) for the tokens of id_map.added, in their order:
// float32, row-major [added, columns]. Borrowed for the call.
struct GivenRows {
  std::span<const float> input = {};
  std::span<const float> output = {};  // empty: made by the output method
  std::string name = {};               // how they were made, for manifest and report; free text
  bool any() const { return !input.empty() || !output.empty(); }
};

struct InitOptions {
  Method method = Method::kAuto;  // for both roles, unless the next two say otherwise
  std::optional<Method> input_method = {};
  std::optional<Method> output_method = {};
  TiePolicy tie = TiePolicy::kKeep;
  // The number of rows is rounded up to a multiple of this. 0: the largest power of two up to 64
  // that divides the old number of rows, so that a model that could be split over 8 devices
  // still can. 1: no padding.
  std::uint64_t pad_to_multiple = 0;
  std::uint64_t seed = 0;  // of the noise of `gaussian`; a row depends on (seed, row) alone
  // `gaussian` adds noise with this share of the covariance of the old rows.
  double covariance_share = 1e-4;
  NormPolicy input_norm = NormPolicy::kNone;
  NormPolicy output_norm = NormPolicy::kNone;
  // Directory of a donor model, for omp, map, knn, stacked and clp. Its tokens are found by bytes
  // in the tokenizer beside it; without one there it is the model of the merge's donor. "": none.
  std::string donor_model = {};
  AuxiliaryInputs auxiliary = {};  // files that methods with vectors or parallel text need
  MethodSettings settings = {};
  // The method of a role that has rows here is kGiven, whatever the methods say. A tied matrix
  // takes whichever is given; both only where `tie` says what becomes of them.
  GivenRows given = {};
  // Called from the calling thread by methods that read the files of `auxiliary`: what they do, and
  // the fraction of it that is done, in [0, 1].
  std::function<void(std::string_view stage, double fraction)> progress = {};
};

enum class RowOrigin : std::uint8_t {
  kCopied,        // an old row, bit for bit
  kMethod,        // made by the method, from the entries of the row or as dense numbers
  kMeanOfPieces,  // the method needs what this token lacks, a donor's row say: mean of the old
                  // pieces
  kMeanOfAll,     // no old pieces, or old rows that are no numbers: the mean of the old rows
  kPadding,       // no token has this id: the mean of the old rows
};
// "copied", "method", "mean_of_pieces", "mean_of_all", "padding"
std::string_view RowOriginName(RowOrigin origin);

// Numbers that are added to the sums of some new rows. In a plan read from a manifest there are
// rows, but neither columns nor values: the manifest keeps a hash of what they became.
struct DenseRows {
  std::uint64_t columns = 0;
  std::vector<std::uint32_t> rows;  // the new rows, ascending
  std::vector<float> values;        // [rows.size(), columns]

  // Index into `rows`; nullopt: this row has no dense part.
  std::optional<std::size_t> Find(std::uint64_t row) const;
  // `numbers`: [columns]. Rows come in ascending order.
  void Add(std::uint32_t row, std::span<const float> numbers);
  friend bool operator==(const DenseRows&, const DenseRows&) = default;
};

// The plan of one matrix: rows in compressed form, row r has entries [splits[r], splits[r + 1]).
// A row is the sum of its entries, its dense part and its noise; most have one of the three.
struct RolePlan {
  Method method = Method::kMean;        // of the rows with RowOrigin::kMethod
  std::string given_name;               // kGiven: how the rows were made
  std::optional<Method> averaged_with;  // TiePolicy::kCompromise: the method of the output rows
  std::vector<std::uint64_t> splits;    // [new_rows + 1]
  std::vector<std::uint32_t> sources;   // old row, or old_rows for their mean
  std::vector<double> weights;          // parallel to sources
  std::vector<RowOrigin> origins;       // [new_rows]
  double noise = 0;  // rows made by the method get noise with noise^2 times the old covariance
  DenseRows dense;

  std::size_t rows() const { return origins.size(); }
  std::vector<std::pair<std::uint32_t, double>> Entries(std::size_t row) const;
  void AddRow(RowOrigin origin, const std::vector<std::pair<std::uint32_t, double>>& entries);
  friend bool operator==(const RolePlan&, const RolePlan&) = default;
};

struct InitPlan {
  std::uint64_t old_rows = 0;
  std::uint64_t old_tokens = 0;  // rows [0, old_tokens) belong to tokens; their mean is "the mean"
  std::uint64_t new_rows = 0;
  std::uint64_t new_tokens = 0;  // highest new id + 1; rows from there on are padding
  std::uint64_t pad_to_multiple = 1;
  std::uint64_t seed = 0;
  Method method = Method::kMean;  // as resolved, never kAuto
  bool method_was_auto = false;
  bool tied_before = false;
  bool tied_after = false;
  RolePlan input;
  std::optional<RolePlan> output;  // nullopt: tied, or no head
  // Of the biases of the head, one number a row: the mean of the biases of the old pieces, whatever
  // the methods of the rows. nullopt: the head has none.
  std::optional<RolePlan> bias;
  // For the ids in config files: [base size], where each went, or what took its role.
  std::vector<std::optional<TokenId>> old_to_new;
  std::vector<AutoReport> automatic;  // how auto chose
  std::vector<std::string> notes;  // what methods found out: penalties, weights, rows they replaced
  std::vector<std::string> warnings;

  std::string DebugString() const;
  friend bool operator==(const InitPlan&, const InitPlan&) = default;
};

// The old pieces of one added token.
struct OldPieces {
  std::vector<TokenId> ids;               // base ids; empty: none found
  std::vector<std::uint32_t> size_bytes;  // parallel to ids
  friend bool operator==(const OldPieces&, const OldPieces&) = default;
};

// For each token of id_map.added. `merged` may be null: then the witness texts are not used and a
// token is split on its own. `donor` may be null: given, an added special token of the donor that
// has a role (bos, eos, pad, ...) which the base fills too gets the base's token of that role.
// InvalidArgument: the id map is of another base tokenizer.
StatusOr<std::vector<OldPieces>> SplitIntoOldPieces(const IdMap& id_map, const Tokenizer& base,
                                                    const Tokenizer* merged = nullptr,
                                                    const TokenizerSpec* donor = nullptr);

// Special tokens that are gone and whose role another one has now: what a config file says of the
// old id is then said of the new one.
void MapRoles(const SpecialRoles& base, const SpecialRoles& merged, InitPlan* plan);

// `pieces` as SplitIntoOldPieces gives them; `base` is the model's tokenizer, which some methods
// need (bil, script, ridge, and the norm of a script), `merged` the new one, which those with files
// of the caller's need as well. InvalidArgument: sizes that do not fit together, or a file that a
// method needs was not given. FailedPrecondition: a tied model and two methods (see TiePolicy), or
// vectors of none of the tokens. Given rows of another shape, or with an infinity or a NaN, are
// InvalidArgument.
StatusOr<InitPlan> PlanInit(const Checkpoint& checkpoint, const IdMap& id_map,
                            const std::vector<OldPieces>& pieces, const InitOptions& options = {},
                            const Tokenizer* base = nullptr, const Tokenizer* merged = nullptr);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_INIT_PLAN_H_
