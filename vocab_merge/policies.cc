#include "vocab_merge/policies.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "vocab_merge/policies/digits.h"

namespace tokgraft {
namespace {

Status CheckValue(std::string_view policy, std::string_view value,
                  std::initializer_list<std::string_view> known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return {};
  std::string list;
  for (const std::string_view one : known) list += Cat(list.empty() ? "" : " or ", one);
  return InvalidArgumentError(
      Cat("policies: ", policy, ": \"", value, "\" is unknown, ", list, " was expected"));
}

// Stages of one tokenizer work for another that spells alike and is read by the same library.
Status CheckSameKind(std::string_view what, const TokenizerSpec& base, const TokenizerSpec& donor) {
  if (base.spelling == donor.spelling && base.reference == donor.reference) return {};
  return UnimplementedError(Cat(
      donor.source.empty() ? "donor" : donor.source, ": its ", what,
      " cannot serve the base: the base is ", SpellingName(base.spelling), " read by ",
      ReferenceName(base.reference), ", the donor is ", SpellingName(donor.spelling), " read by ",
      ReferenceName(donor.reference),
      donor.reference == base.reference
          ? "; keep the base's"
          : Cat("; convert the donor to ", FormatName(base.format), " first, or keep the base's")));
}

Status WidenDigits(const TokenizerSpec& donor, TokenizerSpec* base) {
  const std::optional<std::size_t> wanted = LongestDigitRun(donor);
  const std::optional<std::size_t> now = LongestDigitRun(*base);
  // A donor without any rule joins digits as it likes.
  const std::size_t run = wanted.value_or(kAnyRun);
  if (now && run <= *now) {
    return InvalidArgumentError(
        "policies: digits: the donor's rule is not wider than the base's; keep the base's");
  }
  TOKGRAFT_ASSIGN_OR_RETURN(base->pre_tokenizers, WithDigitRun(*base, run));
  return {};
}

// Bytes that no UTF-8 text holds.
bool IsNeverUtf8(int byte) { return byte == 0xC0 || byte == 0xC1 || byte > 0xF4; }

Status CompleteBytes(TokenizerSpec* base) {
  if (base->spelling != Spelling::kByteLevel) {
    return UnimplementedError(
        Cat(base->source, ": only a byte-level vocabulary can be completed; keep the alphabet"));
  }
  auto id = static_cast<TokenId>(base->id_limit());
  for (int b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    const std::string_view bytes(&byte, 1);
    const std::string spelling = *Spell(base->spelling, bytes);
    if (IsNeverUtf8(b) || base->vocab.FindSpelling(spelling)) continue;
    base->vocab.Add({.id = id++, .bytes = bytes, .spelling = spelling});
  }
  return {};
}

}  // namespace

StatusOr<TokenizerSpec> ApplyPolicies(const TokenizerSpec& base, const TokenizerSpec& donor,
                                      const Policies& policies) {
  TOKGRAFT_RETURN_IF_ERROR(CheckValue("digits", policies.digits, {"keep", "widen"}));
  TOKGRAFT_RETURN_IF_ERROR(CheckValue("normalizer", policies.normalizer, {"base", "donor"}));
  TOKGRAFT_RETURN_IF_ERROR(CheckValue("pre_tokenizer", policies.pre_tokenizer, {"base", "donor"}));
  TOKGRAFT_RETURN_IF_ERROR(
      CheckValue("byte_alphabet", policies.byte_alphabet, {"keep", "complete"}));
  TokenizerSpec out = base;
  if (policies.normalizer == "donor") {
    TOKGRAFT_RETURN_IF_ERROR(CheckSameKind("normalizer", base, donor));
    out.normalizers = donor.normalizers;
  }
  if (policies.pre_tokenizer == "donor") {
    TOKGRAFT_RETURN_IF_ERROR(CheckSameKind("pre-tokenizer", base, donor));
    if (policies.digits == "widen") {
      return InvalidArgumentError(
          "policies: digits: the donor's pre-tokenizer brings its own rule for digits; give one "
          "of the two");
    }
    out.pre_tokenizers = donor.pre_tokenizers;
  }
  if (policies.digits == "widen") TOKGRAFT_RETURN_IF_ERROR(WidenDigits(donor, &out));
  if (policies.byte_alphabet == "complete") TOKGRAFT_RETURN_IF_ERROR(CompleteBytes(&out));
  return out;
}

}  // namespace tokgraft
