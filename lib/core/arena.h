// Memory of one training step: handed out by bumping a pointer, given back all at once.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace srwm {

/// Gets and frees the blocks an arena is made of; one implementation per kind of device memory.
class BlockSource {
 public:
  virtual ~BlockSource() = default;
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void release(void* block, std::size_t bytes) noexcept = 0;
};

/// Host blocks, 64-byte aligned.
BlockSource& host_blocks();

/// Every allocation is 64-byte aligned and valid until `rewind` to a mark taken before it. After a rewind the next
/// step gets the same addresses again, so that a step can be captured as a CUDA graph, and no page is touched for the
/// first time twice. When a step outgrows the arena another block is added; `reserved()` stays constant from then on.
class Arena {
 public:
  explicit Arena(BlockSource& source, std::size_t block_bytes = std::size_t{64} << 20);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  struct Mark {
    std::size_t block = 0;
    std::size_t offset = 0;
  };

  void* allocate(std::size_t bytes);
  Mark mark() const { return position_; }
  void rewind() { position_ = Mark(); }
  void rewind(Mark mark) { position_ = mark; }

  /// Bytes obtained from the block source.
  std::size_t reserved() const { return reserved_; }
  /// Largest number of bytes in use at any time, rounding and block ends included.
  std::size_t peak() const { return peak_; }

 private:
  struct Block {
    void* memory;
    std::size_t bytes;
    std::size_t before;  ///< sum of the sizes of the blocks before this one
  };

  BlockSource& source_;
  std::size_t block_bytes_;
  std::vector<Block> blocks_;
  Mark position_;
  std::size_t reserved_ = 0;
  std::size_t peak_ = 0;
};

}  // namespace srwm
