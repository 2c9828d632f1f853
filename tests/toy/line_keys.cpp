#include "spec/declare.h"
#include "toy/line_spec.h"

namespace srwm::toy {
namespace {

using Spec = LineSpec;

constexpr std::int64_t most = 1'000'000'000;

std::vector<Field> fields() {
  std::vector<Field> keys;
  add_general(keys, "line");
  keys.push_back({"line.slope", NumberKey{SRWM_MEMBER(slope), -100, 100}, "Slope of the line."});
  keys.push_back({"line.noise", NumberKey{SRWM_MEMBER(noise), 0, 100}, "Standard deviation of the points around it."});
  keys.push_back({"optim.rate", NumberKey{SRWM_MEMBER(optim.rate), 0, 1, true, false}, "Learning rate of Adam."});
  keys.push_back({"train.steps", IntegerKey{SRWM_MEMBER(steps), 1, most}, "Optimizer steps.", "steps"});
  keys.push_back({"train.batch", IntegerKey{SRWM_MEMBER(batch), 1, 65536}, "Points in a pass.", "points"});
  keys.push_back({"train.accumulate", IntegerKey{SRWM_MEMBER(options.accumulate), 1, 65536}, "Passes in a step."});
  keys.push_back({"train.report_every", IntegerKey{SRWM_MEMBER(options.report_every), 1, most}, "Between reports."});
  keys.push_back({"validation.every", IntegerKey{SRWM_MEMBER(options.validation_every), 0, most}, "0: never."});
  keys.push_back({"checkpoint.every", IntegerKey{SRWM_MEMBER(options.checkpoint.every), 1, most}, "Between writes."});
  keys.push_back({"test.points", IntegerKey{SRWM_MEMBER(test_points), 0, most}, "Points of the test; 0: none."});
  return keys;
}

void check_rules(const AnySpec& spec, const IsValid& is_valid, Problems& problems) {
  if (!is_valid("line.slope") || as<LineSpec>(spec).slope != 0) return;
  problems.add("", "line.slope", "must not be 0: a flat line has nothing to learn.");
}

constexpr std::string_view free_on_resume[] = {"comment", "train.steps", "train.report_every", "checkpoint", "test"};

}  // namespace

const SpecKeys& line_keys() {
  static const SpecKeys keys({.task = "line",
                              .title = "fitting a line",
                              .meaning = "One experiment: a line and noisy points on it.",
                              .fields = fields(),
                              .groups = {{"line", "The line."},
                                         {"optim", "Adam."},
                                         {"train", "How long to train."},
                                         {"validation", "When to validate."},
                                         {"checkpoint", "What a run can be resumed from."},
                                         {"test", "The evaluation at the end."}},
                              .make = []() -> std::unique_ptr<AnySpec> { return std::make_unique<LineSpec>(); },
                              .rules = check_rules,
                              .free_on_resume = free_on_resume});
  return keys;
}

}  // namespace srwm::toy
