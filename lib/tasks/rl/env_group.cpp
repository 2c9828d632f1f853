#include "tasks/rl/env_group.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace srwm {
namespace {

/// Memory on the device for what stands in `host`; that itself where the device is the host.
Tensor on_device(Context& context, const Tensor& host) {
  return context.device().kind == Device::Kind::cpu ? host : context.persistent(host.shape(), host.dtype());
}

/// What an environment showed last stands before its own state: a library need not keep it (docs/environments.md).
/// States of older versions begin without this mark.
constexpr std::string_view shown_mark = "srwm: shown, 1\n";

/// Libraries take a seed of 31 bits.
std::int32_t library_seed(std::uint64_t seed) {
  return static_cast<std::int32_t>(seed % INT32_MAX);
}

EnvRequest base_request(const RlSpec& spec) {
  EnvRequest request;
  request.games = spec.env.games;
  request.threads = static_cast<std::int32_t>(spec.env.threads);
  if (!spec.env.mode.empty()) request.settings.push_back({"distribution_mode", spec.env.mode});
  for (const std::string& setting : spec.env.settings) request.settings.push_back(parse_setting(setting));
  return request;
}

}  // namespace

void EpisodeFigures::clear() {
  std::ranges::fill(returns, 0.0);
  std::ranges::fill(episodes, 0);
}

void EpisodeFigures::add(const EpisodeFigures& more) {
  for (std::size_t game = 0; game < returns.size(); ++game) {
    returns[game] += more.returns[game];
    episodes[game] += more.episodes[game];
  }
}

EnvRequest training_request(const RlSpec& spec, std::int64_t group, std::int64_t count) {
  EnvRequest request = base_request(spec);
  request.envs = static_cast<std::int32_t>(count);
  request.levels = static_cast<std::int32_t>(spec.env.levels);
  request.first_level = static_cast<std::int32_t>(spec.env.first_level);
  request.seed = library_seed(spec.seed + static_cast<std::uint64_t>(group));
  return request;
}

EnvRequest request_for_levels(const RlSpec& spec, std::int64_t envs, std::int64_t first_level, std::int64_t levels) {
  EnvRequest request = base_request(spec);
  request.envs = static_cast<std::int32_t>(envs * static_cast<std::int64_t>(game_names(spec).size()));
  request.first_level = static_cast<std::int32_t>(first_level);
  request.levels = static_cast<std::int32_t>(levels);
  return request;
}

std::int64_t episodes_ended(const EnvGroup& group) {
  const auto is_first = group.on_host().is_first.span<std::uint8_t>();
  return std::ranges::count_if(is_first, [](std::uint8_t flag) { return flag != 0; });
}

EnvGroup::EnvGroup(Context& context, std::shared_ptr<const EnvLibrary> library, const EnvRequest& request)
    : env_(std::move(library), request),
      memory_(env_, [&](Shape shape, DType dtype) { return context.pinned(shape, dtype); }),
      games_(std::max<std::size_t>(1, request.games.size())),
      frames_(on_device(context, memory_.frames)),
      rewards_(on_device(context, memory_.rewards)),
      is_first_(on_device(context, memory_.is_first)),
      running_(static_cast<std::size_t>(env_.size())) {
  env_.start(memory_.buffers());
  env_.observe();
  upload(context);
}

void EnvGroup::observe(Context& context, EpisodeFigures& figures) {
  env_.observe();
  const auto rewards = memory_.rewards.span<float>();
  const auto is_first = memory_.is_first.span<std::uint8_t>();
  for (std::size_t n = 0; n < rewards.size(); ++n) {
    running_[n] += static_cast<double>(rewards[n]);
    if (is_first[n] == 0) continue;
    figures.returns[n % games_] += running_[n];
    ++figures.episodes[n % games_];
    running_[n] = 0;
  }
  upload(context);
}

std::string EnvGroup::save(std::int64_t n) {
  const auto row = static_cast<std::size_t>(n), frame = static_cast<std::size_t>(env_.frame().bytes());
  const auto append = [](std::string& bytes, const void* from, std::size_t count) {
    bytes.append(static_cast<const char*>(from), count);
  };
  std::string state(shown_mark);
  append(state, &memory_.rewards.span<float>()[row], sizeof(float));
  append(state, &memory_.is_first.span<std::uint8_t>()[row], 1);
  append(state, memory_.frames.data<std::uint8_t>() + row * frame, frame);
  state += env_.save_state(static_cast<int>(n));
  return state;
}

void EnvGroup::load(std::int64_t n, const std::string& state) {
  std::string_view rest = state;
  const std::size_t shown = sizeof(float) + 1 + static_cast<std::size_t>(env_.frame().bytes());
  if (rest.starts_with(shown_mark) && rest.size() >= shown_mark.size() + shown) {
    shown_.emplace_back(n, rest.substr(shown_mark.size(), shown));
    rest.remove_prefix(shown_mark.size() + shown);
  }
  env_.load_state(static_cast<int>(n), std::string(rest));
}

void EnvGroup::observe_again(Context& context) {
  context.queue().synchronize();  // no action was taken since what is still on its way
  env_.observe();
  for (const auto& [n, shown] : shown_) show_again(n, shown);
  shown_.clear();
  upload(context);
}

void EnvGroup::show_again(std::int64_t n, std::string_view shown) {
  const auto row = static_cast<std::size_t>(n), frame = static_cast<std::size_t>(env_.frame().bytes());
  std::memcpy(&memory_.rewards.span<float>()[row], shown.data(), sizeof(float));
  memory_.is_first.span<std::uint8_t>()[row] = static_cast<std::uint8_t>(shown[sizeof(float)]);
  std::memcpy(memory_.frames.data<std::uint8_t>() + row * frame, shown.data() + sizeof(float) + 1, frame);
}

void EnvGroup::upload(Context& context) {
  if (context.device().kind == Device::Kind::cpu) return;
  context.upload_pinned(frames_, memory_.frames);
  context.upload_pinned(rewards_, memory_.rewards);
  context.upload_pinned(is_first_, memory_.is_first);
}

}  // namespace srwm
