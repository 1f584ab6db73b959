#include "embed_init/weights/opened_rows.h"

#include <string>

namespace tokgraft {

StatusOr<OpenedRows> OpenRows(const Checkpoint& checkpoint, const RowTensor& tensor) {
  const TensorInfo* info = checkpoint.Find(tensor.tensor);
  if (info == nullptr) {
    return InternalError(Cat(checkpoint.directory, ": ", tensor.tensor, ": is not there"));
  }
  const std::string path = Cat(checkpoint.directory, "/", info->file);
  OpenedRows opened;
  TOKGRAFT_ASSIGN_OR_RETURN(opened.file, MappedFile::Open(path));
  if (opened.file.bytes().size() < info->end) {
    return DataLossError(Cat(path, ": is shorter than when it was opened; start again"));
  }
  opened.view = {.data = opened.file.bytes().data() + info->begin,
                 .dtype = tensor.dtype,
                 .rows = tensor.rows,
                 .columns = tensor.columns};
  return opened;
}

}  // namespace tokgraft
