#include "embed_init/report.h"

#include <nlohmann/json.hpp>

#include "embed_init/output/plan_report.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/status.h"

namespace tokgraft {

std::string InitReport::ToJson() const {
  nlohmann::ordered_json json;
  json["rows"] = rows;
  json["output_rows"] = output_rows;
  json["method"] = method;
  json["input"] = input;
  json["output"] = output;
  json["tied"] = tied;
  json["old_rows"] = old_rows;
  json["new_rows"] = new_rows;
  json["norms"] = nlohmann::ordered_json::object();
  for (const auto& [tensor, norm] : norms) {
    json["norms"][tensor] = {{"old_rows", norm.old_rows}, {"new_rows", norm.new_rows}};
  }
  json["written_bytes"] = written_bytes;
  json["copied_bytes"] = copied_bytes;
  json["files"] = files;
  json["left_out"] = left_out;
  json["automatic"] = nlohmann::ordered_json::array();
  for (const AutoReport& choice : automatic) {
    nlohmann::ordered_json scores = nlohmann::ordered_json::array();
    for (const AutoScore& score : choice.scores) {
      scores.push_back({{"method", score.method},
                        {"left", score.left},
                        {"cosine", score.cosine},
                        {"seconds", score.seconds}});
    }
    json["automatic"].push_back({{"role", choice.role},
                                 {"hidden_tokens", choice.tokens},
                                 {"chosen", choice.chosen},
                                 {"otherwise", choice.otherwise},
                                 {"lead", choice.lead},
                                 {"lead_error", choice.lead_error},
                                 {"scores", scores}});
  }
  json["notes"] = notes;
  json["warnings"] = warnings;
  json["seconds"] = seconds;
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string InitReport::DebugString() const {
  std::string text =
      Cat("rows ", Grouped(old_rows), " -> ", Grouped(new_rows), ", method ", method, "\n");
  const auto counts = [&](std::string_view role, const std::string& by, const auto& map) {
    if (by.empty()) return;
    text += Cat("  ", role, " (", by, "): ", OriginsText(map), "\n");
  };
  counts(tied ? "input and output, one matrix" : "input", input, rows);
  if (!tied) counts("output", output, output_rows);
  for (const auto& [tensor, norm] : norms) {
    const std::string made = norm.new_rows > 0 ? Fixed(norm.new_rows, 3) : "none";
    text += Cat("  norm of ", tensor, ": old rows ", Fixed(norm.old_rows, 3), ", new rows ", made,
                "\n");
  }
  for (const std::string& file : left_out) text += Cat("  left out: ", file, "\n");
  for (const AutoReport& choice : automatic) text += Cat("  ", AutoText(choice), "\n");
  for (const std::string& note : notes) text += Cat("  ", note, "\n");
  for (const std::string& warning : warnings) text += Cat("  warning: ", warning, "\n");
  return text;
}

}  // namespace tokgraft
