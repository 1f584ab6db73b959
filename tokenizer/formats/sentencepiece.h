// Reads and writes a sentencepiece .model: a protobuf message ModelProto, taken apart by a small
// reader of the wire format (libsentencepiece carries its own protobuf, so none is ever linked
// here).
//
// Pieces keep their order as ids. Spellings are metaspaced (▁ is a space); canonical bytes have
// spaces. User-defined pieces stay in the vocabulary as such: the model, not a list of added
// tokens, finds them. Control pieces never match text, as in the reference. What sentencepiece
// refuses to load (a piece twice, no unknown piece, a gap in the 256 bytes, ...) is refused here.
#ifndef TOKGRAFT_TOKENIZER_FORMATS_SENTENCEPIECE_H_
#define TOKGRAFT_TOKENIZER_FORMATS_SENTENCEPIECE_H_

#include <string>
#include <string_view>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Cheap: does the file start as a ModelProto does, with a first piece and its text?
bool LooksLikeSentencePiece(std::string_view bytes);

// DataLoss: truncated; InvalidArgument: malformed, or sentencepiece would refuse it;
// Unimplemented: a WORD or CHAR model.
StatusOr<TokenizerSpec> ReadSentencePiece(std::string_view bytes, const std::string& name);

// The .model of a spec of sentencepiece. Fields that the reader does not use come back as they were
// read. Unimplemented: what a .model cannot hold (an added token, a hole among the ids, a merge
// list); FailedPrecondition: a piece that is not UTF-8, a score that is no float.
StatusOr<std::string> WriteSentencePiece(const TokenizerSpec& spec);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_SENTENCEPIECE_H_
