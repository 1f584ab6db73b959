// The steps of a conversion: a spec said in the words of another format.
//
// Two families, each with a format in its middle: byte-level BPE around tokenizer.json (tiktoken,
// tekken.json, GGUF's gpt2), and pieces with ▁ around the sentencepiece .model (tokenizer.json,
// GGUF's llama). A step makes the most faithful spec that the target has words for, and says what
// it left out; whether ids are the same is judged by the caller, on the whole conversion.
#ifndef TOKGRAFT_TOKENIZER_CONVERT_DRAFT_H_
#define TOKGRAFT_TOKENIZER_CONVERT_DRAFT_H_

#include <string>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct Draft {
  TokenizerSpec spec;
  std::vector<std::string> suspects;  // texts on which ids may differ, to be tried first
  bool model_proved = false;          // the model gives the same ids, whatever the stages do
  std::vector<std::string> losses;    // what the target has no words for: ids may differ
  std::vector<std::string> notes;     // what it says otherwise, ids being the same
};

// Several ways to say the stages, the likeliest first.
using Drafts = std::vector<Draft>;

// ---- Byte-level BPE (byte_level.cc)
// --------------------------------------------------------------
bool IsByteLevel(const TokenizerSpec& spec);
StatusOr<Drafts> TiktokenToTokenizerJson(const TokenizerSpec& spec);  // tekken.json too
StatusOr<Drafts> GgufToTokenizerJson(const TokenizerSpec& spec);
StatusOr<Drafts> TokenizerJsonToTiktoken(const TokenizerSpec& spec);
StatusOr<Drafts> TokenizerJsonToTekken(const TokenizerSpec& spec);
StatusOr<Drafts> TokenizerJsonToGguf(const TokenizerSpec& spec);

// ---- Pieces with ▁ (metaspace.cc)
// -----------------------------------------------------------------
bool IsMetaspace(const TokenizerSpec& spec);
StatusOr<Drafts> TokenizerJsonToSentencePiece(const TokenizerSpec& spec);
StatusOr<Drafts> SentencePieceToTokenizerJson(const TokenizerSpec& spec);
StatusOr<Drafts> SentencePieceToGguf(const TokenizerSpec& spec);
StatusOr<Drafts> GgufToSentencePiece(const TokenizerSpec& spec);

// ---- Both (template.cc)
// -------------------------------------------------------------------------- Does the template put
// bos first, eos last, and nothing else? Sets spec->add_bos and add_eos, and roles that only the
// template names; what it says beyond that becomes a note.
void TemplateToFlags(const TokenizerSpec& from, Draft* to);
// The template that add_bos and add_eos stand for.
void FlagsToTemplate(const TokenizerSpec& from, TokenizerSpec* to);
// The chat template of the companions under GGUF's key, and back.
void CarryChatTemplate(const TokenizerSpec& from, TokenizerSpec* to);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_CONVERT_DRAFT_H_
