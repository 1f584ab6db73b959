#include "tokenizer/efficiency.h"

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utext.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "tokenizer/base/parallel.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

CharacterClass ClassOfLetter(char32_t character) {
  UErrorCode error = U_ZERO_ERROR;
  switch (uscript_getScript(static_cast<UChar32>(character), &error)) {
    case USCRIPT_HAN:
      return CharacterClass::kHan;
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_KATAKANA_OR_HIRAGANA:
      return CharacterClass::kKana;
    case USCRIPT_HANGUL:
      return CharacterClass::kHangul;
    case USCRIPT_LATIN:
      return CharacterClass::kLatin;
    case USCRIPT_CYRILLIC:
      return CharacterClass::kCyrillic;
    default:
      break;
  }
  // ー and its like belong to no script of their own.
  if (uscript_hasScript(static_cast<UChar32>(character), USCRIPT_KATAKANA) != 0 &&
      character >= 0x3031 && character <= 0xFF70) {
    return CharacterClass::kKana;
  }
  return CharacterClass::kOtherLetters;
}

// What one thread needs: the class of each character seen so far, and ICU's word iterator.
class Scanner {
 public:
  Scanner() : classes_(0x110000, kUnseen) {
    UErrorCode error = U_ZERO_ERROR;
    words_ = ubrk_open(UBRK_WORD, "", nullptr, 0, &error);
  }
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;
  ~Scanner() {
    if (words_ != nullptr) ubrk_close(words_);
    utext_close(&text_);
  }

  std::size_t ClassIndex(char32_t character) {
    std::uint8_t& held = classes_[character];
    if (held == kUnseen) held = static_cast<std::uint8_t>(ClassOf(character));
    return held;
  }

  std::uint64_t CountWords(std::string_view valid_text) {
    if (words_ == nullptr) return 0;
    UErrorCode error = U_ZERO_ERROR;
    utext_openUTF8(&text_, valid_text.data(), static_cast<std::int64_t>(valid_text.size()), &error);
    ubrk_setUText(words_, &text_, &error);
    if (U_FAILURE(error) != 0) return 0;
    std::uint64_t count = 0;
    while (ubrk_next(words_) != UBRK_DONE) {
      if (ubrk_getRuleStatus(words_) >= UBRK_WORD_NUMBER) ++count;
    }
    return count;
  }

 private:
  static constexpr std::uint8_t kUnseen = 0xFF;
  std::vector<std::uint8_t> classes_;
  UBreakIterator* words_ = nullptr;
  UText text_ = UTEXT_INITIALIZER;
};

// Facts of one vocabulary, by id.
struct IdFacts {
  std::vector<PieceKind> kind;
  std::vector<std::uint8_t> is_single_character;
};

IdFacts GatherIdFacts(const Tokenizer& tokenizer) {
  IdFacts facts;
  const std::size_t size = tokenizer.vocab_size();
  facts.kind.resize(size, PieceKind::kUnused);
  facts.is_single_character.resize(size, 0);
  for (TokenId id = 0; id < size; ++id) {
    const std::optional<PieceKind> kind = tokenizer.token_kind(id);
    if (!kind) continue;
    facts.kind[id] = *kind;
    const std::string_view bytes = tokenizer.token_bytes(id).value_or("");
    std::size_t bad = 0;
    facts.is_single_character[id] =
        !bytes.empty() && CheckCharacter(bytes, &bad) == bytes.size() ? 1 : 0;
  }
  return facts;
}

// What one thread keeps while it measures a corpus.
struct Worker {
  Scanner scanner;
  std::vector<std::uint8_t> id_used;  // by id
};

class DocumentMeter {
 public:
  DocumentMeter(const Tokenizer& tokenizer, const IdFacts& facts)
      : tokenizer_(tokenizer), facts_(facts) {}

  void Add(std::string_view document, Worker* worker, CorpusEfficiency* sums) {
    CorpusEfficiency& corpus = *sums;
    ++corpus.documents;
    corpus.bytes += document.size();
    if (IsValidUtf8(document)) {
      text_ = document;
    } else {
      replaced_.clear();
      corpus.invalid_utf8 += ReplaceInvalid(document, &replaced_);
      text_ = replaced_;
    }
    corpus.words += worker->scanner.CountWords(text_);
    ids_.clear();
    tokenizer_.EncodeIds(document, &ids_);
    AddTokens(document, worker, &corpus);
  }

 private:
  // Where the joined bytes of the tokens are the text itself (every byte-level tokenizer without a
  // normalizer), the spans follow from their lengths; otherwise the encoder is asked for them.
  bool SpansFromBytes(std::string_view document) {
    spans_.clear();
    std::int64_t position = 0;
    for (const TokenId id : ids_) {
      const std::string_view bytes = tokenizer_.token_bytes(id).value_or("");
      const auto begin = static_cast<std::size_t>(position);
      if (document.substr(begin, bytes.size()) != bytes) return false;
      position += static_cast<std::int64_t>(bytes.size());
      spans_.push_back({static_cast<std::int64_t>(begin), position});
    }
    return static_cast<std::size_t>(position) == document.size();
  }

  void AddTokens(std::string_view document, Worker* worker, CorpusEfficiency* corpus) {
    if (!SpansFromBytes(document)) {
      Encoding encoding = tokenizer_.Encode(document);
      ids_ = std::move(encoding.ids);
      spans_ = std::move(encoding.offsets);
    }
    IndexCharacters(document, &worker->scanner, corpus);
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      worker->id_used[ids_[i]] = 1;
      AddToken(ids_[i], spans_[i], corpus);
    }
  }

  // first_[k] is where character k starts; class_[k] its class.
  void IndexCharacters(std::string_view document, Scanner* scanner, CorpusEfficiency* corpus) {
    first_.clear();
    class_.clear();
    for (std::size_t position = 0; position < document.size();) {
      std::size_t bad = 0;
      const std::size_t length = CheckCharacter(document.substr(position), &bad);
      char32_t character = 0xFFFD;
      std::size_t after = position + bad;
      if (length > 0) {
        after = position;
        character = DecodeValid(document, &after);
      }
      const std::size_t index = scanner->ClassIndex(character);
      first_.push_back(static_cast<std::int64_t>(position));
      class_.push_back(static_cast<std::uint8_t>(index));
      ++corpus->classes[index].characters;
      position = after;
    }
    corpus->characters += first_.size();
    cursor_ = 0;
    first_.push_back(static_cast<std::int64_t>(document.size()));
  }

  void AddToken(TokenId id, const Span& span, CorpusEfficiency* sums) {
    CorpusEfficiency& corpus = *sums;
    ++corpus.tokens;
    corpus.unknown_tokens += facts_.kind[id] == PieceKind::kUnknown ? 1 : 0;
    corpus.byte_fallback_tokens += facts_.kind[id] == PieceKind::kByte ? 1 : 0;
    if (span.begin >= span.end || class_.empty()) return;
    // Spans start in order, but for the rare one that starts again at an earlier character.
    while (cursor_ > 0 && first_[cursor_] > span.begin) --cursor_;
    while (cursor_ + 1 < class_.size() && first_[cursor_ + 1] <= span.begin) ++cursor_;
    std::size_t end = cursor_ + 1;
    while (end < class_.size() && first_[end] < span.end) ++end;
    const double share = 1.0 / static_cast<double>(end - cursor_);
    for (std::size_t k = cursor_; k < end; ++k) corpus.classes[class_[k]].tokens += share;
    if (end == cursor_ + 1 && facts_.is_single_character[id] != 0) {
      ++corpus.classes[class_[cursor_]].single_character_tokens;
    }
  }

  const Tokenizer& tokenizer_;
  const IdFacts& facts_;
  std::string replaced_;
  std::string_view text_;
  std::vector<TokenId> ids_;
  std::vector<Span> spans_;
  std::vector<std::int64_t> first_;
  std::vector<std::uint8_t> class_;
  std::size_t cursor_ = 0;
};

void Accumulate(const CorpusEfficiency& part, CorpusEfficiency* whole) {
  whole->documents += part.documents;
  whole->bytes += part.bytes;
  whole->characters += part.characters;
  whole->words += part.words;
  whole->tokens += part.tokens;
  whole->unknown_tokens += part.unknown_tokens;
  whole->byte_fallback_tokens += part.byte_fallback_tokens;
  whole->invalid_utf8 += part.invalid_utf8;
  for (std::size_t c = 0; c < kCharacterClasses; ++c) {
    whole->classes[c].characters += part.classes[c].characters;
    whole->classes[c].tokens += part.classes[c].tokens;
    whole->classes[c].single_character_tokens += part.classes[c].single_character_tokens;
  }
}

// Measures batches of documents. Chunks of a batch are summed apart and added in order, so that the
// sums of fractions do not depend on the number of threads.
class CorpusMeter {
 public:
  CorpusMeter(const Tokenizer& tokenizer, const IdFacts& facts, int threads)
      : tokenizer_(tokenizer), facts_(facts), threads_(threads) {}

  void AddBatch(std::span<const std::string_view> documents) {
    constexpr std::size_t kChunk = 64;
    std::vector<CorpusEfficiency> parts((documents.size() + kChunk - 1) / kChunk);
    ParallelFor(documents.size(), kChunk, threads_, [&](std::size_t begin, std::size_t end) {
      std::unique_ptr<Worker> worker = Borrow();
      DocumentMeter meter(tokenizer_, facts_);
      for (std::size_t i = begin; i < end; ++i) {
        meter.Add(documents[i], worker.get(), &parts[begin / kChunk]);
      }
      const std::lock_guard<std::mutex> lock(mutex_);
      idle_.push_back(std::move(worker));
    });
    for (const CorpusEfficiency& part : parts) Accumulate(part, &whole_);
  }

  CorpusEfficiency Finish(const std::string& name) {
    CorpusEfficiency corpus = std::move(whole_);
    corpus.name = name;
    const std::size_t size = tokenizer_.vocab_size();
    for (std::size_t id = 0; id < size; ++id) {
      corpus.distinct_ids += std::any_of(idle_.begin(), idle_.end(),
                                         [&](const auto& w) { return w->id_used[id] != 0; });
    }
    if (size > 0) {
      corpus.vocabulary_used = static_cast<double>(corpus.distinct_ids) / static_cast<double>(size);
    }
    return corpus;
  }

 private:
  std::unique_ptr<Worker> Borrow() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.empty()) {
      auto worker = std::make_unique<Worker>();
      worker->id_used.resize(tokenizer_.vocab_size(), 0);
      return worker;
    }
    std::unique_ptr<Worker> worker = std::move(idle_.back());
    idle_.pop_back();
    return worker;
  }

  const Tokenizer& tokenizer_;
  const IdFacts& facts_;
  int threads_;
  CorpusEfficiency whole_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> idle_;
};

}  // namespace

CharacterClass ClassOf(char32_t character) {
  const auto c = static_cast<UChar32>(character);
  if (u_isUWhiteSpace(c) != 0) return CharacterClass::kSpaces;
  const std::uint32_t category = U_GET_GC_MASK(c);
  if ((category & U_GC_N_MASK) != 0) return CharacterClass::kDigits;
  if ((category & U_GC_L_MASK) != 0) return ClassOfLetter(character);
  if ((category & U_GC_M_MASK) != 0) return CharacterClass::kOtherLetters;
  if ((category & U_GC_P_MASK) != 0) return CharacterClass::kPunctuation;
  return CharacterClass::kSymbols;
}

StatusOr<EfficiencyReport> Measure(const Tokenizer& tokenizer, const std::vector<Corpus>& corpora,
                                   const MeasureOptions& options) {
  EfficiencyReport report;
  report.tokenizer = tokenizer.spec().source;
  report.vocab_size = tokenizer.vocab_size();
  report.documents = options.documents;
  const IdFacts facts = GatherIdFacts(tokenizer);
  for (const Corpus& corpus : corpora) {
    CorpusMeter meter(tokenizer, facts, options.threads);
    TOKGRAFT_RETURN_IF_ERROR(
        ForEachBatch(corpus, options.documents,
                     [&](std::span<const std::string_view> documents, double fraction) {
                       meter.AddBatch(documents);
                       if (options.progress) options.progress(corpus.name, fraction);
                     }));
    report.corpora.push_back(meter.Finish(corpus.name));
  }
  return report;
}

CorpusEfficiency MeasureDocuments(const Tokenizer& tokenizer, const std::string& name,
                                  const std::vector<std::string_view>& documents,
                                  const MeasureOptions& options) {
  const IdFacts facts = GatherIdFacts(tokenizer);
  CorpusMeter meter(tokenizer, facts, options.threads);
  meter.AddBatch(documents);
  return meter.Finish(name);
}

}  // namespace tokgraft
