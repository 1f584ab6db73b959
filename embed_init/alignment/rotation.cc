#include "embed_init/alignment/rotation.h"

#include <Eigen/Dense>

namespace tokgraft {
namespace {

template <typename T>
using Rows = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <typename T>
Eigen::Map<const Rows<T>> View(std::span<const T> values, std::size_t columns) {
  return {values.data(), static_cast<Eigen::Index>(values.size() / columns),
          static_cast<Eigen::Index>(columns)};
}

std::vector<float> ToVector(const Rows<float>& rows) {
  return {rows.data(), rows.data() + rows.size()};
}

}  // namespace

std::vector<double> FitRotation(std::span<const float> x, std::span<const float> y,
                                std::size_t columns) {
  const Eigen::MatrixXd products =
      View(x, columns).cast<double>().transpose() * View(y, columns).cast<double>();
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(products, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Rows<double> rotation = svd.matrixU() * svd.matrixV().transpose();
  return {rotation.data(), rotation.data() + rotation.size()};
}

std::vector<float> Rotate(std::span<const float> rows, std::span<const double> rotation,
                          std::size_t columns) {
  return ToVector(View(rows, columns) * View(rotation, columns).cast<float>());
}

std::vector<float> RotateBack(std::span<const float> rows, std::span<const double> rotation,
                              std::size_t columns) {
  return ToVector(View(rows, columns) * View(rotation, columns).transpose().cast<float>());
}

}  // namespace tokgraft
