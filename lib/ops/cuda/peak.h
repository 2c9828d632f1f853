// What cuBLAS does at best.
#pragma once

#include "ops/peak.h"

namespace srwm::cuda {

PeakBodies peak_bodies();

}  // namespace srwm::cuda
