// Policies: whose rule holds where base and donor contradict each other, and cannot both be right.
//
// By default the base's rules hold, so that old text keeps its tokens; pieces of the donor that
// they make impossible are refused and listed (B3, B4, B5). A policy changes the rule instead of
// refusing the pieces, and old text may be cut in other places: how much is measured on the text to
// protect, for the change of rules alone, and stands in the conflict report beside the code. Then
// nothing is proved; the certificate is L2.
//
//   MergeOptions options{.policies = {.digits = "widen"}, .protect = documents};
//   StatusOr<MergeResult> m = MergeTokenizers(*base, *donor, options);
//   std::cout << m->conflicts.policies.at("digits");   // "widen: ..."
//
// Special tokens, duplicates and padding have one policy each, which the report names: names that
// the base does not have are not taken over (but by `union`), pieces with the same bytes are one,
// rows are padded by `init` and `graft`.
#ifndef TOKGRAFT_VOCAB_MERGE_POLICIES_H_
#define TOKGRAFT_VOCAB_MERGE_POLICIES_H_

#include <string>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct Policies {
  // "keep": the base's rule. "widen": where the donor's takes longer runs of digits as one word,
  // the base's splitter does so too.
  std::string digits = "keep";
  std::string normalizer = "base";     // or "donor": all its normalizers
  std::string pre_tokenizer = "base";  // or "donor": all its pre-tokenizers
  // "keep": a byte-level base that lacks bytes drops them as before. "complete": those that valid
  // UTF-8 can hold become pieces, with the first new ids.
  std::string byte_alphabet = "keep";

  bool are_default() const { return *this == Policies(); }
  friend bool operator==(const Policies&, const Policies&) = default;
};

// The base with the donor's rules where `policies` say so; a completed alphabet has ids from
// base.id_limit() on. InvalidArgument: an unknown policy, or nothing to change (the donor's rule
// for digits is not wider). Unimplemented: a rule that is not recognised, or that cannot be taken
// over since the two spell their pieces in different ways or follow different references.
StatusOr<TokenizerSpec> ApplyPolicies(const TokenizerSpec& base, const TokenizerSpec& donor,
                                      const Policies& policies);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_POLICIES_H_
