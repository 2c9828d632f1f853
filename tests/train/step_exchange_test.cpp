// What ranks have after an exchange is what one rank has.
#include "train/step_exchange.h"

#include <atomic>
#include <cstring>
#include <vector>

#include <catch2/catch.hpp>

#include "comm/thread_ranks.h"
#include "core/rng.h"
#include "ops/backend.h"
#include "train/gradient_tree.h"

using namespace srwm;

namespace {

std::vector<float> gradient_of(std::int64_t pass, std::int64_t count) {
  RandomSequence random(7, Stream::init, static_cast<std::uint32_t>(pass));
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

/// Two tensors of together `count` numbers.
void add_parameters(ParameterSet& set, std::int64_t count) {
  set.constant("first", {1}, 0);
  if (count > 1) set.constant("second", {count - 1}, 0);
}

void put_gradient(ParameterSet& set, const std::vector<float>& values) {
  const float* from = values.data();
  for (Parameter& p : set.parameters()) {
    std::copy_n(from, p.value.numel(), p.slot.grad.data<float>());
    from += p.value.numel();
  }
}

std::vector<float> gradient_in(const ParameterSet& set) {
  std::vector<float> values;
  for (const Parameter& p : set.parameters()) {
    values.insert(values.end(), p.slot.grad.data<float>(), p.slot.grad.data<float>() + p.value.numel());
  }
  return values;
}

std::vector<float> sum_on_one_rank(std::int64_t passes, std::int64_t count) {
  Context context(cpu_backend(), DType::f32, 1);
  ParameterSet set(context, 1);
  add_parameters(set, count);
  const GradientTree tree(context, set, passes);
  for (std::int64_t pass = 0; pass < passes; ++pass) {
    put_gradient(set, gradient_of(pass, count));
    tree.add(context, pass, passes);
  }
  return gradient_in(set);
}

/// Each pass leaves a record of its number.
int faults_on_ranks(int size, std::int64_t passes, std::int64_t count) {
  const std::vector<float> expected = sum_on_one_rank(passes, count);
  std::atomic<int> faults = 0;
  run_thread_ranks(size, [&](Ranks& ranks) {
    Context context(cpu_backend(), DType::f32, 1);
    ParameterSet set(context, 1);
    add_parameters(set, count);
    const GradientTree tree(context, set, passes);
    StepExchange exchange(context, set, passes, sizeof(std::int64_t), ranks);
    for (int step = 0; step < 2; ++step) {  // the second finds what the first has left
      for (std::int64_t pass = exchange.share().first; pass < exchange.share().last; ++pass) {
        const PassRange node = exchange.node_of(pass);
        put_gradient(set, gradient_of(pass, count));
        tree.add(context, pass - node.first, node.count());
        if (pass == node.last - 1) exchange.take_node(node);
        const std::int64_t number = 100 * step + pass;
        std::memcpy(exchange.record(pass).data(), &number, sizeof number);
      }
      exchange.run(StepNote::of(ranks.rank() == size - 1 ? "SIGUSR1" : "", ranks.rank()));
      faults += gradient_in(set) == expected ? 0 : 1;
      for (std::int64_t pass = 0; pass < passes; ++pass) {
        std::int64_t number = 0;
        std::memcpy(&number, exchange.record(pass).data(), sizeof number);
        faults += number == 100 * step + pass ? 0 : 1;
      }
      for (int rank = 0; rank < size; ++rank) {
        const StepNote& note = exchange.notes()[static_cast<std::size_t>(rank)];
        faults += note.seconds == rank && note.stop_reason() == (rank == size - 1 ? "SIGUSR1" : "") ? 0 : 1;
      }
    }
  });
  return faults;
}

}  // namespace

TEST_CASE("gradients and records of all passes reach all ranks with the bits of one", "[train][comm]") {
  const int size = GENERATE(2, 3, 5);
  for (const std::int64_t passes : {5, 6, 7, 8, 13}) {
    for (const std::int64_t count : {1, 3, 1000}) {  // fewer numbers than ranks: some own no slice
      CAPTURE(size, passes, count);
      CHECK(faults_on_ranks(size, passes, count) == 0);
    }
  }
}

TEST_CASE("a reason to stop that is too long is cut", "[train][comm]") {
  CHECK(StepNote::of(std::string(100, 'x'), 0).stop_reason() == std::string(31, 'x'));
}
