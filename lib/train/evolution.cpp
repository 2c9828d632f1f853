#include "train/evolution.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "core/clock.h"
#include "core/parallel.h"
#include "ops/backend.h"

namespace srwm {
namespace {

/// Elements that are drawn at once.
constexpr std::int64_t block = 64;

double element(const Tensor& host, std::int64_t i) {
  return host.dtype() == DType::f64 ? host.data<double>()[i] : static_cast<double>(host.data<float>()[i]);
}

/// Calls body(first, size) for blocks of [0, n).
template <typename Body>
void for_each_block(int threads, std::int64_t n, const Body& body) {
  parallel_for(threads, (n + block - 1) / block,
               [&](std::int64_t b) { body(b * block, std::min(block, n - b * block)); });
}

}  // namespace

NumberedNoise::NumberedNoise(std::uint64_t seed, std::int64_t step)
    : random_(seed, Stream::es_noise, static_cast<std::uint32_t>(step)) {}

void NumberedNoise::draw(std::int64_t pair, std::int64_t first, std::span<double> elements) const {
  const std::uint64_t start = static_cast<std::uint64_t>(pair) << 32 | static_cast<std::uint64_t>(first / 4);
  for (std::size_t i = 0; i < elements.size(); i += 4) {
    const std::array<double, 4> four = normals(random_.at(start + i / 4));
    std::copy_n(four.begin(), std::min<std::size_t>(4, elements.size() - i), elements.begin() + static_cast<long>(i));
  }
}

void evolution_gradient(const NumberedNoise& noise, std::span<const PairLoss> losses, double sigma, std::int64_t first,
                        std::span<double> gradient) {
  std::array<double, block> eps{};
  std::ranges::fill(gradient, 0.0);
  for (std::size_t done = 0; done < gradient.size(); done += block) {
    const std::span<double> part = gradient.subspan(done, std::min<std::size_t>(block, gradient.size() - done));
    for (std::size_t i = 0; i < losses.size(); ++i) {
      const double weight = (losses[i].plus - losses[i].minus) / (2 * sigma * static_cast<double>(losses.size()));
      noise.draw(static_cast<std::int64_t>(i), first + static_cast<std::int64_t>(done),
                 std::span(eps).first(part.size()));
      for (std::size_t j = 0; j < part.size(); ++j) part[j] += eps[j] * weight;
    }
  }
}

Evolution::Evolution(Context& context, Task& task, const EvolutionOptions& options, std::uint64_t seed, Ranks& ranks)
    : context_(context),
      task_(task),
      options_(options),
      seed_(seed),
      ranks_(ranks),
      share_(share_of(options.population, ranks.rank(), ranks.size())),
      sums_(task.sums().size()) {
  for (const Parameter& p : task.parameters().parameters()) {
    centers_.push_back({Tensor::owning(p.value.shape(), p.value.dtype()), count_});
    count_ += p.value.numel();
  }
  for (const StateTensor& state : task.parameters().states()) {
    running_.push_back(context.persistent(state.value.shape()));
  }
  const std::int64_t at_once = std::min(task.pairs_at_once(), share_.count());
  const Shape members{2 * std::max<std::int64_t>(at_once, 1), count_};
  members_ = Tensor::owning(members, context.real());
  if (at_once > 0) device_members_ = context.persistent(members);
  gradient_ = Tensor::owning({count_}, context.real());
  rows_ = context.persistent({options.population, static_cast<std::int64_t>(1 + sums_)}, DType::f64);
  host_rows_.resize(static_cast<std::size_t>(rows_.numel()));
  records_.resize(static_cast<std::size_t>(options.population) * record_size());
  losses_.resize(static_cast<std::size_t>(options.population));
  passes_.reserve(static_cast<std::size_t>(std::max<std::int64_t>(at_once, 1)));
}

void Evolution::run(std::int64_t step, const Tensor& stats, const std::string& stop_reason) {
  const NumberedNoise noise(seed_, step);
  const auto start = Clock::now();
  std::ranges::fill(records_, 0.0);
  remember_center();
  if (ranks_.is_first()) move_running_statistics(step);
  if (task_.pairs_at_once() > 0) {
    evaluate_together(step, noise);
  } else {
    evaluate_one_by_one(step, noise);
  }
  if (!ranks_.is_alone()) {
    ranks_.set_phase("the exchange", step);
    exchange_records(StepNote::of(stop_reason, seconds_since(start)));
    exchange_running_statistics();
  }
  restore_center();
  take_records(step, stats);
  const std::int64_t blocks = (count_ + block - 1) / block;
  const PassRange mine = share_of(blocks, ranks_.rank(), ranks_.size());
  compute_gradient(noise, mine.first * block, std::min(count_, mine.last * block));
  if (!ranks_.is_alone()) spread_gradient();
  task_.parameters().set_gradients(context_, gradient_);
}

Evolution::Record Evolution::record(std::int64_t pair) {
  const std::span<double> all =
      std::span(records_).subspan(static_cast<std::size_t>(pair) * record_size(), record_size());
  return {all.first(2), all.subspan(2, 1 + sums_), all.subspan(3 + sums_)};
}

void Evolution::exchange_records(const StepNote& note) {
  const std::size_t bytes = record_size() * sizeof(double);
  const auto first = std::as_writable_bytes(std::span(records_)).data();
  Bytes mine(sizeof note + static_cast<std::size_t>(share_.count()) * bytes);
  std::memcpy(mine.data(), &note, sizeof note);
  std::memcpy(mine.data() + sizeof note, first + static_cast<std::size_t>(share_.first) * bytes,
              mine.size() - sizeof note);
  const std::vector<Bytes> all = ranks_.all_gather(mine);
  notes_.resize(all.size());
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    const PassRange pairs = share_of(options_.population, static_cast<int>(rank), ranks_.size());
    std::memcpy(&notes_[rank], all[rank].data(), sizeof note);
    std::memcpy(first + static_cast<std::size_t>(pairs.first) * bytes, all[rank].data() + sizeof note,
                all[rank].size() - sizeof note);
  }
}

/// Those that rank 0 has.
void Evolution::exchange_running_statistics() {
  for (const Tensor& running : running_) {
    Bytes bytes(running.bytes());
    if (ranks_.is_first()) context_.download(bytes.data(), running);
    ranks_.broadcast(bytes);
    context_.upload(running, bytes.data());
  }
}

/// What all pairs have left, in their order.
void Evolution::take_records(std::int64_t step, const Tensor& stats) {
  double* row = host_rows_.data();
  for (std::int64_t pair = 0; pair < options_.population; ++pair) {
    const Record left = record(pair);
    PairLoss& losses = losses_[static_cast<std::size_t>(pair)];
    losses = {left.losses[0], left.losses[1]};
    note_bad_member(step, pair, losses);
    row = std::ranges::copy(left.row, row).out;
    task_.add_counts(left.counts);
  }
  context_.upload(rows_, host_rows_.data());
  context_.backend().updates.fold_passes(context_, {rows_, stats});
}

void Evolution::note_bad_member(std::int64_t step, std::int64_t pair, const PairLoss& losses) {
  if (bad_member_ || (std::isfinite(losses.plus) && std::isfinite(losses.minus))) return;
  bad_member_ = {step, pair, !std::isfinite(losses.plus)};
}

Pass Evolution::pass(std::int64_t step, std::int64_t pair) const {
  return {step, pair, step * options_.population + pair};
}

void Evolution::remember_center() {
  std::size_t i = 0;
  for (const Parameter& p : task_.parameters().parameters()) context_.download(centers_[i++].value.raw(), p.value);
}

void Evolution::restore_center() {
  std::size_t i = 0;
  for (const Parameter& p : task_.parameters().parameters()) context_.upload(p.value, centers_[i++].value.raw());
  i = 0;
  for (const StateTensor& state : task_.parameters().states()) context_.copy(state.value, running_[i++]);
}

/// Keeps what they are afterwards, since members move them, too.
void Evolution::move_running_statistics(std::int64_t step) {
  if (running_.empty()) return;
  const Pass first = pass(step, 0);
  context_.set_random_step(static_cast<std::uint32_t>(first.number));
  task_.stage(first);
  task_.loss();
  std::size_t i = 0;
  for (const StateTensor& state : task_.parameters().states()) context_.copy(running_[i++], state.value);
}

void Evolution::evaluate_one_by_one(std::int64_t step, const NumberedNoise& noise) {
  for (std::int64_t pair = share_.first; pair < share_.last; ++pair) {
    const Pass staged = pass(step, pair);
    context_.set_random_step(static_cast<std::uint32_t>(staged.number));
    if (pair > 0 || running_.empty()) task_.stage(staged);
    task_.count(staged, record(pair).counts);
    make_members(noise, pair, 0);
    for (const bool is_plus : {true, false}) {
      set_parameters(is_plus ? 0 : 1);
      const PassOutcome outcome = task_.loss();
      note(pair, is_plus, on_host({outcome.loss, outcome.sums}), 0);
    }
  }
}

void Evolution::evaluate_together(std::int64_t step, const NumberedNoise& noise) {
  const std::int64_t at_once = members_.dim(0) / 2;
  for (std::int64_t first = share_.first; first < share_.last; first += at_once) {
    const std::int64_t pairs = std::min(at_once, share_.last - first);
    passes_.clear();
    for (std::int64_t i = 0; i < pairs; ++i) {
      passes_.push_back(pass(step, first + i));
      make_members(noise, first + i, 2 * i);
    }
    const Tensor theta = device_members_.rows(0, 2 * pairs);
    context_.upload(theta, members_.raw());
    const MemberOutcome outcome = on_host(task_.member_losses(passes_, theta));
    for (std::int64_t member = 0; member < 2 * pairs; ++member) {
      note(first + member / 2, member % 2 == 0, outcome, member);
    }
    for (const Pass& staged : passes_) task_.count(staged, record(staged.index).counts);
  }
}

/// Rows `row` and `row` + 1 of members_ become theta + sigma eps and theta - sigma eps.
void Evolution::make_members(const NumberedNoise& noise, std::int64_t pair, std::int64_t row) {
  if (context_.real() == DType::f64) {
    double* plus = members_.data<double>() + row * count_;
    make_members_of(noise, pair, plus, plus + count_);
  } else {
    float* plus = members_.data<float>() + row * count_;
    make_members_of(noise, pair, plus, plus + count_);
  }
}

template <typename Real>
void Evolution::make_members_of(const NumberedNoise& noise, std::int64_t pair, Real* plus, Real* minus) const {
  for (const Center& center : centers_) {
    std::copy_n(center.value.data<Real>(), center.value.numel(), plus + center.begin);
  }
  for_each_block(context_.threads(), count_, [&](std::int64_t first, std::int64_t size) {
    std::array<double, block> eps{};
    noise.draw(pair, first, std::span(eps).first(static_cast<std::size_t>(size)));
    for (std::int64_t j = 0; j < size; ++j) {
      const auto theta = static_cast<double>(plus[first + j]);
      const double step = options_.noise * eps[static_cast<std::size_t>(j)];
      plus[first + j] = static_cast<Real>(theta + step);
      minus[first + j] = static_cast<Real>(theta - step);
    }
  });
}

void Evolution::set_parameters(std::int64_t row) {
  const auto* values = static_cast<const std::byte*>(members_.rows(row, row + 1).raw());
  std::size_t i = 0;
  for (const Parameter& p : task_.parameters().parameters()) {
    context_.upload(p.value, values + static_cast<std::size_t>(centers_[i++].begin) * size_of(context_.real()));
  }
}

MemberOutcome Evolution::on_host(const MemberOutcome& outcome) {
  MemberOutcome copy{.loss = context_.on_host(outcome.loss), .sums = {}};
  for (std::size_t s = 0; s < sums_; ++s) copy.sums[s] = context_.on_host(outcome.sums[s]);
  return copy;
}

/// Takes loss and sums of a member from elements `index` of the outcome.
void Evolution::note(std::int64_t pair, bool is_plus, const MemberOutcome& outcome, std::int64_t index) {
  const double value = element(outcome.loss, index);
  const Record left = record(pair);
  left.losses[is_plus ? 0 : 1] = value;
  left.row[0] += 0.5 * value;
  for (std::size_t s = 0; s < sums_; ++s) left.row[1 + s] += 0.5 * element(outcome.sums[s], index);
}

/// Of parameters first .. last - 1; `first` is a multiple of `block`.
void Evolution::compute_gradient(const NumberedNoise& noise, std::int64_t first, std::int64_t last) {
  for_each_block(context_.threads(), std::max<std::int64_t>(last - first, 0),
                 [&](std::int64_t offset, std::int64_t size) {
                   std::array<double, block> sum{};
                   evolution_gradient(noise, losses_, options_.noise, first + offset,
                                      std::span(sum).first(static_cast<std::size_t>(size)));
                   for (std::int64_t j = 0; j < size; ++j) {
                     const double value = sum[static_cast<std::size_t>(j)];
                     if (context_.real() == DType::f64) {
                       gradient_.data<double>()[first + offset + j] = value;
                     } else {
                       gradient_.data<float>()[first + offset + j] = static_cast<float>(value);
                     }
                   }
                 });
}

/// Each rank has computed its slice.
void Evolution::spread_gradient() {
  const std::int64_t blocks = (count_ + block - 1) / block;
  std::vector<std::span<std::byte>> slices;
  for (int rank = 0; rank < ranks_.size(); ++rank) {
    const PassRange slice = share_of(blocks, rank, ranks_.size());
    const Tensor part = gradient_.rows(std::min(count_, slice.first * block), std::min(count_, slice.last * block));
    slices.emplace_back(static_cast<std::byte*>(part.raw()), part.bytes());
  }
  ranks_.share_slices(slices);
}

}  // namespace srwm
