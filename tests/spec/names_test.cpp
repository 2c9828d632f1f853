#include "spec/names.h"

#include <array>

#include <catch2/catch.hpp>

#include "spec/fields.h"
#include "tasks/fewshot/fewshot_spec.h"

using namespace srwm;

TEST_CASE("edit distance counts insertions, deletions, replacements and swaps of neighbours, whatever the case") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("steps", "steps") == 0);
  CHECK(edit_distance("steps", "STEPS") == 0);
  CHECK(edit_distance("step", "steps") == 1);
  CHECK(edit_distance("stepss", "steps") == 1);
  CHECK(edit_distance("stfps", "steps") == 1);
  CHECK(edit_distance("setps", "steps") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the nearest name is near or none") {
  const std::array<std::string_view, 3> names = {"srwm", "delta_net", "lstm"};
  CHECK(nearest_name("lstn", names) == "lstm");
  CHECK(nearest_name("DeltaNet", names) == "delta_net");
  CHECK(nearest_name("transformer", names).empty());
  CHECK(nearest_name("", names).empty());
  CHECK(nearest_name("x", names).empty());
  CHECK(nearest_name(std::string(100'000, 'x'), names).empty());
}

TEST_CASE("the nearest key looks at the last part first, then at the group") {
  CHECK(nearest_key(fewshot_keys(), "model.core.layrs") == "model.core.layers");
  CHECK(nearest_key(fewshot_keys(), "layers") == "model.core.layers");
  CHECK(nearest_key(fewshot_keys(), "core.layers") == "model.core.layers");
  CHECK(nearest_key(fewshot_keys(), "trian") == "train");
  CHECK(nearest_key(fewshot_keys(), "model.dropout") == "model.vision.dropout");
  CHECK(nearest_key(fewshot_keys(), "core.dropout") == "model.core.dropout");
  CHECK(nearest_key(fewshot_keys(), "optim.gradient_clip") == "optim.clip_norm");
  CHECK(nearest_key(fewshot_keys(), "train.batch_size") == "train.batch");
  CHECK(nearest_key(fewshot_keys(), "checkpoint.evry") == "checkpoint.every");
  CHECK(nearest_key(fewshot_keys(), "validation.evry") == "validation.every");
  CHECK(nearest_key(fewshot_keys(), "temperature").empty());
}
