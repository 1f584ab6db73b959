// The methods that make rows of new tokens, by name, and their numbers.
//
//   for (const MethodInfo& method : ListMethods()) {
//     std::cout << method.name << ": " << method.help << "\n";
//   }
//   MethodSettings settings;
//   Status status = SetMethodSetting("omp_k", "32", &settings);
//
// Three kinds. Sums of the rows of the old pieces (mean to merge-order) need nothing else. Draws
// (gaussian, hewitt, script) know little or nothing of the token. What is learnt comes from the
// model's own tokens (ridge), from a second model that has the new tokens (omp, map, knn, stacked,
// clp) through the tokens that both have, or from files of the caller's (auxiliary.h): vectors of
// tokens, read or trained on text (focus, tokenadapt, tokalign), word vectors of both languages
// (wechsel), parallel text (trans-tokenization). A token that a method can say nothing of, as it
// has no row in the donor's model or no vector, gets the mean of its pieces, and the report counts
// it.
#ifndef TOKGRAFT_EMBED_INIT_METHOD_H_
#define TOKGRAFT_EMBED_INIT_METHOD_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

// How a new row is made. Rows of tokens that both vocabularies have are copied whatever the method.
enum class Method : std::uint8_t {
  kAuto,      // per role, the method that makes hidden old tokens best; where none wins clearly,
              // mean, and output rows of their own by halving
  kCopy,      // copied rows only; a new row is the mean of all old rows
  kMean,      // mean of the old pieces (FVT, arXiv:2402.09977)
  kWeighted,  // mean of the old pieces, weighted by their length in bytes
  kFirst,     // the first old piece
  kLast,      // the last old piece
  kHalving,   // weights that halve, in output rows from the first piece on, in input rows from the
              // last
  kSoftmax,   // weights softmax(2i) of piece i in input rows, softmax(-2i) in output rows
              // (AdaptiVocab, arXiv:2503.19693)
  kAsymmetric,  // input: mean; output: first (EEVE, arXiv:2402.14714)
  kBil,  // input: mean, with the median norm of the script; output: weighted by the length in
         // characters (arXiv:2608.03494)
  kMergeOrder,  // the merges that make the token undone, both halves of each weighing the same
                // (arXiv:2406.11477); without merges: mean
  kGaussian,    // mean of all old rows, and a little noise with their covariance
  kHewitt,      // the same with all of their covariance
  kScript,      // mean of the old tokens of the same script, and noise with their covariance
                // (arXiv:2309.04679)
  kZero,        // zeros
  kRidge,       // a map from pieces to rows, learnt from the old tokens that have merges
  kOmp,      // orthogonal matching pursuit: the donor's row as a sum of the donor's rows of shared
             // tokens, made again of the model's rows of these (arXiv:2506.06607)
  kMap,      // a linear map from donor rows to the model's rows, fitted on shared tokens
  kKnn,      // the nearest shared tokens in the donor, weighted
  kStacked,  // omp, map, knn and ridge, each with a weight fitted on shared tokens held out
  kWechsel,  // the nearest old tokens by word vectors of both languages, laid onto each other by a
             // dictionary (arXiv:2112.06598)
  kTransTokenization,  // the old pieces that stand for the token in parallel text
                       // (arXiv:2408.04303)
  kFocus,              // sparsemax over the cosines of vectors with those of shared tokens
                       // (arXiv:2305.14481)
  kClp,                // all shared tokens, weighing their cosines in the donor (arXiv:2301.09626)
  kTokenAdapt,         // pieces by vectors and length, and the nearest old tokens by vectors
                       // (arXiv:2505.09738)
  kTokAlign,           // the row of the old token that stands alike in a text (arXiv:2506.03523)
  kGiven,              // numbers of the caller's: InitOptions::given
};
std::string_view MethodName(Method method);  // "auto", "copy", "mean", ...
// InvalidArgument: no such method; the message lists them.
StatusOr<Method> ParseMethod(std::string_view name);

// All that can be asked for by name.
struct MethodInfo {
  Method method = Method::kAuto;
  std::string_view name;
  std::string_view help;  // one line
  bool needs_donor_model = false;
  std::string_view files = "";  // the program's options for the files it needs, "--parallel" say
};
std::vector<MethodInfo> ListMethods();

// The linear map of Method::kMap. All are fitted on centred rows.
enum class MapKind : std::uint8_t {
  kRidge,       // least squares with a penalty, chosen on shared tokens held out
  kProcrustes,  // a rotation and one scale
  kCca,         // both spaces whitened, rotated onto each other, and coloured as the model's
};

// Numbers of single methods.
struct MethodSettings {
  std::uint64_t omp_k = 64;           // rows in a sum
  bool omp_centre = true;             // means are taken off both spaces, and the model's put back
  bool omp_unit = true;               // atoms are chosen by cosine, not by inner product
  double omp_ridge = 1e-3;            // penalty of the coefficients, in units of a mean atom
  std::uint64_t min_anchors = 5'000;  // fewer shared tokens are refused by donor methods
  MapKind map = MapKind::kRidge;
  std::uint64_t knn_k = 32;
  double knn_temperature = 0.1;
  bool knn_sparsemax = false;  // weights by sparsemax of similarity / temperature, not softmax
  std::uint64_t wechsel_k = 10;
  double wechsel_temperature = 0.1;
  double translate_min_count = 10;  // of a pair of tokens in parallel text, in expected counts
  bool clp_clip = true;             // negative cosines weigh nothing; false: as in the paper
  double tokenadapt_global = 0.3;   // share of the nearest tokens, in [0, 1]; the rest: pieces
  double tokenadapt_temperature = 0.6;
  std::uint64_t tokenadapt_k = 3;       // the nearest tokens
  std::uint64_t tokalign_pivots = 300;  // tokens that vectors are compared by
  // Of vectors trained on AuxiliaryInputs::vector_text.
  std::uint64_t vector_size = 100;  // numbers of a vector, up to 4096
  std::uint64_t vector_epochs = 3;
  std::uint64_t vector_min_count = 10;  // tokens that stand more rarely in the text have none
};
// One by name: "omp_k", "omp_centre", "omp_unit", "omp_ridge", "min_anchors", "map" ("ridge",
// "procrustes", "cca"), "knn_k", "knn_temperature", "knn_sparsemax", "wechsel_k",
// "wechsel_temperature", "translate_min_count", "clp_clip", "tokenadapt_global",
// "tokenadapt_temperature", "tokenadapt_k", "tokalign_pivots", "vector_size", "vector_epochs",
// "vector_min_count". InvalidArgument: no such name, or a value that it cannot have.
Status SetMethodSetting(std::string_view name, std::string_view value, MethodSettings* settings);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHOD_H_
