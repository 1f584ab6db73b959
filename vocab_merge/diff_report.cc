// DiffReport as JSON and as text.
#include <nlohmann/json.hpp>

#include "tokenizer/base/report_text.h"
#include "tokenizer/status.h"
#include "vocab_merge/diff.h"
#include "vocab_merge/rules/detect.h"

namespace tokgraft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownTokens = 24;

Json ListOf(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const std::string& text : texts) out.push_back(Printable(text));
  return out;
}

Json ExampleJson(const std::optional<CounterExample>& example) {
  if (!example) return nullptr;
  return {{"kind", example->kind},
          {"text", Printable(example->text)},
          {"ids_a", example->ids_a},
          {"ids_b", example->ids_b},
          {"pieces_a", ListOf(example->pieces_a)},
          {"pieces_b", ListOf(example->pieces_b)}};
}

Json PiecesJson(const PieceDiff& pieces) {
  return {{"a", pieces.a},
          {"b", pieces.b},
          {"shared", pieces.shared},
          {"same_id", pieces.same_id},
          {"only_a", pieces.only_a.size()},
          {"only_b", pieces.only_b.size()},
          {"only_a_ids", pieces.only_a},
          {"only_b_ids", pieces.only_b},
          {"only_a_classes", pieces.only_a_classes},
          {"only_b_classes", pieces.only_b_classes}};
}

std::string Tokens(const std::vector<std::string>& pieces, const std::vector<TokenId>& ids) {
  std::string out;
  for (std::size_t i = 0; i < pieces.size() && i < kShownTokens; ++i) {
    out += Cat(" ", ShowPiece(pieces[i]));
    if (pieces.size() == ids.size()) out += Cat(":", ids[i]);
  }
  return pieces.size() > kShownTokens ? out + " ..." : out;
}

std::string ExampleText(std::string_view title, const CounterExample& example) {
  return Cat(title, " (", example.kind, ")\n  text   ", ShowPiece(example.text), "\n  first ",
             Tokens(example.pieces_a, example.ids_a), "\n  second",
             Tokens(example.pieces_b, example.ids_b), "\n");
}

}  // namespace

std::string DiffReport::ToJson() const {
  Json out;
  out["a"] = Printable(a);
  out["b"] = Printable(b);
  out["verdict"] = std::string(VerdictName(verdict));
  out["proof"] = Printable(proof);
  out["hash"] = {{"a", hash_a}, {"b", hash_b}};
  out["pieces"] = PiecesJson(pieces);
  out["merges"] = {{"a", merges.a},
                   {"b", merges.b},
                   {"shared", merges.shared},
                   {"inverted_share", merges.inverted_share}};
  Json& list = out["differences"] = Json::array();
  for (const Difference& difference : differences) {
    list.push_back({{"kind", difference.kind},
                    {"count", difference.count},
                    {"message", Printable(difference.message)},
                    {"examples", ListOf(difference.examples)}});
  }
  out["counter_example"] = ExampleJson(counter_example);
  out["cut_example"] = ExampleJson(cut_example);
  out["checked"] = {{"texts", checked_texts}, {"bytes", checked_bytes}};
  return out.dump() + "\n";
}

std::string DiffReport::DebugString() const {
  std::string out = Cat(VerdictName(verdict), ": ", Printable(proof), "\n");
  out += Cat("first   ", hash_a, "  ", Printable(a), "\n");
  out += Cat("second  ", hash_b, "  ", Printable(b), "\n");
  out += Cat(Counted(pieces.shared, "token is", "tokens are"), " in both, ",
             Grouped(pieces.same_id), " of them on the same id\n");
  for (const Difference& difference : differences) {
    out += Cat(difference.kind, ": ", Printable(difference.message), "\n");
    std::size_t shown = 0;
    for (const std::string& example : difference.examples) {
      if (++shown > 4) break;
      out += Cat("    ", Printable(example), "\n");
    }
  }
  if (counter_example) out += ExampleText("counter-example", *counter_example);
  if (cut_example && cut_example != counter_example) {
    out += ExampleText("cut in other places", *cut_example);
  }
  return out;
}

}  // namespace tokgraft
