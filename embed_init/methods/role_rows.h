// The rows of one role, from a method to what a plan may hold: sound numbers, the norm that was
// asked for, and two roles made one.
#ifndef TOKGRAFT_EMBED_INIT_METHODS_ROLE_ROWS_H_
#define TOKGRAFT_EMBED_INIT_METHODS_ROLE_ROWS_H_

#include <span>

#include "embed_init/methods/method.h"

namespace tokgraft {

// By a resolved method, scaled as `norm` says. Where the input has numbers, a row that would hold
// an infinity or a NaN, or be zero though the method is not kZero, is the mean of all old rows
// instead. FailedPrecondition: the input lacks what the method or the norm needs.
StatusOr<MadeRows> MakeRoleRows(Method method, NormPolicy norm, const MethodInput& input);

// `rows` [tokens, columns] as they are.
MadeRows TakeGivenRows(std::span<const float> rows, std::size_t columns);

// The average of two.
MadeRows AverageOf(const MadeRows& a, const MadeRows& b);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHODS_ROLE_ROWS_H_
