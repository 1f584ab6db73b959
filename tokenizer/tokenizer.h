// Tokenizer: a compiled TokenizerSpec. Encodes and decodes exactly as its reference does.
//
//   StatusOr<TokenizerSpec> spec = Load("tokenizer.json");
//   StatusOr<Tokenizer> tok = Compile(*spec);
//   Encoding e = tok->Encode("Hello world");       // e.ids, e.offsets
//   std::vector<TokenId> ids;
//   tok->EncodeIds("Hello world", &ids);           // the hot path: ids only, appended
//   StatusOr<std::string> text = tok->Decode(ids);
//
// All failure happens in Compile; encoding is total. Text should be UTF-8. Bytes that are not: a
// byte-level model encodes them as bytes; for any other model each maximal bad subsequence
// is U+FFFD. Either way Encoding::invalid_utf8 counts them.
//
// The whole text is encoded, always: "truncation" and "padding" of a tokenizer.json are carried
// along and never applied (Hugging Face applies them unless told no_truncation(); a LoadNote of the
// spec says so).
//
// Thread-safety: immutable and const throughout, cheap to copy (copies share the tables), safe to
// use from any number of threads. Scratch memory belongs to the calling thread and is bounded.
// Cost: linear or n log n in the text, whatever it holds.
#ifndef TOKGRAFT_TOKENIZER_TOKENIZER_H_
#define TOKGRAFT_TOKENIZER_TOKENIZER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/encoding.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "tokenizer/token.h"

namespace tokgraft {

struct EncodeOptions {
  // What the file says to add: the template of a tokenizer.json, or the begin and end of text that
  // a GGUF's add_bos_token and add_eos_token ask for. A .model and a tekken.json do not say, so one
  // begin of text is added where they have it (`<s>`), and no end: sentencepiece's add_bos=True,
  // mistral-common's encode(bos=True, eos=False). tiktoken ranks add nothing.
  bool add_special_tokens = false;
};

struct DecodeOptions {
  bool skip_special_tokens = false;
};

namespace internal {
class Pipeline;  // tokenizer/stages/pipeline.h
}

class Tokenizer {
 public:
  // Ids and offsets.
  Encoding Encode(std::string_view text, const EncodeOptions& options = {}) const;
  // Appends ids; returns the number of maximal bad UTF-8 subsequences.
  std::uint64_t EncodeIds(std::string_view text, std::vector<TokenId>* ids,
                          const EncodeOptions& options = {}) const;
  std::size_t Count(std::string_view text, const EncodeOptions& options = {}) const;
  // `threads` 0: all cores. The result does not depend on it.
  EncodingBatch EncodeBatch(std::span<const std::string_view> texts, int threads = 0,
                            const EncodeOptions& options = {}) const;

  // Calls f(word) for each stretch of the text that no token crosses, as the model gets it: bytes
  // of the text for byte-level vocabularies, else normalized text in the vocabulary's spelling (▁
  // for a space). Added tokens are left out. `f` must not use this tokenizer on the same thread.
  void ForEachWord(std::string_view text,
                   const std::function<void(std::string_view word)>& f) const;
  // The tokens of one such word; offsets are bytes of the word.
  Encoding EncodeWord(std::string_view word) const;

  // As the reference decodes; OutOfRange for an id that the reference refuses too.
  StatusOr<std::string> Decode(std::span<const TokenId> ids,
                               const DecodeOptions& options = {}) const;
  // The canonical bytes of the tokens, joined. OutOfRange for an id that is not in the vocabulary.
  StatusOr<std::string> DecodeBytes(std::span<const TokenId> ids) const;

  // Highest id + 1, added tokens included.
  std::size_t vocab_size() const;
  // nullopt: a hole, or beyond the vocabulary. Views live as long as any copy of the Tokenizer.
  std::optional<std::string_view> token_bytes(TokenId id) const;
  std::optional<PieceKind> token_kind(TokenId id) const;
  // By canonical bytes; of several the one that encoding prefers (see Vocab::Find), then added.
  std::optional<TokenId> token_id(std::string_view bytes) const;
  const TokenizerSpec& spec() const;

 private:
  friend StatusOr<Tokenizer> Compile(TokenizerSpec spec);
  explicit Tokenizer(std::shared_ptr<const internal::Pipeline> pipeline);
  std::shared_ptr<const internal::Pipeline> pipeline_;
};

// Unimplemented: a stage that cannot be reproduced exactly, by name. InvalidArgument: the spec
// contradicts itself (a merge of missing pieces, two pieces on one id).
StatusOr<Tokenizer> Compile(TokenizerSpec spec);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_TOKENIZER_H_
