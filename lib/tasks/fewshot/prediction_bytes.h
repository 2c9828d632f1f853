// Predictions on their way from one rank to another.
#pragma once

#include <span>

#include "comm/ranks.h"
#include "tasks/fewshot/predictor.h"

namespace srwm {

/// Appends a prediction to a message, which read_prediction takes from there on.
void append_prediction(const Prediction& prediction, Bytes& message);
Prediction read_prediction(std::span<const std::byte> message);

}  // namespace srwm
