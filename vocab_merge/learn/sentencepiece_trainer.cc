#include "vocab_merge/learn/sentencepiece_trainer.h"

#include <fcntl.h>
#include <sentencepiece_trainer.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tokgraft {
namespace {

constexpr char kTrained = '+';
constexpr char kRefused = '-';

class Sentences : public sentencepiece::SentenceIterator {
 public:
  explicit Sentences(const std::vector<std::string>& all) : all_(all) {}
  bool done() const override { return at_ == all_.size(); }
  void Next() override { ++at_; }
  const std::string& value() const override { return all_[at_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::vector<std::string>& all_;
  std::size_t at_ = 0;
};

void WriteAll(int to, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t written = write(to, bytes.data() + at, bytes.size() - at);
    if (written > 0) at += static_cast<std::size_t>(written);
    if (written < 0 && errno != EINTR) return;
  }
}

std::string ReadAll(int from) {
  std::string out;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t got = read(from, buffer, sizeof buffer);
    if (got == 0 || (got < 0 && errno != EINTR)) return out;
    if (got > 0) out.append(buffer, static_cast<std::size_t>(got));
  }
}

// In the child. Whatever ends it, nothing of the parent's is flushed or destroyed.
[[noreturn]] void TrainAndLeave(const std::unordered_map<std::string, std::string>& settings,
                                const std::vector<std::string>& sentences, int to) {
  std::atexit([] { _exit(1); });
  const int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nothing >= 0) dup2(nothing, STDERR_FILENO);
  Sentences all(sentences);
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(settings, &all, &model);
  WriteAll(to, status.ok() ? kTrained + model : kRefused + std::string(status.message()));
  _exit(0);
}

}  // namespace

TrainedModel TrainSentencePiece(const std::unordered_map<std::string, std::string>& settings,
                                const std::vector<std::string>& sentences) {
  TrainedModel out;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    out.error = std::string("no pipe to it: ") + std::strerror(errno);
    return out;
  }
  const pid_t child = fork();
  if (child == 0) TrainAndLeave(settings, sentences, ends[1]);
  const int failure = errno;
  close(ends[1]);
  const std::string answer = child > 0 ? ReadAll(ends[0]) : "";
  close(ends[0]);
  if (child < 0) {
    out.error = std::string("no process for it: ") + std::strerror(failure);
    return out;
  }
  int ended = 0;
  while (waitpid(child, &ended, 0) < 0 && errno == EINTR) {
  }
  const bool whole = WIFEXITED(ended) && WEXITSTATUS(ended) == 0 && !answer.empty();
  if (whole && answer.front() == kTrained) {
    out.model = answer.substr(1);
  } else if (whole) {
    out.error = answer.substr(1);
    std::replace(out.error.begin(), out.error.end(), '\n', ' ');
  } else {
    out.error = "its trainer gave up";
  }
  return out;
}

}  // namespace tokgraft
