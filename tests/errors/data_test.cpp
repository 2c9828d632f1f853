// Provokes every entry of the sections "Datasets" and "Episodes files" of docs/errors.md.
#include "tasks/fewshot/data.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "data/class_dataset.h"
#include "data/glyphs.h"
#include "data/online_stream.h"
#include "data/sampler.h"
#include "errors/errors_page.h"
#include "nn/image_encoder.h"
#include "ops/backend.h"
#include "support/hdf5_editor.h"
#include "support/temp_dir.h"

using namespace srwm;
using srwm::test::ErrorSection;
using srwm::test::Hdf5Editor;
using Edit = std::function<void(Hdf5Editor&)>;

namespace {

const GlyphOptions small_glyphs{
    .image_size = 9, .train_classes = 3, .val_classes = 2, .test_classes = 2, .images_per_class = 4};

template <typename T>
void write_values(Hdf5Editor& editor, const std::string& name, hid_t type, const std::vector<T>& values) {
  editor.write(name, type, {values.size()}, values.data());
}

/// One fault in each, put into a sound dataset of 3 classes of 4 images.
const std::vector<Edit> dataset_faults{
    [](Hdf5Editor& e) {
      e.write("/train/images", H5T_NATIVE_FLOAT, {12, 9, 9, 1});
    },
    [](Hdf5Editor& e) {
      e.write("/train/images", H5T_NATIVE_UINT8, {std::uint64_t{1} << 31, 9, 9, 1});
    },
    [](Hdf5Editor& e) {
      e.write("/train/images", H5T_NATIVE_UINT8, {0, 9, 9, 1});
    },
    [](Hdf5Editor& e) {
      e.write("/train/images", H5T_NATIVE_UINT8, {12, 9, 9, 7});
    },
    [](Hdf5Editor& e) {
      e.write("/val/images", H5T_NATIVE_UINT8, {8, 9, 10, 1});
    },
    [](Hdf5Editor& e) {
      write_values<std::int32_t>(e, "/train/labels", H5T_NATIVE_INT, {0, 1, 2});
    },
    [](Hdf5Editor& e) {
      write_values<std::int32_t>(e, "/val/labels", H5T_NATIVE_INT, {0, 1, 2, 0, 1, 0, 1, 0});
    },
    [](Hdf5Editor& e) { write_values<std::int32_t>(e, "/val/labels", H5T_NATIVE_INT, std::vector<std::int32_t>(8)); },
    [](Hdf5Editor& e) { e.set_attribute("/train", "images", std::int64_t{7}); },
    [](Hdf5Editor& e) { e.set_attribute("/", "mean", H5T_NATIVE_DOUBLE, {0}, nullptr); },
};

/// The same three classes in train and test, and no val.
ClassDataset labeled_dataset() {
  ClassDataset dataset = make_glyphs(small_glyphs, 1);
  dataset.test = dataset.train;
  dataset.val = {};
  return dataset;
}

EpisodeFile small_episodes() {
  EpisodeFile episodes;
  episodes.protocol = Protocol::delayed;
  episodes.n_way = 2;
  episodes.k_shot = 1;
  const std::vector<std::int32_t> labels{0, 1, 1, 0};
  episodes.labels = Tensor::of<std::int32_t>({2, 2}, labels);
  episodes.images = Tensor::owning({4, 3, 3, 1}, DType::u8);
  return episodes;
}

const std::vector<Edit> episodes_faults{
    [](Hdf5Editor& e) { e.set_attribute("/", "protocol", std::string("late")); },
    [](Hdf5Editor& e) {
      e.write("/images", H5T_NATIVE_UINT8, {2, 2, 3, 3});
    },
    [](Hdf5Editor& e) {
      e.write("/labels", H5T_NATIVE_INT, {2, 3});
    },
    [](Hdf5Editor& e) { e.set_attribute("/", "k_shot", std::int64_t{2}); },
    [](Hdf5Editor& e) {
      e.write("/images", H5T_NATIVE_UINT8, {0, 2, 3, 3, 1});
      e.write("/labels", H5T_NATIVE_INT, {0, 2});
    },
    [](Hdf5Editor& e) {
      const std::vector<std::int32_t> labels{0, 1, 2, 0};
      e.write("/labels", H5T_NATIVE_INT, {2, 2}, labels.data());
    },
};

template <typename Read>
void provoke_faults(ErrorSection& section, const std::vector<Edit>& faults, const std::filesystem::path& sound,
                    const Read& read) {
  const std::filesystem::path path = sound.parent_path() / "spoilt.h5";
  for (const Edit& spoil : faults) {
    std::filesystem::copy_file(sound, path, std::filesystem::copy_options::overwrite_existing);
    {
      Hdf5Editor editor(path);
      spoil(editor);
    }
    section.provoke([&] { read(path); });
  }
}

ExperimentSpec spec_on(const std::filesystem::path& episodes) {
  ExperimentSpec spec;
  spec.data.glyphs = small_glyphs;
  spec.data.train_episodes = episodes.string();
  spec.protocol = {.protocol = Protocol::delayed, .n_way = 2, .k_shot = 1};
  spec.test.episodes = spec.validation.every = 0;
  return spec;
}

}  // namespace

TEST_CASE("errors about datasets are those of docs/errors.md") {
  const TempDir dir;
  ErrorSection section("Datasets");
  const ClassDataset dataset = make_glyphs(small_glyphs, 1);
  write_class_dataset(dataset, dir / "sound.h5", "test");
  provoke_faults(section, dataset_faults, dir / "sound.h5", read_class_dataset);
  section.provoke([&] { find_dataset("none", dir.path().string()); });

  write_class_dataset(labeled_dataset(), dir / "labeled.h5", "test");
  section.provoke([&] { read_class_dataset(dir / "labeled.h5").split(Split::val); });
  section.provoke([&] {
    ExperimentSpec spec;
    spec.data.dataset = (dir / "labeled.h5").string();
    FewShotData(spec, "", 1);
  });

  const auto sample = [&](const EpisodeOptions& options) {
    section.provoke([&] { EpisodeSampler(dataset.train, options, 1, Stream::train_episodes); });
  };
  sample({.n_way = 100000});
  sample({.n_way = 4, .k_shot = 1});
  sample({.n_way = 3, .k_shot = 5});
  ClassSplit oblong = dataset.train;
  oblong.images = Tensor::owning({12, 9, 10, 1}, DType::u8);
  section.provoke([&] { EpisodeSampler(oblong, {.n_way = 2, .rotations = true}, 1, Stream::train_episodes); });
  section.provoke([&] {
    ExperimentSpec spec;
    spec.protocol.protocol = Protocol::sequential;
    spec.data.second_dataset = (dir / "sound.h5").string();
    FewShotData(spec, "", 1);
  });
  section.provoke([] {
    Context context(cpu_backend(), DType::f32, 1, 1);
    ParameterSet set(context, 1);
    DropoutSites sites;
    make_image_encoder(set, {}, {.height = 15, .width = 16, .channels = 1}, sites);
  });
}

TEST_CASE("errors about streams are those of docs/errors.md") {
  const TempDir dir;
  ErrorSection section("Streams");
  write_class_dataset(make_glyphs(small_glyphs, 1), dir / "disjoint.h5", "test");
  write_class_dataset(labeled_dataset(), dir / "labeled.h5", "test");
  GlyphOptions glyphs = small_glyphs;
  glyphs.train_classes = 300;
  glyphs.images_per_class = 1;
  const OnlineData data({"disjoint", "labeled", "random", "sum", "glyphs"}, glyphs, dir.path().string(), 1);
  std::uint64_t seed = 1;
  using Change = std::function<void(OnlineOptions&)>;
  const auto make = [&](const std::string& dataset, const Change& change) {
    OnlineOptions options{.datasets = {dataset}};
    change(options);
    make_online_stream(data, options, Split::train, seed);
  };
  // What is refused, and what the advice makes of it.
  const auto refuse = [&](const std::string& dataset, const Change& bad, const Change& cured) {
    section.provoke([&] { make(dataset, bad); });
    CHECK_NOTHROW(make(dataset, cured));
  };
  section.provoke([&] { make("disjoint", [](OnlineOptions&) {}); });
  section.provoke([&] { make_few_shot_stream(data, {.dataset = "random"}, Split::train, 1); });
  CHECK_NOTHROW(make_few_shot_stream(data, {.dataset = "disjoint", .n_way = 2}, Split::train, 1));
  refuse(
      "labeled", [](OnlineOptions& o) { o.project = 2; }, [](OnlineOptions& o) { o.project = 1; });
  const auto two_sizes = [](std::int64_t tasks) {
    return [tasks](OnlineOptions& o) {
      o.tasks = tasks;
      o.sizes = {9, 14};
    };
  };
  refuse("labeled", two_sizes(1), two_sizes(2));
  using Lists = std::vector<std::vector<std::int64_t>>;
  const auto keep = [](const Lists& lists) { return [lists](OnlineOptions& o) { o.classes = lists; }; };
  refuse("labeled", keep({{}}), keep({}));
  refuse("labeled", keep({{3}}), keep({{2}}));
  refuse("labeled", keep({{0, 0}}), keep({{0}}));
  refuse("sum", keep({{0}}), keep({}));
  const auto glyph_classes = [](std::int64_t count) { return [count](OnlineOptions& o) { o.glyph_classes = count; }; };
  refuse("glyphs", glyph_classes(301), glyph_classes(256));
  refuse("glyphs", glyph_classes(257), glyph_classes(256));
  const auto padded = [](bool pad) {
    return [pad](OnlineOptions& o) {
      o.pad = pad;
      o.sizes = {29};
    };
  };
  refuse("labeled", padded(true), padded(false));
  const auto empty_class = [&] {  // of the images that this seed draws, or -1
    const auto members = data.source("random", Split::train, seed).members;
    const auto empty = std::ranges::find_if(members, [](const auto& images) { return images.empty(); });
    return empty == members.end() ? -1 : empty - members.begin();
  };
  while (empty_class() < 0) ++seed;
  const std::int64_t empty = empty_class();
  refuse("random", keep({{empty}}), keep({{empty, (empty + 1) % 10, (empty + 2) % 10, (empty + 3) % 10}}));
}

TEST_CASE("errors about episodes files are those of docs/errors.md") {
  const TempDir dir;
  const std::filesystem::path sound = dir / "sound.h5";
  ErrorSection section("Episodes files");
  write_episode_file(small_episodes(), sound, "test");
  provoke_faults(section, episodes_faults, sound, read_episode_file);

  ExperimentSpec spec = spec_on(sound);
  spec.protocol.n_way = 3;
  section.provoke([&] { FewShotData(spec, "", 1); });
  spec = spec_on(sound);
  spec.test.episodes = 10;
  section.provoke([&] { FewShotData(spec, "", 1); });
  spec = spec_on(sound);
  spec.data.normalize = true;
  section.provoke([&] { FewShotData(spec, "", 1); });
}
