// Weights as safetensors and npz: there and back, and what is refused. tests/cli/export_test.py reads them with numpy.
#include "run/tensor_file.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "support/run_files.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

Tensor tensor_of(const Shape& shape, const std::vector<float>& values) {
  return Tensor::of<float>(shape, values);
}

TensorFile small_file() {
  TensorFile file;
  file.tensors = {{"layers.0.weight", tensor_of({2, 3}, {1, -2, 0.5f, 1e-30f, 3e30f, 7})},
                  {"bias", tensor_of({1}, {-0.0f})},
                  {"scalar", tensor_of({}, {4})},
                  {"empty", tensor_of({0, 5}, {})}};
  file.metadata = {{"spec", "{\"name\": \"\xC3\xA9\"}"}, {"step", "7"}};
  return file;
}

using Image = std::vector<std::byte> (*)(const TensorFile&);
using Reader = TensorFile (*)(const std::filesystem::path&);
struct Form {
  const char* name;
  Image image;
  Reader read;
};
const Form forms[] = {{"safetensors", safetensors_image, read_safetensors}, {"npz", npz_image, read_npz}};

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The file `content` is of, read.
TensorFile read_text(const Form& form, const std::string& content) {
  const TempDir dir;
  std::ofstream(dir / "a", std::ios::binary) << content;
  return form.read(dir / "a");
}

/// A safetensors file with this header and 8 bytes of numbers.
std::string with_header(const std::string& header) {
  std::string text(8, '\0');
  text[0] = static_cast<char>(header.size());
  return text + header + std::string(8, '\0');
}

}  // namespace

TEST_CASE("weights come back as they were", "[tensor_file]") {
  for (const Form& form : forms) {
    CAPTURE(form.name);
    const TensorFile before = small_file(), after = read_text(form, text_of(form.image(before)));
    CHECK(after.metadata == before.metadata);
    REQUIRE(after.tensors.size() == before.tensors.size());
    for (std::size_t i = 0; i < before.tensors.size(); ++i) {
      CHECK(after.tensors[i].name == before.tensors[i].name);
      CHECK(after.tensors[i].tensor.shape() == before.tensors[i].tensor.shape());
      const auto a = after.tensors[i].tensor.span<float>(), b = before.tensors[i].tensor.span<float>();
      CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) {
        return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
      }));
    }
    CHECK(form.image(before) == form.image(after));
  }
}

TEST_CASE("safetensors begin with their header at a multiple of eight bytes", "[tensor_file]") {
  TensorFile file;
  file.tensors = {{"w", tensor_of({2}, {1, 2})}};
  const std::string text = text_of(safetensors_image(file));
  const std::string header = R"({"__metadata__":{},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  CHECK(text.substr(8, header.size()) == header);
  CHECK(static_cast<std::size_t>(static_cast<unsigned char>(text[0])) % 8 == 0);
  CHECK(text.substr(text.size() - 8) == std::string("\0\0\x80\x3f\0\0\0\x40", 8));
}

TEST_CASE("numbers of other sizes become float32", "[tensor_file]") {
  const auto read_as = [](const std::string& type, int bytes) {
    const std::string header =
        R"({"w":{"dtype":")" + type + R"(","shape":[)" + std::to_string(8 / bytes) + R"(],"data_offsets":[0,8]}})";
    std::string text = with_header(header);
    const std::size_t at = text.size() - 8;
    if (type == "F16") text.replace(at, 8, std::string("\x00\x3c\x01\x00\x00\xfc\x55\xb5", 8));  // 1, 2^-24, -inf, -1/3
    if (type == "BF16") text.replace(at, 8, std::string("\x80\x3f\x00\xc0\x00\x00\x80\x7f", 8));  // 1, -2, 0, inf
    if (type == "F64") text.replace(at, 8, std::string("\x00\x00\x00\x00\x00\x00\xe0\x3f", 8));   // 0.5
    const TensorFile file = read_text(forms[0], text);
    const auto span = file.tensors.at(0).tensor.span<float>();
    return std::vector<float>(span.begin(), span.end());
  };
  const std::vector<float> half = read_as("F16", 2);
  CHECK(half[0] == 1);
  CHECK(half[1] == std::ldexp(1.0f, -24));
  CHECK(half[2] == -INFINITY);
  CHECK(half[3] == -0.333251953125f);
  CHECK(read_as("BF16", 2) == std::vector<float>{1, -2, 0, INFINITY});
  CHECK(read_as("F64", 8) == std::vector<float>{0.5f});
}

TEST_CASE("what is no whole safetensors file is told", "[tensor_file]") {
  const auto refused = [](const std::string& text, const std::string& why) {
    CAPTURE(text);
    CHECK_THROWS_WITH(read_text(forms[0], text), Contains("is no whole safetensors file: ") && Contains(why));
    CHECK_THROWS_AS(read_text(forms[0], text), DataError);
  };
  refused("", "it ends before its header");
  refused(std::string("\xff\0\0\0\0\0\0\0{}", 10), "it ends before its header does");
  refused(with_header("[1, 2]"), "its header is no JSON object");
  refused(with_header("{\"w\": 3}"), "the tensor w lacks dtype");
  const auto entry = [](const std::string& type, const std::string& shape, const std::string& offsets) {
    return with_header(R"({"w":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}");
  };
  refused(entry("I64", "[1]", "[0,8]"), "is of a type that is not read");
  refused(entry("F32", "[-2]", "[0,8]"), "has no shape or place");
  refused(entry("F32", "[4294967296,4294967296]", "[0,8]"), "has no shape or place");
  refused(entry("F32", "[2]", "[0]"), "has no shape or place");
  refused(entry("F32", "[2]", "[0,12]"), "does not fill its place");
  refused(entry("F32", "[3]", "[0,8]"), "does not fill its place");
  refused(entry("F32", "[2]", "[8,0]"), "does not fill its place");
}

TEST_CASE("what is no whole npz file is told", "[tensor_file]") {
  const std::string whole = text_of(npz_image(small_file()));
  const auto refused = [](std::string text, const std::string& from, const std::string& to, const std::string& why) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    CHECK_THROWS_WITH(read_text(forms[1], text), Contains("is no whole .npz file of arrays: ") && Contains(why));
  };
  CHECK_THROWS_WITH(read_text(forms[1], "PK"), Contains("it has no directory at its end"));
  CHECK_THROWS_WITH(read_text(forms[1], whole.substr(0, whole.size() - 30)), Contains("no directory"));
  CHECK_THROWS_WITH(read_text(forms[1], whole.substr(100)), Contains("damaged"));
  refused(whole, std::string("\0\0\x80\x3f", 4), std::string("\0\0\x90\x3f", 4),
          "the check sum of layers.0.weight.npy is wrong");
  refused(whole, std::string("PK\x01\x02", 4), "XXXX", "its directory is damaged");
}

TEST_CASE("changed bytes are refused or read, never a crash", "[tensor_file]") {
  for (const Form& form : forms) {
    const std::string whole = text_of(form.image(small_file()));
    for (std::size_t i = 0; i < whole.size(); ++i) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ static_cast<char>(1 << (i % 8)));
      try {
        read_text(form, changed);
      } catch (const DataError&) {
      }
    }
  }
}
