// auto: asymmetric where input and output rows are two matrices, mean where one matrix serves both.
#include "embed_init/methods/method.h"

namespace tokgraft {

Method AutoMethod(bool two_matrices) { return two_matrices ? Method::kAsymmetric : Method::kMean; }

}  // namespace tokgraft
