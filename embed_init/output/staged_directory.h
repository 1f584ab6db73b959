// A directory that appears whole or not at all: made under a temporary name beside its own, synced,
// renamed. Destroyed without Commit it leaves nothing; a killed process leaves OUT.tmp-XXXXXX,
// never OUT.
#ifndef TOKGRAFT_EMBED_INIT_OUTPUT_STAGED_DIRECTORY_H_
#define TOKGRAFT_EMBED_INIT_OUTPUT_STAGED_DIRECTORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

// FailedPrecondition: `out` exists and `force` is false, or it is something that is not ours to
// replace (not a directory, or one without tokgraft.json). InvalidArgument: `out` is the model's
// directory, inside it or around it, or around another input.
Status CheckOutput(const std::string& out, bool force, const std::string& model_dir,
                   const std::vector<std::string>& other_inputs);

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

#endif  // TOKGRAFT_EMBED_INIT_OUTPUT_STAGED_DIRECTORY_H_
