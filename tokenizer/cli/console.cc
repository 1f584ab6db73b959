#include "tokenizer/cli/console.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace tokgraft {
namespace {

ProgressBar* open_bar = nullptr;

void EndProgressLine() {
  if (open_bar != nullptr) open_bar->EndLine();
}

std::string OnOneLine(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::replace(line.begin(), line.end(), '\0', ' ');
  return line;
}

}  // namespace

int Finish(const Status& status) {
  if (status.ok()) return kExitOk;
  EndProgressLine();
  std::fprintf(stderr, "tokgraft: error: %s\n", OnOneLine(Message(status)).c_str());
  return kExitFailed;
}

void Warn(std::string_view text) {
  EndProgressLine();
  std::fprintf(stderr, "tokgraft: warning: %s\n", OnOneLine(text).c_str());
}

int Print(std::string_view text) {
  EndProgressLine();
  bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (text.empty() || text.back() != '\n') written = written && std::fputc('\n', stdout) != EOF;
  if (written && std::fflush(stdout) == 0) return kExitOk;
  return Finish(InternalError("standard output: cannot be written; is the disk full?"));
}

ProgressBar::ProgressBar(std::string_view mode)
    : mode_(mode == "json"                                 ? Mode::kJson
            : mode == "none" || isatty(STDERR_FILENO) == 0 ? Mode::kNone
                                                           : Mode::kBar) {
  if (mode_ != Mode::kBar) return;
  open_bar = this;
  ticker_ = std::jthread([this](const std::stop_token& stop) { Tick(stop); });
}

ProgressBar::~ProgressBar() {
  if (mode_ != Mode::kBar) return;
  ticker_.request_stop();
  ticker_.join();
  EndLine();
  open_bar = nullptr;
}

void ProgressBar::Update(std::string_view stage, double fraction) {
  if (mode_ == Mode::kNone) return;
  const std::lock_guard lock(mutex_);
  fraction = std::clamp(fraction, 0.0, 1.0);
  const auto now = std::chrono::steady_clock::now();
  const bool new_stage = stage != stage_;
  if (!new_stage && fraction < 1 && now - last_ < std::chrono::milliseconds(100)) return;
  if (!new_stage && fraction == shown_) return;
  if (open_ && new_stage) {
    Draw();
    std::fputc('\n', stderr);
  }
  if (new_stage) started_ = now;
  stage_ = stage;
  shown_ = fraction;
  last_ = now;
  if (mode_ == Mode::kJson) {
    const nlohmann::ordered_json line = {{"stage", stage_}, {"fraction", fraction}};
    std::fprintf(stderr, "%s\n", line.dump().c_str());
    return;
  }
  open_ = true;
  Draw();
}

void ProgressBar::EndLine() {
  const std::lock_guard lock(mutex_);
  if (!open_) return;
  Draw();
  std::fputc('\n', stderr);
  open_ = false;
}

void ProgressBar::Draw() {
  constexpr std::size_t kWidth = 30;
  const auto filled = static_cast<std::size_t>(shown_ * kWidth);
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  if (shown_ > 0) {
    std::fprintf(stderr, "\r  %-28s [%s] %3.0f %%  %5.1f s", stage_.c_str(), bar.c_str(),
                 shown_ * 100, seconds);
  } else {
    std::fprintf(stderr, "\r  %-28s  %*s         %5.1f s", stage_.c_str(), static_cast<int>(kWidth),
                 "", seconds);
  }
  std::fflush(stderr);
}

void ProgressBar::Tick(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    stopped_.wait_for(lock, stop, std::chrono::milliseconds(500), [] { return false; });
    if (open_ && !stop.stop_requested()) Draw();
  }
}

StatusOr<std::vector<std::pair<std::string, std::string>>> ParseNamedPaths(
    const std::vector<std::string>& arguments) {
  std::vector<std::pair<std::string, std::string>> named;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    std::string name;
    std::string path = argument;
    if (equals != std::string::npos && equals > 0) {
      name = argument.substr(0, equals);
      path = argument.substr(equals + 1);
    } else {
      name = std::filesystem::path(argument).stem().string();
    }
    if (path.empty()) {
      return InvalidArgumentError(Cat("\"", argument, "\": names no file, NAME=PATH was expected"));
    }
    for (const auto& [other, unused] : named) {
      if (other == name) {
        return InvalidArgumentError(
            Cat(argument, ": the name \"", name, "\" is taken; write NAME=", path));
      }
    }
    named.emplace_back(std::move(name), std::move(path));
  }
  return named;
}

}  // namespace tokgraft
