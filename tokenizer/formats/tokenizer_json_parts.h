// The parts of reading tokenizer.json, by key of the file: stages, model, added tokens.
#ifndef TOKGRAFT_TOKENIZER_FORMATS_TOKENIZER_JSON_PARTS_H_
#define TOKGRAFT_TOKENIZER_FORMATS_TOKENIZER_JSON_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/base/json.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// ---- Stages ------------------------------------------------------------------------------------
// Each takes the value of its key, null and Sequences included, and flattens it.
StatusOr<std::vector<Normalizer>> ReadNormalizers(const JsonValue& value,
                                                  std::vector<LoadNote>* notes);
StatusOr<std::vector<PreTokenizer>> ReadPreTokenizers(const JsonValue& value,
                                                      std::vector<LoadNote>* notes);
StatusOr<std::vector<PostProcessor>> ReadPostProcessors(const JsonValue& value,
                                                        std::vector<LoadNote>* notes);
StatusOr<std::vector<Decoder>> ReadDecoders(const JsonValue& value, std::vector<LoadNote>* notes);

// The stage as JSON text on one line, as Hugging Face orders its keys. Unimplemented: a stage that
// only other formats have.
StatusOr<std::string> StageJson(const Normalizer& stage);
StatusOr<std::string> StageJson(const PreTokenizer& stage);
StatusOr<std::string> StageJson(const PostProcessor& stage);
StatusOr<std::string> StageJson(const Decoder& stage);

// ---- Model -------------------------------------------------------------------------------------
// A piece as the file spells it; `spelling` points into the JSON document.
struct RawPiece {
  std::string_view spelling;
  TokenId id = 0;
  double score = 0;
};

// Finds pieces by spelling. Keys are views that must outlive the table; of equal keys the last
// inserted counts.
class SpellingTable {
 public:
  // Holds at most `capacity` spellings.
  explicit SpellingTable(std::size_t capacity);
  // False where the spelling was there: it now stands for `value`.
  bool Insert(std::string_view spelling, std::uint32_t value);
  std::optional<std::uint32_t> Find(std::string_view spelling) const;

 private:
  struct Entry {
    std::string_view key;
    std::uint32_t value = 0;
  };
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t entry = 0;  // its place in entries_ + 1; 0: free
  };
  std::size_t Locate(std::uint32_t hash, std::string_view spelling) const;
  std::vector<Slot> slots_;
  std::vector<Entry> entries_;
};

struct RawModel {
  Model model;
  std::vector<RawPiece> pieces;              // in order of id
  SpellingTable ids{0};                      // spelling -> id, as the reference looks it up
  std::size_t reference_size = 0;            // what the reference takes as the vocabulary's size
  std::map<std::string, std::string> extra;  // fields we do not know, as JSON
};
StatusOr<RawModel> ReadModel(const JsonValue& value, std::vector<LoadNote>* notes);

// ---- Added tokens ------------------------------------------------------------------------------
// The reference's numbering of added tokens. `tokens` in the order of the file, with their declared
// ids; `find_id` looks a content up in the model's vocabulary of `vocab_size` pieces. The result
// has the ids they get, in order of id.
using FindId = std::function<std::optional<TokenId>(std::string_view content)>;
std::vector<AddedToken> NumberAddedTokens(const std::vector<AddedToken>& tokens,
                                          std::size_t vocab_size, const FindId& find_id,
                                          std::vector<LoadNote>* notes);
StatusOr<std::vector<AddedToken>> ReadAddedTokens(const JsonValue& value);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_TOKENIZER_JSON_PARTS_H_
