// Every key of a learning rule's spec, and what keys say together.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "spec/parse.h"
#include "spec/print.h"
#include "tasks/vsml/vsml_spec.h"

using namespace srwm;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

void parse(json changes) {
  json spec = {{"task", "vsml"}, {"name", "a"}};
  spec.merge_patch(changes);
  parse_spec_of(vsml_keys(), spec.dump(), "spec");
}

/// What is wrong with a spec; empty if nothing is.
std::string refusal(const json& changes) {
  try {
    parse(changes);
  } catch (const SpecError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("the defaults are those of the authors' configuration", "[vsml][spec]") {
  const auto spec = parse_spec_of(vsml_keys(), R"({"task": "vsml", "name": "a"})", "spec");
  const auto& vsml = as<VsmlSpec>(*spec);
  CHECK(vsml.loop().gradient == GradientSource::evolution);
  CHECK(vsml.loop().passes() == 1024);
  CHECK(vsml.train.evolution.noise == 0.05);
  CHECK(vsml.train.steps == 10001);
  CHECK(vsml.episode.length == 500);
  CHECK(vsml.optim.rate == 0.025);
  CHECK(vsml.optim.beta2 == 0.999);
  CHECK(vsml.optim.eps == 1e-8);
  CHECK(vsml.optim.clip_norm == 0);
  CHECK(vsml.data.tasks == 128);
  CHECK(vsml.data.project == 0.5);
  CHECK(vsml.test.streams.project == 0);
  CHECK(vsml.test.length == 2000);
  CHECK(to_json(*parse_spec_of(vsml_keys(), to_json(vsml), "again")) == to_json(vsml));
}

TEST_CASE("keys that cannot take effect are refused", "[vsml][spec]") {
  const json backward = {{"train", {{"gradient", "backward"}}}}, sgd = {{"model", {{"kind", "sgd"}}}};
  const json clone = {{"train", {{"gradient", "clone"}}}};
  const json few_shot = {{"episode", {{"kind", "few_shot"}}}}, fwp = {{"model", {{"kind", "fwp"}}}};
  struct Case {
    json base;
    const char *group, *key;
    json value;
    const char* needs;
  };
  const std::vector<Case> cases{
      {backward, "train", "population", 8, "train.gradient is \"evolution\""},
      {backward, "train", "noise", 0.1, "train.gradient is \"evolution\""},
      {{}, "train", "batch", 8, "train.gradient is not \"evolution\""},
      {{}, "train", "accumulate", 2, "train.gradient is not \"evolution\""},
      {sgd, "train", "steps", 5, "model.kind is \"vsml\""},
      {sgd, "train", "gradient", "backward", "model.kind is \"vsml\""},
      {sgd, "train", "population", 5, "train.gradient is"},
      {sgd, "train", "report_every", 5, "model.kind is \"vsml\""},
      {sgd, "train", "precision", "fp32", "model.kind is \"vsml\""},
      {sgd, "optim", "rate", 0.1, "model.kind is \"vsml\""},
      {sgd, "optim", "beta1", 0.1, "model.kind is \"vsml\""},
      {sgd, "optim", "beta2", 0.1, "model.kind is \"vsml\""},
      {sgd, "optim", "eps", 0.1, "model.kind is \"vsml\""},
      {sgd, "optim", "clip_norm", 1, "model.kind is \"vsml\""},
      {sgd, "validation", "every", 1, "model.kind is \"vsml\""},
      {sgd, "checkpoint", "every", 1, "model.kind is \"vsml\""},
      {sgd, "checkpoint", "keep", 1, "model.kind is \"vsml\""},
      {sgd, "episode", "loss", "last", "a model is trained on streams"},
      {sgd, "model", "hidden", {"dense 3"}, "model.kind is \"vsml\""},
      {sgd, "model", "message", 3, "model.kind is \"vsml\""},
      {sgd, "model", "state", 3, "model.kind is \"vsml\""},
      {sgd, "model", "micro_ticks", 3, "model.kind is \"vsml\""},
      {sgd, "model", "random_part", 0, "model.kind is \"vsml\""},
      {sgd, "model", "merge", "sum", "model.kind is \"vsml\""},
      {sgd, "model", "output_index", 0, "model.kind is \"vsml\""},
      {sgd, "model", "layer_norm", true, "model.kind is \"vsml\""},
      {sgd, "model", "backward_pass", true, "model.kind is \"vsml\""},
      {sgd, "model", "feed_label", true, "model.kind is \"vsml\""},
      {sgd, "model", "units", 3, "model.layers is 2"},
      {{}, "model", "layers", 2, "model.kind is \"sgd\" or \"adam\""},
      {{}, "model", "rate", 2, "model.kind is \"sgd\" or \"adam\""},
      {{}, "model", "lstm_units", 3, "model.kind is \"meta_rnn\" or \"fw_memory\""},
      {{}, "model", "oja", false, "model.kind is \"hebbian\""},
      {{}, "model", "memory", 8, "model.kind is \"fw_memory\""},
      {{}, "model", "fast_size", 8, "model.kind is \"fwp\""},
      {fwp, "model", "convolutions", true, "model.kind is \"meta_rnn\", \"hebbian\" or \"fw_memory\""},
      {fwp, "model", "micro_ticks", 3, "model.kind is \"vsml\" or \"meta_rnn\""},
      {fwp, "model", "message", 3, "model.kind is \"vsml\""},
      {fwp, "model", "hidden", {"dense 3"}, "model.kind is \"vsml\" or \"cloned_sgd\""},
      {fwp, "episode", "streams", 2, "model.kind is \"vsml\""},
      {clone, "episode", "streams", 2, "a model is trained on streams"},
      {few_shot, "episode", "streams", 2, "episode.kind is \"stream\""},
      {{}, "model", "separate_backward", true, "model.backward_pass is true"},
      {{}, "model", "layerwise", true, "model.hidden has a layer"},
      {{}, "model", "published_conv_mask", false, "model.hidden has a convolution"},
      {few_shot, "data", "tasks", 3, "episode.kind is \"stream\""},
      {sgd, "data", "datasets", {"glyphs"}, "a model is trained on streams"},
      {clone, "data", "tasks", 3, "a model is trained on streams"},
      {clone, "episode", "length", 3, "a model is trained on streams"},
      {{}, "clone", "rate", 0.1, "train.gradient is \"clone\" or"},
      {{}, "clone", "bias_rate", 0.1, "train.gradient is \"clone\" or"},
      {{}, "clone", "examples", 3, "train.gradient is \"clone\""},
      {sgd, "optim", "half_life", 3, "model.kind is \"vsml\""},
      {few_shot, "data", "project", 0.5, "episode.kind is \"stream\""},
      {few_shot, "data", "permute_pixels", 0.5, "episode.kind is \"stream\""},
      {few_shot, "test", "sizes", {8}, "episode.kind is \"stream\""},
      {few_shot, "test", "classes", {"1 2"}, "episode.kind is \"stream\""},
      {few_shot, "test", "permute_labels", true, "episode.kind is \"stream\""},
      {few_shot, "data", "pad", true, "episode.kind is \"stream\""},
      {few_shot, "episode", "length", 4, "episode.kind is \"stream\""},
      {few_shot, "validation", "length", 4, "episode.kind is \"stream\""},
      {few_shot, "test", "length", 4, "episode.kind is \"stream\""},
      {{}, "episode", "n_way", 4, "episode.kind is \"few_shot\""},
      {{}, "episode", "label_order", "random", "episode.kind is \"few_shot\""},
      {{}, "data", "glyph_classes", 4, "\"glyphs\" is one of the datasets"},
  };
  for (const Case& c : cases) {
    json changes = c.base;
    changes[c.group][c.key] = c.value;
    INFO(changes.dump());
    CHECK_THAT(refusal(changes), Contains(std::string(c.group) + "." + c.key) && Contains(c.needs));
  }
}

TEST_CASE("values that do not fit together are refused", "[vsml][spec]") {
  CHECK_THAT(refusal({{"data", {{"datasets", json::array()}}}}), Contains("at least one dataset"));
  CHECK_THAT(refusal({{"test", {{"datasets", json::array()}}}}), Contains("test.datasets"));
  CHECK_THAT(refusal({{"test", {{"datasets", json::array()}, {"episodes", 0}}}}), !Contains("test.datasets"));
  for (const char* list : {"1", "1 1", "1  2", "1 256", "a b", " 1 2"}) {
    INFO(list);
    CHECK_THAT(refusal({{"test", {{"classes", {list}}}}}), Contains("is not a list of classes"));
  }
  CHECK_THAT(refusal({{"validation", {{"datasets", {"fashion_mnist"}}}}}), Contains("choosing by the test"));
  CHECK(
      refusal({{"validation", {{"datasets", {"fashion_mnist"}}}}, {"data", {{"datasets", {"mnist", "fashion_mnist"}}}}})
          .empty());
  for (const char* layer : {"dense", "dense 0", "dense 2 2", "conv 8", "conv 8 0", "pool 2", "dense x"}) {
    INFO(layer);
    CHECK_THAT(refusal({{"model", {{"hidden", {layer}}}}}), Contains("is not a layer"));
  }
  CHECK_THAT(refusal({{"model", {{"hidden", {"dense 8", "conv 8 2"}}}}}), Contains("cannot follow a dense layer"));
  CHECK_THAT(refusal({{"model", {{"hidden", {"conv 8 2"}}}}, {"data", {{"pad", true}}}}), Contains("data.pad"));
  CHECK_THAT(refusal({{"model", {{"message", 2}, {"output_index", 2}}}}), Contains("must be below model.message"));
  CHECK_THAT(refusal({{"episode", {{"kind", "few_shot"}}}, {"data", {{"datasets", {"glyphs", "mnist"}}}}}),
             Contains("a single dataset"));
  CHECK_THAT(refusal({{"episode", {{"kind", "few_shot"}}}, {"test", {{"datasets", {"sum"}}}}}), Contains("no classes"));
  CHECK_THAT(refusal({{"data", {{"datasets", {"glyphs"}}, {"glyph_classes", 50}, {"glyphs", {{"test_classes", 49}}}}}}),
             Contains("do not fill a task"));
  CHECK_THAT(refusal({{"figures", {{"published", 0.5}}}}), Contains("needs a source"));
}

TEST_CASE("the baselines are no clones", "[vsml][spec]") {
  for (const char* kind : {"meta_rnn", "hebbian", "fw_memory", "fwp"}) {
    INFO(kind);
    CHECK(refusal({{"model", {{"kind", kind}}}}).empty());
    CHECK(refusal({{"model", {{"kind", kind}}}, {"train", {{"gradient", "backward"}}}}).empty());
    CHECK_THAT(refusal({{"model", {{"kind", kind}}}, {"train", {{"gradient", "clone"}}}}),
               Contains("train.gradient") && Contains("must not be \"clone\""));
  }
}

TEST_CASE("cloning needs a network that can hold a weight, and says what it lacks", "[vsml][spec]") {
  const json sound = {{"train", {{"gradient", "clone"}, {"batch", 128}}},
                      {"model",
                       {{"backward_pass", true},
                        {"separate_backward", true},
                        {"merge", "sum"},
                        {"output_index", 0},
                        {"random_part", 0.0625}}}};
  CHECK(refusal(sound).empty());
  const std::vector<std::pair<const char*, json>> broken{
      {"backward_pass", false}, {"separate_backward", false}, {"merge", "mean"}, {"output_index", 1},
      {"layer_norm", true},     {"feed_label", true},         {"state", 1},      {"random_part", 0.5},
      {"random_part", 0},       {"hidden", {"conv 8 2"}}};
  for (const auto& [key, value] : broken) {
    json changes = sound;
    changes["model"][key] = value;
    INFO(key);
    CHECK_THAT(refusal(changes), Contains(std::string("model.") + key));
  }
  json changes = sound;
  changes["train"]["batch"] = 65;
  CHECK_THAT(refusal(changes), Contains("train.batch") && Contains("a multiple of 64"));
}

TEST_CASE("a list may be empty where a key says so", "[vsml][spec]") {
  CHECK(refusal({{"test", {{"sizes", json::array()}, {"classes", json::array()}}}}).empty());
  CHECK_THAT(refusal({{"test", {{"sizes", {1}}}}}), Contains("a list of 0 to 16 integers from 2 to 256"));
}
