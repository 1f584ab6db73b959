// What every command of the program shares: errors, JSON or text on stdout, progress on stderr.
//
//   int status = Finish(Load(path).status());      // prints "tokgraft: error: ..." and gives 1
//   ProgressBar progress(options.progress);        // a bar, JSON lines, or nothing
//   progress.Update("encode", 0.4);
#ifndef TOKGRAFT_TOKENIZER_CLI_CONSOLE_H_
#define TOKGRAFT_TOKENIZER_CLI_CONSOLE_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

enum ExitStatus { kExitOk = 0, kExitFailed = 1, kExitUsage = 2, kExitFindings = 3 };

// Prints the error, one line on stderr; returns the exit status for it.
int Finish(const Status& status);

// Prints one line on stderr: something that the user should know, though the command goes on.
void Warn(std::string_view text);

// Writes data to stdout (with a newline at the end if it has none). Returns the exit status: a
// closed pipe or full disk is a failure.
int Print(std::string_view text);

// Progress of a long step, on stderr. `mode`: "auto" (a bar on a terminal, else nothing), "json"
// (one object a line: {"stage": ..., "fraction": ...}), "none". Not thread-safe. The seconds of a
// bar go on by themselves, and what is printed ends its line; one bar at a time.
class ProgressBar {
 public:
  explicit ProgressBar(std::string_view mode);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  // `fraction` in [0, 1], 0 where it is not known; a new stage ends the line of the old one.
  void Update(std::string_view stage, double fraction);
  // What comes next on the terminal starts a line.
  void EndLine();

 private:
  void Draw();  // with mutex_
  void Tick(const std::stop_token& stop);
  enum class Mode { kNone, kBar, kJson };
  Mode mode_;
  std::string stage_;
  double shown_ = -1;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point last_;
  bool open_ = false;  // a line without its end
  std::mutex mutex_;   // of all above, in a bar
  std::condition_variable_any stopped_;
  std::jthread ticker_;
};

// "NAME=PATH" arguments: the name defaults to the file's stem. InvalidArgument where two agree.
StatusOr<std::vector<std::pair<std::string, std::string>>> ParseNamedPaths(
    const std::vector<std::string>& arguments);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_CLI_CONSOLE_H_
