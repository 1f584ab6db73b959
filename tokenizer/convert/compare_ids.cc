#include "tokenizer/convert/compare_ids.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::size_t kBlockBytes = 4096;
constexpr std::size_t kMixedLines = 4000;

constexpr std::array<std::string_view, 16> kOddTexts = {
    "",
    " ",
    "  ",
    "   a    b     c ",
    "\n",
    " \n \n\n  x\r\n\r\n \t\ty",
    "\t\t\t a",
    "don't DON'T we'Ll I'M you'VE he'D '\u017Fa it'\u017F",
    "1 12 123 1234 12345 1234567890 \u0661\u0662\u0663\u0664 \u00B2\u2167",
    "a1b22c333 -1,000.50 3.14e-10",
    "e\u0301 \u1E9B\u0323 \uFB01 \uFF21\uFF11 \u212B \uAC00 \u1100\u1161",
    "\u00A0a\u3000b\u200Bc\uFEFFd\u2028e\u0085f",
    "HTTPServer camelCase snake_case kebab-case A B",
    "/path//to///file.txt?x=1&y=2#z \\\\ ... --- === ***",
    "\U0001F469\u200D\U0001F469\u200D\U0001F467 \U0001F1E9\U0001F1EA \u2764\uFE0F",
    "\u2581a \u2581\u2581 b\u2581",
};

class Comparer {
 public:
  Comparer(const Tokenizer& a, const Tokenizer& b) : a_(a), b_(b) {}

  // Are the ids the same? Counts the text.
  bool Check(std::string_view text) {
    out_.texts += 1;
    out_.bytes += text.size();
    if (Same(text)) return true;
    out_.changed_texts += 1;
    out_.changed_bytes += text.size();
    if (!out_.counterexample) out_.counterexample = Shortened(text);
    return false;
  }
  IdComparison& out() { return out_; }

 private:
  bool Same(std::string_view text) {
    ids_a_.clear();
    ids_b_.clear();
    a_.EncodeIds(text, &ids_a_);
    b_.EncodeIds(text, &ids_b_);
    return ids_a_ == ids_b_;
  }

  // Takes characters away at both ends, in ever smaller runs, as long as the ids still differ.
  std::string Shortened(std::string_view text) {
    if (!IsValidUtf8(text)) return std::string(text);
    std::vector<std::size_t> begins;
    for (std::size_t at = 0; at < text.size();) {
      begins.push_back(at);
      DecodeValid(text, &at);
    }
    begins.push_back(text.size());
    std::size_t first = 0;
    std::size_t last = begins.size() - 1;
    const auto differs = [&](std::size_t from, std::size_t to) {
      return from < to && !Same(text.substr(begins[from], begins[to] - begins[from]));
    };
    for (std::size_t run = last; run > 0; run /= 2) {
      while (last - first > run && differs(first, last - run)) last -= run;
      while (last - first > run && differs(first + run, last)) first += run;
    }
    return std::string(text.substr(begins[first], begins[last] - begins[first]));
  }

  const Tokenizer& a_;
  const Tokenizer& b_;
  IdComparison out_;
  std::vector<TokenId> ids_a_, ids_b_;
};

// A line in which the class of `c` decides how the neighbours are split.
void AppendContexts(char32_t c, std::string* out) {
  std::string text;
  AppendUtf8(c, &text);
  *out +=
      Cat(text, " ", text, "a", text, "b ", text, text, " 1", text, "2 .", text, "! '", text, "\n");
}

// The planes in use whole, of the others a sample.
bool FindByCodePoint(Comparer* comparer) {
  constexpr char32_t kLast = 0x10FFFF;
  constexpr char32_t kInUse = 0x33480;
  constexpr char32_t kTags = 0xE0000;
  constexpr char32_t kStride = 1009;
  std::string block;
  for (char32_t c = 1; c <= kLast;) {
    if (c < 0xD800 || c > 0xDFFF) AppendContexts(c, &block);
    if (block.size() >= kBlockBytes) {
      if (!comparer->Check(block)) return true;
      block.clear();
    }
    const bool whole = c < kInUse || (c >= kTags && c < kTags + 0x1000);
    c += whole ? 1 : kStride;
    if (c > kInUse && c < kTags && c + kStride > kTags) c = kTags;
  }
  return !block.empty() && !comparer->Check(block);
}

// What can be typed: the text of every token that is ordinary text.
std::vector<std::string_view> TypedPieces(const Tokenizer& tokenizer) {
  std::vector<std::string_view> pieces;
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    const std::optional<PieceKind> kind = tokenizer.token_kind(id);
    if (!kind || *kind == PieceKind::kControl || *kind == PieceKind::kUnknown) continue;
    const std::string_view bytes = *tokenizer.token_bytes(id);
    if (IsValidUtf8(bytes)) pieces.push_back(bytes);
  }
  return pieces;
}

bool FindByPiece(const Tokenizer& tokenizer, Comparer* comparer) {
  for (const std::string_view piece : TypedPieces(tokenizer)) {
    if (!comparer->Check(piece)) return true;
    if (!comparer->Check(Cat(" ", piece, "s, ", piece, piece))) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> MixedTexts(const Tokenizer& a, std::size_t lines) {
  std::vector<std::string> out;
  const std::vector<std::string_view> pieces = TypedPieces(a);
  if (pieces.empty()) return out;
  std::mt19937_64 random(20240229);
  for (std::size_t i = 0; i < lines; ++i) {
    // Early pieces are the common ones of most vocabularies.
    const std::size_t pool = i % 2 == 0 ? pieces.size() : (pieces.size() + 9) / 10;
    std::string& line = out.emplace_back();
    for (std::size_t words = 1 + random() % 24; words > 0; --words) line += pieces[random() % pool];
  }
  return out;
}

IdComparison CompareTexts(const Tokenizer& a, const Tokenizer& b,
                          const std::vector<std::string_view>& texts) {
  Comparer comparer(a, b);
  for (const std::string_view text : texts) comparer.Check(text);
  return comparer.out();
}

IdComparison FindDifference(const Tokenizer& a, const Tokenizer& b, Search search,
                            const std::vector<std::string>& first) {
  Comparer comparer(a, b);
  for (const std::string& text : first) {
    if (!comparer.Check(text)) return comparer.out();
  }
  for (const std::string_view text : kOddTexts) {
    if (!comparer.Check(text)) return comparer.out();
  }
  if (FindByPiece(a, &comparer) || FindByPiece(b, &comparer)) return comparer.out();
  for (const std::string& line : MixedTexts(a, kMixedLines)) {
    if (!comparer.Check(line)) return comparer.out();
  }
  if (search == Search::kEverything) FindByCodePoint(&comparer);
  return comparer.out();
}

std::string QuotedForMessage(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string valid;
  ReplaceInvalid(text, &valid);
  std::string out = "\"";
  for (std::size_t at = 0, count = 0; at < valid.size(); ++count) {
    if (count == kLongest) return out + "\"...";
    const std::size_t begin = at;
    const char32_t c = DecodeValid(valid, &at);
    const bool plain = c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
    const bool letter = c >= 0xA1 && c < 0xD800 && (c < 0x300 || c > 0x36F) &&
                        (c < 0x2000 || c > 0x206F) && c != 0xAD && c != 0x3000;
    if (plain || letter) {
      out += valid.substr(begin, at - begin);
      continue;
    }
    out += "\\u{";
    bool started = false;
    for (int shift = 20; shift >= 0; shift -= 4) {
      const std::size_t digit = (c >> shift) & 0xF;
      started = started || digit != 0 || shift == 0;
      if (started) out += kDigits[digit];
    }
    out += "}";
  }
  return out + "\"";
}

}  // namespace tokgraft
