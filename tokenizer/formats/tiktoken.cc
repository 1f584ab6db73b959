#include "tokenizer/formats/tiktoken.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "tokenizer/base/json.h"
#include "tokenizer/formats/base64.h"
#include "tokenizer/formats/tiktoken_patterns.h"

namespace tokgraft {
namespace {

struct RankLine {
  std::string_view text;    // base64
  std::string_view number;  // decimal
};

// The next line that is not empty, without its end (\n, \r\n or \r); nullopt at the end of `bytes`.
std::optional<std::string_view> NextLine(std::string_view bytes, std::size_t* position) {
  while (*position < bytes.size()) {
    std::size_t end = bytes.find_first_of("\r\n", *position);
    if (end == std::string_view::npos) end = bytes.size();
    const std::string_view line = bytes.substr(*position, end - *position);
    if (!line.empty()) return line;
    *position = end + 1;
  }
  return std::nullopt;
}

bool SplitLine(std::string_view line, RankLine* parts) {
  const std::size_t space = line.find_first_of(" \t");
  if (space == std::string_view::npos || space == 0) return false;
  const std::size_t number = line.find_first_not_of(" \t", space);
  if (number == std::string_view::npos) return false;
  std::size_t end = line.find_first_of(" \t", number);
  if (end == std::string_view::npos) end = line.size();
  if (line.find_first_not_of(" \t", end) != std::string_view::npos) return false;
  *parts = {line.substr(0, space), line.substr(number, end - number)};
  return true;
}

bool ParseRank(std::string_view number, TokenId* rank) {
  const auto result = std::from_chars(number.data(), number.data() + number.size(), *rank);
  return result.ec == std::errc() && result.ptr == number.data() + number.size() &&
         *rank != std::numeric_limits<TokenId>::max();
}

struct Rank {
  TokenId id = 0;
  std::string bytes;
};

StatusOr<std::vector<Rank>> ReadRanks(std::string_view file, const std::string& name) {
  std::vector<Rank> ranks;
  std::size_t position = 0;
  while (const std::optional<std::string_view> line = NextLine(file, &position)) {
    const auto error = [&](std::string_view what) {
      return InvalidArgumentError(Cat(name, ": byte ", position, ": ", what));
    };
    RankLine parts;
    Rank rank;
    if (!SplitLine(*line, &parts)) {
      return error("a line of tiktoken ranks is base64, a space and a number; this is not");
    }
    if (!DecodeBase64(parts.text, &rank.bytes) || rank.bytes.empty()) {
      return error("the piece is not base64 of at least one byte; the file was edited or damaged");
    }
    if (!ParseRank(parts.number, &rank.id)) {
      return error("the rank is not a whole number below 4294967295");
    }
    ranks.push_back(std::move(rank));
    position += line->size();
  }
  if (ranks.empty()) return InvalidArgumentError(Cat(name, ": byte 0: no ranks in the file"));
  return ranks;
}

// What makes the reference panic or lose a piece silently.
Status CheckRanks(const std::vector<Rank>& sorted, const Vocab& vocab, const std::string& name) {
  std::bitset<256> bytes_found;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const Rank& rank = sorted[i];
    if (i > 0 && sorted[i - 1].id == rank.id) {
      return InvalidArgumentError(Cat(name, ": rank ", rank.id, ": two pieces, \"",
                                      EncodeBase64(sorted[i - 1].bytes), "\" and \"",
                                      EncodeBase64(rank.bytes), "\", expected one"));
    }
    if (vocab.Find(rank.bytes) != rank.id) {
      return InvalidArgumentError(Cat(name, ": rank ", rank.id, ": the piece \"",
                                      EncodeBase64(rank.bytes), "\" has another rank too, ",
                                      *vocab.Find(rank.bytes), ", expected one"));
    }
    if (rank.bytes.size() == 1) bytes_found.set(static_cast<unsigned char>(rank.bytes[0]));
  }
  for (std::size_t byte = 0; byte < bytes_found.size(); ++byte) {
    if (!bytes_found[byte]) {
      return InvalidArgumentError(Cat(name, ": byte ", byte,
                                      " has no piece of its own, expected all 256: a text with it "
                                      "could not be encoded"));
    }
  }
  return absl::OkStatus();
}

// Of the ranks in the published layout, so that line ends and order do not matter.
std::string HashOfRanks(const std::vector<Rank>& sorted) {
  std::string text;
  for (const Rank& rank : sorted) text += Cat(EncodeBase64(rank.bytes), " ", rank.id, "\n");
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

Status AddSpecials(const TiktokenSpecials& specials, std::string_view pattern,
                   const std::string& name, TokenizerSpec* spec) {
  const auto role = [&](const std::string& token, const std::pair<std::string, TokenId>& special,
                        std::optional<TokenId>* id) {
    if (!token.empty() && special.first == token) *id = special.second;
  };
  for (const auto& special : specials.tokens) {
    if (spec->vocab.Get(special.second).has_value()) {
      return InvalidArgumentError(
          Cat(name, ": rank ", special.second, ": the special token ", special.first,
              " of the pattern \"", pattern,
              "\" has this id; give the regex itself as the pattern to do without special tokens"));
    }
    AddedToken token;
    token.id = special.second;
    token.content = special.first;
    token.special = true;
    spec->added_tokens.push_back(std::move(token));
    role(specials.bos, special, &spec->roles.bos);
    role(specials.eos, special, &spec->roles.eos);
    role(specials.pad, special, &spec->roles.pad);
  }
  spec->add_bos = spec->roles.bos.has_value();
  return absl::OkStatus();
}

// The arguments of tiktoken.Encoding that ranks leave out.
struct EncodingArguments {
  const TiktokenPattern* known = nullptr;  // a published name with its own regex
  std::string regex;
  TiktokenSpecials specials;
};

// Of the text of NAME.json. The roles of special tokens come with a published name only.
StatusOr<EncodingArguments> ReadEncoding(std::string_view json, const std::string& name,
                                         std::size_t num_ranks) {
  EncodingArguments out;
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(json, name));
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue regex, document.root().Get("pat_str"));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view pat_str, regex.String());
  out.regex = pat_str;
  const std::optional<JsonValue> named = document.root().FindNotNull("name");
  if (named.has_value()) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view published, named->String());
    out.known = FindTiktokenPattern(published);
    if (out.known != nullptr && out.known->regex != out.regex) out.known = nullptr;
  }
  if (out.known != nullptr) out.specials = TiktokenSpecialsOf(out.known->name, num_ranks);
  out.specials.tokens.clear();
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue specials, document.root().Get("special_tokens"));
  TOKGRAFT_RETURN_IF_ERROR(
      specials.ForEachMember([&](std::string_view content, const JsonValue& value) -> Status {
        TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t id, value.Uint());
        if (content.empty() || id >= std::numeric_limits<TokenId>::max()) {
          return value.Error("a special token with an empty name or an id beyond 4294967294");
        }
        out.specials.tokens.emplace_back(content, static_cast<TokenId>(id));
        return absl::OkStatus();
      }));
  return out;
}

StatusOr<const TiktokenPattern*> RecognisePattern(const std::vector<Rank>& sorted,
                                                  const std::string& name) {
  const TiktokenPattern* known = FindTiktokenPatternByHash(HashOfRanks(sorted));
  if (known == nullptr) {
    return InvalidArgumentError(
        Cat(name,
            ": these tiktoken ranks are not known, and a file of ranks does not hold its "
            "regex; give its pattern, one of ",
            TiktokenPatternNames(), ", or a regex"));
  }
  return known;
}

// A lone word is a mistyped name, never a useful regex.
bool LooksLikeName(std::string_view pattern) {
  return std::all_of(pattern.begin(), pattern.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

StatusOr<EncodingArguments> FindEncoding(const std::vector<Rank>& ranks, const std::string& name,
                                         const std::string& pattern) {
  if (pattern.starts_with("{")) return ReadEncoding(pattern, name + ".json", ranks.size());
  EncodingArguments out;
  out.known = FindTiktokenPattern(pattern);
  if (pattern.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(out.known, RecognisePattern(ranks, name));
  } else if (out.known == nullptr && LooksLikeName(pattern)) {
    return InvalidArgumentError(Cat(name, ": the pattern \"", pattern,
                                    "\" is no name we know, expected one of ",
                                    TiktokenPatternNames(), ", or a regex"));
  }
  out.regex = out.known != nullptr ? std::string(out.known->regex) : pattern;
  if (out.known != nullptr) out.specials = TiktokenSpecialsOf(out.known->name, ranks.size());
  return out;
}

}  // namespace

bool LooksLikeTiktoken(std::string_view bytes) {
  std::size_t position = 0;
  const std::optional<std::string_view> line = NextLine(bytes.substr(0, 4096), &position);
  RankLine parts;
  std::string piece;
  TokenId rank = 0;
  return line.has_value() && SplitLine(*line, &parts) && DecodeBase64(parts.text, &piece) &&
         !piece.empty() && ParseRank(parts.number, &rank);
}

StatusOr<TokenizerSpec> ReadTiktoken(std::string_view bytes, const std::string& name,
                                     const std::string& pattern) {
  TOKGRAFT_ASSIGN_OR_RETURN(std::vector<Rank> ranks, ReadRanks(bytes, name));
  std::stable_sort(ranks.begin(), ranks.end(),
                   [](const Rank& a, const Rank& b) { return a.id < b.id; });
  TokenizerSpec spec;
  spec.source = name;
  spec.format = Format::kTiktoken;
  spec.reference = Reference::kTiktoken;
  spec.spelling = Spelling::kRaw;
  spec.vocab.Reserve(ranks.size(), bytes.size());
  for (const Rank& rank : ranks) {
    spec.vocab.Add({.id = rank.id, .bytes = rank.bytes, .spelling = rank.bytes});
  }
  TOKGRAFT_RETURN_IF_ERROR(CheckRanks(ranks, spec.vocab, name));

  TOKGRAFT_ASSIGN_OR_RETURN(const EncodingArguments encoding, FindEncoding(ranks, name, pattern));
  BpeModel model;
  model.order = BpeModel::Order::kRank;
  model.ignore_merges = true;  // a whole pre-token that is a piece is taken as it is
  spec.model = std::move(model);
  pre_tokenizer::Split split;
  split.pattern = {.text = encoding.regex, .is_regex = true};
  // The reference keeps the matches of its regex and drops what lies between them.
  if (FindTiktokenPatternByRegex(encoding.regex) == nullptr) {
    split.behavior = pre_tokenizer::SplitBehavior::kRemoved;
    split.invert = true;
  }
  spec.pre_tokenizers = {std::move(split),
                         pre_tokenizer::ByteLevel{
                             .add_prefix_space = false, .trim_offsets = false, .use_regex = false}};
  spec.decoders = {decoder::RawBytes{}};
  const std::string_view named = encoding.known != nullptr ? encoding.known->name : "";
  TOKGRAFT_RETURN_IF_ERROR(AddSpecials(encoding.specials, named, name, &spec));
  if (encoding.known != nullptr) spec.rest["pattern"] = Cat("\"", named, "\"");
  return spec;
}

}  // namespace tokgraft
