// Draws few-shot episodes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/rng.h"
#include "data/class_dataset.h"
#include "data/episode.h"

namespace srwm {

/// The largest n_way: episodes are drawn without taking memory.
inline constexpr std::int64_t max_ways = 256;

/// Episodes of a split as a pure function of (seed, stream, step, position in the batch): classes without replacement
/// (a class is a (class, rotation) pair with `rotations`), labels a random permutation of the n_way slots, support
/// order shuffled over all classes, query images distinct from the support and from each other. A query's label slot
/// carries slot 0, as the authors' code has it. Throws SpecError if n_way is above max_ways or the split has too few
/// classes or images per class. `split` must outlive the sampler.
class EpisodeSampler {
 public:
  EpisodeSampler(const ClassSplit& split, const EpisodeOptions& options, std::uint64_t seed, Stream stream);

  /// Fills `batch` with `episodes` episodes; the i-th is number first_episode + i of this step. `ways` classes each
  /// (1 <= ways <= n_way; 0: n_way); labels are drawn from all n_way slots.
  void sample(std::uint32_t step, std::int64_t episodes, EpisodeBatch& batch, std::int64_t first_episode = 0,
              std::int64_t ways = 0) const;

  /// Draws images and targets of one episode into `count` positions of a batch that has its size, from `begin` on.
  void sample_segment(std::uint32_t step, std::int64_t episode, std::int64_t begin, std::int64_t count,
                      EpisodeBatch& batch) const;

  /// Number of classes of an episode at a training step (options.first_ways, ways_steps).
  std::int64_t ways_at(std::int64_t step) const;

 private:
  RandomSequence random(std::uint32_t step, std::int64_t episode) const;

  const ClassSplit& split_;
  EpisodeOptions options_;
  std::uint64_t seed_;
  Stream stream_;
};

/// Episodes stored in a file (docs/file_formats.md, "episodes"): images u8 [E, T, H, W, C], labels i32 [E, T].
/// sync: the last position is the query.
struct EpisodeFile {
  Tensor images;  ///< u8 [E T, H, W, C]
  Tensor labels;  ///< i32 [E, T]
  Protocol protocol = Protocol::sync;
  std::int64_t n_way = 0, k_shot = 0;
  std::string digest;

  std::int64_t episodes() const { return labels.dim(0); }
  std::int64_t length() const { return labels.dim(1); }
  /// Fills `batch` with episodes first, first + 1, ... (modulo their number), image indices into `images`; queries is 1
  /// in the protocol sync.
  void batch(std::int64_t first, std::int64_t episodes, EpisodeBatch& batch) const;
};

/// Sets `digest` from images, labels and protocol.
void set_digest(EpisodeFile& episodes);
/// Episodes 0 .. episodes - 1 (step 0) of an EpisodeSampler with their pixels: with the stream of a split and the seed
/// of an evaluation, the episodes of that evaluation. At most one query.
EpisodeFile draw_episodes(const ClassSplit& split, const EpisodeOptions& options, std::uint64_t seed, Stream stream,
                          std::int64_t episodes, int threads);

/// Reads an episode file. Checks format, shapes, types, label range and that the length fits the protocol: n_way *
/// k_shot, one more with a query. DataError otherwise.
EpisodeFile read_episode_file(const std::filesystem::path& path);
/// Writes one, whole or not at all; equal episodes give equal bytes.
void write_episode_file(const EpisodeFile& episodes, const std::filesystem::path& path, const std::string& generator);

/// Gathers the images of a batch as x[p, h, w, c] = (pixel / 255 - mean_c) / std_c, turned by `rotation`; mean 0 and
/// std 1 where `mean` is empty; into u8 the pixels as they are. images u8 [N, H, W, C] (square where rotations occur),
/// out f32, f64 or u8 [B T, H, W, C].
void gather_images(const Tensor& images, const EpisodeBatch& batch, const std::vector<double>& mean,
                   const std::vector<double>& std, int threads, const Tensor& out);

}  // namespace srwm
