// TokenizerSpec: what a tokenizer file says, as plain data.
//
// Loading makes a spec, merging works on specs, saving writes one; only Compile (tokenizer.h) turns
// it into something that encodes, and only there a stage that cannot be reproduced exactly is
// refused. So a spec may hold things we cannot run: an UnknownStage keeps its JSON and passes
// through a load and a save untouched.
//
//   bytes ─Load→ TokenizerSpec ─Compile→ Tokenizer
//
// The stages are those of Hugging Face tokenizer.json (same names, same fields), since every other
// format can be told in them, plus the few that only other formats have (normalizer::SentencePiece,
// decoder::SentencePiece, decoder::LlamaCpp, decoder::RawBytes). `reference` says whose behaviour
// is "exact": the same regex means different things to Oniguruma, fancy-regex and llama.cpp.
//
// A list of stages stands for a Sequence; nested Sequences are flattened, which changes nothing.
// Every type is a value: copyable, comparable, no invariants beyond its comments.
//
//   TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec spec, Load("llama3/"));
//   std::cout << spec.DebugString();              // a few lines for people
//   std::cout << spec.added_tokens.size() << " added tokens, " << spec.id_limit() << " ids\n";
//   const bool lower_cased = std::any_of(
//       spec.normalizers.begin(), spec.normalizers.end(),
//       [](const Normalizer& n) { return std::holds_alternative<normalizer::Lowercase>(n); });
#ifndef TOKGRAFT_TOKENIZER_SPEC_H_
#define TOKGRAFT_TOKENIZER_SPEC_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tokenizer/token.h"
#include "tokenizer/vocab.h"

namespace tokgraft {

// Whose ids are the truth.
enum class Reference : std::uint8_t {
  kHuggingFace,    // tokenizers 0.23.3
  kSentencePiece,  // sentencepiece 0.2.3
  kTiktoken,       // tiktoken 0.14
  kTekken,         // mistral-common 1.13
  kLlamaCpp,       // llama.cpp
};

enum class Format : std::uint8_t { kTokenizerJson, kSentencePiece, kTiktoken, kTekken, kGguf };

std::string_view ReferenceName(Reference reference);  // "hf", "sentencepiece", "tiktoken", ...
std::string_view FormatName(Format format);           // "tokenizer.json", "sentencepiece", ...

// A stage whose type we do not know, or with a field we do not know: refused by Compile, by name.
struct UnknownStage {
  std::string type;  // "Foo", or "Split.new_field"
  std::string json;  // the whole stage as it stands in the file
  friend bool operator==(const UnknownStage&, const UnknownStage&) = default;
};

// A text pattern: literal, or a regex in the dialect of the spec's reference.
struct Pattern {
  std::string text;
  bool is_regex = false;
  friend bool operator==(const Pattern&, const Pattern&) = default;
};

// ---- Normalizers -------------------------------------------------------------------------------
namespace normalizer {
struct Bert {
  bool clean_text = true;
  bool handle_chinese_chars = true;
  std::optional<bool> strip_accents;  // absent: follows lowercase
  bool lowercase = true;
  friend bool operator==(const Bert&, const Bert&) = default;
};
struct Strip {
  bool left = true;
  bool right = true;
  friend bool operator==(const Strip&, const Strip&) = default;
};
struct StripAccents {
  friend bool operator==(const StripAccents&, const StripAccents&) = default;
};
enum class UnicodeForm : std::uint8_t { kNfc, kNfd, kNfkc, kNfkd };
struct Unicode {
  UnicodeForm form = UnicodeForm::kNfc;
  friend bool operator==(const Unicode&, const Unicode&) = default;
};
struct Lowercase {
  friend bool operator==(const Lowercase&, const Lowercase&) = default;
};
struct Nmt {
  friend bool operator==(const Nmt&, const Nmt&) = default;
};
struct Precompiled {
  std::string charsmap;  // decoded bytes: u32 trie size, double-array trie, normalized strings
  friend bool operator==(const Precompiled&, const Precompiled&) = default;
};
struct Replace {
  Pattern pattern;
  std::string content;
  friend bool operator==(const Replace&, const Replace&) = default;
};
struct Prepend {
  std::string prepend;
  friend bool operator==(const Prepend&, const Prepend&) = default;
};
struct ByteLevel {
  friend bool operator==(const ByteLevel&, const ByteLevel&) = default;
};
// The normalizer of a sentencepiece .model, also of GGUF `llama` (charsmap empty) and `t5`.
struct SentencePiece {
  std::string name;  // "nmt_nfkc", "identity", ...: for people, the charsmap decides
  std::string charsmap;
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;
  bool treat_whitespace_as_suffix = false;  // of the trainer_spec
  friend bool operator==(const SentencePiece&, const SentencePiece&) = default;
};
}  // namespace normalizer
using Normalizer = std::variant<normalizer::Bert, normalizer::Strip, normalizer::StripAccents,
                                normalizer::Unicode, normalizer::Lowercase, normalizer::Nmt,
                                normalizer::Precompiled, normalizer::Replace, normalizer::Prepend,
                                normalizer::ByteLevel, normalizer::SentencePiece, UnknownStage>;

// ---- Pre-tokenizers ----------------------------------------------------------------------------
namespace pre_tokenizer {
enum class SplitBehavior : std::uint8_t {
  kRemoved,
  kIsolated,
  kMergedWithPrevious,
  kMergedWithNext,
  kContiguous,
};
enum class PrependScheme : std::uint8_t { kAlways, kNever, kFirst };
struct Bert {
  friend bool operator==(const Bert&, const Bert&) = default;
};
struct ByteLevel {
  bool add_prefix_space = true;
  bool trim_offsets = true;
  bool use_regex = true;
  friend bool operator==(const ByteLevel&, const ByteLevel&) = default;
};
struct CharDelimiterSplit {
  std::string delimiter;  // one character
  friend bool operator==(const CharDelimiterSplit&, const CharDelimiterSplit&) = default;
};
struct Metaspace {
  std::string replacement = "\u2581";  // one character
  PrependScheme prepend_scheme = PrependScheme::kAlways;
  bool split = true;
  friend bool operator==(const Metaspace&, const Metaspace&) = default;
};
struct Whitespace {
  friend bool operator==(const Whitespace&, const Whitespace&) = default;
};
struct WhitespaceSplit {
  friend bool operator==(const WhitespaceSplit&, const WhitespaceSplit&) = default;
};
struct Split {
  Pattern pattern;
  SplitBehavior behavior = SplitBehavior::kIsolated;
  bool invert = false;
  friend bool operator==(const Split&, const Split&) = default;
};
struct Punctuation {
  SplitBehavior behavior = SplitBehavior::kIsolated;
  friend bool operator==(const Punctuation&, const Punctuation&) = default;
};
struct Digits {
  bool individual_digits = false;
  friend bool operator==(const Digits&, const Digits&) = default;
};
struct UnicodeScripts {
  friend bool operator==(const UnicodeScripts&, const UnicodeScripts&) = default;
};
struct FixedLength {
  std::uint64_t length = 5;
  friend bool operator==(const FixedLength&, const FixedLength&) = default;
};
// The splitter that llama.cpp names by `tokenizer.ggml.pre` ("smollm", "llama-bpe", ...).
struct LlamaCpp {
  std::string name;
  friend bool operator==(const LlamaCpp&, const LlamaCpp&) = default;
};
}  // namespace pre_tokenizer
using PreTokenizer =
    std::variant<pre_tokenizer::Bert, pre_tokenizer::ByteLevel, pre_tokenizer::CharDelimiterSplit,
                 pre_tokenizer::Metaspace, pre_tokenizer::Whitespace,
                 pre_tokenizer::WhitespaceSplit, pre_tokenizer::Split, pre_tokenizer::Punctuation,
                 pre_tokenizer::Digits, pre_tokenizer::UnicodeScripts, pre_tokenizer::FixedLength,
                 pre_tokenizer::LlamaCpp, UnknownStage>;

// ---- Models ------------------------------------------------------------------------------------
// One merge: two entries of the vocabulary become the one whose spelling is their concatenation.
struct Merge {
  TokenId left = 0;
  TokenId right = 0;
  TokenId product = 0;
  friend bool operator==(const Merge&, const Merge&) = default;
};
// A merge that names a piece the vocabulary lacks. Held so that it can be reported; Compile
// refuses.
struct BrokenMerge {
  std::uint64_t index = 0;  // its line in the file, counted from 0
  std::string left;         // spellings
  std::string right;
  std::string missing;  // the spelling that is not in the vocabulary
  friend bool operator==(const BrokenMerge&, const BrokenMerge&) = default;
};
struct BpeModel {
  // What decides which pair is joined first.
  enum class Order : std::uint8_t {
    kMergeList,  // the position in `merges`; only listed pairs join
    kScore,      // the score of the product; any two neighbours whose concatenation is a piece join
    kRank,       // the id of the product, lowest first, likewise (tiktoken, tekken)
  };
  Order order = Order::kMergeList;
  std::vector<Merge> merges;  // in order of rank; empty unless kMergeList
  std::vector<BrokenMerge> broken_merges;
  bool merges_as_pairs = true;  // false: the file wrote "a b" strings
  std::optional<TokenId> unk;
  std::string unk_spelling;  // as the file names it, also when it is not in the vocabulary
  bool has_unk = false;
  bool fuse_unk = false;
  bool byte_fallback = false;
  bool ignore_merges = false;
  std::optional<double> dropout;  // anything but absent or 0 is refused by Compile
  std::optional<std::string> continuing_subword_prefix;
  std::optional<std::string> end_of_word_suffix;
  friend bool operator==(const BpeModel&, const BpeModel&) = default;
};
struct UnigramModel {
  std::optional<TokenId> unk;
  bool byte_fallback = false;
  friend bool operator==(const UnigramModel&, const UnigramModel&) = default;
};
struct WordPieceModel {
  std::string unk_spelling = "[UNK]";
  std::string continuing_subword_prefix = "##";
  std::uint64_t max_input_chars_per_word = 100;
  friend bool operator==(const WordPieceModel&, const WordPieceModel&) = default;
};
// WordLevel and whatever comes: named, refused by Compile.
using Model = std::variant<BpeModel, UnigramModel, WordPieceModel, UnknownStage>;

// How the spelling of a normal piece relates to its bytes.
enum class Spelling : std::uint8_t {
  kRaw,        // the bytes themselves (tiktoken, tekken)
  kByteLevel,  // the 256-character alphabet of GPT-2: Ġ is a space
  kMetaspace,  // ▁ is a space (sentencepiece, Llama-2, Gemma)
  kWordPiece,  // a continuing_subword_prefix marks pieces inside a word; bytes are without it
};
std::string_view SpellingName(Spelling spelling);

// ---- Added tokens ------------------------------------------------------------------------------
// Found in the text before anything else (HF: leftmost, longest). `content` is raw text.
struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool single_word = false;
  bool lstrip = false;
  bool rstrip = false;
  bool normalized = false;
  bool special = false;
  friend bool operator==(const AddedToken&, const AddedToken&) = default;
};

// ---- Post-processors ---------------------------------------------------------------------------
namespace post_processor {
struct SpecialToken {
  std::string id;  // its name in the template
  std::vector<TokenId> ids;
  std::vector<std::string> tokens;
  friend bool operator==(const SpecialToken&, const SpecialToken&) = default;
};
struct TemplatePart {
  enum class Kind : std::uint8_t { kSequenceA, kSequenceB, kSpecial };
  Kind kind = Kind::kSequenceA;
  std::string special;  // a name in `special_tokens`, when kSpecial
  std::uint32_t type_id = 0;
  friend bool operator==(const TemplatePart&, const TemplatePart&) = default;
};
struct Template {
  std::vector<TemplatePart> single;
  std::vector<TemplatePart> pair;
  std::vector<SpecialToken> special_tokens;
  friend bool operator==(const Template&, const Template&) = default;
};
struct Bert {
  std::string sep_token;
  TokenId sep_id = 0;
  std::string cls_token;
  TokenId cls_id = 0;
  friend bool operator==(const Bert&, const Bert&) = default;
};
struct Roberta {
  std::string sep_token;
  TokenId sep_id = 0;
  std::string cls_token;
  TokenId cls_id = 0;
  bool trim_offsets = true;
  bool add_prefix_space = true;
  friend bool operator==(const Roberta&, const Roberta&) = default;
};
struct ByteLevel {
  bool add_prefix_space = true;
  bool trim_offsets = true;
  bool use_regex = true;
  friend bool operator==(const ByteLevel&, const ByteLevel&) = default;
};
}  // namespace post_processor
using PostProcessor =
    std::variant<post_processor::Template, post_processor::Bert, post_processor::Roberta,
                 post_processor::ByteLevel, UnknownStage>;

// ---- Decoders ----------------------------------------------------------------------------------
namespace decoder {
struct Bpe {
  std::string suffix = "</w>";
  friend bool operator==(const Bpe&, const Bpe&) = default;
};
struct ByteLevel {
  bool add_prefix_space = true;
  bool trim_offsets = true;
  bool use_regex = true;
  friend bool operator==(const ByteLevel&, const ByteLevel&) = default;
};
struct WordPiece {
  std::string prefix = "##";
  bool cleanup = true;
  friend bool operator==(const WordPiece&, const WordPiece&) = default;
};
struct Metaspace {
  std::string replacement = "\u2581";
  pre_tokenizer::PrependScheme prepend_scheme = pre_tokenizer::PrependScheme::kAlways;
  bool split = true;
  friend bool operator==(const Metaspace&, const Metaspace&) = default;
};
struct Ctc {
  std::string pad_token = "<pad>";
  std::string word_delimiter_token = "|";
  bool cleanup = true;
  friend bool operator==(const Ctc&, const Ctc&) = default;
};
struct Replace {
  Pattern pattern;
  std::string content;
  friend bool operator==(const Replace&, const Replace&) = default;
};
struct Fuse {
  friend bool operator==(const Fuse&, const Fuse&) = default;
};
struct Strip {
  std::string content;
  std::uint64_t start = 0;
  std::uint64_t stop = 0;
  friend bool operator==(const Strip&, const Strip&) = default;
};
struct ByteFallback {
  friend bool operator==(const ByteFallback&, const ByteFallback&) = default;
};
// Decoding of a .model by sentencepiece, with its normalizer's flags.
struct SentencePiece {
  std::string unk_surface = " \u2047 ";                   // what an unknown piece decodes to
  std::optional<normalizer::SentencePiece> denormalizer;  // applied to the decoded text
  friend bool operator==(const SentencePiece&, const SentencePiece&) = default;
};
// Decoding of a GGUF's tokens by llama.cpp.
struct LlamaCpp {
  bool add_space_prefix = false;  // one leading space of the first token is dropped
  bool clean_spaces = false;      // spaces before ?!., and around apostrophes are dropped
  friend bool operator==(const LlamaCpp&, const LlamaCpp&) = default;
};
// The bytes of all tokens, joined; invalid UTF-8 becomes U+FFFD (tiktoken, tekken).
struct RawBytes {
  friend bool operator==(const RawBytes&, const RawBytes&) = default;
};
}  // namespace decoder
using Decoder = std::variant<decoder::Bpe, decoder::ByteLevel, decoder::WordPiece,
                             decoder::Metaspace, decoder::Ctc, decoder::Replace, decoder::Fuse,
                             decoder::Strip, decoder::ByteFallback, decoder::SentencePiece,
                             decoder::LlamaCpp, decoder::RawBytes, UnknownStage>;

// ---- The whole ---------------------------------------------------------------------------------
// Tokens with a role, from the file itself or its companions.
struct SpecialRoles {
  std::optional<TokenId> bos, eos, unk, pad, sep, cls, mask;
  friend bool operator==(const SpecialRoles&, const SpecialRoles&) = default;
};

// Where the reference does something else than the file says, or the file says it twice: seen while
// loading, since the spec holds what the reference does. For the conflict report.
struct LoadNote {
  enum class Kind : std::uint8_t {
    kRenumbered,  // an added token's declared id is ignored (D5, D17)
    kRepeated,    // the same piece or added token again: the last counts (A6)
    kIgnored,     // an empty added token, or a field the reference does not read
  };
  Kind kind = Kind::kIgnored;
  std::string place;    // "added_tokens[3]"
  std::string message;  // a sentence
  std::optional<TokenId> declared;
  std::optional<TokenId> actual;
  friend bool operator==(const LoadNote&, const LoadNote&) = default;
};

struct TokenizerSpec {
  std::string source;           // the file it came from, for messages; not compared
  std::vector<LoadNote> notes;  // of the load; not compared, not saved
  Format format = Format::kTokenizerJson;
  Reference reference = Reference::kHuggingFace;

  Vocab vocab;  // the model's pieces; an added token may or may not be among them
  Spelling spelling = Spelling::kRaw;
  Model model;
  std::vector<AddedToken> added_tokens;  // in the order of the file

  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizer> pre_tokenizers;
  std::vector<PostProcessor> post_processors;
  std::optional<std::vector<Decoder>> decoders;  // nullopt: the file says null

  SpecialRoles roles;
  bool add_bos = false;  // .model and GGUF: what add_special_tokens adds (they have no template)
  bool add_eos = false;

  // The rest, carried untouched: other keys of the file, as JSON text by key ("version",
  // "truncation", "padding", a GGUF's "tokenizer.chat_template", ...).
  std::map<std::string, std::string> rest;
  // Files that stand beside the tokenizer and belong to it, by name (tokenizer_config.json,
  // special_tokens_map.json, added_tokens.json, chat_template.jinja), unparsed.
  std::map<std::string, std::string> companions;

  // Highest id + 1 over pieces and added tokens: the number of rows an embedding needs.
  std::size_t id_limit() const;
  std::string DebugString() const;  // a few lines for people
  friend bool operator==(const TokenizerSpec& a, const TokenizerSpec& b);
};

// The piece spelled for `spelling`, and back. Spell is total for kRaw and kByteLevel; a kMetaspace
// spelling of bytes that are not UTF-8 is nullopt. Unspell gives nullopt where the text is not in
// the alphabet (a kByteLevel spelling with a character outside the 256).
std::optional<std::string> Spell(Spelling spelling, std::string_view bytes);
std::optional<std::string> Unspell(Spelling spelling, std::string_view text);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_SPEC_H_
