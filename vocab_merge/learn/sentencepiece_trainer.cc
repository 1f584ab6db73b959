#include "vocab_merge/learn/sentencepiece_trainer.h"

#include <fcntl.h>
#include <poll.h>
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

// Appends what there is to read; false at the end.
bool ReadSome(int from, std::string* out) {
  char buffer[1 << 16];
  const ssize_t got = read(from, buffer, sizeof buffer);
  if (got > 0) out->append(buffer, static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && errno == EINTR);
}

void TellLines(std::string* text, const std::function<void(std::string_view line)>& log) {
  std::size_t begin = 0;
  for (std::size_t end = text->find('\n'); end != text->npos; end = text->find('\n', begin)) {
    if (log) log(std::string_view(*text).substr(begin, end - begin));
    begin = end + 1;
  }
  text->erase(0, begin);
}

// Reads both pipes to their ends; returns the answer.
std::string Listen(int answer, int words, const std::function<void(std::string_view line)>& log) {
  std::string out;
  std::string said;
  pollfd ends[2] = {{answer, POLLIN, 0}, {words, POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {  // poll passes over a negative one
    if (poll(ends, 2, -1) < 0) {
      if (errno == EINTR) continue;  // what the two have to say is not known then
      break;
    }
    if (ends[0].revents != 0 && !ReadSome(answer, &out)) ends[0].fd = -1;
    if (ends[1].revents != 0 && !ReadSome(words, &said)) ends[1].fd = -1;
    TellLines(&said, log);
  }
  return out;
}

// In the child. Whatever ends it, nothing of the parent's is flushed or destroyed.
[[noreturn]] void TrainAndLeave(const std::unordered_map<std::string, std::string>& settings,
                                const std::vector<std::string>& sentences, int to, int words) {
  std::atexit([] { _exit(1); });
  dup2(words, STDERR_FILENO);
  Sentences all(sentences);
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(settings, &all, &model);
  WriteAll(to, status.ok() ? kTrained + model : kRefused + std::string(status.message()));
  _exit(0);
}

}  // namespace

TrainedModel TrainSentencePiece(const std::unordered_map<std::string, std::string>& settings,
                                const std::vector<std::string>& sentences,
                                const std::function<void(std::string_view line)>& log) {
  TrainedModel out;
  int answer[2];
  int words[2];
  if (pipe2(answer, O_CLOEXEC) != 0) {
    out.error = std::string("no pipe to it: ") + std::strerror(errno);
    return out;
  }
  if (pipe2(words, O_CLOEXEC) != 0) {
    out.error = std::string("no pipe to it: ") + std::strerror(errno);
    close(answer[0]);
    close(answer[1]);
    return out;
  }
  const pid_t child = fork();
  if (child == 0) TrainAndLeave(settings, sentences, answer[1], words[1]);
  const int failure = errno;
  close(answer[1]);
  close(words[1]);
  const std::string told = child > 0 ? Listen(answer[0], words[0], log) : "";
  close(answer[0]);
  close(words[0]);
  if (child < 0) {
    out.error = std::string("no process for it: ") + std::strerror(failure);
    return out;
  }
  int ended = 0;
  while (waitpid(child, &ended, 0) < 0 && errno == EINTR) {
  }
  const bool whole = WIFEXITED(ended) && WEXITSTATUS(ended) == 0 && !told.empty();
  if (whole && told.front() == kTrained) {
    out.model = told.substr(1);
  } else if (whole) {
    out.error = told.substr(1);
    std::replace(out.error.begin(), out.error.end(), '\n', ' ');
  } else {
    out.error = "its trainer gave up";
  }
  return out;
}

}  // namespace tokgraft
