// IdMap: where each id of the two old vocabularies went. What embed_init, trainers and other tools
// need to know of a merge; written as id_map.json.
//
//   {strategy, base_size, merged_size, base_to_merged: [id | null], donor_to_merged: [id | null],
//    added: [{id, bytes (hex), text, donor_id, merges, witness}], removed: [{base_id, bytes}]}
//
// An added piece of a WordPiece base that stands inside words has `inside_word: true` besides.
// base_size is the highest base id + 1, added tokens included, not the padded number of rows.
// Under `extend` base_to_merged is the identity on the ids that exist; a hole is null.
//
//   TOKGRAFT_ASSIGN_OR_RETURN(IdMap map, LoadIdMap("merged/id_map.json"));
//   for (const AddedPiece& piece : map.added) {
//     std::cout << piece.id << " is made by: " << piece.witness << "\n";
//   }
//   std::optional<TokenId> kept = map.donor_to_merged[42];  // nullopt: the donor's 42 was left out
#ifndef TOKGRAFT_VOCAB_MERGE_ID_MAP_H_
#define TOKGRAFT_VOCAB_MERGE_ID_MAP_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"
#include "tokenizer/token.h"

namespace tokgraft {

struct AddedPiece {
  TokenId id = 0;
  std::string bytes{};
  std::optional<TokenId> donor_id{};  // nullopt: a helper piece, needed to build others
  std::vector<std::pair<TokenId, TokenId>> merges{};  // appended for it, in order of rank
  std::string witness{};                              // a text whose encoding contains `id`
  bool inside_word = false;  // of a WordPiece base: spelled with the mark of a word's inside
  friend bool operator==(const AddedPiece&, const AddedPiece&) = default;
};

struct RemovedPiece {
  TokenId base_id = 0;
  std::string bytes{};
  friend bool operator==(const RemovedPiece&, const RemovedPiece&) = default;
};

struct IdMap {
  std::string strategy = "extend";  // one of IdMapStrategies()
  std::uint64_t base_size = 0;
  std::uint64_t merged_size = 0;
  std::vector<std::optional<TokenId>> base_to_merged{};   // [base_size]
  std::vector<std::optional<TokenId>> donor_to_merged{};  // [donor size]
  std::vector<AddedPiece> added{};                        // by id
  std::vector<RemovedPiece> removed{};                    // by base_id

  // How many of `added` only build others; 0 where there was no donor and all were learnt.
  std::size_t helpers() const;
  std::string ToJson() const;
  std::string DebugString() const;
  friend bool operator==(const IdMap&, const IdMap&) = default;
};

// "extend", "swap", "union", "intersect", "replace-slots", "trim".
std::vector<std::string_view> IdMapStrategies();
// Whether a base id that is left is where it was, and rows beyond the vocabulary too: under
// "extend", "union", "replace-slots".
bool KeepsRows(std::string_view strategy);

// `name` stands in messages. InvalidArgument: malformed, or ids that contradict the sizes.
StatusOr<IdMap> ParseIdMap(std::string_view json, const std::string& name);
StatusOr<IdMap> LoadIdMap(const std::string& path);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_ID_MAP_H_
