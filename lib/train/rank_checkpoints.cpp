#include "train/rank_checkpoints.h"

#include <string>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "io/file.h"

namespace srwm {
namespace {

std::string digest_of_tensors(const Checkpoint& checkpoint) {
  Digest digest;
  for (const std::vector<NamedTensor>* part : {&checkpoint.model, &checkpoint.optimizer}) {
    for (const NamedTensor& entry : *part) {
      digest.update(std::span(static_cast<const std::byte*>(entry.tensor.raw()), entry.tensor.bytes()));
    }
  }
  return digest.hex();
}

}  // namespace

Checkpoint load_on_all_ranks(const std::filesystem::path& path, Ranks& ranks) {
  if (ranks.is_alone()) return load_checkpoint(path);
  Bytes image;
  Checkpoint checkpoint;
  if (ranks.is_first()) {
    checkpoint = load_checkpoint(path);  // before the others get it: they need not complain of it, too
    image = to_bytes(read_text_file(path));
  }
  ranks.broadcast(image);
  return ranks.is_first() ? std::move(checkpoint) : load_checkpoint(image, path);
}

void gather_state(State& state, Ranks& ranks) {
  if (ranks.is_alone()) return;
  const Bytes mine = ranks.is_first() || state.empty() ? Bytes() : state_image(state);
  for (const Bytes& image : ranks.gather(mine)) {
    if (!image.empty()) state.merge(load_state(image));
  }
}

void check_same_on_all_ranks(const Checkpoint& checkpoint, Ranks& ranks) {
  if (ranks.is_alone()) return;
  const std::vector<Bytes> digests = ranks.all_gather(to_bytes(digest_of_tensors(checkpoint)));
  for (std::size_t rank = 1; rank < digests.size(); ++rank) {
    if (digests[rank] == digests[0]) continue;
    throw DeviceError(
        "After step {} the model of rank {} on {} is not that of rank 0 on {}, though both have done the same. One of "
        "the two machines computes wrongly, or this is a bug in srwm. The checkpoint before this step is good.",
        checkpoint.progress.step, rank, ranks.host(static_cast<int>(rank)), ranks.host(0));
  }
}

}  // namespace srwm
