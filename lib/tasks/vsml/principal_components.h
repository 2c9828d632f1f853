// The directions in which a sequence of vectors varies most.
#pragma once

#include <vector>

namespace srwm {

struct PrincipalComponents {
  std::vector<std::vector<double>> scores;  ///< [vectors][components]
  std::vector<double> explained;            ///< share of the variance, component by component
};

/// Of n vectors whose inner products are given, row by row [n, n], the first `count` components: eigenvectors of the
/// products of the vectors less their mean, by orthogonal iteration. Zeros where nothing varies.
PrincipalComponents principal_components(std::vector<double> products, std::size_t n, std::size_t count);

}  // namespace srwm
