#include "autograd/tape.h"

#include <vector>

#include <catch2/catch.hpp>

#include "ops/add.h"
#include "ops/relu.h"

using namespace srwm;

namespace {

Tensor vector_of(std::vector<double> values) {
  return Tensor::of<double>({static_cast<std::int64_t>(values.size())}, values);
}

std::vector<double> values_of(const Tensor& tensor) {
  const auto span = tensor.span<double>();
  return {span.begin(), span.end()};
}

struct Fixture {
  Context context{reference_backend(DType::f64), DType::f64, 1};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a variable used twice collects both gradients", "[tape]") {
  Tape tape(context);
  const Variable x = tape.leaf(vector_of({1, -2, 3})), c = vector_of({10, 10, 10});
  const Variable positive = tape.apply(Relu{}, {x})[0];
  const Variable sum = tape.apply(Add{}, {positive, x})[0];
  const Variable with_constant = tape.apply(Add{}, {sum, c})[0];
  CHECK(values_of(with_constant.value()) == std::vector<double>{12, 8, 16});
  tape.backward(std::array{with_constant}, std::array{vector_of({1, 10, 100})});
  CHECK(values_of(x.grad()) == std::vector<double>{2, 10, 200});
  CHECK(c.grad().absent());
}

TEST_CASE_METHOD(Fixture, "slots outlive a tape and add up until they are marked as empty", "[tape]") {
  const Tensor value = vector_of({1, 2});
  GradSlot slot{Tensor::owning({2}, DType::f64)};
  const auto pass = [&] {
    context.rewind();
    Tape tape(context);
    const Variable y = tape.apply(Add{}, {Variable(value, &slot), Variable(value)})[0];
    tape.backward(std::array{y}, std::array{vector_of({1, 3})});
  };
  pass();
  pass();
  CHECK(values_of(slot.grad) == std::vector<double>{2, 6});
  slot.written = false;
  pass();
  CHECK(values_of(slot.grad) == std::vector<double>{1, 3});
}

TEST_CASE_METHOD(Fixture, "reshaped variables share one gradient", "[tape]") {
  Tape tape(context);
  const Variable x = tape.leaf(vector_of({1, 2, 3, 4}).reshaped({2, 2}));
  const Variable flat = tape.apply(Relu{}, {x.reshaped({4})})[0];
  const Variable sum = tape.apply(Add{}, {flat.reshaped({2, 2}), x})[0];
  tape.backward(std::array{sum}, std::array{vector_of({1, 1, 1, 1}).reshaped({2, 2})});
  CHECK(x.grad().shape() == Shape{2, 2});
  CHECK(values_of(x.grad()) == std::vector<double>{2, 2, 2, 2});
}

TEST_CASE_METHOD(Fixture, "an unused output has a zero gradient and unreached ops do not run backward", "[tape]") {
  Tape tape(context);
  const Variable x = tape.leaf(vector_of({1, 2})), other = tape.leaf(vector_of({3, 4}));
  const Variable used = tape.apply(Relu{}, {x})[0];
  tape.apply(Relu{}, {other});
  tape.backward(std::array{used}, std::array{vector_of({1, 1})});
  CHECK_FALSE(x.grad().absent());
  CHECK(other.grad().absent());
}

TEST_CASE_METHOD(Fixture, "forward only records nothing", "[tape]") {
  Tape tape(context, Tape::Mode::forward_only);
  const Variable y = tape.apply(Relu{}, {tape.leaf(vector_of({-1, 2}))})[0];
  CHECK(values_of(y.value()) == std::vector<double>{0, 2});
  CHECK(y.slot() == nullptr);
}

TEST_CASE_METHOD(Fixture, "one variable as two inputs of an op is refused", "[tape]") {
  Tape tape(context);
  const Variable x = tape.leaf(vector_of({1}));
  CHECK_THROWS_AS(tape.apply(Add{}, {x, x}), InternalError);
}

TEST_CASE_METHOD(Fixture, "backward runs once per tape", "[tape]") {
  Tape tape(context);
  const Variable y = tape.apply(Relu{}, {tape.leaf(vector_of({1}))})[0];
  tape.backward(y);
  CHECK_THROWS_AS(tape.backward(y), InternalError);
}

TEST_CASE_METHOD(Fixture, "the watcher receives place, op and tensor, forward and backward", "[tape]") {
  std::vector<std::string> seen;
  Tape tape(context);
  tape.watch([&](const std::string& place, const char* op, const std::string& what, const Tensor&) {
    seen.push_back(place + "/" + op + "/" + what);
  });
  const std::string name = "layers.3";
  const Variable x = tape.leaf(vector_of({1}));
  Variable y;
  {
    const Tape::Scope scope(tape, name);
    y = tape.apply(Relu{}, {x})[0];
  }
  tape.backward(y);
  CHECK(seen == std::vector<std::string>{"layers.3/relu/output 0", "layers.3/relu/gradient of input 0"});
}

TEST_CASE_METHOD(Fixture, "an op names what does not fit", "[tape]") {
  Tape tape(context);
  CHECK_THROWS_WITH(
      tape.apply(Add{}, {tape.leaf(vector_of({1, 2})), tape.leaf(vector_of({1}))}),
      Catch::Matchers::Contains("add") && Catch::Matchers::Contains("[2]") && Catch::Matchers::Contains("[1]"));
}
