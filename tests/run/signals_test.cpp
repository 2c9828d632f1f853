#include "run/signals.h"

#include <chrono>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/resource.h>

#include "core/error.h"
#include "support/child.h"

using namespace srwm;
using namespace std::chrono_literals;

namespace {

/// A loop as in a trainer; 75 if it was asked to stop by `expected`.
int loop_until_stopped(const ReadyPipe& ready, const std::string& expected, const ReadyPipe* seen = nullptr) {
  const StopRequest stop;
  ready.set();
  while (!stop.requested()) std::this_thread::sleep_for(1ms);
  if (seen != nullptr) {  // a checkpoint that takes for ever
    seen->set();
    for (;;) std::this_thread::sleep_for(1ms);
  }
  return stop.reason() == expected ? 75 : 1;
}

}  // namespace

TEST_CASE("each stop signal asks the loop to stop, by name", "[signals]") {
  const auto [number, name] = GENERATE(table<int, std::string>({{SIGHUP, "SIGHUP"},
                                                                {SIGINT, "SIGINT"},
                                                                {SIGQUIT, "SIGQUIT"},
                                                                {SIGTERM, "SIGTERM"},
                                                                {SIGUSR1, "SIGUSR1"},
                                                                {SIGUSR2, "SIGUSR2"},
                                                                {SIGALRM, "SIGALRM"},
                                                                {SIGXCPU, "SIGXCPU"},
                                                                {SIGPWR, "SIGPWR"}}));
  const ReadyPipe ready;
  Child child([&, expected = name] { return loop_until_stopped(ready, expected); });
  REQUIRE(ready.wait());
  child.send(number);
  CHECK(child.wait() == 75);
}

TEST_CASE("a second SIGINT, SIGQUIT or SIGTERM ends the process at once, another signal does not", "[signals]") {
  const ReadyPipe ready, seen;
  Child child([&] { return loop_until_stopped(ready, "", &seen); });
  REQUIRE(ready.wait());
  child.send(SIGTERM);
  REQUIRE(seen.wait());
  SECTION("another one") {
    for (const int signal : {SIGHUP, SIGUSR1, SIGXCPU}) child.send(signal);  // what the system may repeat
    std::this_thread::sleep_for(150ms);
    for (const int signal : {SIGHUP, SIGUSR1, SIGXCPU}) child.send(signal);
    child.send(SIGINT);
    CHECK(child.wait() == -SIGINT);
  }
  SECTION("the same one") {
    std::this_thread::sleep_for(150ms);
    child.send(SIGTERM);
    CHECK(child.wait() == -SIGTERM);
  }
}

TEST_CASE("the same signal sent twice in a row is one request", "[signals]") {
  StopRequest stop;
  ::raise(SIGTERM);
  ::raise(SIGTERM);
  CHECK(stop.reason() == "SIGTERM");
}

TEST_CASE("the handlers of before come back", "[signals]") {
  struct sigaction during {
  }, after{};
  {
    const StopRequest stop;
    CHECK_FALSE(stop.requested());
    CHECK(stop.reason().empty());
    ::sigaction(SIGUSR1, nullptr, &during);
    CHECK(during.sa_handler != SIG_DFL);
    CHECK_THROWS_AS(StopRequest(), InternalError);
  }
  ::sigaction(SIGUSR1, nullptr, &after);
  CHECK(after.sa_handler == SIG_DFL);
}

TEST_CASE("a signal that was ignored at the start is ignored, as nohup asks for", "[signals]") {
  std::signal(SIGHUP, SIG_IGN);
  {
    const StopRequest stop;
    ::raise(SIGHUP);
    CHECK_FALSE(stop.requested());
  }
  struct sigaction after {};
  ::sigaction(SIGHUP, nullptr, &after);
  CHECK(after.sa_handler == SIG_IGN);
  std::signal(SIGHUP, SIG_DFL);
}

TEST_CASE("a run outlives a pipe that showed its output", "[signals]") {
  Child child([] {
    const StopRequest stop;
    ::raise(SIGPIPE);
    return stop.requested() ? 1 : 0;
  });
  CHECK(child.wait() == 0);
}

TEST_CASE("a time limit is a request to stop", "[signals]") {
  CHECK_FALSE(StopRequest(1000).requested());
  const StopRequest stop(0.05);
  std::this_thread::sleep_for(60ms);
  CHECK(stop.requested());
  CHECK(stop.reason() == "--max-seconds 0.05");
}

TEST_CASE("the same signal again within the time that is tolerated ends nothing, another one does", "[signals]") {
  const ReadyPipe ready, seen;
  Child child([&] {
    StopRequest stop;
    stop.tolerate_repeats(30);
    ready.set();
    while (!stop.requested()) std::this_thread::sleep_for(1ms);
    seen.set();
    for (;;) std::this_thread::sleep_for(1ms);
    return 0;
  });
  REQUIRE(ready.wait());
  child.send(SIGTERM);
  REQUIRE(seen.wait());
  std::this_thread::sleep_for(200ms);
  child.send(SIGTERM);
  std::this_thread::sleep_for(50ms);
  child.send(SIGINT);
  CHECK(child.wait() == -SIGINT);
}

TEST_CASE("a stop can be requested from elsewhere, and the first reason counts", "[signals]") {
  StopRequest stop;
  CHECK_FALSE(stop.requested());
  std::thread([&] { stop.request("SIGUSR2"); }).join();
  stop.request("SIGTERM");
  CHECK(stop.requested());
  CHECK(stop.reason() == "SIGUSR2");
}
