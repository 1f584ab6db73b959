// Names, sizes and comparison of specs, and the two ways between bytes and spelling.
#include "tokenizer/spec.h"

#include <algorithm>

#include "tokenizer/status.h"
#include "tokenizer/text/byte_alphabet.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::string_view kLowerOneEighthBlock = "\xE2\x96\x81";  // U+2581, ▁

std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t begin = 0;;) {
    const std::size_t found = text.find(from, begin);
    out.append(text.substr(begin, found == text.npos ? text.npos : found - begin));
    if (found == text.npos) return out;
    out.append(to);
    begin = found + from.size();
  }
}

std::string_view ModelName(const Model& model) {
  struct Visitor {
    std::string_view operator()(const BpeModel& bpe) const {
      switch (bpe.order) {
        case BpeModel::Order::kMergeList:
          return "BPE by merge list";
        case BpeModel::Order::kScore:
          return "BPE by score";
        case BpeModel::Order::kRank:
          return "BPE by rank";
      }
      return "BPE";
    }
    std::string_view operator()(const UnigramModel&) const { return "Unigram"; }
    std::string_view operator()(const WordPieceModel&) const { return "WordPiece"; }
    std::string_view operator()(const UnknownStage& unknown) const { return unknown.type; }
  };
  return std::visit(Visitor{}, model);
}

}  // namespace

std::string_view ReferenceName(Reference reference) {
  switch (reference) {
    case Reference::kHuggingFace:
      return "hf";
    case Reference::kSentencePiece:
      return "sentencepiece";
    case Reference::kTiktoken:
      return "tiktoken";
    case Reference::kTekken:
      return "tekken";
    case Reference::kLlamaCpp:
      return "llama.cpp";
  }
  return "";
}

std::string_view FormatName(Format format) {
  switch (format) {
    case Format::kTokenizerJson:
      return "tokenizer.json";
    case Format::kSentencePiece:
      return "sentencepiece";
    case Format::kTiktoken:
      return "tiktoken";
    case Format::kTekken:
      return "tekken";
    case Format::kGguf:
      return "gguf";
  }
  return "";
}

std::string_view SpellingName(Spelling spelling) {
  switch (spelling) {
    case Spelling::kRaw:
      return "raw";
    case Spelling::kByteLevel:
      return "byte-level";
    case Spelling::kMetaspace:
      return "metaspace";
    case Spelling::kWordPiece:
      return "wordpiece";
  }
  return "";
}

std::size_t TokenizerSpec::id_limit() const {
  std::size_t limit = vocab.id_limit();
  for (const AddedToken& token : added_tokens) {
    limit = std::max(limit, static_cast<std::size_t>(token.id) + 1);
  }
  return limit;
}

std::string TokenizerSpec::DebugString() const {
  std::string out =
      Cat(source.empty() ? "tokenizer" : source, ": ", FormatName(format), ", ", ModelName(model),
          ", spelled ", SpellingName(spelling), ", exact for ", ReferenceName(reference), "\n");
  out += Cat("  pieces: ", vocab.DebugString(), "\n");
  if (const auto* bpe = std::get_if<BpeModel>(&model)) {
    out += Cat("  merges: ", bpe->merges.size());
    if (!bpe->broken_merges.empty()) out += Cat(", broken: ", bpe->broken_merges.size());
    out += "\n";
  }
  out += Cat("  added tokens: ", added_tokens.size(), ", ids: ", id_limit(), "\n");
  out += Cat("  stages: ", normalizers.size(), " normalizers, ", pre_tokenizers.size(),
             " pre-tokenizers, ", post_processors.size(), " post-processors, ",
             decoders ? Cat(decoders->size()) : "no", " decoders\n");
  return out;
}

bool operator==(const TokenizerSpec& a, const TokenizerSpec& b) {
  return a.format == b.format && a.reference == b.reference && a.vocab == b.vocab &&
         a.spelling == b.spelling && a.model == b.model && a.added_tokens == b.added_tokens &&
         a.normalizers == b.normalizers && a.pre_tokenizers == b.pre_tokenizers &&
         a.post_processors == b.post_processors && a.decoders == b.decoders && a.roles == b.roles &&
         a.add_bos == b.add_bos && a.add_eos == b.add_eos && a.rest == b.rest &&
         a.companions == b.companions;
}

std::optional<std::string> Spell(Spelling spelling, std::string_view bytes) {
  switch (spelling) {
    case Spelling::kRaw:
      return std::string(bytes);
    case Spelling::kByteLevel:
      return ToByteAlphabet(bytes);
    case Spelling::kMetaspace:
      if (!IsValidUtf8(bytes)) return std::nullopt;
      return ReplaceAll(bytes, " ", kLowerOneEighthBlock);
    case Spelling::kWordPiece:
      if (!IsValidUtf8(bytes)) return std::nullopt;
      return std::string(bytes);
  }
  return std::nullopt;
}

std::optional<std::string> Unspell(Spelling spelling, std::string_view text) {
  switch (spelling) {
    case Spelling::kRaw:
    case Spelling::kWordPiece:
      return std::string(text);
    case Spelling::kByteLevel:
      return FromByteAlphabet(text);
    case Spelling::kMetaspace:
      return ReplaceAll(text, kLowerOneEighthBlock, " ");
  }
  return std::nullopt;
}

}  // namespace tokgraft
