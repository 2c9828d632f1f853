// Evolution strategies against closed forms.
#include "train/evolution.h"

#include <catch2/catch.hpp>

#include "train/quadratic_task.h"
#include "train/training_step.h"

using namespace srwm;
using namespace srwm::test;

namespace {

constexpr double sigma = 0.3;
constexpr std::uint64_t seed = 11;

LoopOptions population_of(std::int64_t pairs) {
  return {.gradient = GradientSource::evolution, .evolution = {.population = pairs, .noise = sigma}};
}

struct Population {
  explicit Population(std::int64_t pairs, std::int64_t at_once = 0, int threads = 1)
      : context(reference_backend(DType::f64), DType::f64, threads, 1),
        task(context, at_once),
        step(context, task, population_of(pairs), seed) {}

  Context context;
  QuadraticTask task;
  TrainingStep step;
};

std::vector<double> noise_of(std::int64_t step, std::int64_t pair) {
  std::vector<double> eps(QuadraticTask::count);
  NumberedNoise(seed, step).draw(pair, 0, eps);
  return eps;
}

double dot(const std::vector<double>& x, const std::vector<double>& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

}  // namespace

TEST_CASE("the noise has the moments of a standard normal and can be drawn in parts", "[evolution]") {
  const NumberedNoise noise(seed, 5);
  std::vector<double> eps(100'000), part(7);
  noise.draw(3, 0, eps);
  double mean = 0, square = 0, fourth = 0;
  for (const double e : eps) {
    mean += e / 1e5;
    square += e * e / 1e5;
    fourth += e * e * e * e / 1e5;
  }
  CHECK(std::abs(mean) < 0.015);  // 5 standard errors
  CHECK(std::abs(square - 1) < 0.025);
  CHECK(std::abs(fourth - 3) < 0.16);
  noise.draw(3, 64, part);
  CHECK(std::equal(part.begin(), part.end(), eps.begin() + 64));
  CHECK(noise_of(5, 3) != noise_of(5, 4));
  CHECK(noise_of(5, 3) != noise_of(6, 3));
}

TEST_CASE("on a quadratic the estimate is the mean of eps eps . gradient", "[evolution]") {
  const std::int64_t at_once = GENERATE(0, 1, 2, 5);
  CAPTURE(at_once);
  Population population(5, at_once);
  const std::vector<double> before = population.task.theta(), exact = QuadraticTask::gradient_at(before);
  population.step.run_passes(2);
  CHECK(population.task.theta() == before);
  std::vector<double> expected(exact.size());
  for (std::int64_t pair = 0; pair < 5; ++pair) {
    const std::vector<double> eps = noise_of(2, pair);
    for (std::size_t i = 0; i < eps.size(); ++i) expected[i] += eps[i] * dot(eps, exact) / 5;
  }
  const std::vector<double> found = population.task.gradients();
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).epsilon(1e-10));
  CHECK(population.step.totals().sums[0] == 5);  // a pair counts once
}

TEST_CASE("the mean of many estimates is the gradient", "[evolution]") {
  Population population(4000);
  const std::vector<double> exact = QuadraticTask::gradient_at(population.task.theta());
  population.step.run_passes(0);
  const std::vector<double> found = population.task.gradients();
  // Component i has variance (|gradient|^2 + gradient_i^2) / pairs.
  const double spread = std::sqrt(2 * dot(exact, exact) / 4000);
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(std::abs(found[i] - exact[i]) < 5 * spread);
}

TEST_CASE("the members of a pair may change places", "[evolution]") {
  const NumberedNoise noise(seed, 0);
  const std::vector<PairLoss> losses{{1.5, 0.25}, {-2, 3.125}, {0.1, 0.2}};
  std::vector<PairLoss> swapped;
  for (const PairLoss& loss : losses) swapped.push_back({loss.minus, loss.plus});
  std::vector<double> gradient(130), opposite(130);
  evolution_gradient(noise, losses, sigma, 0, gradient);
  evolution_gradient(noise, swapped, sigma, 0, opposite);
  // With -eps for eps the members change places, and so does the sign.
  for (std::size_t i = 0; i < gradient.size(); ++i) CHECK(gradient[i] == -opposite[i]);
}

TEST_CASE("a population has the same bits for any number of threads and of pairs at once", "[evolution]") {
  Population one(6), expected(6, 4, 1);
  one.step.run(0);
  expected.step.run(0);
  for (const int threads : {2, 7}) {
    for (const std::int64_t at_once : {0, 1, 4, 6}) {
      CAPTURE(threads, at_once);
      Population population(6, at_once, threads);
      population.step.run(0);
      CHECK(population.task.gradients() == one.task.gradients());
      CHECK(population.task.theta() == one.task.theta());
      CHECK(population.step.totals().loss == one.step.totals().loss);
    }
  }
  CHECK(expected.task.theta() == one.task.theta());
}

TEST_CASE("a member whose loss is not finite is named, and the parameters stay", "[evolution]") {
  const std::int64_t at_once = GENERATE(0, 2);
  Population population(3, at_once);
  population.step.run(0);
  const std::vector<double> before = population.task.theta();
  population.task.bad_pass = 4;  // pair 1 of step 1
  population.step.run(1);
  REQUIRE(population.step.bad_member());
  CHECK(population.step.bad_member()->step == 1);
  CHECK(population.step.bad_member()->pair == 1);
  CHECK(population.step.bad_member()->is_plus);
  CHECK(population.step.totals().bad_step == 2);
  CHECK(population.task.theta() == before);
}
