#include "games/game_vector.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace srwm::games {
namespace {

constexpr int state_version = 1;
constexpr std::uint64_t blocks_per_step = 1 << 10;    // of random numbers; an episode begins with the largest need
constexpr std::uint64_t steps_per_episode = 1 << 10;  // more than GameEntry::longest
constexpr std::uint32_t level_numbers = 1U << 31;     // levels are drawn apart from environments, which count from 0

int mode_index(Mode mode) {
  return static_cast<int>(mode);
}

const GameEntry& entry(int game) {
  return all_games()[static_cast<std::size_t>(game)];
}

int tile_pixels(const VectorOptions& options, int game) {
  return options.frame_size / entry(game).tiles[static_cast<std::size_t>(mode_index(options.mode))];
}

/// The sheet with tiles of 1 << n pixels is the n-th.
std::vector<SpriteSheet> make_sheets() {
  std::vector<SpriteSheet> sheets;
  for (const int side : {1, 2, 4, 8}) sheets.emplace_back(side);
  return sheets;
}

}  // namespace

Environment::Environment(const VectorOptions& options, int index, const SpriteSheet& sprites)
    : options_(&options),
      index_(index),
      game_(options.games[static_cast<std::size_t>(index) % options.games.size()]),
      sprites_(&sprites),
      rules_(entry(game_).make(options.mode)),
      ground_(static_cast<std::size_t>(options.frame_size) * static_cast<std::size_t>(options.frame_size) * 3) {}

RandomSequence Environment::random() const {
  const auto episode = static_cast<std::uint64_t>(episode_), clock = static_cast<std::uint64_t>(clock_);
  return {static_cast<std::uint64_t>(options_->seed), Stream::env, static_cast<std::uint32_t>(index_),
          (episode * steps_per_episode + clock) * blocks_per_step};
}

void Environment::start() {
  begin_episode();
  is_first_ = 1;
  write();
}

void Environment::begin_episode() {
  ++episode_;
  clock_ = 0;
  RandomSequence numbers = random();
  const std::int32_t levels = options_->levels == 0 ? INT32_MAX : options_->levels;
  level_seed_ = options_->first_level + static_cast<int>(numbers.below(static_cast<std::uint32_t>(levels)));
  set_up_game();
}

/// The part of an episode that follows from level_seed_ and the episode's number.
void Environment::set_up_game() {
  RandomSequence level(static_cast<std::uint64_t>(level_seed_), Stream::env,
                       level_numbers + static_cast<std::uint32_t>(game_));
  const int clock = std::exchange(clock_, 0);
  RandomSequence episode = random();
  clock_ = clock;
  static_cast<void>(episode.next_u64());  // the level's number was drawn from this
  rules_->start(level, episode);
  Canvas canvas(ground_.data(), options_->frame_size / sprites_->side(), *sprites_);
  rules_->draw_ground(canvas);
}

void Environment::step() {
  ++clock_;
  RandomSequence numbers = random();
  const std::int32_t action = *places_.action;
  const bool known = action >= 0 && action < static_cast<std::int32_t>(action_names.size());
  const Outcome outcome = rules_->step(known ? static_cast<Action>(action) : Action::stay, numbers);
  const bool over =
      outcome.done || clock_ >= entry(game_).longest[static_cast<std::size_t>(mode_index(options_->mode))];
  reward_bits_ = std::bit_cast<int>(outcome.reward);
  is_first_ = over ? 1 : 0;
  complete_ = outcome.complete ? 1 : 0;
  prev_level_seed_ = level_seed_;
  if (over) begin_episode();
  write();
}

void Environment::write() {
  std::ranges::copy(ground_, places_.frame);
  Canvas canvas(places_.frame, options_->frame_size / sprites_->side(), *sprites_);
  rules_->draw_rest(canvas);
  *places_.reward = std::bit_cast<float>(reward_bits_);
  *places_.is_first = static_cast<std::uint8_t>(is_first_);
  *places_.level_seed = level_seed_;
  *places_.prev_level_seed = prev_level_seed_;
  *places_.prev_level_complete = static_cast<std::uint8_t>(complete_);
}

void Environment::common_fields(StateFields& fields) {
  for (int* field : {&episode_, &clock_, &level_seed_, &prev_level_seed_, &complete_, &is_first_, &reward_bits_}) {
    fields(*field);
  }
}

std::vector<std::int32_t> Environment::save() {
  std::vector<std::int32_t> numbers{state_version, game_, mode_index(options_->mode), index_, options_->seed};
  StateFields fields(numbers);
  common_fields(fields);
  rules_->fields(fields);
  return numbers;
}

bool Environment::load(std::span<const std::int32_t> numbers) {
  const std::vector<std::int32_t> now = save();
  constexpr std::size_t identity = 5;
  if (numbers.size() != now.size() || !std::equal(now.begin(), now.begin() + identity, numbers.begin())) return false;
  StateFields fields(numbers.subspan(identity));
  common_fields(fields);
  set_up_game();
  rules_->fields(fields);
  write();
  return true;
}

GameVector::GameVector(int size, VectorOptions options)
    : options_(std::move(options)), sheets_(make_sheets()), pool_(options_.threads, size, [this](int index) {
        Environment& environment = environments_[static_cast<std::size_t>(index)];
        if (started_) {
          environment.step();
        } else {
          environment.start();
        }
      }) {
  environments_.reserve(static_cast<std::size_t>(size));
  for (int index = 0; index < size; ++index) {
    const int game = options_.games[static_cast<std::size_t>(index) % options_.games.size()];
    const int sheet = std::countr_zero(static_cast<unsigned>(tile_pixels(options_, game)));
    environments_.emplace_back(options_, index, sheets_[static_cast<std::size_t>(sheet)]);
  }
}

void GameVector::set_buffers(const libenv_buffers& buffers) {
  const auto n = environments_.size();
  for (std::size_t i = 0; i < n; ++i) {
    environments_[i].set_places({.frame = static_cast<std::uint8_t*>(buffers.ob[i]),
                                 .reward = buffers.rew + i,
                                 .is_first = buffers.first + i,
                                 .level_seed = static_cast<std::int32_t*>(buffers.info[i]),
                                 .prev_level_seed = static_cast<std::int32_t*>(buffers.info[n + i]),
                                 .prev_level_complete = static_cast<std::uint8_t*>(buffers.info[2 * n + i]),
                                 .action = static_cast<const std::int32_t*>(buffers.ac[i])});
  }
  pool_.start();
  pool_.wait();
  started_ = true;
}

std::vector<std::int32_t> GameVector::save(int index) {
  pool_.wait();
  return environments_[static_cast<std::size_t>(index)].save();
}

bool GameVector::load(int index, std::span<const std::int32_t> numbers) {
  pool_.wait();
  return environments_[static_cast<std::size_t>(index)].load(numbers);
}

}  // namespace srwm::games
