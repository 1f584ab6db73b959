// The rows of a model's matrix, mapped.
#ifndef TOKGRAFT_EMBED_INIT_WEIGHTS_OPENED_ROWS_H_
#define TOKGRAFT_EMBED_INIT_WEIGHTS_OPENED_ROWS_H_

#include "embed_init/checkpoint.h"
#include "embed_init/kernels/rows.h"
#include "tokenizer/base/mapped_file.h"
#include "tokenizer/status.h"

namespace tokgraft {

// `view` looks into `file`, and is valid as long as it is.
struct OpenedRows {
  MappedFile file;
  MatrixView view;
};

// DataLoss: the file has changed since the checkpoint was opened.
StatusOr<OpenedRows> OpenRows(const Checkpoint& checkpoint, const RowTensor& tensor);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_WEIGHTS_OPENED_ROWS_H_
