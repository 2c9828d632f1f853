// All that the rest of the program knows of a task. lib/tasks/all_tasks.cpp lists them.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "comm/ranks.h"
#include "ops/context.h"
#include "run/checkpoint.h"
#include "run/estimate.h"
#include "run/measure.h"
#include "spec/fields.h"
#include "train/predict.h"
#include "train/task.h"

namespace CLI {
class App;
}

namespace srwm {

/// What a spec names outside itself: datasets, environments. Opened once and shared by the runs of several seeds.
class TaskData {
 public:
  virtual ~TaskData() = default;
  /// Of the content; empty if there is none.
  virtual std::string digest() const = 0;
};

/// What `srwm eval` is asked to evaluate.
struct EvalRequest {
  const Checkpoint& checkpoint;
  const AnySpec& spec;  ///< the checkpoint's
  Context& context;
  std::string data_dir;
  std::string split;          ///< empty: the task's default
  std::int64_t episodes = 0;  ///< 0: as the spec says
};

struct EvalOutcome {
  nlohmann::ordered_json json;  ///< an object
  std::string text;             ///< the same for people, ending in a newline
  std::string data_digest;
};

/// The part of `srwm eval` that belongs to a task.
class TaskEval {
 public:
  virtual ~TaskEval() = default;
  /// Declares the options that only this task has.
  virtual void add_options(CLI::App& command) = 0;
  /// Whether the spec's model must have been trained: else the request's checkpoint is empty.
  virtual bool needs_checkpoint(const AnySpec& spec) const;
  virtual EvalOutcome run(const EvalRequest& request) = 0;
};

inline bool TaskEval::needs_checkpoint(const AnySpec& spec) const {
  static_cast<void>(spec);
  return true;
}

struct TaskType {
  const SpecKeys& (*keys)();

  /// DataError if something is missing or broken; SpecError if it does not fit the spec.
  std::shared_ptr<const TaskData> (*open_data)(const AnySpec& spec, const std::string& data_dir, int threads);
  /// `data` was opened for the same spec or one of another seed; the task computes the passes of its rank among
  /// `ranks`.
  std::unique_ptr<Task> (*make)(const AnySpec& spec, Context& context, const std::shared_ptr<const TaskData>& data,
                                Ranks& ranks);
  /// The spec with which a dry run shows what the given one takes at most.
  std::unique_ptr<AnySpec> (*for_dry_run)(const AnySpec& spec);
  /// DeviceError if `runs` runs of the spec at once need more memory than this process can use. May be null: no
  /// estimate.
  void (*check_memory)(const AnySpec& spec, const Context& context, const TaskData& data, std::int64_t runs) = nullptr;
  std::unique_ptr<TaskEval> (*make_eval)();
  /// What `srwm predict` does. Null: the task's models do not learn from labeled pictures.
  PredictOutcome (*predict)(const PredictRequest& request) = nullptr;

  // What results are compared by.
  /// All that a run of the spec may end with, in the order of reports: nothing if it asks for no test.
  std::vector<Measure> (*measures)(const AnySpec& spec);
  /// Measures that have tables of their own. May be null.
  std::vector<SequenceMeasures> (*sequence_measures)(const AnySpec& spec);
  /// From a parsed result.json; none if it is not there, or no value that this measure can have.
  std::optional<Estimate> (*read_measure)(const nlohmann::json& result, const Measure& measure);
  /// Whether no result can be without it.
  bool (*is_certain)(const Measure& measure);
  /// Whether it, one of `measures`, counts from 0 to 1: people read it in percent.
  bool (*is_fraction)(const Measure& measure);
  /// The measure that stands for a run, and that published values are compared with. `has_normalized`: whether scores
  /// with a common scale are known, for tasks that have them.
  Measure (*headline)(bool has_normalized);
  /// What settings are chosen by: the measure that says most without looking at the test split.
  Measure (*choice)(bool has_normalized);
  /// Keys that decide, together with the data, which episodes the test asks for: runs that agree in them were tested on
  /// the same ones. Empty: not known.
  std::span<const std::string_view> test_keys = {};
  /// The key with a list of names, each of which a table may give a run of its own ("env.games"); empty: none.
  std::string_view listed_key = {};

  // Texts.
  /// What the task's sections of result.json say, line by line: "  test        97.40 % (...)\n".
  std::string (*describe_result)(const nlohmann::json& result);
  /// A value of the headline that was expected or published, for people: "97.40 %".
  std::string (*headline_text)(double value);
  const char* summary;   ///< of srwm train-<task>, for its help
  const char* data;      ///< what --data-dir has: "the packed datasets"
  const char* examples;  ///< lines of the help of srwm train-<task>
};

}  // namespace srwm
