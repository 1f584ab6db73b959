// Toy tokenizers for the tests of this room, built by hand so that each test shows its vocabulary.
#ifndef TOKGRAFT_TESTS_VOCAB_MERGE_TOY_H_
#define TOKGRAFT_TESTS_VOCAB_MERGE_TOY_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/spec.h"

namespace tokgraft::toy {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Byte-level BPE as GPT-2 has it: 256 bytes on ids 0..255, then a piece per merge.
inline TokenizerSpec ByteLevel(const Pairs& merges, bool use_regex = true) {
  TokenizerSpec spec;
  spec.source = "toy";
  spec.spelling = Spelling::kByteLevel;
  const auto add = [&](std::string_view bytes) {
    const auto id = static_cast<TokenId>(spec.vocab.id_limit());
    const std::string spelling = *Spell(Spelling::kByteLevel, bytes);
    spec.vocab.Add({.id = id, .bytes = bytes, .spelling = spelling});
    return id;
  };
  for (int b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    add(std::string_view(&byte, 1));
  }
  BpeModel model;
  for (const auto& [left, right] : merges) {
    const std::string product = left + right;
    const auto found = spec.vocab.Find(product);
    const TokenId id = found ? *found : add(product);
    model.merges.push_back({*spec.vocab.Find(left), *spec.vocab.Find(right), id});
  }
  spec.model = model;
  auto& split = spec.pre_tokenizers.emplace_back().emplace<pre_tokenizer::ByteLevel>();
  split.add_prefix_space = false;
  split.use_regex = use_regex;
  spec.decoders.emplace();
  spec.decoders->emplace_back().emplace<decoder::ByteLevel>();
  return spec;
}

// Ranks as tiktoken has them: 256 bytes, then the pieces in order; one pre-token is the whole text.
inline TokenizerSpec Ranks(const std::vector<std::string>& pieces) {
  TokenizerSpec spec;
  spec.source = "toy ranks";
  spec.format = Format::kTiktoken;
  spec.reference = Reference::kTiktoken;
  spec.spelling = Spelling::kRaw;
  for (int b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    const std::string_view bytes(&byte, 1);
    spec.vocab.Add({.id = static_cast<TokenId>(b), .bytes = bytes, .spelling = bytes});
  }
  for (const std::string& piece : pieces) {
    if (spec.vocab.Find(piece)) continue;
    const auto id = static_cast<TokenId>(spec.vocab.id_limit());
    spec.vocab.Add({.id = id, .bytes = piece, .spelling = piece});
  }
  BpeModel model;
  model.order = BpeModel::Order::kRank;
  spec.model = model;
  auto& split = spec.pre_tokenizers.emplace_back().emplace<pre_tokenizer::Split>();
  split.pattern.text = R"([^\r\n]+|[\r\n]+)";
  split.pattern.is_regex = true;
  spec.decoders.emplace();
  spec.decoders->emplace_back().emplace<decoder::RawBytes>();
  return spec;
}

// SentencePiece-style BPE in tokenizer.json: <unk>, 256 byte pieces, characters, then merges.
inline TokenizerSpec Metaspace(const std::vector<std::string>& characters, const Pairs& merges) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  TokenizerSpec spec;
  spec.source = "toy llama";
  spec.spelling = Spelling::kMetaspace;
  spec.vocab.Add({.id = 0, .bytes = "<unk>", .spelling = "<unk>", .kind = PieceKind::kUnknown});
  for (int b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    const std::string spelling =
        std::string("<0x") + kHex[b >> 4] + kHex[b & 15] + std::string(">");
    spec.vocab.Add({.id = static_cast<TokenId>(b + 1),
                    .bytes = std::string_view(&byte, 1),
                    .spelling = spelling,
                    .kind = PieceKind::kByte});
  }
  const auto add = [&](std::string_view bytes) {
    const auto id = static_cast<TokenId>(spec.vocab.id_limit());
    const std::string spelling = *Spell(Spelling::kMetaspace, bytes);
    spec.vocab.Add({.id = id, .bytes = bytes, .spelling = spelling});
    return id;
  };
  for (const std::string& character : characters) add(character);
  BpeModel model;
  model.unk = 0;
  model.unk_spelling = "<unk>";
  model.has_unk = true;
  model.fuse_unk = true;
  model.byte_fallback = true;
  for (const auto& [left, right] : merges) {
    const TokenId id = add(left + right);
    model.merges.push_back({*spec.vocab.Find(left), *spec.vocab.Find(right), id});
  }
  spec.model = model;
  // Built in place: moved temporaries of a variant upset g++ 12's warnings.
  spec.normalizers.emplace_back().emplace<normalizer::Prepend>().prepend = "\u2581";
  auto& replace = spec.normalizers.emplace_back().emplace<normalizer::Replace>();
  replace.pattern.text = " ";
  replace.content = "\u2581";
  spec.decoders.emplace();
  auto& restore = spec.decoders->emplace_back().emplace<decoder::Replace>();
  restore.pattern.text = "\u2581";
  restore.content = " ";
  spec.decoders->emplace_back().emplace<decoder::ByteFallback>();
  spec.decoders->emplace_back().emplace<decoder::Fuse>();
  return spec;
}

// BPE with a merge list and no stages: single pieces, then a piece per merge, ids from 0. For
// pieces that the other toys cannot spell.
inline TokenizerSpec Characters(Spelling spelling, const std::vector<std::string>& characters,
                                const Pairs& merges = {}) {
  TokenizerSpec spec;
  spec.source = "toy characters";
  spec.spelling = spelling;
  const auto add = [&](std::string_view bytes) {
    const auto id = static_cast<TokenId>(spec.vocab.id_limit());
    const std::string spelled = *Spell(spelling, bytes);
    spec.vocab.Add({.id = id, .bytes = bytes, .spelling = spelled});
    return id;
  };
  for (const std::string& character : characters) add(character);
  BpeModel model;
  for (const auto& [left, right] : merges) {
    const TokenId id = add(left + right);
    model.merges.push_back({*spec.vocab.Find(left), *spec.vocab.Find(right), id});
  }
  spec.model = model;
  return spec;
}

// The same without the entry of one id.
inline TokenizerSpec Without(const TokenizerSpec& spec, TokenId id) {
  TokenizerSpec out = spec;
  out.vocab = Vocab();
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    if (spec.vocab.entry(i).id != id) out.vocab.Add(spec.vocab.entry(i));
  }
  return out;
}

inline BpeModel& Bpe(TokenizerSpec* spec) { return std::get<BpeModel>(spec->model); }

}  // namespace tokgraft::toy

#endif  // TOKGRAFT_TESTS_VOCAB_MERGE_TOY_H_
