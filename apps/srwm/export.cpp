// srwm export and srwm import: weights in the files that other programs read, and back.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/error.h"
#include "core/utf8.h"
#include "core/version.h"
#include "io/file.h"
#include "run/checkpoint.h"
#include "run/progress.h"
#include "run/tensor_file.h"
#include "spec/print.h"
#include "srwm/commands.h"
#include "srwm/trained_model.h"
#include "tasks/task_table.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

struct ExportArguments {
  TrainedModelOptions model;
  std::string format, out;
};

struct ImportArguments {
  std::string file, config, format, out;
};

/// "safetensors" or "npz": as asked for, else by the ending of the file.
std::string format_of(const std::string& format, const std::string& file) {
  if (!format.empty()) return format;
  for (const char* known : {"safetensors", "npz"}) {
    if (file.ends_with(fmt::format(".{}", known))) return known;
  }
  throw UsageError("{} ends neither in .safetensors nor in .npz. Name the format with --format.", file);
}

// Names of the texts about the weights.
constexpr const char *spec_text = "spec", *step_text = "step", *digest_text = "data_digest";

/// Everything about the weights that the checkpoint knows.
std::map<std::string, std::string> metadata_of(const Checkpoint& checkpoint) {
  const Arithmetic& arithmetic = checkpoint.arithmetic;
  return {{spec_text, checkpoint.spec_json},
          {step_text, fmt::to_string(checkpoint.progress.step)},
          {digest_text, checkpoint.data_digest},
          {"generator", checkpoint.generator},
          {"exported_by", generator()},
          {"device", arithmetic.device},
          {"gpu", arithmetic.gpu},
          {"simd", arithmetic.simd}};
}

void run_export(const ExportArguments& options) {
  const std::string format = format_of(options.format, options.out);
  const Checkpoint checkpoint = load_checkpoint(checkpoint_path(options.model));
  const TensorFile file{checkpoint.model, metadata_of(checkpoint)};
  write_file_atomically(options.out, format == "npz" ? npz_image(file) : safetensors_image(file));
  std::int64_t numbers = 0;
  for (const NamedTensor& entry : file.tensors) numbers += entry.tensor.numel();
  fmt::print("{}: {} tensors, {} numbers.\n", printable(options.out), file.tensors.size(), format_count(numbers));
}

/// The spec that the weights belong to: --config, or what the file says.
std::string spec_for(const ImportArguments& options, const TensorFile& file) {
  if (!options.config.empty()) return to_json(*load_any_spec(options.config));
  const auto text = file.metadata.find(spec_text);
  if (text == file.metadata.end()) {
    throw UsageError("{} does not say what model its weights are of. Give its spec with --config.", options.file);
  }
  return to_json(*parse_any_spec_text(text->second, options.file));
}

void run_import(const ImportArguments& options) {
  TensorFile file =
      format_of(options.format, options.file) == "npz" ? read_npz(options.file) : read_safetensors(options.file);
  Checkpoint checkpoint;
  checkpoint.spec_json = spec_for(options, file);
  checkpoint.data_digest = file.metadata[digest_text];
  checkpoint.progress.step = std::atoll(file.metadata[step_text].c_str());
  checkpoint.model = std::move(file.tensors);
  save_checkpoint(options.out, checkpoint);
  fmt::print("{}: {} tensors.\n", printable(options.out), checkpoint.model.size());
}

CLI::Option* add_format(CLI::App& command, std::string& format) {
  return command.add_option("--format", format, "Default: by the ending of the file")
      ->type_name(takes::weight_format)
      ->check(CLI::IsMember({"safetensors", "npz"}));
}

}  // namespace

void add_export_commands(CLI::App& app) {
  auto to_others = std::make_shared<ExportArguments>();
  CLI::App* command = app.add_subcommand("export", "Write a model's weights for other programs: safetensors or npz");
  add_trained_model_options(*command, to_others->model);
  takes_path(command->add_option("--out", to_others->out, "File to write"), PathUse::output, takes::weight_file)
      ->required();
  add_format(*command, to_others->format);
  command->footer(R"(Examples:
  srwm export --run runs/quickstart-s1 --out model.safetensors
  srwm export --checkpoint best.h5 --out model.npz

Names are those of the checkpoint. Spec, step, digest of the data and who computed it are in the metadata; of an .npz in
the array __metadata__, JSON as bytes. 'srwm import' makes a checkpoint of such a file again.)");
  command->callback([to_others] { run_export(*to_others); });

  auto from_others = std::make_shared<ImportArguments>();
  command = app.add_subcommand("import", "Make a checkpoint of weights in safetensors or npz");
  takes_path(command->add_option("file", from_others->file, "The weights"), PathUse::input, takes::weight_file)
      ->required();
  takes_path(command->add_option("--out", from_others->out, "Checkpoint to write"), PathUse::output, takes::h5_file)
      ->required();
  takes_path(command->add_option("--config", from_others->config, "Spec of the model; default: that in the file"),
             PathUse::input, takes::spec);
  add_format(*command, from_others->format);
  command->footer(R"(Examples:
  srwm import model.safetensors --out model.h5
  srwm import weights.npz --config my.json --out model.h5
  srwm eval --checkpoint model.h5

The checkpoint has no state of an optimizer: it is for eval, predict and --init-from, not for --resume.)");
  command->callback([from_others] { run_import(*from_others); });
}

}  // namespace srwm
