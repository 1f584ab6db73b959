#include "vocab_merge/strategies/words_seen.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/batches.h"

namespace tokgraft {
namespace {

constexpr std::string_view kSpace = "\xE2\x96\x81";
constexpr std::uint64_t kAnyLength = std::uint64_t{1} << 40;

// The spec's stages before a model of our own.
TokenizerSpec StagesOf(const TokenizerSpec& spec) {
  TokenizerSpec probe;
  probe.format = spec.format;
  probe.reference = spec.reference;
  probe.normalizers = spec.normalizers;
  probe.pre_tokenizers = spec.pre_tokenizers;
  probe.added_tokens = spec.added_tokens;
  probe.spelling = Spelling::kRaw;
  return probe;
}

void MoveAddedTokens(TokenId first, TokenizerSpec* probe) {
  for (AddedToken& token : probe->added_tokens) token.id = first++;
}

// Byte by byte what the model sees, whatever the text.
StatusOr<Tokenizer> ByteProbe(const TokenizerSpec& spec) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  TokenizerSpec probe = StagesOf(spec);
  probe.vocab.Add({.id = 0, .bytes = "<unk>", .spelling = "<unk>", .kind = PieceKind::kUnknown});
  for (int b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    probe.vocab.Add({.id = static_cast<TokenId>(b + 1),
                     .bytes = std::string_view(&byte, 1),
                     .spelling = Cat("<0x", kHex[b >> 4], kHex[b & 15], ">"),
                     .kind = PieceKind::kByte});
  }
  MoveAddedTokens(257, &probe);
  BpeModel model;
  if (spec.reference == Reference::kSentencePiece) model.order = BpeModel::Order::kScore;
  model.unk = 0;
  model.unk_spelling = "<unk>";
  model.has_unk = true;
  model.byte_fallback = true;
  probe.model = model;
  return Compile(std::move(probe));
}

// Character by character, those that begin a word apart from the others: WordPiece marks them.
StatusOr<Tokenizer> WordProbe(const TokenizerSpec& spec, const std::set<std::string>& characters) {
  TokenizerSpec probe = StagesOf(spec);
  probe.spelling = Spelling::kWordPiece;
  probe.vocab.Add({.id = 0, .bytes = "\xFF", .spelling = "\xFF", .kind = PieceKind::kUnknown});
  for (const std::string& character : characters) {
    const auto id = static_cast<TokenId>(probe.vocab.id_limit());
    probe.vocab.Add({.id = id, .bytes = character, .spelling = character});
    const std::string inside = Cat("\xFF", character);
    probe.vocab.Add({.id = id + 1, .bytes = character, .spelling = inside});
  }
  MoveAddedTokens(static_cast<TokenId>(probe.vocab.id_limit()), &probe);
  WordPieceModel model;
  model.unk_spelling = "\xFF";
  model.continuing_subword_prefix = "\xFF";
  model.max_input_chars_per_word = kAnyLength;
  probe.model = model;
  return Compile(std::move(probe));
}

class Words {
 public:
  explicit Words(bool spaces_inside) : spaces_inside_(spaces_inside) {}
  void Add(std::string_view word) {
    while (!word.empty()) {
      std::size_t end = word.size();
      if (!spaces_inside_) end = std::min(end, word.find(kSpace, kSpace.size()));
      ++counts_[std::string(word.substr(0, end))];
      word.remove_prefix(end);
    }
  }
  std::map<std::string, std::uint64_t> Take() && { return std::move(counts_); }

 private:
  bool spaces_inside_;
  std::map<std::string, std::uint64_t> counts_;
};

// Calls visit(document's ids) for all documents.
template <typename Visit>
void EncodeAll(const Tokenizer& tokenizer, std::span<const std::string_view> corpus, int threads,
               Visit visit) {
  for (const auto texts : Batches(corpus)) {
    const EncodingBatch batch = tokenizer.EncodeBatch(texts, threads);
    for (std::size_t i = 0; i < texts.size(); ++i) visit(batch.row(i));
  }
}

}  // namespace

StatusOr<std::map<std::string, std::uint64_t>> WordsSeen(const TokenizerSpec& spec,
                                                         std::span<const std::string_view> corpus,
                                                         bool spaces_inside, int threads) {
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer bytes, ByteProbe(spec));
  Words words(spaces_inside);
  std::set<std::string> characters;
  const bool one_word = spec.pre_tokenizers.empty();
  std::string text;
  const auto take = [&] {
    if (one_word) words.Add(text);
    for (std::size_t at = 0; at < text.size() && !one_word;) {
      const std::size_t size = std::min(Utf8Length(text[at]), text.size() - at);
      characters.insert(text.substr(at, size));
      at += size;
    }
    text.clear();
  };
  EncodeAll(bytes, corpus, threads, [&](std::span<const TokenId> ids) {
    for (const TokenId id : ids) {
      if (id >= 1 && id <= 256) {
        text.push_back(static_cast<char>(id - 1));
      } else {
        take();  // an added token
      }
    }
    take();
  });
  if (one_word) return std::move(words).Take();
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer splitter, WordProbe(spec, characters));
  const TokenId added = static_cast<TokenId>(1 + 2 * characters.size());
  EncodeAll(splitter, corpus, threads, [&](std::span<const TokenId> ids) {
    for (const TokenId id : ids) {
      const bool is_character = id > 0 && id < added;
      if (!is_character || id % 2 == 1) {
        words.Add(text);
        text.clear();
      }
      if (is_character) text += *splitter.token_bytes(id);
    }
    words.Add(text);
    text.clear();
  });
  return std::move(words).Take();
}

}  // namespace tokgraft
