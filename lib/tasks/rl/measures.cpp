#include "tasks/rl/measures.h"

#include <string>
#include <utility>

#include "spec/fields.h"
#include "tasks/rl/rl_spec.h"

namespace srwm {
namespace {

const char* score_name(bool normalized) {
  return normalized ? "normalised_paper" : "mean_return";
}

}  // namespace

std::vector<Measure> rl_measures(const AnySpec& any) {
  const auto& spec = as<RlSpec>(any);
  if (spec.test.episodes == 0) return {};
  std::vector<std::string> sections, names{"normalised_paper", "normalised_code", "mean_return"};
  for (const RlSplit& split : splits_of(spec)) sections.push_back(split.name);
  sections.emplace_back("test");
  for (std::string& game : game_names(spec)) names.push_back(std::move(game));
  std::vector<Measure> measures;
  for (const std::string& section : sections) {
    for (const std::string& name : names) measures.push_back({section, name});
  }
  return measures;
}

std::optional<Estimate> read_rl_measure(const nlohmann::json& result, const Measure& measure) {
  auto section = result.find(measure.split);
  if (section == result.end() && measure.split == "train") section = result.find(old_train_section);
  if (section == result.end() || !section->is_object()) return std::nullopt;
  return read_estimate(*section, measure.name, measure.name + "_ci95");
}

bool is_certain_rl_measure(const Measure& measure) {
  return measure.split != "validation" && measure.name == "mean_return";
}

bool is_rl_fraction(const Measure& measure) {
  return measure.name.starts_with("normalised_");
}

Measure rl_headline(bool has_normalized) {
  return {"test", score_name(has_normalized)};
}

Measure rl_choice(bool has_normalized) {
  return {"train", score_name(has_normalized)};
}

}  // namespace srwm
