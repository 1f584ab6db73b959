// All stages of a spec, compiled, in the order of the reference:
//
//   text ─ added tokens ─ normalizer ─ added tokens (normalized) ─ pre-tokenizer ─ model ─ post
//
// Two ways through it: ids alone on plain strings, and ids with the bytes they came from on
// AlignedText; both run the same stages and must give the same ids. Tables are immutable and
// shared, scratch memory belongs to the thread (one Scratch for each of the few tokenizers that the
// thread used last).
#ifndef TOKGRAFT_TOKENIZER_STAGES_PIPELINE_H_
#define TOKGRAFT_TOKENIZER_STAGES_PIPELINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/encoding.h"
#include "tokenizer/models/model.h"
#include "tokenizer/spec.h"
#include "tokenizer/stages/added_tokens.h"
#include "tokenizer/stages/aligned_text.h"
#include "tokenizer/stages/decode.h"
#include "tokenizer/stages/normalize.h"
#include "tokenizer/stages/post_process.h"
#include "tokenizer/stages/pre_tokenize.h"
#include "tokenizer/status.h"

namespace tokgraft::internal {

using WordVisitor = std::function<void(std::string_view word)>;

class Pipeline {
 public:
  static StatusOr<std::shared_ptr<const Pipeline>> Compile(TokenizerSpec spec);

  // Appends ids; returns the number of maximal bad UTF-8 subsequences.
  std::uint64_t EncodeIds(std::string_view text, bool add_special_tokens,
                          std::vector<TokenId>* ids) const;
  Encoding Encode(std::string_view text, bool add_special_tokens) const;
  // As Tokenizer has them.
  void ForEachWord(std::string_view text, const WordVisitor& f) const;
  Encoding EncodeWord(std::string_view word) const;

  const TokenizerSpec& spec() const { return spec_; }
  const CompiledDecoder& decoder() const { return *decoder_; }
  // The added token with this id, the last of the file where there are several.
  const AddedToken* Added(TokenId id) const;

 private:
  struct Scratch;
  struct Aligned;  // tokens with their offsets and spaces, as they are found

  explicit Pipeline(TokenizerSpec spec);
  Status CompileStages();
  Status CompileMatchers();
  Scratch& ThreadScratch() const;

  std::string_view Repair(std::string_view text, std::string* repaired,
                          std::uint64_t* invalid) const;
  void EncodeText(std::string_view text, Scratch* scratch, std::vector<TokenId>* ids) const;
  void EncodeSection(std::string_view section, bool at_start, Scratch* scratch,
                     std::vector<TokenId>* ids) const;
  void EncodeNormalized(std::string_view text, bool at_start, Scratch* scratch,
                        std::vector<TokenId>* ids) const;
  void Normalize(std::string_view text, std::string* out) const;

  AlignedText Align(std::string_view text, std::uint64_t* invalid) const;
  void EncodeAligned(const AlignedText& text, Scratch* scratch, Aligned* out) const;
  void EncodeAlignedSection(AlignedText section, Scratch* scratch, Aligned* out) const;
  void EncodeAlignedWord(const AlignedText& word, Scratch* scratch, Aligned* out) const;
  void AddAlignedToken(const AlignedText& text, const TextSegment& segment, Aligned* out) const;
  AlignedText NormalizeAligned(AlignedText text) const;

  TokenizerSpec spec_;
  std::uint64_t number_ = 0;  // tells pipelines apart for the threads' scratch
  AddedTokenMatcher raw_added_;
  AddedTokenMatcher normalized_added_;
  std::optional<CompiledNormalizer> normalizer_;
  std::optional<CompiledPreTokenizer> pre_tokenizer_;
  std::optional<CompiledModel> model_;
  std::optional<CompiledPostProcessor> post_processor_;
  std::optional<CompiledDecoder> decoder_;
  std::unordered_map<TokenId, std::size_t> added_by_id_;  // index of spec_.added_tokens
  bool normalizes_ = false;
  bool splits_ = false;
  bool byte_domain_ = false;
  // A Metaspace of scheme `first` looks where the text stood before it was normalized; `origins`:
  // where each piece of it stood.
  bool asks_origin_ = false;
  bool asks_origins_ = false;
};

}  // namespace tokgraft::internal

#endif  // TOKGRAFT_TOKENIZER_STAGES_PIPELINE_H_
