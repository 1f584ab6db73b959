// Manifest: tokgraft.json, which lets anyone trace a checkpoint back and check it.
//
// It holds the versions, the command, the seed, the SHA-256 of every file that went in and came
// out, and for each row of each matrix where it came from: copied from which old row, or made by
// which method from which pieces with which weights. Runs of copied rows are one entry. Rows that
// are no sum of old rows (learnt by a method, or given by the caller) are named, and the bytes of
// all of them in one tensor, in order, have one SHA-256. Where the
// rows need much room they stand in a file of their own, tokgraft_rows.json, which the manifest
// hashes. The JSON Schema is ManifestSchema(), also installed as
// share/tokgraft/manifest.schema.json.
//
//   StatusOr<Manifest> manifest = LoadManifest("out");
//   manifest->outputs[0].sha256;
//   StatusOr<VerifyReport> verified = Verify("out");
//   for (const std::string& problem : verified->problems) std::cout << problem << "\n";
//
// No time and no host stands in it: the same run gives the same manifest.
#ifndef TOKGRAFT_EMBED_INIT_MANIFEST_H_
#define TOKGRAFT_EMBED_INIT_MANIFEST_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "embed_init/init.h"
#include "embed_init/init_plan.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct ManifestFile {
  std::string path;  // inputs: as given; outputs: relative to the directory
  std::uint64_t size_bytes = 0;
  std::string sha256;  // hex
  std::string how;     // outputs: "written", "reflinked", "copied", "linked"; inputs: ""
  friend bool operator==(const ManifestFile&, const ManifestFile&) = default;
};

struct Manifest {
  std::string tokgraft_version;
  std::string command;
  std::string model_directory;  // as given (or a GGUF file); where Verify looks for the source
  // The directory that relative paths of the input start from, as seen from the output, so that
  // they are found from anywhere; "" where none is relative.
  std::string relative_to;
  std::vector<ManifestFile> inputs;
  std::vector<ManifestFile> outputs;
  std::string embedding;  // names of the tensors with rows, in the output
  std::string head;       // "": none stored
  std::vector<std::string> head_biases;
  std::string source_head;                          // the tensor that the head's old rows stand in
  std::map<std::string, std::string> dense_sha256;  // by tensor: of its rows with a dense part
  InitPlan plan;  // old_to_new, notes, warnings and the values of dense rows are not kept

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// Reads DIRECTORY/tokgraft.json and the file of rows. NotFound: there is none; InvalidArgument:
// malformed, a row without or with two origins; DataLoss: the file of rows has another hash.
StatusOr<Manifest> LoadManifest(const std::string& directory);

// Where an input that the manifest records is: as seen from the output, or else as it was given.
std::string PathOfInput(const Manifest& manifest, const std::string& directory,
                        const std::string& recorded);

// The JSON Schema (draft 2020-12) of tokgraft.json.
std::string_view ManifestSchema();

struct VerifyOptions {
  std::string model_dir = {};  // "": where the manifest says. Given, it must be the source model
  int threads = 0;             // 0: all cores
  Progress progress = {};
};

struct VerifyReport {
  std::vector<std::string> problems;  // what does not hold, one sentence each
  std::vector<std::string> checked;   // what was checked and holds
  std::vector<std::string> notes;     // what could not be checked, and why
  std::string not_compared;           // what a missing source model leaves open; "": nothing
  bool complete() const { return not_compared.empty(); }
  bool ok() const { return problems.empty(); }
  std::string ToJson() const;
  std::string DebugString() const;
  friend bool operator==(const VerifyReport&, const VerifyReport&) = default;
};

// Recomputes all that the manifest of `directory` claims: the hash of every file, every row from
// the source model (where it is gone: from the copied rows, as far as they reach; rows with a dense
// part against their hash), every other
// tensor bit by bit, and that tokenizer, rows and config agree. Problems are in the report; an
// error means that there was nothing to check.
StatusOr<VerifyReport> Verify(const std::string& directory, const VerifyOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_MANIFEST_H_
