// EfficiencyReport for people and for programs: table, diagnosis, JSON.
#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "tokenizer/efficiency.h"

namespace tokgraft {
namespace {

double Ratio(double a, double b) { return b == 0 ? 0 : a / b; }
double Ratio(std::uint64_t a, std::uint64_t b) {
  return Ratio(static_cast<double>(a), static_cast<double>(b));
}

constexpr char kCosts[] = " (costs tokens)";

// Sentences weigh what they cost: tokens beyond one for about four characters.
struct Sentence {
  double weight;
  std::string text;
};

void DiagnoseClass(CharacterClass character_class, const ClassEfficiency& c,
                   const CorpusEfficiency& corpus, std::vector<Sentence>* out) {
  if (c.characters < 20 || c.characters * 200 < corpus.characters) return;
  const double per_character = Ratio(c.tokens, static_cast<double>(c.characters));
  const double alone = Ratio(c.single_character_tokens, c.characters);
  const std::string name(CharacterClassName(character_class));
  if (per_character > 1.005) {
    out->push_back(
        {c.tokens, Cat(name, ": ", Fixed(per_character, 1), " tokens a character", kCosts)});
  } else if (alone >= 0.5) {
    out->push_back({static_cast<double>(c.single_character_tokens),
                    Cat(name, ": ", Percent(alone), " stand alone, one token each", kCosts)});
  }
}

}  // namespace

std::string_view CharacterClassName(CharacterClass character_class) {
  switch (character_class) {
    case CharacterClass::kDigits:
      return "digits";
    case CharacterClass::kSpaces:
      return "spaces";
    case CharacterClass::kPunctuation:
      return "punctuation";
    case CharacterClass::kHan:
      return "han";
    case CharacterClass::kKana:
      return "kana";
    case CharacterClass::kHangul:
      return "hangul";
    case CharacterClass::kLatin:
      return "latin";
    case CharacterClass::kCyrillic:
      return "cyrillic";
    case CharacterClass::kOtherLetters:
      return "other_letters";
    case CharacterClass::kSymbols:
      return "symbols";
  }
  return "";
}

double CorpusEfficiency::bytes_per_token() const { return Ratio(bytes, tokens); }
double CorpusEfficiency::characters_per_token() const { return Ratio(characters, tokens); }
double CorpusEfficiency::tokens_per_word() const { return Ratio(tokens, words); }
double CorpusEfficiency::unknown_rate() const { return Ratio(unknown_tokens, tokens); }
double CorpusEfficiency::byte_fallback_rate() const { return Ratio(byte_fallback_tokens, tokens); }

std::vector<std::string> CorpusEfficiency::Diagnosis() const {
  if (tokens == 0) return {"the corpus is empty"};
  std::vector<Sentence> sentences;
  const auto total = static_cast<double>(tokens);
  if (unknown_tokens > 0) {
    sentences.push_back(
        {total * 2, Cat(Percent(unknown_rate()), " of the tokens are unknown: that text is lost")});
  }
  if (byte_fallback_rate() >= 0.005) {
    sentences.push_back(
        {static_cast<double>(byte_fallback_tokens),
         Cat(Percent(byte_fallback_rate()), " of the tokens are single bytes", kCosts)});
  }
  for (std::size_t c = 0; c < kCharacterClasses; ++c) {
    DiagnoseClass(static_cast<CharacterClass>(c), classes[c], *this, &sentences);
  }
  if (invalid_utf8 > 0) {
    const bool is_text = invalid_utf8 <= characters / 10;
    sentences.push_back({is_text ? 0 : total * 3,
                         Cat(Counted(invalid_utf8, "byte sequence is", "byte sequences are"),
                             " not UTF-8", is_text ? "" : ": this does not look like plain text")});
  }
  std::stable_sort(sentences.begin(), sentences.end(),
                   [](const Sentence& a, const Sentence& b) { return a.weight > b.weight; });
  std::vector<std::string> texts;
  for (Sentence& sentence : sentences) texts.push_back(std::move(sentence.text));
  if (texts.empty()) texts.emplace_back("good: nothing is spelled out character by character");
  return texts;
}

std::string EfficiencyReport::ToJson() const {
  nlohmann::ordered_json json;
  json["tokenizer"] = tokenizer;
  json["vocabulary"] = vocab_size;
  json["documents"] = DocumentsName(documents);
  json["corpora"] = nlohmann::ordered_json::object();
  for (const CorpusEfficiency& c : corpora) {
    nlohmann::ordered_json classes = nlohmann::ordered_json::object();
    for (std::size_t k = 0; k < kCharacterClasses; ++k) {
      classes[std::string(CharacterClassName(static_cast<CharacterClass>(k)))] = {
          {"characters", c.classes[k].characters},
          {"tokens", c.classes[k].tokens},
          {"single_character_tokens", c.classes[k].single_character_tokens}};
    }
    json["corpora"][c.name] = {{"documents", c.documents},
                               {"bytes", c.bytes},
                               {"characters", c.characters},
                               {"words", c.words},
                               {"tokens", c.tokens},
                               {"bytes_per_token", c.bytes_per_token()},
                               {"characters_per_token", c.characters_per_token()},
                               {"tokens_per_word", c.tokens_per_word()},
                               {"unknown_rate", c.unknown_rate()},
                               {"byte_fallback_rate", c.byte_fallback_rate()},
                               {"vocabulary_used", c.vocabulary_used},
                               {"distinct_ids", c.distinct_ids},
                               {"invalid_utf8", c.invalid_utf8},
                               {"diagnosis", c.Diagnosis()},
                               {"classes", classes}};
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string EfficiencyReport::ToTable() const {
  std::vector<std::vector<std::string>> rows = {
      {"corpus", "documents", "bytes", "characters", "words", "tokens", "bytes/token",
       "chars/token", "tokens/word", "ids used", "unknown", "byte-fallback"}};
  for (const CorpusEfficiency& c : corpora) {
    rows.push_back({c.name, Grouped(c.documents), Grouped(c.bytes), Grouped(c.characters),
                    Grouped(c.words), Grouped(c.tokens), Fixed(c.bytes_per_token(), 3),
                    Fixed(c.characters_per_token(), 3), Fixed(c.tokens_per_word(), 3),
                    Percent(c.vocabulary_used), Percent(c.unknown_rate()),
                    Percent(c.byte_fallback_rate())});
  }
  std::string out = Cat(tokenizer, ": ", Grouped(vocab_size), " ids; a document is one ",
                        DocumentsName(documents), "\n\n", Table(rows));
  for (const CorpusEfficiency& c : corpora) {
    out += Cat("\n", c.name, "\n");
    for (const std::string& sentence : c.Diagnosis()) out += Cat("  ", sentence, "\n");
  }
  return out;
}

}  // namespace tokgraft
