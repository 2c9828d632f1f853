#include "core/digest.h"

#include <set>
#include <vector>

#include <catch2/catch.hpp>

using namespace srwm;

namespace {

std::string digest_of(std::string_view text) {
  Digest digest;
  digest.update(text);
  return digest.hex();
}

std::string sample_text(std::size_t length) {
  std::string text(length, '\0');
  for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<char>((i * 31 + 1) % 256);
  return text;
}

}  // namespace

TEST_CASE("digests stay what they are: checkpoints and results hold them", "[digest]") {
  CHECK(digest_of("") == "024f5917aa991dc80d9ae7ff4b1e1968");
  CHECK(digest_of("srwm") == "ea02ea6425b4b073886d37638357a102");
  CHECK(digest_of(sample_text(1000)) == "369de3e634ca1c6e229dbda41dc4893a");
}

TEST_CASE("a digest does not depend on how the bytes come in", "[digest]") {
  const std::string text = sample_text(777);
  for (const std::size_t piece : {1, 7, 63, 64, 65, 128, 500}) {
    Digest digest;
    for (std::size_t at = 0; at < text.size(); at += piece) digest.update(std::string_view(text).substr(at, piece));
    CHECK(digest.hex() == digest_of(text));
  }
}

TEST_CASE("a digest changes with any bit and with the length", "[digest]") {
  std::set<std::string> digests;
  std::size_t tried = 0;
  for (const std::size_t length : {1, 8, 63, 64, 65, 200}) {
    std::string text = sample_text(length);
    digests.insert(digest_of(text));
    ++tried;
    for (std::size_t bit = 0; bit < 8 * length; ++bit, ++tried) {
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ 1 << bit % 8);
      digests.insert(digest_of(text));
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ 1 << bit % 8);
    }
  }
  for (std::size_t zeros = 2; zeros < 200; ++zeros, ++tried) digests.insert(digest_of(std::string(zeros, '\0')));
  CHECK(digests.size() == tried);
}
