// Provokes every entry of the section "Streams and probes of learning rules" of docs/errors.md.
#include <array>
#include <cstdint>
#include <limits>

#include <catch2/catch.hpp>

#include "data/stream_file.h"
#include "errors/errors_page.h"
#include "io/file.h"
#include "io/hdf5.h"
#include "ops/backend.h"
#include "support/hdf5_editor.h"
#include "support/temp_dir.h"
#include "tasks/vsml/given_stream.h"
#include "tasks/vsml/probes.h"
#include "vsml/small_vsml_spec.h"

using namespace srwm;
using namespace srwm::test;
using Edit = std::function<void(Hdf5Editor&)>;

namespace {

/// Three sequences of two examples with 16 inputs, 2 classes.
std::filesystem::path write_stream(const TempDir& dir, const Edit& edit) {
  const std::filesystem::path path = dir / "stream.h5";
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, "stream", 1, "test");
  file.set_attribute("/", "classes", std::int64_t{2});
  file.write("/inputs", Tensor::owning({3, 2, 16}, DType::f32));
  file.write("/labels", Tensor::owning({3, 2}, DType::i32));
  write_file_atomically(path, file.image());
  Hdf5Editor editor(path);
  edit(editor);
  return path;
}

const std::vector<Edit> faults{
    [](Hdf5Editor& e) { e.set_attribute("/", "classes", std::int64_t{257}); },
    [](Hdf5Editor& e) {
      e.write("/inputs", H5T_NATIVE_INT, {3, 2, 16});
    },
    [](Hdf5Editor& e) { e.write("/labels", H5T_NATIVE_INT, {6}); },
    [](Hdf5Editor& e) {
      constexpr std::array<std::int32_t, 6> labels{0, 1, 0, 2, 0, 0};
      e.write("/labels", H5T_NATIVE_INT, {3, 2}, labels.data());
    },
    [](Hdf5Editor& e) {
      const std::vector<float> numbers(96, std::numeric_limits<float>::infinity());
      e.write("/inputs", H5T_NATIVE_FLOAT, {3, 2, 16}, numbers.data());
    },
};

void provoke_errors_of_rules(ErrorSection& section, const TempDir& dir) {
  const auto run = [](VsmlSpec spec, const StreamFile& stream) {
    Context context(cpu_backend(), DType::f32, 1, 1);
    ParameterSet parameters(context, 1);
    evaluate_given_stream(context, *make_rule(parameters, spec, {}), stream, spec.streams());
  };
  const StreamFile plain = read_stream_file(write_stream(dir, [](Hdf5Editor&) {}));
  StreamFile with_cells = plain;
  with_cells.cells = Tensor::owning({3, 5}, DType::f32);
  section.provoke([&] { run(small_streams_spec(), plain); });
  section.provoke([&] { run(small_vsml_spec(), with_cells); });
  VsmlSpec spec = small_vsml_spec();
  spec.model = {.kind = ModelKind::sgd};
  section.provoke([&] { run(spec, with_cells); });

  const auto probe = [](const VsmlSpec& probed, std::int64_t step) {
    Context context(cpu_backend(), DType::f32, 1, 1);
    ParameterSet parameters(context, 1);
    const VsmlData data(probed, "", 1);
    probe_rule(context, *make_rule(parameters, probed, {}), data, probed, {.group = "test"}, step);
  };
  section.provoke([&] { probe(small_vsml_spec(), 8); });
  spec.episode.kind = EpisodeKind::few_shot;
  section.provoke([&] { probe(spec, 4); });
}

}  // namespace

TEST_CASE("errors of streams and probes of learning rules are those of docs/errors.md") {
  const TempDir dir;
  ErrorSection section("Streams and probes of learning rules");
  for (const Edit& fault : faults) {
    const std::filesystem::path path = write_stream(dir, fault);
    section.provoke([&] { read_stream_file(path); });
    std::filesystem::remove(path);
  }
  provoke_errors_of_rules(section, dir);
}
