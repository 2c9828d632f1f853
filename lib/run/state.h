// What a checkpoint holds besides model and optimizer: environments, waiting unrolls, whatever a task needs to
// continue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/tensor.h"
#include "ops/context.h"

namespace srwm {

/// A host tensor (bytes are u8 [n], reals f64 [n]) or integers.
using StateValue = std::variant<Tensor, std::vector<std::int64_t>>;
/// Values by name. A name is made of [A-Za-z0-9_.]; the names of a section begin with "<section>/".
using State = std::map<std::string, StateValue>;

/// Collects the state of a task. The order of the calls does not matter. InternalError for a name that is used twice or
/// is not made of [A-Za-z0-9_.].
class StateWriter {
 public:
  /// Writes into `state`, which must live longer.
  explicit StateWriter(State& state) : StateWriter(state, "") {}

  /// Writes the values of a section: "<name>/<value's name>". Sections may be nested.
  StateWriter section(const std::string& name) const;
  void integer(const std::string& name, std::int64_t value) const;
  void integers(const std::string& name, std::span<const std::int64_t> values) const;
  void real(const std::string& name, double value) const;
  void reals(const std::string& name, std::span<const double> values) const;
  void bytes(const std::string& name, std::span<const std::byte> values) const;
  void bytes(const std::string& name, const std::string& values) const;
  /// Shares the elements of a host tensor, which must not change later.
  void tensor(const std::string& name, Tensor host_tensor) const;
  /// Keeps a copy of a tensor on the context's device.
  void tensor(const std::string& name, Context& context, const Tensor& tensor) const;

 private:
  StateWriter(State& state, std::string prefix) : state_(&state), prefix_(std::move(prefix)) {}
  void add(const std::string& name, StateValue value) const;
  State* state_;
  std::string prefix_;
};

/// Reads what a StateWriter wrote. Every function throws DataError, naming the file and the value, if there is no such
/// value or if it has another type or shape.
class StateReader {
 public:
  /// Both must live longer; `path` is the file that the state was read from, for messages.
  StateReader(const State& state, const std::filesystem::path& path) : StateReader(state, path, "") {}

  /// Reads the values of a section, which may be empty.
  StateReader section(const std::string& name) const;
  /// Whether there is a value or a section of this name.
  bool has(const std::string& name) const;
  bool empty() const;

  std::int64_t integer(const std::string& name) const;
  std::span<const std::int64_t> integers(const std::string& name) const;
  double real(const std::string& name) const;
  std::span<const double> reals(const std::string& name) const;
  std::span<const std::byte> bytes(const std::string& name) const;
  std::string text(const std::string& name) const;  ///< bytes as a string
  const Tensor& tensor(const std::string& name, const Shape& shape, DType dtype) const;
  /// Copies a tensor to `target` on the context's device; shape and type must be those of `target`.
  void restore(Context& context, const std::string& name, const Tensor& target) const;

 private:
  StateReader(const State& state, const std::filesystem::path& path, std::string prefix)
      : state_(&state), path_(&path), prefix_(std::move(prefix)) {}
  const StateValue& find(const std::string& name) const;
  const Tensor& list(const std::string& name, DType dtype, const char* expected) const;
  [[noreturn]] void throw_wrong(const std::string& name, const std::string& expected) const;
  const State* state_;
  const std::filesystem::path* path_;
  std::string prefix_;
};

}  // namespace srwm
