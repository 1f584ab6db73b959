#include "vocab_merge/same/counter_example.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/text/utf8.h"
#include "vocab_merge/rules/token_list.h"

namespace tokgraft {
namespace {

// Short texts of many scripts, numbers, spaces, line ends, contractions, marks, emoji.
constexpr std::array<std::string_view, 28> kProbes = {
    "Hello world",
    " Hello  world ",
    "It's we're I'LL they'd don't",
    "0 12 345 6789 12345678901234567890",
    "3.14159 1,000,000 x=42; v1.2.3",
    "\u0661\u0662\u0663 \uFF11\uFF12\uFF13 \u00BD \u2167",
    "camelCase HTTPServer snake_case SCREAMING_CASE",
    "def f(x):\n    return x ** 2\n\n\n",
    "\t\ttabs\r\nand\rreturns\n \n  \n",
    "a\u00A0b\u2003c\u3000d\u200Be\uFEFFf",
    "Gr\u00FC\u00DFe aus K\u00F6ln, na\u00EFve caf\u00E9",
    "e\u0301 a\u0308 n\u0303 \u1E9B\u0323",
    "\u041F\u0440\u0438\u0432\u0435\u0442 \u043C\u0438\u0440",
    "\u4ECA\u5929\u5929\u6C14\u5F88\u597D\u3002",
    "\u3059\u3070\u3084\u3044\u8336\u8272\u306E\u72D0\u30FC",
    "\uC548\uB155\uD558\uC138\uC694 \uC138\uACC4",
    "\u0928\u092E\u0938\u094D\u0924\u0947 \u0926\u0941\u0928\u093F\u092F\u093E",
    "\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35\u0E0A\u0E32\u0E27\u0E42\u0E25\u0E01",
    "\u0645\u0631\u062D\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645",
    "\u05E9\u05DC\u05D5\u05DD",
    "Ti\u1EBFng Vi\u1EC7t",
    "\U0001F469\u200D\U0001F469\u200D\U0001F467 \U0001F1E9\U0001F1EA \U0001F44D\U0001F3FD",
    "https://example.org/a?b=c&d=%20#e",
    "<s> </s> <|endoftext|> [INST] <unk> <pad>",
    "--- ... ??? !!! ((())) {[<>]} \u201Cquotes\u201D \u2014",
    "\u01C4 \u0130 \u00DF \uFB01 \u2126 \u2160 \u33A5",
    "\u2581a \u0120b \u010A",
    "x\n\ny\n",
};

std::vector<std::string> PiecesOf(const Tokenizer& tokenizer, std::span<const TokenId> ids) {
  std::vector<std::string> out;
  for (const TokenId id : ids) out.emplace_back(tokenizer.token_bytes(id).value_or(""));
  return out;
}

class Seeker {
 public:
  Seeker(const Tokenizer& a, const Tokenizer& b, int threads, DiffReport* report)
      : a_(a), b_(b), threads_(threads), report_(report) {}

  bool done() const { return report_->counter_example && report_->cut_example; }

  void Try(std::span<const std::string_view> texts, bool special = false) {
    if (done()) return;
    const EncodeOptions options{.add_special_tokens = special};
    const EncodingBatch a = a_.EncodeBatch(texts, threads_, options);
    const EncodingBatch b = b_.EncodeBatch(texts, threads_, options);
    // Of the texts of one call the shortest is shown.
    std::optional<CounterExample> ids;
    std::optional<CounterExample> cuts;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      ++report_->checked_texts;
      report_->checked_bytes += texts[i].size();
      const std::span<const TokenId> ids_a = a.row(i);
      const std::span<const TokenId> ids_b = b.row(i);
      if (std::equal(ids_a.begin(), ids_a.end(), ids_b.begin(), ids_b.end())) continue;
      const bool shorter = !ids || texts[i].size() < ids->text.size();
      if (!shorter && cuts && texts[i].size() >= cuts->text.size()) continue;
      CounterExample found{.kind = special ? "ids with special tokens" : "ids",
                           .text = std::string(texts[i]),
                           .ids_a = {ids_a.begin(), ids_a.end()},
                           .ids_b = {ids_b.begin(), ids_b.end()},
                           .pieces_a = PiecesOf(a_, ids_a),
                           .pieces_b = PiecesOf(b_, ids_b)};
      const bool cut = found.pieces_a != found.pieces_b;
      if (cut && (!cuts || found.text.size() < cuts->text.size())) cuts = found;
      if (shorter) ids = std::move(found);
    }
    if (!report_->counter_example) report_->counter_example = std::move(ids);
    if (!report_->cut_example) report_->cut_example = std::move(cuts);
  }
  void TryDecoding(std::span<const std::string_view> texts) {
    for (const std::string_view text : texts) {
      if (report_->counter_example) return;
      std::vector<TokenId> ids;
      a_.EncodeIds(text, &ids);
      const StatusOr<std::string> a = a_.Decode(ids);
      const StatusOr<std::string> b = b_.Decode(ids);
      if (a.ok() && b.ok() && *a == *b) continue;
      if (!a.ok() && !b.ok()) continue;
      report_->counter_example =
          CounterExample{.kind = "decoding",
                         .text = std::string(text),
                         .ids_a = ids,
                         .ids_b = ids,
                         .pieces_a = {a.ok() ? *a : std::string(Message(a.status()))},
                         .pieces_b = {b.ok() ? *b : std::string(Message(b.status()))}};
    }
  }

 private:
  const Tokenizer& a_;
  const Tokenizer& b_;
  int threads_;
  DiffReport* report_;
};

// Texts of all pieces that are whole characters, alone and after a space or a letter.
void TryPieces(const Tokenizer& of, Seeker* seeker) {
  const std::vector<ListedToken> tokens = ListTokens(of.spec());
  for (const std::string_view left : {"", " ", "a"}) {
    if (seeker->done()) return;
    std::vector<std::string> texts;
    for (const ListedToken& token : tokens) {
      if (!token.bytes.empty() && IsValidUtf8(token.bytes)) texts.push_back(Cat(left, token.bytes));
    }
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    seeker->Try(views);
  }
}

void TryAddedTokens(const Tokenizer& of, Seeker* seeker) {
  std::vector<std::string> texts;
  for (const AddedToken& token : of.spec().added_tokens) {
    texts.push_back(token.content);
    texts.push_back(Cat("a ", token.content, " b"));
    texts.push_back(Cat("a", token.content, "b"));
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  seeker->Try(views);
}

}  // namespace

Status SeekDifference(const Tokenizer& a, const Tokenizer& b, const DiffOptions& options,
                      DiffReport* report) {
  Seeker seeker(a, b, options.threads, report);
  seeker.Try(kProbes);
  for (const Tokenizer* of : {&a, &b}) TryAddedTokens(*of, &seeker);
  for (const Tokenizer* of : {&a, &b}) TryPieces(*of, &seeker);
  for (const Corpus& corpus : options.corpora) {
    TOKGRAFT_RETURN_IF_ERROR(ForEachBatch(
        corpus, Documents::kLine,
        [&](std::span<const std::string_view> documents, double) { seeker.Try(documents); }));
  }
  if (report->counter_example) return {};
  seeker.Try(kProbes, /*special=*/true);
  seeker.TryDecoding(kProbes);
  return {};
}

}  // namespace tokgraft
