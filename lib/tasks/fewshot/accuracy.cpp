#include "tasks/fewshot/accuracy.h"

#include <algorithm>
#include <numeric>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "tasks/fewshot/two_tasks.h"

namespace srwm {
namespace {

RunningMean& at(std::vector<RunningMean>& figures, std::size_t i) {
  if (i >= figures.size()) figures.resize(i + 1);
  return figures[i];
}

/// For each position which image of its class it is, from 0.
std::vector<std::size_t> shots_of(std::span<const std::int32_t> targets) {
  std::vector<std::size_t> shots(targets.size());
  for (std::size_t t = 0; t < targets.size(); ++t) {
    shots[t] = static_cast<std::size_t>(std::ranges::count(targets.first(t), targets[t]));
  }
  return shots;
}

void add_fraction(RunningMean& figure, std::span<const std::uint8_t> correct) {
  figure.add(std::accumulate(correct.begin(), correct.end(), std::int64_t{0}),
             static_cast<std::int64_t>(correct.size()));
}

nlohmann::ordered_json order_json(const OrderAccuracy& order) {
  nlohmann::ordered_json object = {{"name", order.name}, {"episodes", order.whole.total.count()}};
  add_total(object, order.whole.total);
  add_series(object, "position", order.whole.by_position);
  for (std::size_t place = 0; place < 2; ++place) {
    const SequenceAccuracy& task = order.tasks[place];
    nlohmann::ordered_json entry = {{"name", order.task_names[place]}, {"positions", task.by_position.size()}};
    add_total(entry, task.total);
    add_series(entry, "shot", task.by_shot);
    object["tasks"].push_back(entry);
  }
  return object;
}

/// "omniglot: 61.40 % +- 0.10 (1,000 episodes)"; empty if there are none.
std::string total_line(const std::string& name, const RunningMean& total) {
  if (total.count() == 0) return {};
  return fmt::format("{}: {} ({})\n", name, percent_text(total.mean(), total.ci95()), episodes_text(total.count()));
}

}  // namespace

void SequenceAccuracy::add(std::span<const std::uint8_t> correct, std::span<const std::int32_t> targets) {
  add_fraction(total, correct);
  const std::vector<std::size_t> shots = shots_of(targets);
  std::vector<std::int64_t> right(*std::ranges::max_element(shots) + 1), shown(right.size());
  for (std::size_t t = 0; t < correct.size(); ++t) {
    at(by_position, t).add(correct[t], 1);
    right[shots[t]] += correct[t];
    shown[shots[t]] += 1;
  }
  for (std::size_t shot = 0; shot < right.size(); ++shot) at(by_shot, shot).add(right[shot], shown[shot]);
}

TwoTaskAccuracy::TwoTaskAccuracy(const std::array<std::string, 2>& task_names) : names(task_names) {
  for (std::size_t first = 0; first < 2; ++first) {
    orders[first].task_names = {names[first], names[1 - first]};
    orders[first].name = order_name(names[first], names[1 - first]);
  }
}

void TwoTaskAccuracy::add(std::span<const std::uint8_t> correct, std::span<const std::int32_t> targets,
                          std::span<const std::uint8_t> tasks) {
  const std::size_t first = tasks.front();
  const auto length = static_cast<std::size_t>(std::ranges::count(tasks, tasks.front()));
  OrderAccuracy& order = orders.at(first);
  order.whole.add(correct, targets);
  order.tasks[0].add(correct.first(length), targets.first(length));
  order.tasks[1].add(correct.subspan(length), targets.subspan(length));
  add_fraction(totals[first], correct.first(length));
  add_fraction(totals[1 - first], correct.subspan(length));
}

void add_tasks(nlohmann::ordered_json& object, const TwoTaskAccuracy& accuracy) {
  for (std::size_t task = 0; task < 2; ++task) {
    nlohmann::ordered_json entry = {{"name", accuracy.names[task]}};
    add_total(entry, accuracy.totals[task]);
    object["tasks"].push_back(entry);
  }
  for (const OrderAccuracy& order : accuracy.orders) object["orders"].push_back(order_json(order));
}

std::string tasks_table(const TwoTaskAccuracy& accuracy) {
  std::string text;
  for (std::size_t task = 0; task < 2; ++task) text += total_line(accuracy.names[task], accuracy.totals[task]);
  for (const OrderAccuracy& order : accuracy.orders) {
    text += total_line(order.name, order.whole.total);
    for (std::size_t place = 0; place < 2; ++place) {
      const std::string& name = order.task_names[place];
      text += total_line(fmt::format("  {}", name), order.tasks[place].total);
      text += series_table(fmt::format("  {}, at the n-th image of its class:", name), order.tasks[place].by_shot);
    }
    text += series_table("  at each position:", order.whole.by_position);
  }
  return text;
}

}  // namespace srwm
