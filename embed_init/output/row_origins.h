// The origin of every row as JSON, one run or row a line, and back.
#ifndef TOKGRAFT_EMBED_INIT_OUTPUT_ROW_ORIGINS_H_
#define TOKGRAFT_EMBED_INIT_OUTPUT_ROW_ORIGINS_H_

#include <string>
#include <string_view>

#include "embed_init/init_plan.h"
#include "tokenizer/status.h"

namespace tokgraft {

// {"input": [...], "output": [...] | null, "bias": [...]}, the last where the plan has one, as
// manifest.schema.json says under "rows".
std::string RowOriginsToJson(const InitPlan& plan);

// Fills input and output of `plan`, whose other fields are set; `name` stands in messages.
// InvalidArgument: a row without an origin or with two, a source that does not exist.
Status ParseRowOrigins(std::string_view json, const std::string& name, InitPlan* plan);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_OUTPUT_ROW_ORIGINS_H_
