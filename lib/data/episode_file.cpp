// Episodes stored in a file.
#include <algorithm>

#include "core/digest.h"
#include "data/sampler.h"
#include "io/file.h"
#include "io/hdf5.h"

namespace srwm {
namespace {

constexpr std::int64_t episode_format_version = 1;

Protocol read_protocol(const hdf5::File& file) {
  const std::string name = file.string_attribute("/", "protocol");
  for (const Protocol protocol : {Protocol::sync, Protocol::delayed}) {
    if (name == name_of(protocol)) return protocol;
  }
  throw DataError("{}: the attribute protocol is '{}'; expected 'sync' or 'delayed'.", file.path().string(), name);
}

/// Checks the shapes before anything is read.
void check_shapes(const hdf5::File& file, const EpisodeFile& episodes) {
  const std::string path = file.path().string();
  const Shape images = file.shape("/images"), labels = file.shape("/labels");
  if (file.dtype("/images") != DType::u8 || images.rank() != 5 || images[4] < 1 || images[4] > max_channels) {
    throw DataError("{}: /images is {} {}; expected u8 [E, T, H, W, C] with 1 to {} channels.", path,
                    name_of(file.dtype("/images")), images.to_string(), max_channels);
  }
  if (file.dtype("/labels") != DType::i32 || labels != Shape{images[0], images[1]}) {
    throw DataError("{}: /labels is {} {}; expected integers [{}, {}], one per image.", path,
                    name_of(file.dtype("/labels")), labels.to_string(), images[0], images[1]);
  }
  const std::int64_t expected = episodes.n_way * episodes.k_shot + (episodes.protocol == Protocol::sync ? 1 : 0);
  if (episodes.n_way < 1 || episodes.k_shot < 1 || images[1] != expected) {
    throw DataError("{}: an episode has {} images; expected {} of {} way(s), {} shot(s){}.", path, images[1], expected,
                    episodes.n_way, episodes.k_shot, episodes.protocol == Protocol::sync ? " and a query" : "");
  }
  if (images[0] < 1) throw DataError("{} holds no episodes.", path);
}

void check_labels(const EpisodeFile& episodes, const std::string& path) {
  const auto labels = episodes.labels.span<std::int32_t>();
  const auto wrong = std::find_if(labels.begin(), labels.end(),
                                  [&](std::int32_t label) { return label < 0 || label >= episodes.n_way; });
  if (wrong != labels.end()) {
    throw DataError("{}: /labels has a {} in episode {}; expected 0 to {}.", path, *wrong,
                    (wrong - labels.begin()) / episodes.length(), episodes.n_way - 1);
  }
}

}  // namespace

void set_digest(EpisodeFile& episodes) {
  Digest digest;
  digest.update(fmt::format("{} {} {}", name_of(episodes.protocol), episodes.n_way, episodes.k_shot));
  for (const Tensor& tensor : {episodes.labels, episodes.images}) {
    digest.update(tensor.shape().to_string());
    digest.update(std::span(static_cast<const std::byte*>(tensor.raw()), tensor.bytes()));
  }
  episodes.digest = digest.hex();
}

namespace {

/// Fills in what is fed and what is asked for, of one episode, from the labels of its images.
void feed(Protocol protocol, const std::int32_t* labels, std::size_t first, std::size_t length, EpisodeBatch& batch) {
  for (std::size_t t = 0; t < length; ++t) {
    const bool is_last = t + 1 == length;
    if (protocol == Protocol::sync) {
      batch.label_in[first + t] = is_last ? 0 : labels[t];
      batch.target[first + t] = is_last ? labels[t] : -1;
    } else {
      batch.label_in[first + t] = t == 0 ? 0 : labels[t - 1];
      batch.target[first + t] = labels[t];
    }
  }
}

}  // namespace

void EpisodeFile::batch(std::int64_t first, std::int64_t episodes_wanted, EpisodeBatch& filled) const {
  filled.future = 0;
  filled.queries = protocol == Protocol::sync ? 1 : 0;
  filled.resize(episodes_wanted, length());
  std::ranges::fill(filled.rotation, std::uint8_t{0});
  std::ranges::fill(filled.task, std::uint8_t{0});
  for (std::int64_t i = 0; i < episodes_wanted; ++i) {
    const std::int64_t stored = (first + i) % episodes() * length();
    const auto position = static_cast<std::size_t>(i * length());
    for (std::int64_t t = 0; t < length(); ++t) {
      filled.image[position + static_cast<std::size_t>(t)] = static_cast<std::int32_t>(stored + t);
    }
    feed(protocol, labels.data<std::int32_t>() + stored, position, static_cast<std::size_t>(length()), filled);
  }
}

EpisodeFile read_episode_file(const std::filesystem::path& path) {
  const hdf5::File file = hdf5::File::open(path);
  hdf5::expect_format(file, "episodes", episode_format_version);
  EpisodeFile episodes;
  episodes.protocol = read_protocol(file);
  episodes.n_way = file.int_attribute("/", "n_way");
  episodes.k_shot = file.int_attribute("/", "k_shot");
  check_shapes(file, episodes);
  episodes.labels = file.read("/labels");
  check_labels(episodes, path.string());
  const Shape shape = file.shape("/images");
  episodes.images = file.read("/images").reshaped({shape[0] * shape[1], shape[2], shape[3], shape[4]});
  set_digest(episodes);
  return episodes;
}

void write_episode_file(const EpisodeFile& episodes, const std::filesystem::path& path, const std::string& generator) {
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, "episodes", episode_format_version, generator);
  file.set_attribute("/", "protocol", std::string(name_of(episodes.protocol)));
  file.set_attribute("/", "n_way", episodes.n_way);
  file.set_attribute("/", "k_shot", episodes.k_shot);
  file.write("/labels", episodes.labels);
  const Shape& images = episodes.images.shape();
  file.write("/images",
             episodes.images.reshaped({episodes.episodes(), episodes.length(), images[1], images[2], images[3]}));
  write_file_atomically(path, file.image());
}

}  // namespace srwm
