#include "vocab_merge/extend/whole.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <variant>

#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/rules/token_list.h"

namespace tokgraft {
namespace {

// Where floats lie closer than this, scores keep this distance: it is still nothing to a sum.
constexpr float kLeastStep = 1.0F / (1 << 30);
constexpr std::size_t kSentencePieceBytes = 8000;
constexpr std::size_t kWordBegins = 8;
constexpr std::size_t kSingleBegins = 24;

float Below(float score) {
  return std::min(std::nextafter(score, -std::numeric_limits<float>::infinity()),
                  score - kLeastStep);
}

bool IsInside(const TokenizerSpec& spec, const ListedToken& token) {
  return spec.spelling == Spelling::kWordPiece && token.spelling != token.bytes;
}

// A donor's token as a WordPiece base has it, before anything is known of the base's splitter.
struct Form {
  std::string_view bytes;
  bool inside_word = false;
  bool either = false;  // a vocabulary with spaces does not say that it is inside a word
};
Form FormOf(const TokenizerSpec& donor, const ListedToken& token) {
  if (donor.spelling == Spelling::kWordPiece) return {token.bytes, IsInside(donor, token), false};
  if (token.bytes.starts_with(' ')) return {token.bytes.substr(1), false, false};
  return {token.bytes, true, true};
}

std::optional<TokenId> FindNormal(const TokenizerSpec& spec, std::string_view spelling) {
  const std::optional<TokenId> id = spec.vocab.FindSpelling(spelling);
  const std::optional<Piece> piece = id ? spec.vocab.Get(*id) : std::nullopt;
  return piece && piece->kind == PieceKind::kNormal ? id : std::nullopt;
}

class Candidates {
 public:
  Candidates(const TokenizerSpec& base, WholeCandidates* out) : base_(base), out_(*out) {}

  void Add(TokenId donor_id, std::string_view bytes, bool inside_word) {
    if (base_.spelling == Spelling::kWordPiece && bytes.empty()) {
      out_.unspellable.emplace_back(donor_id, Cause::kPreTokenizer);  // white space alone
      return;
    }
    std::optional<WholePiece> piece = SpellWhole(base_, bytes, inside_word);
    if (!piece) {
      const std::optional<TokenId> id =
          inside_word ? std::nullopt : FindNormal(base_, std::string(bytes));
      if (id && base_.spelling == Spelling::kWordPiece) {
        out_.in_base.emplace_back(donor_id, *id);
      } else {
        out_.unspellable.emplace_back(donor_id, Cause::kNoPath);
      }
      return;
    }
    piece->donor_id = donor_id;
    const auto [at, is_new] = by_spelling_.emplace(piece->spelling, out_.pieces.size());
    if (is_new) {
      out_.pieces.push_back(*std::move(piece));
    } else {
      out_.same_piece.emplace_back(donor_id, at->second);
    }
  }

 private:
  const TokenizerSpec& base_;
  WholeCandidates& out_;
  std::unordered_map<std::string, std::size_t> by_spelling_;
};

// A letter that the text does not have, so that it can only stand before it; "": it has them all.
std::string LetterBefore(std::string_view text) {
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    if (text.find(letter) == std::string_view::npos) return std::string(1, letter);
  }
  return {};
}

// Which of the texts start a word of their own even straight after a letter.
StatusOr<std::vector<bool>> SetApart(const TokenizerSpec& base,
                                     const std::vector<std::string_view>& texts, int threads) {
  std::vector<WholePiece> starts;
  std::vector<std::optional<TokenId>> ids(texts.size());
  std::unordered_map<std::string_view, TokenId> made;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ids[i] = FindNormal(base, texts[i]);
    if (ids[i]) continue;
    const auto [at, is_new] =
        made.emplace(texts[i], static_cast<TokenId>(base.id_limit() + starts.size()));
    std::optional<WholePiece> piece =
        is_new ? SpellWhole(base, texts[i], /*inside_word=*/false) : std::nullopt;
    if (is_new && !piece) {
      made.erase(at);
      continue;
    }
    if (piece) starts.push_back(*std::move(piece));
    ids[i] = at->second;
  }
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec spec, AddWhole(base, starts));
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(std::move(spec)));
  std::vector<std::string> inside;
  inside.reserve(texts.size());
  for (const std::string_view text : texts) inside.push_back(Cat(LetterBefore(text), text));
  const std::vector<std::string_view> views(inside.begin(), inside.end());
  const EncodingBatch batch = tokenizer.EncodeBatch(views, threads);
  std::vector<bool> out(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!ids[i] || !IsValidUtf8(texts[i]) || inside[i] == texts[i]) continue;
    const auto begin = batch.ids.begin() + batch.row_splits[i];
    const auto end = batch.ids.begin() + batch.row_splits[i + 1];
    out[i] = std::find(begin, end, *ids[i]) != end;
  }
  return out;
}

}  // namespace

bool FindsWholePieces(const TokenizerSpec& spec) {
  return std::holds_alternative<UnigramModel>(spec.model) ||
         std::holds_alternative<WordPieceModel>(spec.model);
}

double LowestNormalScore(const TokenizerSpec& spec) {
  std::optional<double> lowest;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.kind != PieceKind::kNormal) continue;
    lowest = lowest ? std::min(*lowest, piece.score) : piece.score;
  }
  return lowest.value_or(0);
}

std::optional<WholePiece> SpellWhole(const TokenizerSpec& base, std::string_view bytes,
                                     bool inside_word) {
  if (bytes.empty()) return std::nullopt;
  WholePiece out{.bytes = std::string(bytes), .inside_word = inside_word};
  if (const auto* wordpiece = std::get_if<WordPieceModel>(&base.model)) {
    const std::string& prefix = wordpiece->continuing_subword_prefix;
    if (!IsValidUtf8(bytes)) return std::nullopt;
    if (prefix.empty()) out.inside_word = false;
    // A word start that begins with the mark is read as the inside of a word.
    if (!prefix.empty() && !inside_word && bytes.starts_with(prefix)) return std::nullopt;
    out.spelling = inside_word ? Cat(prefix, bytes) : std::string(bytes);
  } else {
    std::optional<std::string> spelling = Spell(base.spelling, bytes);
    if (!spelling || !IsValidUtf8(*spelling)) return std::nullopt;
    // sentencepiece's format has no NUL, and no longer pieces.
    const bool in_proto = base.reference == Reference::kSentencePiece;
    if (in_proto &&
        (bytes.find('\0') != std::string_view::npos || spelling->size() >= kSentencePieceBytes)) {
      return std::nullopt;
    }
    // What is written as a space would come back as one.
    if (Unspell(base.spelling, *spelling) != bytes) return std::nullopt;
    out.spelling = *std::move(spelling);
  }
  if (base.vocab.FindSpelling(out.spelling)) return std::nullopt;
  const bool is_added =
      std::any_of(base.added_tokens.begin(), base.added_tokens.end(),
                  [&](const AddedToken& token) { return token.content == out.spelling; });
  return is_added ? std::nullopt : std::optional<WholePiece>(std::move(out));
}

StatusOr<TokenizerSpec> AddWhole(const TokenizerSpec& base, std::span<const WholePiece> pieces) {
  TokenizerSpec merged = base;
  const bool scored = std::holds_alternative<UnigramModel>(base.model);
  const double lowest = scored ? LowestNormalScore(base) : 0;
  if (scored && !(lowest > -std::numeric_limits<float>::max() / 4)) {
    return UnimplementedError(Cat(base.source, ": the lowest score, ", lowest,
                                  ", leaves no numbers below it; a finite float was expected"));
  }
  if (merged.format == Format::kTokenizerJson) {
    // As FoldAddedTokens does; with the lowest old score, which leaves all others where they are.
    for (const AddedToken& token : base.added_tokens) {
      if (merged.vocab.FindSpelling(token.content) || merged.vocab.Get(token.id)) continue;
      merged.vocab.Add({.id = token.id,
                        .bytes = token.content,
                        .spelling = token.content,
                        .kind = token.special ? PieceKind::kControl : PieceKind::kUserDefined,
                        .score = lowest});
    }
  }
  std::size_t text_bytes = 0;
  for (const WholePiece& piece : pieces) text_bytes += piece.bytes.size() + piece.spelling.size();
  merged.vocab.Reserve(merged.vocab.size() + pieces.size(), text_bytes);
  auto id = static_cast<TokenId>(base.id_limit());
  auto score = static_cast<float>(lowest);
  for (const WholePiece& piece : pieces) {
    if (merged.vocab.FindSpelling(piece.spelling)) {
      return InvalidArgumentError(
          Cat("plan: piece ", id, " exists in the base; the plan was made for another base"));
    }
    score = scored ? Below(score) : 0.0F;
    merged.vocab.Add({.id = id++,
                      .bytes = piece.bytes,
                      .spelling = piece.spelling,
                      .kind = PieceKind::kNormal,
                      .score = double{score}});
  }
  return merged;
}

StatusOr<WholeCandidates> MakeWholeCandidates(const TokenizerSpec& base, const TokenizerSpec& donor,
                                              const std::vector<TokenId>& donor_ids, int threads) {
  const std::unordered_map<TokenId, ListedToken> tokens = TokensById(ListTokens(donor));
  WholeCandidates out;
  Candidates candidates(base, &out);
  const bool words = base.spelling == Spelling::kWordPiece;
  std::vector<std::pair<TokenId, Form>> forms;
  std::vector<std::string_view> open;
  for (const TokenId id : donor_ids) {
    const auto token = tokens.find(id);
    if (token == tokens.end()) continue;
    const Form form =
        words ? FormOf(donor, token->second) : Form{token->second.bytes, false, false};
    forms.emplace_back(id, form);
    if (form.either) open.push_back(form.bytes);
  }
  std::vector<bool> apart;
  if (!open.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(apart, SetApart(base, open, threads));
  }
  std::size_t asked = 0;
  for (const auto& [id, form] : forms) {
    const bool inside = form.inside_word && !(form.either && apart[asked]);
    if (form.either) ++asked;
    candidates.Add(id, form.bytes, inside);
  }
  return out;
}

std::vector<std::string> WordBegins(const TokenizerSpec& spec) {
  if (spec.spelling != Spelling::kWordPiece) return {};
  // Long words begin with no other piece: what follows them starts a piece of its own. And single
  // characters, for vocabularies without such words.
  std::vector<std::string> words;
  std::vector<std::string> singles;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.kind != PieceKind::kNormal || piece.spelling != piece.bytes) continue;
    const bool letters = std::all_of(piece.bytes.begin(), piece.bytes.end(),
                                     [](char c) { return c >= 'a' && c <= 'z'; });
    if (letters && piece.bytes.size() > 1) words.emplace_back(piece.bytes);
    if (CountCharacters(piece.bytes) == 1 && singles.size() < kSingleBegins) {
      singles.emplace_back(piece.bytes);
    }
  }
  std::sort(words.begin(), words.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  words.resize(std::min(words.size(), kWordBegins));
  words.insert(words.end(), singles.begin(), singles.end());
  return words;
}

}  // namespace tokgraft
