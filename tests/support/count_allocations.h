// Counts calls of operator new. A program that links count_allocations.cpp has its own operator new; sanitizers replace
// it too, so such programs are not built for them.
#pragma once

#include <functional>

namespace srwm::test {

/// How often operator new is called, by any thread, while `work` runs.
long allocations_during(const std::function<void()>& work);

}  // namespace srwm::test
