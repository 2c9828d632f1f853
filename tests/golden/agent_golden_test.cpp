// The agents of reinforcement learning against PyTorch: the files data/agent_*.h5 come from make_agent_golden.py.
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "golden/numbers.h"
#include "io/hdf5.h"
#include "nn/agent.h"
#include "ops/backend.h"
#include "optim/rmsprop.h"
#include "rl/vtrace.h"

using namespace srwm;
using namespace srwm::test;

namespace {

struct Case {
  std::string name;
  AgentOptions options;
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  const auto add = [&](AgentCoreKind core, StateGradient gradient, const std::string& suffix) {
    cases.push_back({std::string(name_of(core)) + suffix,
                     {.channels = {3, 4},
                      .features = 6,
                      .core = core,
                      .layers = 2,
                      .heads = 2,
                      .hidden = 8,
                      .ff_inner = 7,
                      .state_gradient = gradient}});
  };
  for (const AgentCoreKind core : all_agent_core_kinds) add(core, StateGradient::unroll, "");
  for (const AgentCoreKind core : {AgentCoreKind::lstm, AgentCoreKind::delta_net, AgentCoreKind::srwm}) {
    add(core, StateGradient::per_step, "_per_step");
  }
  return cases;
}

/// Agent, rollout and PyTorch's numbers of one case.
class GoldenAgent {
 public:
  GoldenAgent(const Case& test, const Backend& backend, DType real)
      : file_(hdf5::File::open(std::filesystem::path(GOLDEN_DATA) / ("agent_" + test.name + ".h5"))),
        context_(backend, real, 2),
        set_(context_, 1),
        agent_(set_, test.options, {9, 10, 3}, 4),
        optimizer_(context_, set_, {.alpha = 0.99, .eps = 0.01, .clip_norm = 5}),
        input_{file_.read("/frames"), file_.read("/rewards"), file_.read("/first")},
        trajectory_{file_.read("/actions"), file_.read("/log_probs"), input_.rewards, input_.first} {
    REQUIRE(file_.datasets_below("/model").size() == set_.parameters().size());
    for (const Parameter& parameter : set_.parameters()) {
      INFO(parameter.name);
      copy_values(file_.read("/model/" + parameter.name), parameter.value);
    }
  }

  const ParameterSet& parameters() const { return set_; }
  std::vector<double> expected(const std::string& name) const { return values_of(file_.read(name)); }

  /// Logits, then values.
  std::vector<double> answers() {
    context_.rewind();
    Tape tape(context_, Tape::Mode::forward_only);
    const AgentOutput output = agent_.forward(tape, input_, {});
    std::vector<double> numbers = values_of(output.logits.value());
    for (const double value : values_of(output.values.value())) numbers.push_back(value);
    return numbers;
  }

  /// Trains for five steps; the loss and its parts of each.
  std::vector<double> train() {
    std::vector<double> losses;
    for (int step = 0; step < 5; ++step) {
      context_.rewind();
      set_.zero_grad();
      Tape tape(context_);
      const AgentOutput output = agent_.forward(tape, input_, {.training = true});
      const ActorCriticLoss loss = actor_critic_loss(tape, {}, output.logits, output.values, trajectory_);
      for (const Variable& part : {loss.loss, loss.policy, loss.baseline, loss.entropy}) {
        losses.push_back(values_of(part.value())[0]);
      }
      tape.backward(loss.loss);
      optimizer_.step(context_, 1e-3);
    }
    return losses;
  }

 private:
  hdf5::File file_;
  Context context_;
  ParameterSet set_;
  Agent agent_;
  RmsProp optimizer_;
  AgentInput input_;
  Trajectory trajectory_;
};

Case any_case() {
  return GENERATE(from_range(all_cases()));
}

}  // namespace

TEST_CASE("what agents of fixed weights say is PyTorch's", "[golden]") {
  const Case test = any_case();
  INFO(test.name);
  GoldenAgent exact(test, reference_backend(DType::f64), DType::f64), fast(test, cpu_backend(), DType::f32);
  std::vector<double> expected = exact.expected("/logits");
  for (const double value : exact.expected("/values")) expected.push_back(value);
  CHECK(largest(expected) > 0.1);
  CHECK(deviation(exact.answers(), expected) <= 1e-10);
  CHECK(deviation(fast.answers(), expected) <= 1e-5 * std::max(1.0, largest(expected)));
}

TEST_CASE("V-trace, gradients and RMSProp in double precision are PyTorch's", "[golden]") {
  const Case test = any_case();
  INFO(test.name);
  GoldenAgent golden(test, reference_backend(DType::f64), DType::f64);
  const std::vector<double> losses = golden.train(), expected = golden.expected("/losses");
  CHECK(deviation(losses, expected) <= 1e-9 * largest(expected));
  for (const Parameter& parameter : golden.parameters().parameters()) {
    const std::vector<double> final = golden.expected("/final/" + parameter.name);
    const double difference = deviation(values_of(parameter.value), final);
    INFO(parameter.name << " differs by " << difference << ", largest element " << largest(final));
    CHECK(difference <= 1e-9 * largest(final));
  }
}

TEST_CASE("training of agents in single precision follows PyTorch's in double", "[golden]") {
  const Case test = any_case();
  INFO(test.name);
  GoldenAgent golden(test, cpu_backend(), DType::f32);
  const std::vector<double> losses = golden.train(), expected = golden.expected("/losses");
  CHECK(deviation(losses, expected) <= 1e-3 * largest(expected));
}
