// GraftReport of graft.h, for machines and on one page for people.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "embed_init/gguf/model.h"
#include "embed_init/graft.h"
#include "embed_init/output/manifest_json.h"
#include "embed_init/output/plan_report.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

using Json = nlohmann::ordered_json;

Json Parsed(const std::string& json) { return Json::parse(json, nullptr); }

const TableStyle kIndented = {.indent = "  "};

std::string EfficiencyText(const EfficiencyReport& before, const EfficiencyReport& after) {
  if (before.corpora.empty()) {
    return "Efficiency: not measured; name a corpus to see it\n";
  }
  std::vector<std::vector<std::string>> rows = {
      {"corpus", "bytes", "tokens before", "after", "saved", "bytes/token before", "after"}};
  for (std::size_t i = 0; i < std::min(before.corpora.size(), after.corpora.size()); ++i) {
    const CorpusEfficiency& old = before.corpora[i];
    const CorpusEfficiency& made = after.corpora[i];
    const double saved = old.tokens == 0 ? 0
                                         : 100 - 100 * static_cast<double>(made.tokens) /
                                                     static_cast<double>(old.tokens);
    rows.push_back({old.name, Grouped(old.bytes), Grouped(old.tokens), Grouped(made.tokens),
                    Fixed(saved, 1) + " %", Fixed(old.bytes_per_token(), 2),
                    Fixed(made.bytes_per_token(), 2)});
  }
  return Cat("Efficiency\n", Table(rows, kIndented));
}

std::string ConflictsText(const ConflictReport& conflicts, bool written) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(conflicts.findings.size());
  for (const Finding& finding : conflicts.findings) {
    rows.push_back({Cat(finding.code, " ", Padded(std::string(SeverityName(finding.severity)), 7)),
                    Grouped(finding.count)});
  }
  if (rows.empty()) return "Conflicts: none\n";
  // The message is free text: it goes last, unpadded.
  std::string text =
      Cat("Conflicts by code: A same piece, B cannot be produced, C joins and scores, D alphabet, "
          "ids,\n"
          "stages, special tokens",
          written ? " (conflicts.json has all ids)" : "", "\n");
  const std::string table = Table(rows, kIndented);
  std::size_t line = 0;
  for (const Finding& finding : conflicts.findings) {
    const std::size_t end = table.find('\n', line);
    text += Cat(table.substr(line, end - line), "  ", finding.message, "\n");
    line = end + 1;
  }
  return text;
}

std::string RowsText(const InitReport& init) {
  std::string text = Cat("Rows by origin (", Grouped(init.old_rows), " -> ", Grouped(init.new_rows),
                         ", method ", init.method, ")\n");
  if (init.output_rows.empty()) {
    text += Cat(init.output.empty() ? "  input (no head): " : "  input and output, one matrix: ",
                OriginsText(init.rows), "\n");
  } else {
    text += Cat("  input (", init.input, "): ", OriginsText(init.rows), "\n");
    text += Cat("  output (", init.output, "): ", OriginsText(init.output_rows), "\n");
  }
  for (const AutoReport& choice : init.automatic) text += Cat("  ", AutoText(choice), "\n");
  for (const std::string& note : init.notes) text += Cat("  ", note, "\n");
  return text;
}

bool IsLearnt(const GraftReport& report) {
  return report.id_map.strategy == "extend" && report.id_map.donor_to_merged.empty();
}

// Why the budget was not used up; "" where it was, or where there was none.
std::string BudgetText(const GraftReport& report) {
  const std::size_t added = report.id_map.added.size();
  if (!report.budget || added >= *report.budget) return "";
  if (IsLearnt(report)) {
    return Cat("  ", Grouped(added), " of ", Grouped(*report.budget),
               ": the text has no more that this base could use\n");
  }
  return Cat("  ", Grouped(added), " of ", Grouped(*report.budget), ": no further piece ",
             report.before.corpora.empty() ? "of the donor fits" : "saves a token on the corpora",
             "\n");
}

std::string FilesText(const GraftReport& report) {
  if (report.out.empty()) return "Nothing was written: a dry run\n";
  std::string text = Cat("Files in ", report.out, "\n");
  static constexpr std::pair<std::string_view, std::string_view> kFiles[] = {
      {"id_map.json", "where each id of both vocabularies went"},
      {"conflicts.json", "every conflict, its ids and what was done"},
      {"certificate.json", "what the merge does to old text"},
      {"init_report.json", "how the rows were made"},
      {"tokgraft.json", "the manifest: hashes, and the origin of each row"}};
  const auto gguf = std::find_if(report.init.files.begin(), report.init.files.end(),
                                 [](const auto& file) { return IsGgufName(file.first); });
  text +=
      gguf == report.init.files.end()
          ? Cat("  ", Padded("model and tokenizer", 21), "load them with transformers as before\n")
          : Cat("  ", Padded(gguf->first, 21), "model and tokenizer, as before\n");
  for (const auto& [name, what] : kFiles) {
    text += Cat("  ", Padded(std::string(name), 21), what, "\n");
  }
  if (report.init.files.contains(std::string(kRowsName))) {
    text +=
        Cat("  ", Padded(std::string(kRowsName), 21), "of the manifest: the origin of each row\n");
  }
  if (!report.before.corpora.empty()) {
    text += Cat("  ", Padded("efficiency.json", 21), "the corpora before and after\n");
  }
  if (report.forecast) {
    text += Cat("  ", Padded("forecast.json", 21), "what the change costs on them\n");
  }
  if (report.choice) {
    text += Cat("  ", Padded("budget.json", 21), "what each number of pieces costs the model\n");
  }
  if (report.curve) {
    text += Cat("  ", Padded("curve.json", 21), "bytes per token by number of pieces\n");
  }
  for (const std::string& file : report.init.left_out) text += Cat("  left out: ", file, "\n");
  return text;
}

// " and 40 helpers that build them"; "" where there are none.
std::string HelpersText(std::uint64_t count) {
  if (count == 0) return "";
  return Cat(" and ", Counted(count, "helper"), count == 1 ? " that builds" : " that build",
             " them");
}

}  // namespace

std::string GraftReport::ToJson() const {
  const std::uint64_t helpers = id_map.helpers();
  Json json;
  json["model"] = model;
  json["donor"] = donor;
  json["out"] = out;
  json["dry_run"] = out.empty();
  json["vocabulary"] = {{"base_size", id_map.base_size},
                        {"merged_size", id_map.merged_size},
                        {"added", id_map.added.size()},
                        {"helpers", helpers}};
  json["budget"] = choice ? Parsed(choice->ToJson()) : Json(nullptr);
  json["curve"] = curve ? Parsed(curve->ToJson()) : Json(nullptr);
  json["efficiency"] = {{"before", Parsed(before.ToJson())}, {"after", Parsed(after.ToJson())}};
  json["forecast"] = forecast ? Parsed(forecast->ToJson()) : Json(nullptr);
  json["conflicts"] = Parsed(conflicts.ToJson());
  json["certificate"] = Parsed(certificate.ToJson());
  json["init"] = Parsed(init.ToJson());
  json["verify"] = verified ? Parsed(verified->ToJson()) : Json(nullptr);
  json["seconds"] = seconds;
  return ReadableJson(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string GraftReport::ToText() const {
  const std::uint64_t helpers = id_map.helpers();
  std::string text =
      Cat(out.empty() ? "Would graft " : "Grafted ", donor, "\n   onto ", model,
          "\n\nVocabulary: ", Grouped(id_map.base_size), " -> ", Grouped(id_map.merged_size),
          " tokens, ", Grouped(id_map.added.size() - helpers),
          IsLearnt(*this) ? " learnt" : " of the donor", HelpersText(helpers), "\n",
          BudgetText(*this), "\n");
  if (choice) text += choice->ToText() + "\n";
  if (curve) text += Cat("Curve        ", curve->ToTable(), "\n");
  text += EfficiencyText(before, after) + "\n";
  if (forecast) text += forecast->ToText() + "\n";
  text += ConflictsText(conflicts, !out.empty()) + "\n";
  text += RowsText(init) + "\n";
  text += Cat("Certificate: ", certificate.level, certificate.proved ? ", proved: " : ": ",
              certificate.reason, "\n");
  if (certificate.checked_bytes > 0) {
    text += Cat("  checked on ", Grouped(certificate.checked_bytes),
                " bytes: ", Counted(certificate.new_cuts, "token boundary", "token boundaries"),
                " that the old tokenizer did not set (new cuts)\n");
  }
  text += Cat("\n", FilesText(*this));
  for (const std::string& warning : init.warnings) text += Cat("Note: ", warning, "\n");
  if (verified) {
    text += verified->ok()
                ? Cat("Verified: every hash, row and tensor holds\n")
                : Cat("NOT verified: ", Counted(verified->problems.size(), "problem"), "\n");
  }
  text += Cat("Took ", Fixed(seconds, 1), " s\n");
  return text;
}

}  // namespace tokgraft
