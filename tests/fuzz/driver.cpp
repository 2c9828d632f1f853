// Runs a fuzz target where libFuzzer does not: on inputs that follow from a seed, the same on every machine.
//
//   fuzz_spec [--runs N] [--seed S]     N inputs, made from the target's seeds by random changes; 1000 and 1 by default
//   fuzz_spec FILE...                   these inputs; a finding leaves the one that led to it in a file
//   fuzz_spec --write-corpus FOLDER     the target's seeds as files and its tokens as FOLDER.dict, for libFuzzer
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <sstream>

#include <fmt/format.h>

#include "fuzz/target.h"

namespace srwm::fuzz {
namespace {

constexpr std::size_t longest_input = std::size_t{1} << 16;

std::string random_piece(std::mt19937_64& random) {
  std::string piece(1 + random() % 8, '\0');
  for (char& byte : piece) byte = static_cast<char>(random());
  return piece;
}

/// Replaces a stretch of `input`, perhaps an empty one, by a token, random bytes, a stretch of another seed, or
/// nothing.
void change(std::string& input, const std::vector<std::string>& pieces, const std::string& other,
            std::mt19937_64& random) {
  const std::size_t at = random() % (input.size() + 1), length = random() % 3 == 0 ? random() % 32 : random() % 2;
  std::string piece;
  const auto kind = random() % 4;
  if (kind == 0 && !pieces.empty()) piece = pieces[random() % pieces.size()];
  if (kind == 1) piece = random_piece(random);
  if (kind == 2 && !other.empty()) piece = other.substr(random() % other.size(), random() % 64);
  input.replace(at, length, piece);
  if (input.size() > longest_input) input.resize(longest_input);
}

std::string make_input(const std::vector<std::string>& starts, const std::vector<std::string>& pieces,
                       std::mt19937_64& random) {
  std::string input = starts[random() % starts.size()];
  for (auto changes = random() % 8; changes > 0; --changes) {
    change(input, pieces, starts[random() % starts.size()], random);
  }
  return input;
}

/// Runs the target; on a finding the input stays behind in a file. Kept on disk beforehand, since the program may end.
bool survives(const std::string& input, const std::string& name) {
  std::ofstream(name, std::ios::binary) << input;
  try {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  } catch (const std::exception& error) {
    fmt::print(stderr, "finding: {}\nThe input is in {}; give its name as argument to repeat it.\n", error.what(),
               name);
    return false;
  }
  std::filesystem::remove(name);
  return true;
}

int run_random(std::size_t runs, std::uint64_t seed, const std::string& program) {
  const std::vector<std::string> starts = seeds(), pieces = tokens();
  for (std::size_t i = 0; i < runs; ++i) {
    std::mt19937_64 random(seed * 1'000'003 + i);
    const std::string input = i < starts.size() ? starts[i] : make_input(starts, pieces, random);
    if (!survives(input, fmt::format("{}-seed{}-{}.input", program, seed, i))) return 1;
  }
  fmt::print("{}: {} inputs of seed {}, no finding\n", program, runs, seed);
  return 0;
}

int run_files(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::stringstream content;
    content << std::ifstream(name, std::ios::binary).rdbuf();
    const std::string input = content.str();
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  }
  fmt::print("{} inputs, no finding\n", names.size());
  return 0;
}

int write_corpus(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::size_t i = 0;
  for (const std::string& seed : seeds()) std::ofstream(folder / fmt::format("seed-{}", i++), std::ios::binary) << seed;
  std::ofstream dictionary(folder.string() + ".dict");
  for (const std::string& token : tokens()) {
    std::string escaped;
    for (const char byte : token) escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    dictionary << '"' << escaped << "\"\n";
  }
  return 0;
}

int run(const std::vector<std::string>& arguments, const std::string& program) {
  std::map<std::string, std::string> options{{"--runs", "1000"}, {"--seed", "1"}, {"--write-corpus", ""}};
  std::vector<std::string> files;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto option = options.find(arguments[i]);
    if (option != options.end() && i + 1 < arguments.size()) {
      option->second = arguments[++i];
    } else {
      files.push_back(arguments[i]);
    }
  }
  if (!options["--write-corpus"].empty()) return write_corpus(options["--write-corpus"]);
  if (!files.empty()) return run_files(files);
  return run_random(std::stoul(options["--runs"]), std::stoul(options["--seed"]), program);
}

}  // namespace
}  // namespace srwm::fuzz

int main(int argc, char** argv) {
  return srwm::fuzz::run({argv + 1, argv + argc}, std::filesystem::path(argv[0]).filename().string());
}
