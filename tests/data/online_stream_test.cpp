#include "data/online_stream.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "data/standardize.h"
#include "data/task_variation.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

constexpr std::uint64_t seed = 3;

/// 4 x 4 images of 5 classes with 3 images each, the same classes in train and test and no val. The first pixel says
/// which image it is, the second which class.
ClassDataset labeled_dataset(const std::string& name) {
  ClassDataset dataset;
  dataset.name = name;
  dataset.mean = {0.25};
  dataset.std = {0.5};
  for (ClassSplit* split : {&dataset.train, &dataset.test}) {
    split->images = Tensor::owning({15, 4, 4, 1}, DType::u8);
    split->members.resize(5);
    const auto pixels = split->images.span<std::uint8_t>();
    for (std::size_t i = 0; i < 15; ++i) {
      for (std::size_t p = 2; p < 16; ++p) pixels[16 * i + p] = static_cast<std::uint8_t>(i * 37 + p * p * 11);
      pixels[16 * i] = static_cast<std::uint8_t>(i + (split == &dataset.test ? 100 : 0));
      pixels[16 * i + 1] = static_cast<std::uint8_t>(i % 5);
      split->members[i % 5].push_back(static_cast<std::int32_t>(i));
    }
    for (int c = 0; c < 5; ++c) split->class_names.push_back(std::to_string(c));
  }
  set_labels(dataset);
  set_digest(dataset);
  return dataset;
}

struct Files {
  Files() {
    for (const char* name : {"one", "two"}) {
      write_class_dataset(labeled_dataset(name), dir / (std::string(name) + ".h5"), "test");
    }
  }
  OnlineData data(const std::vector<std::string>& names) const { return {names, glyphs, dir.path().string(), 2}; }

  TempDir dir;
  GlyphOptions glyphs{.image_size = 9, .train_classes = 12, .val_classes = 6, .test_classes = 6, .images_per_class = 4};
};

/// Plain tasks of the dataset "one".
OnlineOptions plain() {
  return {.datasets = {"one"}, .normalize = Normalize::none, .tasks = 4, .project = 0};
}

struct Drawn {
  EpisodeShape shape;
  std::vector<float> x;
  std::vector<std::int32_t> labels;
  float pixel(std::int64_t t, std::int64_t i) const { return x[static_cast<std::size_t>(t * shape.inputs + i)]; }
  friend bool operator==(const Drawn&, const Drawn&) = default;
};

Drawn draw(OnlineStream& stream, const EpisodeId& id, std::int64_t length, int threads = 2) {
  const EpisodeShape shape = stream.shape(id);
  const Tensor x = Tensor::owning({1, length, shape.inputs}, DType::f32),
               labels = Tensor::owning({1, length}, DType::i32);
  std::ranges::fill(x.span<float>(), std::nanf(""));
  stream.draw({&id, 1}, threads, x, labels);
  const auto values = x.span<float>();
  const auto drawn = labels.span<std::int32_t>();
  return {shape, {values.begin(), values.end()}, {drawn.begin(), drawn.end()}};
}

Drawn draw(const Files& files, const OnlineOptions& options, const EpisodeId& id, std::int64_t length,
           Split split = Split::train, std::uint64_t with_seed = seed) {
  const OnlineData data = files.data(options.datasets);
  return draw(*make_online_stream(data, options, split, with_seed), id, length);
}

/// The bytes that the pixels of an image were.
int byte_of(float pixel) {
  return static_cast<int>(std::lround(255 * pixel));
}

std::vector<std::int64_t> numbers(std::int64_t count) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back(i);
  return all;
}

}  // namespace

TEST_CASE("an episode has every image once, with its label, then all again in another order", "[online_stream]") {
  const Files files;
  const Drawn drawn = draw(files, plain(), {.task = 1, .number = 8}, 30);
  CHECK(drawn.shape == EpisodeShape{16, 5});
  std::vector<int> first, second;
  for (std::int64_t t = 0; t < 30; ++t) {
    (t < 15 ? first : second).push_back(byte_of(drawn.pixel(t, 0)));
    CHECK(byte_of(drawn.pixel(t, 1)) == drawn.labels[static_cast<std::size_t>(t)]);
    CHECK(byte_of(drawn.pixel(t, 5)) == (byte_of(drawn.pixel(t, 0)) * 37 + 25 * 11) % 256);
  }
  CHECK(first != second);
  std::ranges::sort(first);
  std::ranges::sort(second);
  for (int i = 0; i < 15; ++i) {
    CHECK(first[static_cast<std::size_t>(i)] == i);
    CHECK(second[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("episodes differ by number, task, seed and split, and in nothing else", "[online_stream]") {
  const Files files;
  const Drawn drawn = draw(files, plain(), {1, 8}, 15);
  CHECK(draw(files, plain(), {1, 8}, 15) == drawn);
  CHECK(draw(files, plain(), {1, 9}, 15) != drawn);
  CHECK(draw(files, plain(), {2, 8}, 15) != drawn);
  CHECK(draw(files, plain(), {1, 8}, 15, Split::train, 4) != drawn);
  // Without /val the validation sees the training images, in an order of its own; test has its own images.
  const Drawn val = draw(files, plain(), {1, 8}, 15, Split::val), test = draw(files, plain(), {1, 8}, 15, Split::test);
  CHECK(val != drawn);
  CHECK(byte_of(val.pixel(0, 0)) < 15);
  CHECK(byte_of(test.pixel(0, 0)) >= 100);
}

TEST_CASE("the numbers do not depend on threads, batch or what was drawn before", "[online_stream]") {
  const Files files;
  OnlineOptions options = plain();
  options.datasets = {"one", "two"};
  options.tasks = 8;
  options.project = options.permute_pixels = 0.5;
  options.permute_labels = true;
  const OnlineData data = files.data(options.datasets);
  const auto stream = make_online_stream(data, options, Split::train, seed);
  const std::vector<EpisodeId> ids{{0, 5}, {1, 5}, {2, 5}, {3, 5}, {2, 6}};
  for (const int threads : {1, 2, 7}) {
    const Tensor x = Tensor::owning({5, 20, 16}, DType::f32), labels = Tensor::owning({5, 20}, DType::i32);
    stream->draw(ids, threads, x, labels);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const Drawn alone = draw(files, options, ids[i], 20);
      CHECK(std::ranges::equal(alone.x, x.span<float>().subspan(320 * i, 320)));
      CHECK(std::ranges::equal(alone.labels, labels.span<std::int32_t>().subspan(20 * i, 20)));
    }
  }
}

TEST_CASE("pixels are normalized as the options say", "[online_stream]") {
  const Files files;
  OnlineOptions options = plain();
  const Drawn none = draw(files, options, {0, 0}, 15);
  options.normalize = Normalize::dataset;
  const Drawn by_dataset = draw(files, options, {0, 0}, 15);
  for (std::size_t i = 0; i < none.x.size(); ++i) CHECK(by_dataset.x[i] == (none.x[i] - 0.25F) / 0.5F);
  options.normalize = Normalize::image;
  const Drawn by_image = draw(files, options, {0, 0}, 15);
  for (std::int64_t t = 0; t < 15; ++t) {
    const auto moments = [t](const Drawn& drawn) {
      double sum = 0, squares = 0;
      for (std::int64_t i = 0; i < 16; ++i) {
        sum += static_cast<double>(drawn.pixel(t, i));
        squares += static_cast<double>(drawn.pixel(t, i)) * static_cast<double>(drawn.pixel(t, i));
      }
      return std::pair(sum / 16, std::sqrt(squares / 16 - sum / 16 * sum / 16));
    };
    const auto [stored_mean, stored_std] = moments(none);
    const auto [mean, std] = moments(by_image);
    CHECK(mean == Approx(0).margin(1e-5));
    CHECK(std == Approx(std::min(stored_std / 0.25, 1.0)).epsilon(1e-4));
  }
  std::vector<float> blank(100, 0.5F);  // divided by 1 / sqrt(100), not by 0
  blank[0] = 0.51F;
  standardize(blank);
  CHECK(blank[0] == Approx(0.099).epsilon(1e-3));
}

TEST_CASE("images are resized, and padded at the end", "[online_stream]") {
  const Files files;
  OnlineOptions options = plain();
  options.sizes = {2, 4};
  const Drawn stored = draw(files, plain(), {1, 3}, 15), same = draw(files, options, {1, 3}, 15),
              half = draw(files, options, {0, 3}, 15);
  CHECK(same == stored);
  CHECK(half.shape == EpisodeShape{4, 5});
  // The image of task 0 at step 0 at its stored size, found by its label and number in the plain stream of task 0.
  const Drawn whole = draw(files, plain(), {0, 3}, 15);
  CHECK(half.labels == whole.labels);
  CHECK(half.pixel(0, 3) ==
        Approx((whole.pixel(0, 10) + whole.pixel(0, 11) + whole.pixel(0, 14) + whole.pixel(0, 15)) / 4));

  options = plain();
  options.pad = true;
  const Drawn padded = draw(files, options, {0, 3}, 15);
  CHECK(padded.shape == EpisodeShape{28 * 28, 62});
  CHECK(padded.labels == whole.labels);
  for (std::int64_t t = 0; t < 15; ++t) {
    for (std::int64_t i = 0; i < 28 * 28; ++i) {
      if (padded.pixel(t, i) != (i < 16 ? whole.pixel(t, i) : 0.0F)) FAIL("input " << i << " of image " << t);
    }
  }
}

TEST_CASE("a task's projection is x R with R uniform, and belongs to its number", "[online_stream]") {
  const Files files;
  OnlineOptions options = plain();
  options.project = 1;
  for (const bool pad : {false, true}) {
    options.pad = pad;
    OnlineOptions unprojected = options;
    unprojected.project = 0;
    const Drawn x = draw(files, unprojected, {2, 1}, 15), y = draw(files, options, {2, 1}, 15);
    std::vector<float> matrix(256);
    make_projection({.seed = seed, .task = 2}, 16, 2, matrix.data());
    for (std::int64_t t = 0; t < 15; ++t) {
      for (std::int64_t j = 0; j < y.shape.inputs; ++j) {
        double sum = 0;
        for (std::int64_t i = 0; i < 16 && j < 16; ++i) {
          sum += static_cast<double>(x.pixel(t, i)) * static_cast<double>(matrix[static_cast<std::size_t>(16 * i + j)]);
        }
        if (!(std::abs(sum - static_cast<double>(y.pixel(t, j))) <= 1e-5)) FAIL("output " << j << " of image " << t);
      }
    }
  }
  // Validation and test of the same task number see the same projection; tasks from another number on another.
  options.pad = false;
  const auto first_images = [&](Split split, std::int64_t first_task) {
    OnlineOptions from = options;
    from.first_task = first_task;
    return draw(files, from, {2, 1}, 15, split).x;
  };
  CHECK(first_images(Split::train, 0) != first_images(Split::train, 2));
  options.first_task = 2;
  CHECK(draw(files, options, {0, 1}, 15).x == first_images(Split::train, 0));
}

TEST_CASE("projections keep the variance", "[online_stream]") {
  constexpr std::int64_t n = 301;
  std::vector<float> matrix(n * n);
  make_projection({.seed = 9, .task = 1}, n, 2, matrix.data());
  const auto [least, most] = std::ranges::minmax(matrix);
  const double bound = std::sqrt(3.0 / n);
  CHECK(least >= -bound);
  CHECK(most <= bound);
  CHECK(static_cast<double>(most) == Approx(bound).epsilon(1e-3));
  double sum = 0, squares = 0;
  for (const float r : matrix) {
    sum += static_cast<double>(r);
    squares += static_cast<double>(r) * static_cast<double>(r);
  }
  CHECK(std::abs(sum / n) <= 4 * bound / std::sqrt(3.0));  // n^2 numbers of variance 1 / n
  CHECK(squares / n == Approx(1).epsilon(0.01));
}

TEST_CASE("a permuted task has its pixels in another order, the same in all episodes", "[online_stream]") {
  const Files files;
  OnlineOptions options = plain();
  options.permute_pixels = 1;
  const auto order_of = [&](const EpisodeId& id) {
    const Drawn plain_images = draw(files, plain(), id, 15), permuted = draw(files, options, id, 15);
    std::vector<std::int64_t> order;
    for (std::int64_t i = 0; i < 16; ++i) {
      for (const std::int64_t from : numbers(16)) {
        const auto agrees = [&](std::int64_t t) { return permuted.pixel(t, i) == plain_images.pixel(t, from); };
        if (std::ranges::all_of(numbers(15), agrees)) order.push_back(from);
      }
    }
    return order;
  };
  const std::vector<std::int64_t> order = order_of({0, 1});
  CHECK(order_of({0, 2}) == order);
  CHECK(order_of({1, 1}) != order);
  CHECK(std::set(order.begin(), order.end()).size() == 16);
}

TEST_CASE("classes are relabeled by their position in the list, labels permuted by the task", "[online_stream]") {
  const Files files;
  OnlineOptions options = plain();
  options.classes = {{4, 1}, {0, 2, 3}};
  const Drawn two = draw(files, options, {0, 0}, 12), three = draw(files, options, {1, 0}, 9);
  CHECK(two.shape.classes == 2);
  CHECK(three.shape.classes == 3);
  std::set<int> images;
  for (std::int64_t t = 0; t < 6; ++t) {
    CHECK(byte_of(two.pixel(t, 1)) == (two.labels[static_cast<std::size_t>(t)] == 0 ? 4 : 1));
    images.insert(byte_of(two.pixel(t, 0)));
  }
  CHECK(images.size() == 6);  // all images of both classes before one comes again

  options = plain();
  options.permute_labels = true;
  std::set<std::vector<std::int32_t>> orders;
  for (std::int64_t task = 0; task < 4; ++task) {
    std::vector<std::int32_t> label(5, -1);
    for (const std::int64_t number : {0, 1}) {
      const Drawn drawn = draw(files, options, {task, number}, 15);
      for (std::int64_t t = 0; t < 15; ++t) {
        std::int32_t& of_class = label[static_cast<std::size_t>(byte_of(drawn.pixel(t, 1)))];
        CHECK((of_class < 0 || of_class == drawn.labels[static_cast<std::size_t>(t)]));
        of_class = drawn.labels[static_cast<std::size_t>(t)];
      }
    }
    orders.insert(label);
  }
  CHECK(orders.size() > 2);
}

TEST_CASE("task numbers hold every combination equally often", "[online_stream]") {
  OnlineOptions options;
  options.datasets = {"a", "b"};
  options.sizes = {28, 14, 32};
  options.classes = {{0}, {1}};
  options.project = 0.25;
  options.permute_pixels = 0.5;
  std::map<std::tuple<std::size_t, std::size_t, std::size_t, Mixing>, int> count;
  for (std::int64_t task = 0; task < 12 * 8; ++task) {
    const TaskVariation v = variation_of(options, task);
    ++count[{v.dataset, v.size, v.class_list, v.mixing}];
  }
  REQUIRE(count.size() == 36);
  for (const auto& [combination, times] : count) {
    const Mixing mixing = std::get<3>(combination);
    CHECK(times == (mixing == Mixing::permute ? 4 : 2));
  }
  // The published figure 6: half of the tasks are projected.
  options = {.datasets = {"a"}};
  int projected = 0;
  for (std::int64_t task = 0; task < 128; ++task) projected += variation_of(options, task).mixing == Mixing::project;
  CHECK(projected == 64);
  CHECK(variation_of({.datasets = {"a"}, .project = 1}, 0).mixing == Mixing::project);
  CHECK(variation_of({.datasets = {"a"}, .project = 0}, 5).mixing == Mixing::none);
}

TEST_CASE("without fixed tasks every episode is one of its own, in each split another", "[online_stream]") {
  const Files files;
  OnlineOptions options = plain();
  options.project = 1;
  options.tasks = 0;
  const Drawn drawn = draw(files, options, {.number = 5}, 3);
  CHECK(draw(files, options, {.task = 7, .number = 5}, 3) == drawn);
  CHECK(draw(files, options, {.number = 6}, 3) != drawn);
  const auto projection = [](std::uint32_t family) {
    std::vector<float> matrix(16);
    make_projection({.seed = 1, .task = 5, .family = family}, 4, 1, matrix.data());
    return matrix;
  };
  CHECK(projection(1) != projection(2));
  CHECK(projection(0) != projection(1));
}

TEST_CASE("generated characters: a task has some classes of the split", "[online_stream]") {
  const Files files;
  OnlineOptions options{.datasets = {"glyphs"}, .normalize = Normalize::none, .tasks = 6, .project = 0};
  options.glyph_classes = 3;
  const Drawn first = draw(files, options, {0, 0}, 12), again = draw(files, options, {0, 1}, 12);
  CHECK(first.shape == EpisodeShape{81, 3});
  const auto images_of = [](const Drawn& drawn) {
    std::set<std::pair<std::int32_t, std::vector<float>>> images;
    for (std::size_t t = 0; t < 12; ++t) {
      images.insert({drawn.labels[t],
                     {drawn.x.begin() + static_cast<std::ptrdiff_t>(81 * t),
                      drawn.x.begin() + static_cast<std::ptrdiff_t>(81 * (t + 1))}});
    }
    return images;
  };
  CHECK(images_of(first).size() == 12);
  CHECK(images_of(first) == images_of(again));
  CHECK(images_of(first) != images_of(draw(files, options, {1, 0}, 12)));
  CHECK(images_of(first) != images_of(draw(files, options, {0, 0}, 12, Split::test)));
}

TEST_CASE("the built-in set random has 20 images, others in each split", "[online_stream]") {
  const Files files;
  const OnlineOptions options{.datasets = {"random"}, .tasks = 1, .project = 0};
  const Drawn drawn = draw(files, options, {}, 40);
  CHECK(drawn.shape == EpisodeShape{784, 10});
  std::map<float, std::int32_t> label_of;
  for (std::size_t t = 0; t < 40; ++t) {
    const auto [found, is_new] = label_of.emplace(drawn.x[784 * t], drawn.labels[t]);
    CHECK(found->second == drawn.labels[t]);
  }
  CHECK(label_of.size() == 20);
  double sum = 0, squares = 0;
  for (const float value : drawn.x) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  const double count = 20 * 784;  // each image twice
  CHECK(std::abs(sum / 2 / std::sqrt(count)) <= 4);
  CHECK(squares / 2 / count == Approx(1).epsilon(4 * std::sqrt(2 / count)));
  for (const Split split : {Split::val, Split::test}) {
    CHECK(!label_of.contains(draw(files, options, {}, 1, split).x[0]));
  }
}

TEST_CASE("the built-in set sum is labeled with the sign of its sum", "[online_stream]") {
  const Files files;
  const OnlineOptions options{.datasets = {"sum"}, .tasks = 1, .project = 0};
  constexpr std::int64_t length = 400;
  const Drawn drawn = draw(files, options, {0, 2}, length);
  CHECK(drawn.shape == EpisodeShape{784, 2});
  double sum_of_means = 0, squares_of_means = 0;
  for (std::int64_t t = 0; t < length; ++t) {
    double sum = 0;
    for (std::int64_t i = 0; i < 784; ++i) sum += static_cast<double>(drawn.pixel(t, i));
    CHECK(drawn.labels[static_cast<std::size_t>(t)] == (sum >= 0 ? 1 : 0));
    sum_of_means += sum / 784;
    squares_of_means += sum / 784 * sum / 784;
    for (std::int64_t i = 0; i < 784; ++i) {
      if (!(std::abs(static_cast<double>(drawn.pixel(t, i)) - sum / 784) <= 2.2)) FAIL("pixel " << i << " of " << t);
    }
  }
  CHECK(std::abs(sum_of_means / length) <= 4 * std::sqrt(1.0 / 3 / length));
  CHECK(squares_of_means / length == Approx(1.0 / 3).epsilon(0.2));  // uniform in [-1, 1]
  CHECK(draw(files, options, {0, 3}, length).x != drawn.x);
}

TEST_CASE("options that do not fit the datasets are refused", "[online_stream]") {
  const Files files;
  const auto refusal = [&](const OnlineOptions& options) {
    try {
      const OnlineData data = files.data(options.datasets);
      make_online_stream(data, options, Split::train, seed);
    } catch (const SpecError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const auto changed = [](auto change) {
    OnlineOptions options = plain();
    options.group = "validation";
    change(options);
    return options;
  };
  CHECK(refusal(plain()) == "no error");
  CHECK_THAT(refusal(changed([](OnlineOptions& o) { o.project = o.permute_pixels = 0.6; })),
             Contains("validation.project is 0.6 and validation.permute_pixels 0.6"));
  CHECK_THAT(refusal(changed([](OnlineOptions& o) { o.project = std::nan(""); })), Contains("shares of the tasks"));
  CHECK_THAT(refusal(changed([](OnlineOptions& o) {
               o.classes = {{0}, {1}, {2}, {3}, {4}};
             })),
             Contains("validation.tasks is 4, but validation has 5 combinations"));
  CHECK_THAT(refusal(changed([](OnlineOptions& o) { o.classes = {{}}; })), Contains("an empty list"));
  CHECK_THAT(refusal(changed([](OnlineOptions& o) { o.classes = {{5}}; })),
             Contains("the class 5, but those of 'one'"));
  CHECK_THAT(refusal(changed([](OnlineOptions& o) { o.classes = {{1, 1}}; })), Contains("twice in one list"));
  CHECK_THAT(refusal(changed([](OnlineOptions& o) {
               o.classes = {{1}};
               o.datasets = {"sum"};
             })),
             Contains("'sum' has none to choose from"));
  CHECK_THAT(refusal(changed([](OnlineOptions& o) {
               o.datasets = {"glyphs"};
               o.glyph_classes = 13;
             })),
             Contains("validation.glyph_classes is 13, but the split has 12"));
  CHECK_THAT(refusal(changed([](OnlineOptions& o) {
               o.pad = true;
               o.sizes = {29};
             })),
             Contains("'one' has 841 and 5"));
}

TEST_CASE("a projection that does not fit into memory is refused before it is made", "[online_stream]") {
  const Files files;
  OnlineOptions options = plain();
  options.sizes = {2000};
  const OnlineData data = files.data(options.datasets);
  make_online_stream(data, options, Split::train, seed);
  options.project = 0.5;  // 64 TB
  CHECK_THROWS_WITH(make_online_stream(data, options, Split::train, seed),
                    Contains("the random projection of 4000000 inputs of one") &&
                        Contains("Set data.project to 0, or data.sizes to less."));
}

TEST_CASE("datasets are refused where their classes do not fit", "[online_stream]") {
  const Files files;
  write_class_dataset(make_glyphs(files.glyphs, 1), files.dir / "disjoint.h5", "test");
  const OnlineData data = files.data({"one", "disjoint", "random"});
  CHECK_THROWS_WITH(data.source("disjoint", Split::train, seed), Contains("a stream needs the same classes in all"));
  CHECK_THROWS_WITH(make_few_shot_stream(data, {.dataset = "one"}, Split::train, seed),
                    Contains("The splits of 'one' have the same 5 classes"));
  CHECK(data.digest() == data.dataset("disjoint").digest + "+" + data.dataset("one").digest + "+random");
}

TEST_CASE("few-shot episodes: one image of each class, then another of one of them", "[online_stream]") {
  const Files files;
  const OnlineData data = files.data({"glyphs"});
  const ClassDataset& glyphs = data.dataset("glyphs");
  const auto find = [&](const Drawn& drawn, std::int64_t t) {  // image number in the split
    for (std::int64_t image = 0; image < glyphs.test.images.dim(0); ++image) {
      const std::uint8_t* pixels = glyphs.test.images.data<std::uint8_t>() + 81 * image;
      const auto agrees = [&](std::int64_t i) { return byte_of(drawn.pixel(t, i)) == pixels[i]; };
      if (std::ranges::all_of(numbers(81), agrees)) return image;
    }
    return std::int64_t{-1};
  };
  for (const LabelOrder order : {LabelOrder::appearance, LabelOrder::random}) {
    const FewShotStreamOptions options{
        .dataset = "glyphs", .normalize = Normalize::none, .n_way = 4, .label_order = order};
    const auto stream = make_few_shot_stream(data, options, Split::test, seed);
    CHECK(stream->tasks() == 0);
    std::set<std::vector<std::int32_t>> supports;
    std::set<std::int32_t> queries;
    for (std::int64_t number = 0; number < 30; ++number) {
      const Drawn drawn = draw(*stream, {.number = number}, 5);
      CHECK(drawn.shape == EpisodeShape{81, 4});
      std::map<std::int32_t, std::int64_t> class_of;
      for (std::int64_t t = 0; t < 4; ++t) class_of[drawn.labels[static_cast<std::size_t>(t)]] = find(drawn, t) / 4;
      CHECK(class_of.size() == 4);
      CHECK(class_of[drawn.labels[4]] == find(drawn, 4) / 4);
      std::set<std::int64_t> images;
      for (std::int64_t t = 0; t < 5; ++t) images.insert(find(drawn, t));
      CHECK(images.size() == 5);
      supports.insert({drawn.labels.begin(), drawn.labels.begin() + 4});
      queries.insert(drawn.labels[4]);
      CHECK(draw(*stream, {.number = number}, 5, 1) == drawn);
    }
    CHECK(queries.size() == 4);
    if (order == LabelOrder::appearance) {
      CHECK(supports == std::set<std::vector<std::int32_t>>{{0, 1, 2, 3}});
    } else {
      CHECK(supports.size() > 8);
    }
  }
}
