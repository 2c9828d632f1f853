// Drawing episodes takes no memory from the heap after the first ones of their size.
#include <catch2/catch.hpp>

#include "data/online_stream.h"
#include "support/count_allocations.h"

using namespace srwm;
using namespace srwm::test;

namespace {

long allocations_of(OnlineStream& stream, std::int64_t length) {
  const EpisodeShape shape = stream.shape({});
  const Tensor x = Tensor::owning({3, length, shape.inputs}, DType::f32),
               labels = Tensor::owning({3, length}, DType::i32);
  const auto draw = [&](std::int64_t number) {
    const EpisodeId ids[] = {{0, number}, {1, number}, {2, number}};
    stream.draw(ids, 2, x, labels);
  };
  draw(0);
  return allocations_during([&] {
    for (std::int64_t number = 1; number < 20; ++number) draw(number);
  });
}

}  // namespace

TEST_CASE("a loop over episodes takes no memory", "[online_stream]") {
  const OnlineData data({"glyphs", "random", "sum"}, {.image_size = 9, .train_classes = 12, .images_per_class = 4}, "",
                        1);
  for (const char* dataset : {"glyphs", "random", "sum"}) {
    for (const bool projected : {false, true}) {
      CAPTURE(dataset, projected);
      const OnlineOptions options{.datasets = {dataset},
                                  .normalize = Normalize::image,
                                  .project = projected ? 0.5 : 0.0,
                                  .permute_pixels = 0.25,
                                  .sizes = {12},
                                  .permute_labels = true};
      CHECK(allocations_of(*make_online_stream(data, options, Split::train, 1), 30) == 0);
    }
  }
  const FewShotStreamOptions options{.dataset = "glyphs", .normalize = Normalize::image};
  CHECK(allocations_of(*make_few_shot_stream(data, options, Split::train, 1), 6) == 0);
}
