// A directory that appears whole or not at all: made under a temporary name beside its own, synced,
// renamed. Destroyed without Commit it leaves nothing; a killed process leaves OUT.tmp-XXXXXX,
// never OUT.
#ifndef TOKGRAFT_TOKENIZER_BASE_STAGED_DIRECTORY_H_
#define TOKGRAFT_TOKENIZER_BASE_STAGED_DIRECTORY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

// A directory that is about to be written, and what it must keep off.
struct OutputPlace {
  std::string out;
  bool force = false;
  // With force: only a directory with this file in it is replaced, and none that has the other.
  std::string_view mark;
  std::string_view but_not = {};
  std::string model_dir = {};            // `out` is not in it; "": no such directory
  std::vector<std::string> inputs = {};  // nothing of these is in `out`
};

// FailedPrecondition: it exists and is not to be replaced. InvalidArgument: it is an input, around
// one, or inside the model's directory.
Status CheckOutput(const OutputPlace& place);

class StagedDirectory {
 public:
  static StatusOr<StagedDirectory> Create(const std::string& out, bool force);
  StagedDirectory(StagedDirectory&& other) noexcept;
  StagedDirectory& operator=(StagedDirectory&&) = delete;
  StagedDirectory(const StagedDirectory&) = delete;
  StagedDirectory& operator=(const StagedDirectory&) = delete;
  ~StagedDirectory();

  const std::string& path() const { return temporary_; }  // where to write
  // Makes the directories above a file of this name.
  Status MakeParents(const std::string& name) const;
  // FailedPrecondition: fewer than `bytes` are free where the directory will be.
  Status CheckSpace(std::uint64_t bytes) const;
  Status Commit();

 private:
  StagedDirectory() = default;
  std::string out_;
  std::string temporary_;
  bool force_ = false;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_BASE_STAGED_DIRECTORY_H_
