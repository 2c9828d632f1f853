// srwm data: generated datasets, a look into files, drawn episodes.
#include <memory>
#include <string>

#include <fmt/core.h>

#include "core/utf8.h"
#include "core/version.h"
#include "data/describe.h"
#include "data/glyphs.h"
#include "data/sampler.h"
#include "io/png.h"
#include "run/host.h"
#include "srwm/commands.h"
#include "srwm/session.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

struct GlyphsCommand {
  GlyphOptions options;
  std::string out;
};

struct InspectCommand {
  std::string file, sheet, split = "train";
  std::int64_t rows = 20;
};

struct EpisodesCommand {
  std::string dataset, data_dir, out, protocol = "sync", split = "test";
  EpisodeOptions options;
  std::int64_t episodes = 1000;
  std::uint64_t seed = 0;
};

void execute(const GlyphsCommand& command) {
  const ClassDataset dataset = make_glyphs(command.options, default_threads());
  write_class_dataset(dataset, command.out, generator());
  fmt::print("{}", printable(describe_file(command.out, default_threads())));
}

void execute(const InspectCommand& command) {
  fmt::print("{}", printable(describe_file(command.file, default_threads())));
  if (command.sheet.empty()) return;
  write_png(contact_sheet_of_file(command.file, command.split, command.rows), command.sheet);
  fmt::print("  contact sheet: {}\n", printable(command.sheet));
}

void execute(EpisodesCommand& command) {
  const int threads = default_threads();
  const ClassDataset dataset = command.dataset == "glyphs"
                                   ? make_glyphs({}, threads)
                                   : read_class_dataset(find_dataset(command.dataset, command.data_dir));
  require_own_classes(dataset);
  command.options.protocol = command.protocol == "sync" ? Protocol::sync : Protocol::delayed;
  const Split split = parse_split(command.split);
  const EpisodeFile episodes = draw_episodes(dataset.split(split), command.options, command.seed, episode_stream(split),
                                             command.episodes, threads);
  write_episode_file(episodes, command.out, generator());
  fmt::print("{}", printable(describe_file(command.out, threads)));
}

void add_glyphs(CLI::App& data) {
  const auto options = std::make_shared<GlyphsCommand>();
  CLI::App* command = data.add_subcommand("glyphs", "Write the built-in generated characters as a class dataset");
  GlyphOptions& glyphs = options->options;
  const CLI::Range count(std::int64_t{1}, std::int64_t{1000000});
  takes_path(command->add_option("--out", options->out, "File to write"), PathUse::output, takes::h5_file)->required();
  command->add_option("--train-classes", glyphs.train_classes, "Classes to train on")
      ->check(count)
      ->capture_default_str();
  command->add_option("--val-classes", glyphs.val_classes, "Classes to validate on")
      ->check(count)
      ->capture_default_str();
  command->add_option("--test-classes", glyphs.test_classes, "Classes to test on")->check(count)->capture_default_str();
  command->add_option("--images", glyphs.images_per_class, "Images of each class")->check(count)->capture_default_str();
  command->add_option("--size", glyphs.image_size, "Height and width")
      ->check(CLI::Range(8, 512))
      ->capture_default_str();
  command->add_option("--jitter", glyphs.jitter, "How much drawings differ: 1 the standard task, less is easier")
      ->check(CLI::Range(0.0, 3.0))
      ->capture_default_str();
  command->add_option("--seed", glyphs.seed, "Other characters with another seed")
      ->check(not_negative())
      ->capture_default_str();
  command->callback([options] { execute(*options); });
}

void add_inspect(CLI::App& data) {
  const auto options = std::make_shared<InspectCommand>();
  CLI::App* command =
      data.add_subcommand("inspect", "Say what is in a dataset, episodes, checkpoint or predictions file");
  takes_path(command->add_option(takes::h5_file, options->file, "File to look at"), PathUse::input, "")->required();
  takes_path(command->add_option("--sheet", options->sheet, "Draw a contact sheet of its images into this PNG file"),
             PathUse::output, takes::png_file);
  command->add_option("--split", options->split, "Classes on the sheet")
      ->type_name(takes::split)
      ->capture_default_str();
  command->add_option("--rows", options->rows, "Classes or episodes on the sheet")
      ->check(CLI::Range(1, 200))
      ->capture_default_str();
  command->callback([options] { execute(*options); });
}

void add_episodes(CLI::App& data) {
  const auto options = std::make_shared<EpisodesCommand>();
  CLI::App* command = data.add_subcommand("episodes", "Draw episodes and write them as a file, to compare programs on");
  EpisodeOptions& episode = options->options;
  takes_name_or_path(
      command->add_option("--dataset", options->dataset, "Name or path of a class dataset; glyphs: built in"),
      takes::dataset)
      ->required();
  takes_path(command->add_option("--data-dir", options->data_dir,
                                 "Folder with the packed datasets; else $SRWM_DATA, then ./data"),
             PathUse::input, takes::folder);
  takes_path(command->add_option("--out", options->out, "File to write"), PathUse::output, takes::h5_file)->required();
  command->add_option("--episodes", options->episodes, "Number of episodes")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str();
  command->add_option("--split", options->split, "Classes to draw from")
      ->type_name(takes::split)
      ->capture_default_str();
  command->add_option("--protocol", options->protocol, "How labels come in")
      ->check(CLI::IsMember({"sync", "delayed"}))
      ->capture_default_str();
  command->add_option("--n-way", episode.n_way, "Classes of an episode")->check(positive())->capture_default_str();
  command->add_option("--k-shot", episode.k_shot, "Images of each class")->check(positive())->capture_default_str();
  command->add_flag("--rotations", episode.rotations, "Quarter turns of a class count as classes (Omniglot)");
  command->add_option("--seed", options->seed, "As 'srwm eval --episode-seed': the same seed draws the same episodes")
      ->check(not_negative())
      ->capture_default_str();
  command->callback([options] { execute(*options); });
}

}  // namespace

void add_data_command(CLI::App& app) {
  CLI::App* data = app.add_subcommand("data", "Generate, look into and draw from datasets");
  data->require_subcommand(1);
  add_glyphs(*data);
  add_inspect(*data);
  add_episodes(*data);
  data->footer(
      "Examples:\n"
      "  srwm data glyphs --out data/glyphs.h5\n"
      "  srwm data inspect data/omniglot28.h5 --sheet omniglot.png\n"
      "  srwm data episodes --dataset omniglot28 --rotations --episodes 1000 --out fixed.h5\n"
      "Omniglot is packed by data_scripts/pack_omniglot.py; docs/data.md tells of it and the others.");
}

}  // namespace srwm
