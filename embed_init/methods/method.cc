#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

struct MethodRow {
  Method method;
  std::string_view name;
};
constexpr MethodRow kMethods[] = {
    {Method::kAuto, "auto"},         {Method::kCopy, "copy"},   {Method::kMean, "mean"},
    {Method::kWeighted, "weighted"}, {Method::kFirst, "first"}, {Method::kAsymmetric, "asymmetric"},
    {Method::kGaussian, "gaussian"}, {Method::kGiven, "given"},
};

struct TieRow {
  TiePolicy policy;
  std::string_view name;
};
constexpr TieRow kTies[] = {
    {TiePolicy::kKeep, "keep"},
    {TiePolicy::kKeepInput, "keep-input"},
    {TiePolicy::kKeepOutput, "keep-output"},
    {TiePolicy::kUntie, "untie"},
};

}  // namespace

std::string_view MethodName(Method method) {
  for (const MethodRow& row : kMethods) {
    if (row.method == method) return row.name;
  }
  return "?";
}

StatusOr<Method> ParseMethod(std::string_view name) {
  std::string names;
  for (const MethodRow& row : kMethods) {
    if (row.name == name) return row.method;
    if (row.method != Method::kGiven) names += Cat(names.empty() ? "" : ", ", row.name);
  }
  return InvalidArgumentError(Cat("method: \"", name, "\" is not known; choose one of ", names));
}

std::string_view TiePolicyName(TiePolicy policy) {
  for (const TieRow& row : kTies) {
    if (row.policy == policy) return row.name;
  }
  return "?";
}

StatusOr<TiePolicy> ParseTiePolicy(std::string_view name) {
  std::string names;
  for (const TieRow& row : kTies) {
    if (row.name == name) return row.policy;
    names += Cat(names.empty() ? "" : ", ", row.name);
  }
  return InvalidArgumentError(Cat("tie: \"", name, "\" is not known; choose one of ", names));
}

Method ResolveMethod(Method method, Role role, bool two_matrices) {
  if (method == Method::kAuto) method = AutoMethod(two_matrices);
  return method == Method::kAsymmetric ? AsymmetricMethod(role) : method;
}

RowEntries MakeRow(Method method, const OldPieces& pieces, std::uint32_t mean_column) {
  switch (method) {
    case Method::kMean:
      return MeanRow(pieces);
    case Method::kWeighted:
      return WeightedRow(pieces);
    case Method::kFirst:
      return FirstRow(pieces);
    case Method::kGaussian:
      return GaussianRow(mean_column);
    case Method::kCopy:
    case Method::kAuto:
    case Method::kAsymmetric:
    case Method::kGiven:
      break;
  }
  return MeanOfAllRow(mean_column);
}

}  // namespace tokgraft
