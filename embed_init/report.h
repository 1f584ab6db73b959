// InitReport: what writing a new checkpoint did, in numbers.
//
//   StatusOr<InitReport> report = WriteModel(model, plan, "out", {});
//   report->rows["copied"];     // 49152
//   report->rows["mean"];       // 8000
//   report->input;              // "mean": the method of the input rows
//   std::cout << report->ToJson();
//
// rows counts the input rows by origin: "copied", the name of the method, "mean_of_all" (tokens
// without old pieces) and "padding". Norms are root mean squares of the row norms.
#ifndef TOKGRAFT_EMBED_INIT_REPORT_H_
#define TOKGRAFT_EMBED_INIT_REPORT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tokgraft {

struct NormReport {
  double old_rows = 0;  // of the rows that belong to old tokens
  double new_rows = 0;  // of the rows that a method made; 0 where there are none
  friend bool operator==(const NormReport&, const NormReport&) = default;
};

// How near a method came to rows that training made, of the model's own tokens, hidden from it.
struct AutoScore {
  std::string method;
  double left = 0;    // squared distance from the true rows, that of the mean of all rows being 1
  double cosine = 0;  // with the true rows, both less the mean of all
  double seconds = 0;
  friend bool operator==(const AutoScore&, const AutoScore&) = default;
};

// What `auto` did for a role.
struct AutoReport {
  std::string role;          // "input", "output", "both": one matrix
  std::uint64_t tokens = 0;  // hidden; 0: too few could be, and the usual method was taken
  std::string chosen;
  std::string otherwise;  // what it was compared with: the usual method, or the next best
  double lead = 0;        // by how much less it leaves, and the standard error of that
  double lead_error = 0;
  std::vector<AutoScore> scores = {};
  friend bool operator==(const AutoReport&, const AutoReport&) = default;
};

struct InitReport {
  std::map<std::string, std::uint64_t> rows;         // input rows by origin
  std::map<std::string, std::uint64_t> output_rows;  // the same of an output matrix of its own
  std::string method;                                // as asked for: "auto (mean)"
  std::string input;                                 // method of the input rows
  std::string output;  // method of the output rows; "" where the model has none
  bool tied = false;   // after
  std::uint64_t old_rows = 0;
  std::uint64_t new_rows = 0;
  std::map<std::string, NormReport> norms;   // by tensor
  std::uint64_t written_bytes = 0;           // of files with changed content
  std::uint64_t copied_bytes = 0;            // of files taken over unchanged
  std::map<std::string, std::string> files;  // name -> "written", "reflinked", "copied", "linked"
  std::vector<std::string> left_out;  // files of the model that are not in the output, and why
  std::vector<AutoReport> automatic;  // of roles whose method was auto and was chosen by a trial
  std::vector<std::string> notes;     // what the methods found out
  std::vector<std::string> warnings;
  double seconds = 0;

  std::string ToJson() const;
  std::string DebugString() const;  // a few lines for people
  friend bool operator==(const InitReport&, const InitReport&) = default;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_REPORT_H_
