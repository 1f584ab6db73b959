#include "embed_init/verification/tensors.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "embed_init/kernels/rows.h"
#include "embed_init/output/changed_tensors.h"
#include "embed_init/output/file_io.h"
#include "embed_init/output/sha256.h"
#include "tokenizer/base/mapped_file.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

constexpr std::size_t kCheckBlockBytes = std::size_t{8} << 20;
constexpr std::size_t kRowsNamed = 3;  // of wrong rows, in a message

StatusOr<MappedFile> MapTensor(const Checkpoint& checkpoint, const TensorInfo& tensor) {
  const std::string path = Cat(checkpoint.directory, "/", tensor.file);
  TOKGRAFT_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  if (file.bytes().size() >= tensor.end) return file;
  return DataLossError(Cat(path, ": is shorter than when it was opened; start again"));
}

MatrixView ViewOf(const MappedFile& file, const TensorInfo& tensor, const RowTensor& rows) {
  return {.data = file.bytes().data() + tensor.begin,
          .dtype = tensor.dtype,
          .rows = rows.rows,
          .columns = rows.columns};
}

// True where every old row that the row is made of can be had.
bool CanMake(const Composition& c, std::uint64_t row, bool has_mean) {
  const RolePlan& role = *c.role;
  if (role.dense.Find(row)) return false;  // it has a hash
  for (auto i = static_cast<std::size_t>(role.splits[row]); i < role.splits[row + 1]; ++i) {
    if (role.sources[i] == c.plan->old_rows ? !has_mean : !c.old.has(role.sources[i])) return false;
  }
  return role.noise == 0 || has_mean;
}

struct RowCheck {
  std::uint64_t checked = 0;
  std::vector<std::uint64_t> wrong;
};

// Makes rows again and compares them with those at `made`, which are rows [0, new_rows).
RowCheck CompareRows(const Composition& composition, const char* made, bool has_mean, int threads) {
  RowCheck result;
  const std::size_t row_bytes = composition.old.row_bytes();
  const std::uint64_t rows = composition.role->rows();
  const std::uint64_t block_rows = std::max<std::uint64_t>(1, kCheckBlockBytes / row_bytes);
  std::string block;
  for (std::uint64_t begin = 0; begin < rows; begin += block_rows) {
    const std::uint64_t end = std::min(rows, begin + block_rows);
    // Runs of rows that can be made, so that the rest is not touched.
    for (std::uint64_t first = begin; first < end;) {
      if (!CanMake(composition, first, has_mean)) {
        ++first;
        continue;
      }
      std::uint64_t last = first + 1;
      while (last < end && CanMake(composition, last, has_mean)) ++last;
      block.resize(static_cast<std::size_t>(last - first) * row_bytes);
      ComposeRows(composition, first, last, block.data(), threads);
      for (std::uint64_t row = first; row < last; ++row) {
        const bool same = std::memcmp(block.data() + (row - first) * row_bytes,
                                      made + row * row_bytes, row_bytes) == 0;
        if (!same) result.wrong.push_back(row);
      }
      result.checked += last - first;
      first = last;
    }
  }
  return result;
}

// `dense`: how many have a hash instead.
void ReportRows(const std::string& tensor, const RowCheck& check, std::uint64_t rows,
                std::uint64_t dense, VerifyReport* report) {
  if (!check.wrong.empty()) {
    std::string names;
    for (std::size_t i = 0; i < std::min(kRowsNamed, check.wrong.size()); ++i) {
      names += Cat(i == 0 ? "" : ", ", check.wrong[i]);
    }
    if (check.wrong.size() > kRowsNamed) names += ", ...";
    report->problems.push_back(Cat(tensor, ": ", check.wrong.size(),
                                   " rows are not what the manifest says they are made of (rows ",
                                   names, ")"));
  } else if (check.checked > 0) {
    report->checked.push_back(Cat(tensor, ": ", check.checked, " rows made again, bit by bit"));
  }
  if (check.checked + dense < rows) {
    report->notes.push_back(Cat(tensor, ": ", rows - dense - check.checked,
                                " rows could not be made again without the source model"));
  }
}

// Rows that are numbers of their own, at `made` like the others: only a hash tells what they were.
void CheckDenseRows(const std::string& tensor, const RolePlan& role, const char* made,
                    std::size_t row_bytes, const Manifest& manifest, VerifyReport* report) {
  if (role.dense.rows.empty()) return;
  Sha256 hash;
  for (const std::uint32_t row : role.dense.rows) {
    hash.Update(std::string_view(made + row * row_bytes, row_bytes));
  }
  const auto known = manifest.dense_sha256.find(tensor);
  const std::string what =
      Cat(tensor, ": ", role.dense.rows.size(), " rows that ", MethodName(role.method), " made");
  if (known == manifest.dense_sha256.end()) {
    report->problems.push_back(Cat(what, " have no SHA-256 in the manifest, one was expected"));
  } else if (hash.Hex() != known->second) {
    report->problems.push_back(Cat(what, " are not those that were written (rows ",
                                   role.dense.rows.front(), " to ", role.dense.rows.back(),
                                   "): their SHA-256 is another"));
  } else {
    report->checked.push_back(Cat(what, " have the SHA-256 they had"));
  }
}

// False (and a problem) where the output lacks the tensor or holds it in another shape.
bool HasShape(const Checkpoint& output, const ChangedTensor& changed, std::uint64_t rows,
              VerifyReport* report) {
  const TensorInfo* tensor = output.Find(changed.tensor.tensor);
  std::vector<std::uint64_t> shape = {rows};
  if (changed.tensor.columns != 1 || (tensor != nullptr && tensor->shape.size() == 2)) {
    shape.push_back(changed.tensor.columns);
  }
  if (tensor != nullptr && tensor->shape == shape && tensor->dtype == changed.tensor.dtype) {
    return true;
  }
  report->problems.push_back(Cat(changed.tensor.tensor, ": is ",
                                 tensor == nullptr ? "missing" : "of another shape or type", ", ",
                                 rows, " rows were expected"));
  return false;
}

// A vector or a matrix of that many rows, none of them empty.
bool HasRows(const TensorInfo& tensor, std::uint64_t rows) {
  const std::size_t dimensions = tensor.shape.size();
  return (dimensions == 1 || dimensions == 2) && tensor.shape[0] == rows &&
         tensor.shape.back() > 0 && CanCompute(tensor.dtype);
}

StatusOr<bool> SameBytes(const Checkpoint& a, const TensorInfo& in_a, const Checkpoint& b,
                         const TensorInfo& in_b) {
  TOKGRAFT_ASSIGN_OR_RETURN(InputFile file_a, InputFile::Open(Cat(a.directory, "/", in_a.file)));
  TOKGRAFT_ASSIGN_OR_RETURN(InputFile file_b, InputFile::Open(Cat(b.directory, "/", in_b.file)));
  bool same = true;
  std::uint64_t position = in_b.begin;
  std::string other;
  TOKGRAFT_RETURN_IF_ERROR(
      file_a.ForEachBlock(in_a.begin, in_a.end, [&](std::string_view block) -> Status {
        other.clear();
        TOKGRAFT_RETURN_IF_ERROR(
            file_b.ForEachBlock(position, position + block.size(), [&](std::string_view part) {
              other += part;
              return absl::OkStatus();
            }));
        position += block.size();
        same = same && other == block;
        return absl::OkStatus();
      }));
  return same;
}

}  // namespace

Status CheckRowsFromSource(const Checkpoint& source, const Checkpoint& output,
                           const Manifest& manifest, int threads, VerifyReport* report) {
  const InitPlan& plan = manifest.plan;
  for (const ChangedTensor& changed : ChangedTensors(source, plan)) {
    if (!HasShape(output, changed, plan.new_rows, report)) continue;
    const TensorInfo& old = *source.Find(changed.source);
    const TensorInfo& made = *output.Find(changed.tensor.tensor);
    TOKGRAFT_ASSIGN_OR_RETURN(MappedFile old_file, MapTensor(source, old));
    TOKGRAFT_ASSIGN_OR_RETURN(MappedFile made_file, MapTensor(output, made));
    Composition composition{.plan = &plan, .role = &PlanOf(plan, changed)};
    composition.old = ViewOf(old_file, old, changed.tensor);
    const std::vector<double> mean = MeanOfRows(composition.old, plan.old_tokens, threads);
    composition.mean = mean;
    const char* rows = made_file.bytes().data() + made.begin;
    const RowCheck check = CompareRows(composition, rows, true, threads);
    ReportRows(changed.tensor.tensor, check, plan.new_rows, composition.role->dense.rows.size(),
               report);
    CheckDenseRows(changed.tensor.tensor, *composition.role, rows, composition.old.row_bytes(),
                   manifest, report);
  }
  return absl::OkStatus();
}

Status CheckRowsFromOutput(const Checkpoint& output, const Manifest& manifest, int threads,
                           VerifyReport* report) {
  const InitPlan& plan = manifest.plan;
  std::vector<std::string> tensors = manifest.head_biases;
  if (!manifest.head.empty()) tensors.insert(tensors.begin(), manifest.head);
  tensors.insert(tensors.begin(), manifest.embedding);
  for (const std::string& name : tensors) {
    const TensorInfo* tensor = output.Find(name);
    if (tensor == nullptr || !HasRows(*tensor, plan.new_rows)) {
      report->problems.push_back(Cat(name, ": is missing or has not ", plan.new_rows, " rows"));
      continue;
    }
    const bool is_bias = name != manifest.embedding && name != manifest.head;
    const RolePlan& role = is_bias && plan.bias                         ? *plan.bias
                           : name == manifest.embedding || !plan.output ? plan.input
                                                                        : *plan.output;
    std::vector<std::uint32_t> positions(static_cast<std::size_t>(plan.old_rows),
                                         MatrixView::kNoRow);
    for (std::size_t row = 0; row < role.rows(); ++row) {
      if (role.origins[row] == RowOrigin::kCopied) {
        positions[role.sources[role.splits[row]]] = static_cast<std::uint32_t>(row);
      }
    }
    TOKGRAFT_ASSIGN_OR_RETURN(MappedFile file, MapTensor(output, *tensor));
    const RowTensor rows{name, tensor->dtype, plan.new_rows,
                         tensor->shape.size() == 2 ? tensor->shape[1] : 1};
    Composition composition{.plan = &plan, .role = &role, .old = ViewOf(file, *tensor, rows)};
    composition.old.positions = positions;
    const bool has_mean = std::none_of(
        positions.begin(), positions.begin() + static_cast<std::ptrdiff_t>(plan.old_tokens),
        [](std::uint32_t position) { return position == MatrixView::kNoRow; });
    std::vector<double> mean;
    if (has_mean) mean = MeanOfRows(composition.old, plan.old_tokens, threads);
    composition.mean = mean;
    RowCheck check =
        CompareRows(composition, file.bytes().data() + tensor->begin, has_mean, threads);
    ReportRows(name, check, plan.new_rows, role.dense.rows.size(), report);
    CheckDenseRows(name, role, file.bytes().data() + tensor->begin, composition.old.row_bytes(),
                   manifest, report);
  }
  const auto others = static_cast<std::uint64_t>(
      std::count_if(output.tensors.begin(), output.tensors.end(), [&](const TensorInfo& tensor) {
        return std::find(tensors.begin(), tensors.end(), tensor.name) == tensors.end();
      }));
  report->not_compared =
      Cat("copied rows and ", Counted(others, "other tensor"), " were not compared");
  return absl::OkStatus();
}

Status CheckOtherTensors(const Checkpoint& source, const Checkpoint& output, const InitPlan& plan,
                         VerifyReport* report) {
  const std::vector<ChangedTensor> changed = ChangedTensors(source, plan);
  const auto is_changed = [&](const std::string& name) {
    return std::any_of(changed.begin(), changed.end(),
                       [&](const ChangedTensor& tensor) { return tensor.tensor.tensor == name; });
  };
  std::uint64_t same = 0;
  for (const TensorInfo& tensor : source.tensors) {
    if (is_changed(tensor.name)) continue;
    const TensorInfo* copy = output.Find(tensor.name);
    if (copy == nullptr || copy->dtype != tensor.dtype || copy->shape != tensor.shape) {
      report->problems.push_back(Cat(tensor.name, ": is missing or has another shape or type"));
      continue;
    }
    TOKGRAFT_ASSIGN_OR_RETURN(bool equal, SameBytes(source, tensor, output, *copy));
    if (equal) {
      ++same;
    } else {
      report->problems.push_back(Cat(tensor.name,
                                     ": differs from the source model, the same bytes "
                                     "were expected"));
    }
  }
  for (const TensorInfo& tensor : output.tensors) {
    if (!is_changed(tensor.name) && source.Find(tensor.name) == nullptr) {
      report->problems.push_back(Cat(tensor.name, ": is not in the source model"));
    }
  }
  report->checked.push_back(Cat(same, " other tensors are the source's, bit by bit"));
  return absl::OkStatus();
}

}  // namespace tokgraft
