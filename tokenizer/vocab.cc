#include "tokenizer/vocab.h"

#include <array>
#include <functional>

#include "tokenizer/status.h"

namespace tokgraft {
namespace {

// Ids above this are kept in the entry only: a hostile file must not make a table of gigabytes.
constexpr std::size_t kMaxIndexedId = std::size_t{1} << 24;

// Which of two pieces with the same bytes stands for the text: lower is better.
int Preference(PieceKind kind) {
  switch (kind) {
    case PieceKind::kNormal:
      return 0;
    case PieceKind::kUserDefined:
      return 1;
    case PieceKind::kControl:
      return 2;
    case PieceKind::kUnknown:
      return 3;
    case PieceKind::kUnused:
      return 4;
    case PieceKind::kByte:
      return 5;
  }
  return 6;
}

}  // namespace

std::string_view PieceKindName(PieceKind kind) {
  switch (kind) {
    case PieceKind::kNormal:
      return "normal";
    case PieceKind::kByte:
      return "byte";
    case PieceKind::kControl:
      return "control";
    case PieceKind::kUserDefined:
      return "user_defined";
    case PieceKind::kUnused:
      return "unused";
    case PieceKind::kUnknown:
      return "unknown";
  }
  return "";
}

std::string_view Vocab::KeyOf(std::size_t index, Key key) const {
  const Entry& e = entries_[index];
  const std::string_view text(arena_.data() + e.offset, arena_.size() - e.offset);
  if (key == Key::kBytes || e.same_text) return text.substr(0, e.bytes_size);
  return text.substr(e.bytes_size, e.spelling_size);
}

std::size_t Vocab::Slot(const Table& table, Key key, std::string_view text) const {
  const std::size_t mask = table.slots.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(text)&mask;
  while (table.slots[slot] != 0 && KeyOf(table.slots[slot] - 1, key) != text) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

void Vocab::Grow(Table* table, Key key) {
  std::vector<std::uint32_t> old;
  old.swap(table->slots);
  table->slots.assign(old.empty() ? 64 : old.size() * 2, 0);
  for (const std::uint32_t stored : old) {
    if (stored != 0) table->slots[Slot(*table, key, KeyOf(stored - 1, key))] = stored;
  }
}

void Vocab::Insert(Table* table, Key key, std::size_t index) {
  if (table->slots.size() < 2 * (table->used + 1)) Grow(table, key);
  std::uint32_t& stored = table->slots[Slot(*table, key, KeyOf(index, key))];
  if (stored == 0) {
    ++table->used;
  } else if (key == Key::kBytes) {
    const Entry& held = entries_[stored - 1];
    const Entry& added = entries_[index];
    const int held_rank = Preference(held.kind);
    const int added_rank = Preference(added.kind);
    if (held_rank < added_rank || (held_rank == added_rank && held.id <= added.id)) return;
  }
  stored = static_cast<std::uint32_t>(index + 1);
}

void Vocab::Reserve(std::size_t entries, std::size_t text_bytes) {
  entries_.reserve(entries);
  arena_.reserve(text_bytes);
  by_id_.reserve(entries);
  std::size_t slots = 64;
  while (slots < 2 * entries + 2) slots *= 2;
  const std::array<std::pair<Table*, Key>, 2> tables = {
      {{&by_bytes_, Key::kBytes}, {&by_spelling_, Key::kSpelling}}};
  for (const auto& [table, key] : tables) {
    while (table->slots.size() < slots) {
      if (table->used == 0) {
        table->slots.assign(slots, 0);
      } else {
        Grow(table, key);
      }
    }
  }
}

std::size_t Vocab::Add(const Piece& piece) {
  const std::size_t index = entries_.size();
  const bool same = piece.bytes == piece.spelling;
  entries_.push_back({piece.id, piece.kind, same, static_cast<std::uint32_t>(piece.bytes.size()),
                      static_cast<std::uint32_t>(piece.spelling.size()), arena_.size(),
                      piece.score});
  // The views of `piece` may point into the arena itself, which must not move between the two.
  const std::size_t size = piece.bytes.size() + (same ? 0 : piece.spelling.size());
  if (arena_.capacity() - arena_.size() < size) {
    std::string text(piece.bytes);
    if (!same) text.append(piece.spelling);
    arena_.append(text);
  } else {
    arena_.append(piece.bytes);
    if (!same) arena_.append(piece.spelling);
  }
  if (std::size_t{piece.id} + 1 > id_limit_) id_limit_ = std::size_t{piece.id} + 1;
  if (piece.id < kMaxIndexedId) {
    if (by_id_.size() <= piece.id) by_id_.resize(std::size_t{piece.id} + 1, 0);
    by_id_[piece.id] = static_cast<std::uint32_t>(index + 1);
  }
  Insert(&by_bytes_, Key::kBytes, index);
  Insert(&by_spelling_, Key::kSpelling, index);
  return index;
}

Piece Vocab::entry(std::size_t index) const {
  const Entry& e = entries_[index];
  return {.id = e.id,
          .bytes = KeyOf(index, Key::kBytes),
          .spelling = KeyOf(index, Key::kSpelling),
          .kind = e.kind,
          .score = e.score};
}

std::optional<Piece> Vocab::Get(TokenId id) const {
  if (id < by_id_.size()) {
    if (by_id_[id] == 0) return std::nullopt;
    return entry(by_id_[id] - 1);
  }
  for (std::size_t i = entries_.size(); id >= kMaxIndexedId && i > 0; --i) {
    if (entries_[i - 1].id == id) return entry(i - 1);
  }
  return std::nullopt;
}

std::optional<TokenId> Vocab::Find(std::string_view bytes) const {
  if (by_bytes_.slots.empty()) return std::nullopt;
  const std::uint32_t stored = by_bytes_.slots[Slot(by_bytes_, Key::kBytes, bytes)];
  if (stored == 0) return std::nullopt;
  return entries_[stored - 1].id;
}

std::optional<TokenId> Vocab::FindSpelling(std::string_view spelling) const {
  if (by_spelling_.slots.empty()) return std::nullopt;
  const std::uint32_t stored = by_spelling_.slots[Slot(by_spelling_, Key::kSpelling, spelling)];
  if (stored == 0) return std::nullopt;
  return entries_[stored - 1].id;
}

std::string Vocab::DebugString() const {
  std::array<std::size_t, 6> counts{};
  for (const Entry& e : entries_) ++counts[static_cast<std::size_t>(e.kind)];
  std::string out = Cat("Vocab{", entries_.size(), " pieces, ids below ", id_limit_);
  for (std::size_t kind = 0; kind < counts.size(); ++kind) {
    if (counts[kind] == 0) continue;
    out += Cat(", ", counts[kind], " ", PieceKindName(static_cast<PieceKind>(kind)));
  }
  return out + "}";
}

bool operator==(const Vocab& a, const Vocab& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a.entry(i) != b.entry(i)) return false;
  }
  return true;
}

}  // namespace tokgraft
