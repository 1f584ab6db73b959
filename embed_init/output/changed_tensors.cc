#include "embed_init/output/changed_tensors.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "embed_init/config/family.h"
#include "embed_init/kernels/rows.h"
#include "embed_init/output/sha256.h"
#include "embed_init/weights/weight_file.h"
#include "tokenizer/base/mapped_file.h"

namespace tokgraft {
namespace {

constexpr std::size_t kRowBlockBytes = std::size_t{16} << 20;

const ChangedTensor* FindChanged(const std::vector<ChangedTensor>& changed,
                                 const std::string& name) {
  const auto at = std::find_if(changed.begin(), changed.end(), [&](const ChangedTensor& tensor) {
    return tensor.tensor.tensor == name;
  });
  return at == changed.end() ? nullptr : &*at;
}

TensorInfo Resized(TensorInfo info, const InitPlan& plan) {
  info.shape[0] = plan.new_rows;
  return info;
}

// The tensors of the new file in order: as before, a new head after the embedding.
std::vector<TensorInfo> NewTensors(const std::vector<TensorInfo>& old, const InitPlan& plan,
                                   const std::vector<ChangedTensor>& changed,
                                   const std::string& file) {
  std::vector<TensorInfo> tensors;
  for (const TensorInfo& tensor : old) {
    const ChangedTensor* change = FindChanged(changed, tensor.name);
    tensors.push_back(change == nullptr ? tensor : Resized(tensor, plan));
    for (const ChangedTensor& added : changed) {
      if (!added.is_new || added.file != file || added.source != tensor.name) continue;
      TensorInfo info = Resized(tensor, plan);
      info.name = added.tensor.tensor;
      tensors.push_back(std::move(info));
    }
  }
  return tensors;
}

// The tensors of `file` as they are now, which must be what was opened.
StatusOr<WeightFile> SameFile(const Checkpoint& checkpoint, const std::string& file) {
  const std::string path = Cat(checkpoint.directory, "/", file);
  TOKGRAFT_ASSIGN_OR_RETURN(WeightFile weights, ReadWeightFile(path, file));
  std::size_t known = 0;
  for (const TensorInfo& tensor : checkpoint.tensors) known += tensor.file == file ? 1 : 0;
  bool same = known == weights.tensors.size();
  for (const TensorInfo& tensor : weights.tensors) {
    const TensorInfo* before = checkpoint.Find(tensor.name);
    same = same && before != nullptr && *before == tensor;
  }
  if (same) return weights;
  return DataLossError(Cat(path, ": is not the file that was opened; something else changes it"));
}

double RootMeanSquare(double sum, std::uint64_t count) {
  return count == 0 ? 0 : std::sqrt(sum / static_cast<double>(count));
}

// Writes the rows of one changed tensor, block by block.
class RowWriter {
 public:
  RowWriter(const Checkpoint& checkpoint, const InitPlan& plan, const RewriteOptions& options)
      : checkpoint_(checkpoint), plan_(plan), options_(options) {}

  Status Write(const ChangedTensor& changed, HashedFile* out, RewrittenFile* result) {
    const TensorInfo& source = *checkpoint_.Find(changed.source);
    const std::string path = Cat(checkpoint_.directory, "/", source.file);
    TOKGRAFT_ASSIGN_OR_RETURN(MappedFile mapped, MappedFile::Open(path));
    if (mapped.bytes().size() < source.end) {
      return DataLossError(Cat(path, ": is shorter than when it was opened; start again"));
    }
    Composition composition{.plan = &plan_, .role = &PlanOf(plan_, changed)};
    composition.old = {.data = mapped.bytes().data() + source.begin,
                       .dtype = changed.tensor.dtype,
                       .rows = changed.tensor.rows,
                       .columns = changed.tensor.columns};
    const std::vector<double> mean =
        MeanOfRows(composition.old, plan_.old_tokens, options_.threads);
    composition.mean = mean;
    NormReport& norms = result->norms[changed.tensor.tensor];
    double old_sum = 0;
    std::uint64_t old_count = 0;
    for (const double norm : SquaredNorms(composition.old, 0, plan_.old_tokens, options_.threads)) {
      if (!std::isfinite(norm)) continue;
      old_sum += norm;
      ++old_count;
    }
    norms.old_rows = RootMeanSquare(old_sum, old_count);
    Sha256 dense;
    TOKGRAFT_RETURN_IF_ERROR(WriteBlocks(composition, out, &dense, &norms, &result->not_finite));
    if (!composition.role->dense.rows.empty()) {
      result->dense_sha256[changed.tensor.tensor] = dense.Hex();
    }
    return absl::OkStatus();
  }

 private:
  Status WriteBlocks(const Composition& composition, HashedFile* out, Sha256* dense,
                     NormReport* norms, std::uint64_t* not_finite) {
    const std::size_t row_bytes = composition.old.row_bytes();
    const std::uint64_t block_rows = std::max<std::uint64_t>(1, kRowBlockBytes / row_bytes);
    std::string block;
    double new_sum = 0;
    std::uint64_t new_count = 0;
    for (std::uint64_t begin = 0; begin < plan_.new_rows; begin += block_rows) {
      const std::uint64_t end = std::min(plan_.new_rows, begin + block_rows);
      block.resize(static_cast<std::size_t>(end - begin) * row_bytes);
      ComposeRows(composition, begin, end, block.data(), options_.threads);
      TOKGRAFT_RETURN_IF_ERROR(out->Append(block));
      MatrixView view = composition.old;
      view.data = block.data();
      for (std::uint64_t row = begin; row < end; ++row) {
        if (composition.role->dense.Find(row)) {
          dense->Update(std::string_view(view.row(row - begin), row_bytes));
        }
        const RowOrigin origin = composition.role->origins[row];
        if (origin != RowOrigin::kMethod && origin != RowOrigin::kMeanOfPieces) continue;
        const double norm = SquaredNorms(view, row - begin, row - begin + 1, 1).front();
        if (!std::isfinite(norm)) {
          ++*not_finite;
          continue;
        }
        new_sum += norm;
        ++new_count;
      }
      if (options_.progress) {
        options_.progress(static_cast<double>(end) / static_cast<double>(plan_.new_rows));
      }
    }
    norms->new_rows = RootMeanSquare(new_sum, new_count);
    return absl::OkStatus();
  }

  const Checkpoint& checkpoint_;
  const InitPlan& plan_;
  const RewriteOptions& options_;
};

}  // namespace

const RolePlan& PlanOf(const InitPlan& plan, const ChangedTensor& changed) {
  if (changed.is_bias && plan.bias) return *plan.bias;
  return changed.is_input || !plan.output ? plan.input : *plan.output;
}

std::vector<ChangedTensor> ChangedTensors(const Checkpoint& checkpoint, const InitPlan& plan) {
  std::vector<ChangedTensor> changed;
  const auto add = [&](const RowTensor& tensor, const std::string& source, bool is_input,
                       bool is_new, bool is_bias = false) {
    changed.push_back({.tensor = tensor,
                       .source = source,
                       .is_input = is_input,
                       .is_bias = is_bias,
                       .is_new = is_new,
                       .file = checkpoint.Find(source)->file});
  };
  add(checkpoint.embedding, checkpoint.embedding.tensor, true, false);
  const bool is_input = !plan.output.has_value();
  if (checkpoint.head) {
    add(*checkpoint.head, checkpoint.head->tensor, is_input, false);
  } else if (plan.output) {
    RowTensor head = checkpoint.embedding;
    head.tensor = UntiedHeadName(checkpoint);
    add(head, checkpoint.embedding.tensor, false, true);
    // Where the head has a bias that was tied too (BERT, RoBERTa), it is stored on its own as well.
    if (head.tensor.ends_with("decoder.weight") && !checkpoint.head_biases.empty()) {
      RowTensor bias = checkpoint.head_biases.front();
      bias.tensor = head.tensor.substr(0, head.tensor.size() - 6) + "bias";
      if (checkpoint.Find(bias.tensor) == nullptr) {
        add(bias, checkpoint.head_biases.front().tensor, false, true, true);
      }
    }
  }
  for (const RowTensor& bias : checkpoint.head_biases) {
    add(bias, bias.tensor, is_input, false, true);
  }
  return changed;
}

std::uint64_t TotalTensorBytes(const Checkpoint& checkpoint, const InitPlan& plan,
                               const std::vector<ChangedTensor>& changed) {
  std::uint64_t total = 0;
  for (const TensorInfo& tensor : checkpoint.tensors) total += tensor.size_bytes();
  for (const ChangedTensor& change : changed) {
    const std::uint64_t row_bytes = BytesOf(change.tensor.dtype, change.tensor.columns);
    total += plan.new_rows * row_bytes;
    if (!change.is_new) total -= change.tensor.rows * row_bytes;
  }
  return total;
}

StatusOr<std::uint64_t> NewFileBytes(const Checkpoint& checkpoint, const InitPlan& plan,
                                     const std::vector<ChangedTensor>& changed,
                                     const std::string& file, const std::vector<GgufKey>& keys) {
  TOKGRAFT_ASSIGN_OR_RETURN(WeightFile weights, SameFile(checkpoint, file));
  std::vector<TensorInfo> tensors = NewTensors(weights.tensors, plan, changed, file);
  if (!keys.empty()) weights.keys = keys;
  const std::string text = BuildWeightHeader(weights, &tensors);
  return tensors.empty() ? text.size() : tensors.back().end;
}

StatusOr<RewrittenFile> RewriteFile(const Checkpoint& checkpoint, const InitPlan& plan,
                                    const std::vector<ChangedTensor>& changed,
                                    const std::string& file, const std::string& to,
                                    const RewriteOptions& options) {
  const std::string path = Cat(checkpoint.directory, "/", file);
  TOKGRAFT_ASSIGN_OR_RETURN(WeightFile weights, SameFile(checkpoint, file));
  std::vector<TensorInfo> tensors = NewTensors(weights.tensors, plan, changed, file);
  RewrittenFile result;
  TOKGRAFT_ASSIGN_OR_RETURN(result.source, HashFile(path));
  TOKGRAFT_ASSIGN_OR_RETURN(InputFile source, InputFile::Open(path));
  TOKGRAFT_ASSIGN_OR_RETURN(HashedFile out, HashedFile::Create(to));
  if (!options.keys.empty()) weights.keys = options.keys;
  const std::string header = BuildWeightHeader(weights, &tensors);
  TOKGRAFT_RETURN_IF_ERROR(out.Append(header));
  RowWriter rows(checkpoint, plan, options);
  std::uint64_t position = header.size();
  for (const TensorInfo& tensor : tensors) {
    // Tensors of GGUF are aligned.
    TOKGRAFT_RETURN_IF_ERROR(
        out.Append(std::string(static_cast<std::size_t>(tensor.begin - position), '\0')));
    position = tensor.end;
    if (const ChangedTensor* change = FindChanged(changed, tensor.name)) {
      TOKGRAFT_RETURN_IF_ERROR(rows.Write(*change, &out, &result));
      continue;
    }
    const TensorInfo& old = *checkpoint.Find(tensor.name);
    TOKGRAFT_RETURN_IF_ERROR(source.ForEachBlock(
        old.begin, old.end, [&](std::string_view block) { return out.Append(block); }));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(result.output, out.Close());
  return result;
}

}  // namespace tokgraft
