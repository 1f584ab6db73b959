// The numbers of single methods, by name: SetMethodSetting of init_plan.h.
#include <cmath>
#include <cstdlib>
#include <string>

#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

Status Refuse(std::string_view name, std::string_view value, std::string_view expected) {
  return InvalidArgumentError(
      Cat("setting: ", name, ": is \"", value, "\", ", expected, " was expected"));
}

// A number in [least, most].
Status SetNumber(std::string_view name, std::string_view value, double least, double most,
                 double* to) {
  const std::string text(value);
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(number >= least && number <= most)) {
    return Refuse(name, value, Cat("a number from ", least, " to ", most));
  }
  *to = number;
  return absl::OkStatus();
}

Status SetCount(std::string_view name, std::string_view value, double least, std::uint64_t* to,
                double most = 1e9) {
  double number = 0;
  TOKGRAFT_RETURN_IF_ERROR(SetNumber(name, value, least, most, &number));
  if (number != std::floor(number)) return Refuse(name, value, "a whole number");
  *to = static_cast<std::uint64_t>(number);
  return absl::OkStatus();
}

Status SetFlag(std::string_view name, std::string_view value, bool* to) {
  const bool yes = value == "true" || value == "1";
  if (!yes && value != "false" && value != "0") return Refuse(name, value, "true or false");
  *to = yes;
  return absl::OkStatus();
}

}  // namespace

Status SetMethodSetting(std::string_view name, std::string_view value, MethodSettings* settings) {
  if (name == "omp_k") return SetCount(name, value, 1, &settings->omp_k);
  if (name == "omp_centre") return SetFlag(name, value, &settings->omp_centre);
  if (name == "omp_unit") return SetFlag(name, value, &settings->omp_unit);
  if (name == "omp_ridge") return SetNumber(name, value, 0, 1e6, &settings->omp_ridge);
  if (name == "min_anchors") return SetCount(name, value, 1, &settings->min_anchors);
  if (name == "knn_k") return SetCount(name, value, 1, &settings->knn_k);
  if (name == "knn_temperature") {
    return SetNumber(name, value, 1e-3, 1e3, &settings->knn_temperature);
  }
  if (name == "knn_sparsemax") return SetFlag(name, value, &settings->knn_sparsemax);
  if (name == "wechsel_k") return SetCount(name, value, 1, &settings->wechsel_k);
  if (name == "wechsel_temperature") {
    return SetNumber(name, value, 1e-3, 1e3, &settings->wechsel_temperature);
  }
  if (name == "translate_min_count") {
    return SetNumber(name, value, 0, 1e9, &settings->translate_min_count);
  }
  if (name == "clp_clip") return SetFlag(name, value, &settings->clp_clip);
  if (name == "tokenadapt_global") {
    return SetNumber(name, value, 0, 1, &settings->tokenadapt_global);
  }
  if (name == "tokenadapt_temperature") {
    return SetNumber(name, value, 1e-3, 1e3, &settings->tokenadapt_temperature);
  }
  if (name == "tokenadapt_k") return SetCount(name, value, 1, &settings->tokenadapt_k);
  if (name == "tokalign_pivots") return SetCount(name, value, 10, &settings->tokalign_pivots);
  if (name == "vector_size") return SetCount(name, value, 1, &settings->vector_size, 4096);
  if (name == "vector_epochs") return SetCount(name, value, 1, &settings->vector_epochs, 1000);
  if (name == "vector_min_count") return SetCount(name, value, 1, &settings->vector_min_count);
  if (name != "map") {
    return InvalidArgumentError(
        Cat("setting: \"", name, "\" is not known; choose one of omp_k, omp_centre, omp_unit, ",
            "omp_ridge, min_anchors, map, knn_k, knn_temperature, knn_sparsemax, wechsel_k, ",
            "wechsel_temperature, translate_min_count, clp_clip, tokenadapt_global, ",
            "tokenadapt_temperature, tokenadapt_k, tokalign_pivots, vector_size, vector_epochs, ",
            "vector_min_count"));
  }
  if (value == "ridge") {
    settings->map = MapKind::kRidge;
  } else if (value == "procrustes") {
    settings->map = MapKind::kProcrustes;
  } else if (value == "cca") {
    settings->map = MapKind::kCca;
  } else {
    return Refuse(name, value, "ridge, procrustes or cca");
  }
  return absl::OkStatus();
}

}  // namespace tokgraft
