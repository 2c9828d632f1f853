#include "data/stream_file.h"

#include <algorithm>
#include <span>

#include "core/digest.h"
#include "core/finite.h"
#include "data/online_options.h"
#include "io/hdf5.h"

namespace srwm {
namespace {

constexpr std::int64_t stream_format_version = 1;

/// A dataset of real numbers, as f32.
Tensor read_reals(const hdf5::File& file, const std::string& name) {
  Tensor stored = file.read(name);
  if (stored.dtype() == DType::f64) {
    const Tensor rounded = Tensor::owning(stored.shape(), DType::f32);
    std::ranges::transform(stored.span<double>(), rounded.data<float>(),
                           [](double value) { return static_cast<float>(value); });
    stored = rounded;
  }
  if (!all_finite(stored)) {
    throw DataError("{}: {} of the numbers in {} are not finite in 32 bits.", file.path().string(),
                    count_not_finite(stored), name);
  }
  return stored;
}

void expect_reals(const hdf5::File& file, const std::string& name, bool has_shape, const std::string& expected) {
  const DType dtype = file.dtype(name);
  if (has_shape && (dtype == DType::f32 || dtype == DType::f64)) return;
  throw DataError("{}: {} is {} {}; expected f32 or f64 {}.", file.path().string(), name, name_of(dtype),
                  file.shape(name).to_string(), expected);
}

/// Checks the shapes before anything is read.
void check_stream_shapes(const hdf5::File& file) {
  const Shape inputs = file.shape("/inputs"), labels = file.shape("/labels");
  const bool has_examples = inputs.rank() == 3 && inputs.numel() > 0;
  expect_reals(file, "/inputs", has_examples, "[sequences, examples, inputs], none of them 0");
  if (file.dtype("/labels") != DType::i32 || labels != Shape{inputs[0], inputs[1]}) {
    throw DataError("{}: /labels is {} {}; expected integers [{}, {}], one per example.", file.path().string(),
                    name_of(file.dtype("/labels")), labels.to_string(), inputs[0], inputs[1]);
  }
  if (!file.has("/cells")) return;
  expect_reals(file, "/cells", file.shape("/cells").rank() == 2, "[episodes, cells]");
}

void check_stream_labels(const StreamFile& stream) {
  const auto labels = stream.labels.span<std::int32_t>();
  const auto wrong =
      std::ranges::find_if(labels, [&](std::int32_t label) { return label < 0 || label >= stream.classes; });
  if (wrong == labels.end()) return;
  throw DataError("{}: /labels has a {} in sequence {}; expected 0 to {}.", stream.path, *wrong,
                  (wrong - labels.begin()) / stream.labels.dim(1), stream.classes - 1);
}

std::string digest_of(const StreamFile& stream) {
  Digest digest;
  digest.update(fmt::format("stream {}", stream.classes));
  for (const Tensor& tensor : {stream.inputs, stream.labels, stream.cells}) {
    digest.update(tensor.absent() ? "absent" : tensor.shape().to_string());
    digest.update(std::span(static_cast<const std::byte*>(tensor.raw()), tensor.bytes()));
  }
  return digest.hex();
}

}  // namespace

StreamFile read_stream_file(const std::filesystem::path& path) {
  const hdf5::File file = hdf5::File::open(path);
  hdf5::expect_format(file, "stream", stream_format_version);
  StreamFile stream{.path = path.string(), .classes = file.int_attribute("/", "classes")};
  if (stream.classes < 2 || stream.classes > max_online_classes) {
    throw DataError("{}: the attribute classes is {}; expected 2 to {}.", stream.path, stream.classes,
                    max_online_classes);
  }
  check_stream_shapes(file);
  stream.labels = file.read("/labels");
  check_stream_labels(stream);
  stream.inputs = read_reals(file, "/inputs");
  if (file.has("/cells")) stream.cells = read_reals(file, "/cells");
  stream.digest = digest_of(stream);
  return stream;
}

}  // namespace srwm
