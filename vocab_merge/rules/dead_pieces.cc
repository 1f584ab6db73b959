// B in one tokenizer: pieces that come out of no text, or not alone, or only because words are
// looked up before they are joined. Each piece is encoded through the whole pipeline.
#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "tokenizer/base/parallel.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/text/utf8.h"
#include "vocab_merge/extend/witness.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

// Texts tried on the left of pieces that stand inside a word only.
constexpr std::size_t kWordBegins = 8;
// Where more than one piece in so many is cut, and so many in all, the splitter is another's.
constexpr std::uint64_t kOnePieceIn = 20;
constexpr std::uint64_t kFewestCut = 100;

struct TextPiece {
  const ListedToken* token = nullptr;
  bool whole = true;  // whole characters
  bool alone = false;
  std::string witness{};  // where it is not alone; empty: dead
};

bool IsContinuing(const TokenizerSpec& spec, const ListedToken& token) {
  return spec.spelling == Spelling::kWordPiece && token.spelling != token.bytes;
}

// What some text should show: pieces of the model, added tokens that are text. Not the single bytes
// that are no characters: they are the alphabet, and some of them only broken text has.
std::vector<TextPiece> TextPieces(const LintFacts& facts) {
  std::vector<TextPiece> out;
  out.reserve(facts.tokens.size());
  for (const ListedToken& token : facts.tokens) {
    // In tokenizer.json no piece is declared unused: these have spellings outside the alphabet.
    const bool misspelled =
        token.token_class == TokenClass::kUnused && facts.spec.format == Format::kTokenizerJson;
    if (token.token_class != TokenClass::kText && token.token_class != TokenClass::kDeclared &&
        !misspelled) {
      continue;
    }
    const bool whole = IsValidUtf8(token.bytes);
    if (whole || token.bytes.size() > 1) out.push_back({.token = &token, .whole = whole});
  }
  return out;
}

std::vector<bool> EmittedAlone(const Tokenizer& tokenizer, std::span<const TextPiece> pieces,
                               int threads) {
  std::vector<std::string_view> texts;
  texts.reserve(pieces.size());
  for (const TextPiece& piece : pieces) texts.push_back(piece.token->bytes);
  const EncodingBatch batch = tokenizer.EncodeBatch(texts, threads);
  std::vector<bool> out(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto begin = batch.ids.begin() + batch.row_splits[i];
    const auto end = batch.ids.begin() + batch.row_splits[i + 1];
    out[i] =
        std::find(begin, end, pieces[i].token->id) != end && IsValidUtf8(pieces[i].token->bytes);
  }
  return out;
}

// Long words that begin with no other piece: what follows them starts a piece of its own.
std::vector<std::string> WordBegins(const LintFacts& facts) {
  std::vector<std::string> out;
  if (facts.spec.spelling != Spelling::kWordPiece) return out;
  std::vector<std::string_view> words;
  for (const ListedToken& token : facts.tokens) {
    const bool letters = std::all_of(token.bytes.begin(), token.bytes.end(),
                                     [](char c) { return c >= 'a' && c <= 'z'; });
    if (token.token_class == TokenClass::kText && token.spelling == token.bytes && letters) {
      words.push_back(token.bytes);
    }
  }
  const std::size_t size = std::min(kWordBegins, words.size());
  std::partial_sort(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(size), words.end(),
                    [](std::string_view a, std::string_view b) {
                      return a.size() != b.size() ? a.size() > b.size() : a < b;
                    });
  out.assign(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(size));
  return out;
}

void FindAll(const LintFacts& facts, const WitnessOptions& options,
             std::vector<TextPiece>* pieces) {
  const std::vector<bool> alone = EmittedAlone(*facts.tokenizer, *pieces, options.threads);
  const bool prefixed = AddsPrefix(facts.spec);
  std::vector<std::string> lines;  // where a text begins with a space of its own, a line does not
  std::vector<WitnessQuery> queries;
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < pieces->size(); ++i) {
    (*pieces)[i].alone = alone[i];
    if (!alone[i]) asked.push_back(i);
  }
  lines.reserve(asked.size());
  for (const std::size_t i : asked) {
    const TextPiece& piece = (*pieces)[i];
    const bool line = prefixed && piece.whole;
    if (line) lines.push_back(Cat("\n", piece.token->bytes));
    queries.push_back({.id = piece.token->id,
                       .bytes = piece.token->bytes,
                       .owner = {},
                       .known = line ? std::string_view(lines.back()) : std::string_view()});
  }
  std::vector<std::string> witnesses = FindWitnesses(*facts.tokenizer, queries, options);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    (*pieces)[asked[i]].witness = std::move(witnesses[i]);
  }
}

std::string ShowEncoding(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<TokenId> ids;
  tokenizer.EncodeIds(text, &ids);
  std::string out;
  for (std::size_t i = 0; i < ids.size() && i < kMaxExamples; ++i) {
    const std::optional<std::string_view> bytes = tokenizer.token_bytes(ids[i]);
    out += Cat(i == 0 ? "" : " ", bytes ? ShowPiece(*bytes) : Cat(ids[i]));
  }
  return ids.size() > kMaxExamples ? out + " ..." : out;
}

struct CauseText {
  Cause cause;
  std::string_view code;
  std::string_view message;
};

constexpr std::array<CauseText, 5> kCauses = {{
    {Cause::kNoPath, "B1", " come out of no text: "},
    {Cause::kPreTokenizer, "B3", " are cut by the tokenizer's own pre-tokenizer"},
    {Cause::kDigits, "B4", " of digits are cut by the tokenizer's own rule for digits"},
    {Cause::kNormalizer, "B5", " are changed by the tokenizer's own normalizer"},
    {Cause::kAddedToken, "B6", " contain an added token, which is found first"},
}};

std::string_view WhyNoPath(const TokenizerSpec& spec) {
  if (std::holds_alternative<UnigramModel>(spec.model)) {
    return "another cut always has a better score";
  }
  if (std::holds_alternative<WordPieceModel>(spec.model))
    return "a longer piece always comes first";
  return "no merges lead there, or others take their turn first";
}

// One finding per cause, for whole pieces and for parts of characters.
void ReportDead(const LintFacts& facts, const CauseText& text, bool whole,
                const std::vector<DeadPiece>& dead, LintReport* report) {
  Detected detected;
  for (const DeadPiece& piece : dead) {
    if (piece.cause != text.cause || IsValidUtf8(piece.bytes) != whole) continue;
    detected.ids.push_back(*piece.id);
    const std::optional<Piece> entry = facts.spec.vocab.Get(*piece.id);
    const bool inside = facts.spec.spelling == Spelling::kWordPiece && entry;
    std::string shown = ShowPiece(inside ? entry->spelling : piece.bytes);
    if (!piece.becomes.empty()) shown += Cat(" becomes ", ShowPiece(piece.becomes), ",");
    if (!piece.bytes.empty() && whole) {
      shown += Cat(" encodes as ", ShowEncoding(*facts.tokenizer, piece.bytes));
    }
    detected.examples.push_back({.id = *piece.id, .text = std::move(shown)});
  }
  if (detected.ids.empty()) return;
  const std::string_view why = text.cause == Cause::kNoPath ? WhyNoPath(facts.spec) : "";
  LintFinding finding{.code = std::string(text.code)};
  if (whole) {
    finding.severity = Severity::kWarning;
    finding.message = Cat(" pieces", text.message, why, "; tried alone and between ", kLeftContexts,
                          " x ", kRightContexts, " neighbours");
    finding.action = "use their rows for other pieces, or remove them: they are never trained";
    finding.witness = *facts.tokenizer->token_bytes(detected.ids.front());
  } else {
    finding.message = Cat(" parts of characters", text.message, why, "; tried in up to ",
                          kFragmentContexts, " completions to valid text");
    finding.action = "nothing: they are steps to other pieces, and broken text may show them";
  }
  AddFinding(std::move(finding), std::move(detected), facts, report);
}

Status ReportAllDead(const LintFacts& facts, const WitnessOptions& options,
                     const std::vector<TextPiece>& pieces, LintReport* report) {
  std::vector<DeadPiece> dead;
  for (const TextPiece& piece : pieces) {
    if (piece.alone || !piece.witness.empty()) continue;
    dead.push_back({.id = piece.token->id, .bytes = piece.token->bytes});
  }
  TOKGRAFT_RETURN_IF_ERROR(ExplainDead(facts.spec, options, &dead));
  for (const CauseText& text : kCauses) {
    ReportDead(facts, text, /*whole=*/true, dead, report);
    ReportDead(facts, text, /*whole=*/false, dead, report);
  }
  return {};
}

// B7. A text that begins with a space of the tokenizer's own making shows no piece without one, so
// alone means there: without that space.
Status ReportInContext(const LintFacts& facts, const WitnessOptions& options,
                       const std::vector<TextPiece>& pieces, LintReport* report) {
  std::vector<TextPiece> found;
  for (const TextPiece& piece : pieces) {
    if (piece.alone || piece.witness.empty() || !piece.whole) continue;
    if (!IsContinuing(facts.spec, *piece.token)) found.push_back(piece);
  }
  if (!found.empty() && AddsPrefix(facts.spec)) {
    TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer bare, Compile(WithoutPrefix(facts.spec)));
    const std::vector<bool> alone = EmittedAlone(bare, found, options.threads);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!alone[i]) found[kept++] = std::move(found[i]);
    }
    found.resize(kept);
  }
  Detected detected;
  for (const TextPiece& piece : found) {
    detected.ids.push_back(piece.token->id);
    detected.examples.push_back(
        {.id = piece.token->id,
         .text = Cat(ShowPiece(piece.token->bytes), " comes out of ", ShowPiece(piece.witness)),
         .witness = piece.witness});
  }
  const std::string witness = found.empty() ? "" : found.front().witness;
  AddFinding({.code = "B7",
              .message = " pieces do not come out of their own text, but of a longer one",
              .action = "nothing; a check that encodes pieces alone takes them for dead",
              .witness = witness},
             std::move(detected), facts, report);
  return {};
}

// D12: a splitter that cuts so many pieces is not the one that they were trained with.
void ReportForeignSplitter(const LintFacts& facts, std::size_t pieces, LintReport* report) {
  LookedFor({"D12"}, report);
  const std::uint64_t cut = report->counts["B3"] + report->counts["B4"];
  if (cut < kFewestCut || cut * kOnePieceIn <= pieces) return;
  Detected detected;
  detected.count = cut;
  AddFinding({.code = "D12",
              .severity = Severity::kWarning,
              .message = Cat(" of ", Grouped(pieces),
                             " pieces are cut by the tokenizer's own pre-tokenizer: they were "
                             "trained with another one"),
              .action = "compare it with the tokenizer that the model was trained with "
                        "(tokgraft diff): a converter may have written its default pattern",
              .place = "pre_tokenizer"},
             std::move(detected), facts, report);
}

bool LooksUpWords(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  return bpe != nullptr && bpe->ignore_merges;
}

StatusOr<Tokenizer> WithoutLookup(const TokenizerSpec& spec) {
  TokenizerSpec joining = spec;
  std::get<BpeModel>(joining.model).ignore_merges = false;
  return Compile(std::move(joining));
}

// B2: pieces that joins do not make, only the look-up of whole words before them.
void ReportMasked(const LintFacts& facts, const Tokenizer& tokenizer,
                  const std::vector<TextPiece>& pieces, LintReport* report) {
  std::vector<TextPiece> text;
  for (const TextPiece& piece : pieces) {
    if (piece.alone && piece.token->token_class == TokenClass::kText) text.push_back(piece);
  }
  const std::vector<bool> alone = EmittedAlone(tokenizer, text, facts.options.threads);
  Detected detected;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (alone[i]) continue;
    const ListedToken& token = *text[i].token;
    detected.Add(token.id, [&] {
      return Cat(ShowPiece(token.bytes), " is joined to ", ShowEncoding(tokenizer, token.bytes));
    });
  }
  AddFinding(
      {.code = "B2",
       .message = " pieces come out as whole words only, because words are looked up before "
                  "they are joined (ignore_merges): their merges make something else",
       .action = "give them merges before the flag is dropped: a runtime without it does not "
                 "emit them"},
      std::move(detected), facts, report);
}

void ReportFragments(const LintFacts& facts, LintReport* report) {
  LookedFor({"B8"}, report);
  Detected detected;
  for (const ListedToken& token : facts.tokens) {
    if (token.token_class != TokenClass::kText || token.bytes.size() < 2) continue;
    if (IsValidUtf8(token.bytes)) continue;
    detected.Add(token.id, [&] { return ShowPiece(token.bytes); });
  }
  AddFinding({.code = "B8",
              .message = " pieces of several bytes begin or end inside a character",
              .action = "nothing; never let a model emit one where its neighbours do not complete "
                        "the character"},
             std::move(detected), facts, report);
}

}  // namespace

Status LintReachability(const LintFacts& facts, LintReport* report) {
  ReportFragments(facts, report);
  if (facts.tokenizer == nullptr) {
    report->not_checked.push_back(
        {.codes = {"B1", "B2", "B3", "B4", "B5", "B6", "B7", "D12"}, .reason = facts.why_not});
    return {};
  }
  LookedFor({"B1", "B3", "B4", "B5", "B6", "B7"}, report);
  const std::vector<std::string> begins = WordBegins(facts);
  const WitnessOptions options{.threads = facts.options.threads, .lefts = begins};
  std::vector<TextPiece> pieces = TextPieces(facts);
  std::optional<StatusOr<Tokenizer>> joining;
  const std::size_t tasks = LooksUpWords(facts.spec) ? 2 : 1;
  ParallelFor(tasks, 1, facts.options.threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t task = begin; task < end; ++task) {
      if (task == 0) {
        FindAll(facts, options, &pieces);
      } else {
        joining = WithoutLookup(facts.spec);
      }
    }
  });
  TOKGRAFT_RETURN_IF_ERROR(ReportAllDead(facts, options, pieces, report));
  TOKGRAFT_RETURN_IF_ERROR(ReportInContext(facts, options, pieces, report));
  ReportForeignSplitter(facts, pieces.size(), report);
  if (std::holds_alternative<BpeModel>(facts.spec.model)) LookedFor({"B2"}, report);
  if (!joining) return {};
  if (!joining->ok()) return joining->status();
  ReportMasked(facts, **joining, pieces, report);
  return {};
}

}  // namespace tokgraft
