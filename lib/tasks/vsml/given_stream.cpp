#include "tasks/vsml/given_stream.h"

#include <algorithm>

#include "core/error.h"
#include "core/utf8.h"
#include "io/file.h"
#include "io/hdf5.h"

namespace srwm {
namespace {

/// Episodes first .. last - 1, sharing the numbers of the file.
OnlineBatch batch_of(const StreamFile& stream, std::int64_t streams, std::int64_t first, std::int64_t last) {
  OnlineBatch batch{.ids = {},
                    .shape = stream.shape(),
                    .streams = streams,
                    .x = stream.inputs.rows(streams * first, streams * last),
                    .labels = stream.labels.rows(streams * first, streams * last),
                    .first_cells = stream.cells.absent() ? Tensor() : stream.cells.rows(first, last)};
  for (std::int64_t number = first; number < last; ++number) batch.ids.push_back({.task = 0, .number = number});
  return batch;
}

void check_fits(const StreamFile& stream, std::int64_t streams, std::int64_t cells) {
  if (stream.sequences() % streams != 0) {
    throw DataError("{} has {} sequences, but the model sees {} at a time (episode.streams). Give whole episodes.",
                    stream.path, stream.sequences(), streams);
  }
  const Shape expected{stream.sequences() / streams, cells};
  if (stream.cells.absent() || stream.cells.shape() == expected) return;
  if (cells == 0) {
    throw DataError("{} has /cells, but this learning rule has no cells that a file could give. Remove them.",
                    stream.path);
  }
  throw DataError(
      "{}: /cells is {}; expected {}: a row for each episode, and the cells of a network of {} inputs and "
      "{} classes.",
      stream.path, stream.cells.shape().to_string(), expected.to_string(), stream.inputs.dim(2), stream.classes);
}

void copy_rows(const Tensor& from, std::int64_t first, Tensor& to) {
  const std::int64_t size = from.numel() / from.dim(0);
  std::copy_n(from.data<float>(), from.numel(), to.data<float>() + first * size);
}

}  // namespace

GivenStreamResult evaluate_given_stream(Context& context, LearningRule& rule, const StreamFile& stream,
                                        std::int64_t streams) {
  const std::int64_t sequences = stream.sequences(), length = stream.length();
  const std::int64_t cells = rule.cells(stream.shape());
  check_fits(stream, streams, cells);
  GivenStreamResult result{.logits = Tensor::owning({sequences, length, stream.classes}, DType::f32)};
  if (cells > 0) {
    result.cells = {Tensor::owning({sequences, cells}, DType::f32), Tensor::owning({sequences, cells}, DType::f32)};
  }
  StreamEvaluation& evaluation =
      result.evaluation.datasets.emplace_back(StreamEvaluation{.dataset = printable(stream.path)});
  const std::int64_t episodes = sequences / streams, at_once = episodes_at_once(context, {length, streams});
  for (std::int64_t first = 0; first < episodes; first += at_once) {
    context.rewind();
    const OnlineBatch batch = batch_of(stream, streams, first, std::min(first + at_once, episodes));
    const RuleOutput output = rule.run(context, batch, {});
    const Tensor logits = finite_logits(context, output, batch, stream.path);
    copy_rows(logits, streams * first, result.logits);
    for (std::int64_t e = 0; e < batch.episodes(); ++e) evaluation.add(logits, e, batch.labels_of(e));
    if (cells == 0) continue;
    const RuleCells left = rule.cells_in(context, batch.shape, output.state);
    copy_rows(left.h, streams * first, result.cells.h);
    copy_rows(left.c, streams * first, result.cells.c);
  }
  return result;
}

void write_given_stream(const std::filesystem::path& path, const StreamFile& stream, const GivenStreamResult& result,
                        const std::string& generator) {
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, "predictions", 1, generator);
  file.write("/logits", result.logits);
  file.write("/labels", stream.labels);
  if (!result.cells.c.absent()) {
    file.write("/cells", result.cells.c);
    file.write("/hidden", result.cells.h);
  }
  write_file_atomically(path, file.image());
}

}  // namespace srwm
