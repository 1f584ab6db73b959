// Any bytes as a tokenizer file: refused, or a tokenizer that encodes and decodes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/load.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

constexpr std::string_view kText = "Hello  w\xC3\xB6rld, 123\t\xE4\xBD\xA0\xE5\xA5\xBD <s>\xFF\n";

void Require(bool holds) {
  if (!holds) std::abort();
}

void EncodeAndDecode(const Tokenizer& tokenizer, std::string_view text) {
  const Encoding encoding = tokenizer.Encode(text, {.add_special_tokens = true});
  Require(encoding.ids.size() == encoding.offsets.size());
  for (const auto& [begin, end] : encoding.offsets) Require(begin <= end && end <= text.size());
  std::vector<TokenId> ids;
  tokenizer.EncodeIds(text, &ids, {.add_special_tokens = true});
  Require(ids == encoding.ids);
  Require(tokenizer.Decode(ids, {.skip_special_tokens = true}).ok());
}

void LoadAndUse(std::string_view bytes, const LoadOptions& options) {
  const StatusOr<TokenizerSpec> spec = LoadBytes(bytes, "fuzz", options);
  if (!spec.ok()) {
    Require(Message(spec.status()).starts_with("fuzz: "));
    return;
  }
  const StatusOr<Tokenizer> tokenizer = Compile(*spec);
  if (!tokenizer.ok()) return;
  EncodeAndDecode(*tokenizer, kText);
  EncodeAndDecode(*tokenizer, bytes);
}

}  // namespace
}  // namespace tokgraft

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  tokgraft::LoadAndUse(bytes, {});
  // Bare ranks name no pattern; other formats refuse one before they read anything.
  tokgraft::LoadAndUse(bytes, {.pattern = "r50k"});
  return 0;
}
