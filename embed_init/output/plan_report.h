// The part of a report that a plan alone decides: what a dry run can tell.
#ifndef TOKGRAFT_EMBED_INIT_OUTPUT_PLAN_REPORT_H_
#define TOKGRAFT_EMBED_INIT_OUTPUT_PLAN_REPORT_H_

#include <cstdint>
#include <map>
#include <string>

#include "embed_init/checkpoint.h"
#include "embed_init/init_plan.h"
#include "embed_init/report.h"

namespace tokgraft {

// "49,152 copied, 8,000 mean, 48 padding": padding last.
std::string OriginsText(const std::map<std::string, std::uint64_t>& counts);

// One line: what auto chose, and by how much it was better.
std::string AutoText(const AutoReport& choice);

InitReport ReportOfPlan(const Checkpoint& checkpoint, const InitPlan& plan);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_OUTPUT_PLAN_REPORT_H_
