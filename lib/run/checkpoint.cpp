#include "run/checkpoint.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "core/error.h"
#include "core/finite.h"
#include "core/version.h"
#include "io/file.h"
#include "io/hdf5.h"

namespace srwm {
namespace {

const std::string model_group = "/model";
const std::string optimizer_group = "/optimizer";
const std::string state_group = "/state";
const std::string progress_group = "/progress";
const std::string spec_dataset = "/spec";

void write_tensors(hdf5::File& file, const std::string& group, const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& named : tensors) file.write(group + "/" + named.name, named.tensor);
}

std::vector<NamedTensor> read_tensors(const hdf5::File& file, const std::string& group) {
  std::vector<NamedTensor> tensors;
  if (!file.has(group)) return tensors;
  for (const std::string& dataset : file.datasets_below(group)) {
    tensors.push_back({dataset.substr(group.size() + 1), file.read(dataset)});
  }
  return tensors;
}

void write_state(hdf5::File& file, const State& state) {
  for (const auto& [name, value] : state) {
    const std::string dataset = fmt::format("{}/{}", state_group, name);
    if (const auto* tensor = std::get_if<Tensor>(&value)) {
      file.write(dataset, *tensor);
    } else {
      file.write_integers(dataset, std::get<std::vector<std::int64_t>>(value));
    }
  }
}

State read_state(const hdf5::File& file) {
  State state;
  if (!file.has(state_group)) return state;
  for (const std::string& dataset : file.datasets_below(state_group)) {
    StateValue& value = state[dataset.substr(state_group.size() + 1)];
    if (file.holds_int64(dataset)) {
      value = file.read_integers(dataset);
    } else {
      value = file.read(dataset);
    }
  }
  return state;
}

/// Format 1 had no /state: synchronous agents kept environments, actor and waiting unrolls under /optimizer.
void move_state_of_format_1(Checkpoint& checkpoint) {
  constexpr std::array<std::string_view, 3> prefixes{"env.", "actor.", "unrolls."};
  std::vector<NamedTensor> optimizer;
  for (NamedTensor& entry : checkpoint.optimizer) {
    const bool is_state =
        std::ranges::any_of(prefixes, [&](std::string_view prefix) { return entry.name.starts_with(prefix); });
    if (is_state) {
      checkpoint.state[entry.name] = std::move(entry.tensor);
    } else {
      optimizer.push_back(std::move(entry));
    }
  }
  checkpoint.optimizer = std::move(optimizer);
}

void write_arithmetic(hdf5::File& file, const Arithmetic& arithmetic) {
  file.set_attribute("/", "device", arithmetic.device);
  file.set_attribute("/", "gpu", arithmetic.gpu);
  file.set_attribute("/", "simd", arithmetic.simd);
  file.set_attribute("/", "blas_core", arithmetic.blas_core);
}

/// Format 1 knew the device only.
Arithmetic read_arithmetic(const hdf5::File& file, std::int64_t version) {
  Arithmetic arithmetic{.device = file.string_attribute("/", "device")};
  if (version == 1) return arithmetic;
  arithmetic.gpu = file.string_attribute("/", "gpu");
  arithmetic.simd = file.string_attribute("/", "simd");
  arithmetic.blas_core = file.string_attribute("/", "blas_core");
  return arithmetic;
}

/// Attributes cannot be listed through hdf5::File, so their names stand in one of them.
template <typename Map>
std::string joined_names(const Map& values) {
  std::string names;
  for (const auto& [name, value] : values) names += (names.empty() ? "" : " ") + name;
  return names;
}

std::vector<std::string> split_names(std::string_view names) {
  std::vector<std::string> parts;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    parts.emplace_back(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return parts;
}

void write_progress(hdf5::File& file, const Progress& progress) {
  file.set_attribute(progress_group, "step", progress.step);
  if (progress.best_metric) file.set_attribute(progress_group, "best_metric", std::vector{*progress.best_metric});
  file.set_attribute(progress_group, "best_step", progress.best_step);
  file.set_attribute(progress_group, "counters", joined_names(progress.counters));
  for (const auto& [name, value] : progress.counters) file.set_attribute(progress_group, name, value);
  file.set_attribute(progress_group, "reals", joined_names(progress.reals));
  for (const auto& [name, value] : progress.reals) file.set_attribute(progress_group, name, std::vector{value});
}

double read_real(const hdf5::File& file, const std::string& name) {
  const std::vector<double> values = file.real_attribute(progress_group, name);
  if (values.size() == 1) return values.front();
  throw DataError("{}: the attribute {} of {} has {} values; a checkpoint has one there. The file is damaged.",
                  file.path().string(), name, progress_group, values.size());
}

Progress read_progress(const hdf5::File& file) {
  Progress progress;
  progress.step = file.int_attribute(progress_group, "step");
  progress.best_step = file.int_attribute(progress_group, "best_step");
  if (file.has_attribute(progress_group, "best_metric")) progress.best_metric = read_real(file, "best_metric");
  for (const std::string& name : split_names(file.string_attribute(progress_group, "counters"))) {
    progress.counters[name] = file.int_attribute(progress_group, name);
  }
  for (const std::string& name : split_names(file.string_attribute(progress_group, "reals"))) {
    progress.reals[name] = read_real(file, name);
  }
  if (progress.step >= 0 && progress.best_step >= 0) return progress;
  throw DataError(
      "{}: the checkpoint says it was written at step {} (best at {}); steps are never negative. The file "
      "is damaged.",
      file.path().string(), progress.step, progress.best_step);
}

std::string read_spec(const hdf5::File& file) {
  const std::vector<std::string> texts = file.read_strings(spec_dataset);
  if (texts.size() == 1) return texts.front();
  throw DataError("{}: {} holds {} texts; a checkpoint has one spec. The file is damaged.", file.path().string(),
                  spec_dataset, texts.size());
}

/// "the model's tensor x (3 of 12 numbers)": the first that holds NaN or infinite numbers; empty if there is none.
std::string first_not_finite(const Checkpoint& checkpoint) {
  for (const auto& [part, owner] : {std::pair{&checkpoint.model, "model"}, {&checkpoint.optimizer, "optimizer"}}) {
    for (const NamedTensor& entry : *part) {
      const std::int64_t bad = count_not_finite(entry.tensor);
      if (bad > 0)
        return fmt::format("the {}'s tensor {} ({} of {} numbers)", owner, entry.name, bad, entry.tensor.numel());
    }
  }
  return "";
}

void check_finite_before_write(const Checkpoint& checkpoint, const std::filesystem::path& latest) {
  const std::string bad = first_not_finite(checkpoint);
  if (bad.empty()) return;
  std::error_code ignored;
  const std::string kept = std::filesystem::exists(latest, ignored)
                               ? fmt::format("The last good checkpoint is {}.", latest.string())
                               : "No checkpoint was written.";
  throw NotFiniteError(
      "After step {}, {} is not finite. {} A lower optim.rate, a larger optim.eps or optim.clip_norm usually helps.",
      checkpoint.progress.step, bad, kept);
}

/// Number in "step-<number>.h5"; none for every other name.
std::optional<std::int64_t> step_in_name(const std::string& name) {
  constexpr std::string_view prefix = "step-", suffix = ".h5";
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  const char* first = name.data() + prefix.size();
  const char* last = name.data() + name.size() - suffix.size();
  std::int64_t step = 0;
  const auto [end, error] = std::from_chars(first, last, step);
  return error == std::errc() && end == last ? std::optional(step) : std::nullopt;
}

/// nullptr if there is none of that name.
const Tensor* find(const std::vector<NamedTensor>& tensors, const std::string& name) {
  const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
  return found == tensors.end() ? nullptr : &found->tensor;
}

Checkpoint read_checkpoint(const hdf5::File& file, const std::filesystem::path& path) {
  const std::int64_t version = hdf5::expect_format(file, "checkpoint", checkpoint_version);
  Checkpoint checkpoint;
  checkpoint.path = path;
  checkpoint.generator = file.string_attribute("/", "generator");
  checkpoint.data_digest = file.string_attribute("/", "data_digest");
  checkpoint.arithmetic = read_arithmetic(file, version);
  checkpoint.spec_json = read_spec(file);
  checkpoint.progress = read_progress(file);
  checkpoint.model = read_tensors(file, model_group);
  checkpoint.optimizer = read_tensors(file, optimizer_group);
  checkpoint.state = read_state(file);
  if (version == 1) move_state_of_format_1(checkpoint);
  if (checkpoint.model.empty()) {
    throw DataError("{}: the checkpoint holds no tensors under {}. The file is damaged or was not written by srwm.",
                    path.string(), model_group);
  }
  const std::string bad = first_not_finite(checkpoint);
  if (bad.empty()) return checkpoint;
  throw NotFiniteError("{}: {} is not finite. Use an earlier checkpoint of the run, or convert the model again.",
                       path.string(), bad);
}

}  // namespace

std::vector<std::byte> checkpoint_image(const Checkpoint& checkpoint) {
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, "checkpoint", checkpoint_version, generator());
  file.set_attribute("/", "version", build_info().version);
  file.set_attribute("/", "commit", build_info().commit);
  file.set_attribute("/", "data_digest", checkpoint.data_digest);
  write_arithmetic(file, checkpoint.arithmetic);
  file.write_strings(spec_dataset, {checkpoint.spec_json});
  write_progress(file, checkpoint.progress);
  write_tensors(file, model_group, checkpoint.model);
  write_tensors(file, optimizer_group, checkpoint.optimizer);
  write_state(file, checkpoint.state);
  return file.image();
}

void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  write_file_atomically(path, checkpoint_image(checkpoint));
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  return read_checkpoint(hdf5::File::open(path), path);
}

Checkpoint load_checkpoint(std::span<const std::byte> image, const std::filesystem::path& path) {
  return read_checkpoint(hdf5::File::of_image(image, path), path);
}

std::vector<std::byte> state_image(const State& state) {
  hdf5::File file = hdf5::File::in_memory();
  write_state(file, state);
  return file.image();
}

State load_state(std::span<const std::byte> image) {
  return read_state(hdf5::File::of_image(image, "the state of another rank"));
}

const Tensor& find_tensor(const Checkpoint& checkpoint, CheckpointTensors part, const std::string& name,
                          const Shape& shape, DType dtype) {
  const Tensor* tensor = find(checkpoint.*part, name);
  const std::string path = checkpoint.path.string();
  if (tensor == nullptr) {
    throw DataError("{}: there is no tensor {} ({} {}), which the model needs. The checkpoint is of another model.",
                    path, name, name_of(dtype), shape.to_string());
  }
  if (tensor->shape() == shape && tensor->dtype() == dtype) return *tensor;
  throw DataError(
      "{}: the tensor {} is {} {}; the model needs {} {}. The checkpoint is of another model, or of one for images "
      "of another size.",
      path, name, name_of(tensor->dtype()), tensor->shape().to_string(), name_of(dtype), shape.to_string());
}

void restore_tensor(Context& context, const Checkpoint& checkpoint, CheckpointTensors part, const std::string& name,
                    const Tensor& target) {
  context.upload(target, find_tensor(checkpoint, part, name, target.shape(), target.dtype()).raw());
}

void CheckpointWriter::save_regular(const Checkpoint& checkpoint) {
  check_finite_before_write(checkpoint, paths_.latest());
  const std::vector<std::byte> image = checkpoint_image(checkpoint);
  const std::int64_t step = checkpoint.progress.step;
  if (keep_ > 0) {
    write_file_atomically(paths_.at_step(step), image);
    if (replace_by_link(paths_.at_step(step), paths_.latest())) return remove_older_than(step);
  }
  write_file_atomically(paths_.latest(), image);
  if (keep_ > 0) remove_older_than(step);
}

void CheckpointWriter::save_stopped(const Checkpoint& checkpoint) {
  check_finite_before_write(checkpoint, paths_.latest());
  save_checkpoint(paths_.latest(), checkpoint);
}

void CheckpointWriter::save_best(const Checkpoint& checkpoint) {
  check_finite_before_write(checkpoint, paths_.latest());
  save_checkpoint(paths_.best(), checkpoint);
}

void CheckpointWriter::remove_older_than(std::int64_t step) const {
  std::vector<std::int64_t> older;
  std::error_code ignored;  // what cannot be listed or removed now goes with a later checkpoint
  for (const auto& entry : std::filesystem::directory_iterator(paths_.checkpoints(), ignored)) {
    const std::optional<std::int64_t> other = step_in_name(entry.path().filename().string());
    if (other && *other < step) older.push_back(*other);
  }
  std::sort(older.begin(), older.end(), std::greater<>());
  for (std::size_t i = static_cast<std::size_t>(keep_); i < older.size(); ++i) {
    std::filesystem::remove(paths_.at_step(older[i]), ignored);
  }
}

}  // namespace srwm
