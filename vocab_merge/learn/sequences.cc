#include "vocab_merge/learn/sequences.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "tokenizer/base/parallel.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::size_t kWordsAtOnce = 4096;
constexpr Symbol kForeign =
    0x80000000;  // and the code point, until foreign characters are numbered
// A character that the base loses is worth one more than what it is written with.
constexpr std::uint32_t kTokensOfLost = 2;

enum class Role : std::uint8_t { kWall, kJoins, kByte, kUnknown };

// What joins may do with each token of the base.
class Roles {
 public:
  Roles(const TokenizerSpec& base, const ChainBuilder& builder) : roles_(base.id_limit()) {
    const bool by_bytes = builder.joins_bytes();
    for (std::size_t i = 0; i < base.vocab.size(); ++i) {
      const Piece piece = base.vocab.entry(i);
      Role role = Role::kWall;
      if (piece.kind == PieceKind::kNormal) role = Role::kJoins;
      if (piece.kind == PieceKind::kByte) role = by_bytes ? Role::kJoins : Role::kByte;
      if (piece.kind == PieceKind::kUnknown && !by_bytes) role = Role::kUnknown;
      roles_[piece.id] = role;
    }
    const auto& bpe = std::get<BpeModel>(base.model);
    for (const AddedToken& token : base.added_tokens) roles_[token.id] = Role::kWall;
    if (bpe.unk && !by_bytes) roles_[*bpe.unk] = Role::kUnknown;
  }
  Role operator[](TokenId id) const { return roles_[id]; }

 private:
  std::vector<Role> roles_;
};

struct Part {  // of the words, as one task makes it
  std::vector<Symbol> symbols;
  std::vector<std::uint64_t> ends;
  std::vector<std::uint64_t> counts;
  std::vector<bool> whole;
  std::map<char32_t, std::uint32_t> foreign;
};

class Maker {
 public:
  Maker(const Tokenizer& base, const Roles& roles, const PieceRules& rules, Part* part)
      : base_(base), roles_(roles), rules_(rules), part_(*part) {}

  void Add(std::string_view word, std::uint64_t count) {
    const Encoding encoding = base_.EncodeWord(word);
    whole_ = true;
    for (std::size_t i = 0; i < encoding.ids.size();) {
      const Role role = roles_[encoding.ids[i]];
      if (role == Role::kWall) {
        whole_ = false;
        Cut(count);
        ++i;
        continue;
      }
      if (role == Role::kJoins) {
        Push(encoding.ids[i], base_.token_bytes(encoding.ids[i]).value_or(""), count);
        ++i;
        continue;
      }
      // A run of bytes, or of unknown tokens, is some characters.
      std::size_t end = i;
      while (end < encoding.ids.size() && roles_[encoding.ids[end]] == role) ++end;
      const auto begin_byte = static_cast<std::size_t>(encoding.offsets[i].begin);
      const auto end_byte = static_cast<std::size_t>(encoding.offsets[end - 1].end);
      // Bytes may overtake an unknown token that waits (Hugging Face); then nothing is learnt here.
      const std::size_t size = end_byte > begin_byte ? end_byte - begin_byte : 0;
      AddForeign(word.substr(begin_byte, size), role, count);
      i = end;
    }
    Cut(count);
  }

 private:
  void AddForeign(std::string_view spelled, Role role, std::uint64_t count) {
    const std::optional<std::string> bytes = Unspell(base_.spec().spelling, spelled);
    if (!bytes || bytes->empty() || !IsValidUtf8(*bytes)) {
      whole_ = false;
      return Cut(count);
    }
    for (std::size_t at = 0; at < bytes->size();) {
      const std::size_t begin = at;
      const char32_t c = DecodeValid(*bytes, &at);
      const auto size = static_cast<std::uint32_t>(at - begin);
      part_.foreign.emplace(c, role == Role::kByte ? size : kTokensOfLost);
      Push(kForeign | static_cast<Symbol>(c), std::string_view(*bytes).substr(begin, size), count);
    }
  }
  void Push(Symbol symbol, std::string_view bytes, std::uint64_t count) {
    if (begin_ < part_.symbols.size() && rules_.any() && rules_.KeepApart(before_, bytes)) {
      whole_ = false;
      Cut(count);
    }
    part_.symbols.push_back(symbol);
    before_.assign(bytes);
  }
  void Cut(std::uint64_t count) {
    const std::size_t size = part_.symbols.size() - begin_;
    if (size >= 2 || (size == 1 && part_.symbols.back() >= kForeign)) {
      part_.ends.push_back(part_.symbols.size());
      part_.counts.push_back(count);
      part_.whole.push_back(whole_);
      begin_ = part_.symbols.size();
    }
    part_.symbols.resize(begin_);
    before_.clear();
  }

  const Tokenizer& base_;
  const Roles& roles_;
  const PieceRules& rules_;
  Part& part_;
  std::size_t begin_ = 0;  // of the sequence at hand
  std::string before_;     // bytes of its last symbol
  bool whole_ = true;
};

std::uint64_t HashOf(std::span<const Symbol> sequence, bool whole) {
  std::uint64_t hash = whole ? 1 : 0;
  for (const Symbol symbol : sequence) {
    hash = (hash ^ symbol) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 29;
  }
  return hash;
}

// Adds up equal sequences.
class Pool {
 public:
  explicit Pool(Sequences* out) : out_(*out) {}
  void Add(std::span<const Symbol> sequence, std::uint64_t count, bool whole) {
    if (slots_.size() < 2 * (out_.size() + 1)) Grow();
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = HashOf(sequence, whole) & mask;; at = (at + 1) & mask) {
      if (slots_[at] == 0) {
        out_.symbols.insert(out_.symbols.end(), sequence.begin(), sequence.end());
        out_.ends.push_back(out_.symbols.size());
        out_.counts.push_back(count);
        out_.whole.push_back(whole);
        slots_[at] = static_cast<std::uint32_t>(out_.size());
        return;
      }
      const std::size_t known = slots_[at] - 1;
      if (out_.whole[known] == whole && std::ranges::equal(out_.at(known), sequence)) {
        out_.counts[known] += count;
        return;
      }
    }
  }

 private:
  void Grow() {
    slots_.assign(slots_.empty() ? std::size_t{1} << 12 : slots_.size() * 2, 0);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = 0; i < out_.size(); ++i) {
      std::size_t at = HashOf(out_.at(i), out_.whole[i]) & mask;
      while (slots_[at] != 0) at = (at + 1) & mask;
      slots_[at] = static_cast<std::uint32_t>(i + 1);
    }
  }
  Sequences& out_;
  std::vector<std::uint32_t> slots_;
};

}  // namespace

Sequences MakeSequences(const Tokenizer& base, const ChainBuilder& builder, const PieceRules& rules,
                        const WordCounts& words, int threads) {
  const Roles roles(base.spec(), builder);
  std::vector<Part> parts((words.size() + kWordsAtOnce - 1) / kWordsAtOnce);
  ParallelFor(parts.size(), 1, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t part = begin; part < end; ++part) {
      Maker maker(base, roles, rules, &parts[part]);
      const std::size_t last = std::min(words.size(), (part + 1) * kWordsAtOnce);
      for (std::size_t i = part * kWordsAtOnce; i < last; ++i) {
        maker.Add(words.text(i), words.count(i));
      }
    }
  });

  Sequences out;
  out.limit = static_cast<Symbol>(base.spec().id_limit());
  std::map<char32_t, std::uint32_t> foreign;
  for (const Part& part : parts) foreign.insert(part.foreign.begin(), part.foreign.end());
  std::unordered_map<Symbol, Symbol> numbers;
  for (const auto& [c, tokens] : foreign) {
    ForeignCharacter character{.bytes = {}, .tokens = tokens};
    AppendUtf8(c, &character.bytes);
    numbers.emplace(kForeign | static_cast<Symbol>(c),
                    out.limit + static_cast<Symbol>(out.foreign.size()));
    out.foreign.push_back(std::move(character));
  }
  Pool pool(&out);
  for (Part& part : parts) {
    if (!numbers.empty()) {
      for (Symbol& symbol : part.symbols) {
        if (symbol >= kForeign) symbol = numbers.at(symbol);
      }
    }
    std::size_t begin = 0;
    for (std::size_t i = 0; i < part.ends.size(); ++i) {
      pool.Add(std::span<const Symbol>(part.symbols).subspan(begin, part.ends[i] - begin),
               part.counts[i], part.whole[i]);
      begin = part.ends[i];
    }
    part = Part();
  }
  return out;
}

}  // namespace tokgraft
