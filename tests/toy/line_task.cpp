#include "toy/line_task.h"

#include <cmath>

#include <fmt/format.h>

#include "core/rng.h"
#include "nn/layers.h"
#include "ops/mean_squares.h"
#include "optim/adam.h"
#include "toy/line_spec.h"

namespace srwm::toy {
namespace {

/// Nothing outside the spec.
struct NoData final : TaskData {
  std::string digest() const override { return {}; }
};

class LineTask final : public Task {
 public:
  LineTask(const LineSpec& spec, Context& context)
      : spec_(spec),
        context_(context),
        set_(context, spec.seed),
        layer_(set_, "line", 1, 1),
        adam_(context, set_, spec.optim, 1),
        x_(context.persistent({spec.batch, 1})),
        y_(context.persistent({spec.batch, 1})) {}

  ParameterSet& parameters() override { return set_; }
  Optimizer& optimizer() override { return adam_; }
  std::int64_t steps() const override { return spec_.steps; }
  std::vector<std::string> sums() const override { return {}; }

  void stage(const Pass& pass) override {
    context_.rewind();
    draw(Stream::train_episodes, static_cast<std::uint32_t>(pass.number));
    ++passes_;
  }
  PassShape shape() const override { return {}; }
  PassOutcome gradient(const TensorWatcher& watcher) override {
    Tape tape(context_);
    tape.watch(watcher);
    const Variable loss = forward(tape);
    tape.backward(loss);
    return {loss.value(), {}};
  }
  PassOutcome loss() override {
    Tape tape(context_, Tape::Mode::forward_only);
    return {forward(tape).value(), {}};
  }

  void report(const IntervalTotals& interval, MetricsRow& row) override {
    const double loss = interval.loss / static_cast<double>(interval.passes);
    row.values = {{"loss", loss}, {"grad_norm", interval.grad_norm}, {"rate", interval.rate}};
    row.shown = {{"loss", loss}};
  }
  TrainedItems trained() const override { return {"points", static_cast<double>(passes_ * spec_.batch)}; }
  std::string describe_data() const override { return "points on a line"; }
  std::string describe_step() const override { return fmt::format("{} points", spec_.batch); }
  void save(Checkpoint&) override {}
  std::optional<std::string> load(const Checkpoint&) override { return std::nullopt; }

  Validation validate(const KeepGoing&) override {
    const double score = 1 - error(Stream::validation_episodes);
    return {.value = score, .row = {{"score", score}}, .text = fmt::format("score {:.3f}", score)};
  }
  std::string_view validation_metric() const override { return "score"; }
  bool tests() const override { return spec_.test_points > 0; }
  TestOutcome test(Logger&, const KeepGoing&) override {
    if (!tests()) return {};
    return {{{"test", {{"score", 1 - error(Stream::test_episodes)}}}}};
  }

 private:
  void draw(Stream stream, std::uint32_t number) {
    RandomSequence random(spec_.seed, stream, number);
    std::vector<float> x(static_cast<std::size_t>(spec_.batch)), y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<float>(random.uniform(-1, 1));
      y[i] = static_cast<float>(spec_.slope * static_cast<double>(x[i]) + spec_.noise * random.normal());
    }
    context_.upload(x_, x.data());
    context_.upload(y_, y.data());
  }
  Variable forward(Tape& tape) const { return tape.apply(MeanSquares{y_}, {layer_(tape, x_)})[0]; }
  double error(Stream stream) {
    context_.rewind();
    draw(stream, 0);
    return static_cast<double>(*context_.on_host(loss().loss).data<float>());
  }

  LineSpec spec_;
  Context& context_;
  ParameterSet set_;
  LinearLayer layer_;
  Adam adam_;
  Tensor x_, y_;  ///< of the staged pass
  std::int64_t passes_ = 0;
};

class LineEval final : public TaskEval {
 public:
  void add_options(CLI::App&) override {}
  EvalOutcome run(const EvalRequest& request) override {
    LineTask task(as<LineSpec>(request.spec), request.context);
    const double score = task.validate({}).value;
    return {{{"score", score}}, fmt::format("score {:.3f}\n", score), {}};
  }
};

std::optional<Estimate> read_score(const nlohmann::json& result, const Measure& measure) {
  const auto section = result.find(measure.split);
  return section == result.end() ? std::nullopt : read_estimate(*section, measure.name, "ci95");
}

}  // namespace

const TaskType& line_type() {
  static const TaskType type{
      .keys = line_keys,
      .open_data = [](const AnySpec&, const std::string&, int) -> std::shared_ptr<const TaskData> {
        return std::make_shared<const NoData>();
      },
      .make = [](const AnySpec& spec, Context& context, const std::shared_ptr<const TaskData>&,
                 Ranks&) -> std::unique_ptr<Task> { return std::make_unique<LineTask>(as<LineSpec>(spec), context); },
      .for_dry_run = [](const AnySpec& spec) { return spec.clone(); },
      .make_eval = []() -> std::unique_ptr<TaskEval> { return std::make_unique<LineEval>(); },
      .measures =
          [](const AnySpec&) {
            return std::vector<Measure>{{"test", "score"}, {"validation", "score"}};
          },
      .sequence_measures = nullptr,
      .read_measure = read_score,
      .is_certain = [](const Measure& measure) { return measure.split == "test"; },
      .is_fraction = [](const Measure& measure) { return measure.name == "score"; },
      .headline =
          [](bool) {
            return Measure{"test", "score"};
          },
      .choice =
          [](bool) {
            return Measure{"validation", "score"};
          },
      .describe_result =
          [](const nlohmann::json& result) {
            return fmt::format("  test        score {:.3f}\n", result.at("test").at("score").get<double>());
          },
      .headline_text = [](double score) { return fmt::format("score {:.3f}", score); },
      .summary = "Fit a line",
      .data = "nothing",
      .examples = "",
  };
  return type;
}

}  // namespace srwm::toy
