#include "core/arena.h"

#include <algorithm>
#include <new>

#include "core/memory.h"

namespace srwm {
namespace {

constexpr std::size_t alignment = 64;

class HostBlocks final : public BlockSource {
 public:
  void* allocate(std::size_t bytes) override {
    check_large_allocation(bytes);
    return ::operator new (bytes, std::align_val_t{alignment});
  }
  void release(void* block, std::size_t) noexcept override { ::operator delete (block, std::align_val_t{alignment}); }
};

}  // namespace

BlockSource& host_blocks() {
  static HostBlocks blocks;
  return blocks;
}

Arena::Arena(BlockSource& source, std::size_t block_bytes) : source_(source), block_bytes_(block_bytes) {}

Arena::~Arena() {
  for (const Block& block : blocks_) source_.release(block.memory, block.bytes);
}

void* Arena::allocate(std::size_t bytes) {
  bytes = (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  while (position_.block < blocks_.size() && position_.offset + bytes > blocks_[position_.block].bytes) {
    ++position_.block;
    position_.offset = 0;
  }
  if (position_.block == blocks_.size()) {
    const std::size_t size = std::max(bytes, block_bytes_);
    blocks_.push_back({source_.allocate(size), size, reserved_});
    reserved_ += size;
  }
  const Block& block = blocks_[position_.block];
  void* pointer = static_cast<char*>(block.memory) + position_.offset;
  position_.offset += bytes;
  peak_ = std::max(peak_, block.before + position_.offset);
  return pointer;
}

}  // namespace srwm
