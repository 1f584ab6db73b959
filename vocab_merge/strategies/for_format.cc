// A merge planned within what another format can say: the base is turned into that format first, so
// that every new piece is built under the semantics of its runtime.
#include "tokenizer/base/report_text.h"
#include "tokenizer/convert.h"
#include "vocab_merge/strategies/strategy.h"

namespace tokgraft {

StatusOr<MergeResult> MergeForFormat(const TokenizerSpec& base, const TokenizerSpec& donor,
                                     const MergeOptions& options) {
  const bool swap = options.strategy == "swap";
  TOKGRAFT_ASSIGN_OR_RETURN(const Conversion made, Convert(swap ? donor : base, *options.format));
  MergeOptions inner = options;
  inner.format.reset();
  TOKGRAFT_ASSIGN_OR_RETURN(MergeResult result, swap ? MergeTokenizers(base, made.spec, inner)
                                                     : MergeTokenizers(made.spec, donor, inner));
  result.certificate.reason +=
      Cat("; the ", swap ? "donor" : "base", " was turned into ", FormatName(*options.format),
          " first, ",
          made.model_proved ? std::string("with the same joins on every text")
                            : Cat("with the same ids on ", Grouped(made.checked_bytes),
                                  " bytes of probes, not proved"));
  return result;
}

}  // namespace tokgraft
