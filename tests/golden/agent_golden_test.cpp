// The agents of reinforcement learning against PyTorch: the files data/agent_*.h5 come from make_agent_golden.py.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "golden/numbers.h"
#include "io/hdf5.h"
#include "ops/backend.h"
#include "optim/rmsprop.h"
#include "tasks/rl/agent.h"
#include "tasks/rl/rl_spec.h"
#include "tasks/rl/vtrace.h"

using namespace srwm;
using namespace srwm::test;

namespace {

struct Case {
  std::string name;
  AgentOptions options;
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  const auto add = [&](CoreKind core, const std::string& suffix, StateGradient gradient, bool layer_norm) {
    cases.push_back({std::string(name_of(core)) + suffix,
                     {.channels = {3, 4},
                      .features = 6,
                      .core = core,
                      .layers = 2,
                      .heads = 2,
                      .hidden = 8,
                      .ff_inner = 7,
                      .layer_norm = layer_norm,
                      .state_gradient = gradient}});
  };
  for (const CoreKind core : agent_core_kinds) add(core, "", StateGradient::unroll, false);
  for (const CoreKind core : {CoreKind::lstm, CoreKind::delta_net, CoreKind::srwm}) {
    add(core, "_per_step", StateGradient::per_step, false);
  }
  for (const CoreKind core : {CoreKind::fake_sr, CoreKind::srwm, CoreKind::sr_delta}) {
    add(core, "_layer_norm", StateGradient::unroll, true);
  }
  return cases;
}

/// Agent, rollout and PyTorch's numbers of one file.
class GoldenAgent {
 public:
  GoldenAgent(const std::filesystem::path& path, const AgentOptions& options, const Backend& backend, DType real)
      : file_(hdf5::File::open(path)),
        input_{file_.read("/frames"), file_.read("/rewards"), file_.read("/first")},
        context_(backend, real, 2),
        set_(context_, 1),
        agent_(set_, options, {input_.frames.dim(2), input_.frames.dim(3), input_.frames.dim(4)},
               file_.read("/model/policy.bias").dim(0)),
        optimizer_(context_, set_, {.alpha = 0.99, .eps = 0.01, .clip_norm = 5}, {.rate = 1e-3}),
        trajectory_{file_.read("/actions"), file_.read("/log_probs"), input_.rewards, input_.is_first} {
    REQUIRE(file_.datasets_below("/model").size() == set_.parameters().size());
    for (const Parameter& parameter : set_.parameters()) {
      INFO(parameter.name);
      copy_values(file_.read("/model/" + parameter.name), parameter.value);
    }
  }

  GoldenAgent(const Case& test, const Backend& backend, DType real)
      : GoldenAgent(std::filesystem::path(GOLDEN_DATA) / ("agent_" + test.name + ".h5"), test.options, backend, real) {}

  const ParameterSet& parameters() const { return set_; }
  std::vector<double> expected(const std::string& name) const { return values_of(file_.read(name)); }
  /// Logits, then values, by PyTorch.
  std::vector<double> expected_answers() const {
    std::vector<double> expected_numbers = expected("/logits");
    for (const double value : expected("/values")) expected_numbers.push_back(value);
    return expected_numbers;
  }

  /// The same by the agent.
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
      optimizer_.step(context_);
    }
    return losses;
  }

 private:
  hdf5::File file_;
  AgentInput input_;
  Context context_;
  ParameterSet set_;
  Agent agent_;
  RmsProp optimizer_;
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
  const std::vector<double> expected = exact.expected_answers();
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

// For docs/benchmarks/agreement.md, by hand: authors_agents.py runs the authors' own code and says how this is to be
// called.
TEST_CASE("agents of the authors' code say the same", "[.][authors]") {
  const char* folder = std::getenv("SRWM_AUTHORS_AGENTS");
  REQUIRE(folder != nullptr);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".h5") continue;
    const RlSpec spec = load_rl_spec(std::filesystem::path(entry.path()).replace_extension(".json"));
    GoldenAgent exact(entry.path(), spec.agent, reference_backend(DType::f64), DType::f64);
    GoldenAgent fast(entry.path(), spec.agent, cpu_backend(), DType::f32);
    const std::vector<double> expected = exact.expected_answers();
    const double in_double = deviation(exact.answers(), expected), in_single = deviation(fast.answers(), expected);
    fmt::print("| {} | {:.1f} | {:.1e} | {:.1e} |\n", spec.name, largest(expected), in_double, in_single);
    CHECK(in_double <= 1e-4);
    CHECK(in_single <= 1e-4);
  }
}
