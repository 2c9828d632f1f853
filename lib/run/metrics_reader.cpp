#include "run/metrics_reader.h"

#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "io/file.h"

namespace srwm {
namespace {

bool is_of_kind(const nlohmann::json& line, std::string_view kind) {
  if (!line.is_object() || !line.contains("step") || !line.at("step").is_number_integer()) return false;
  return kind.empty() || (line.contains("kind") && line.at("kind") == kind);
}

}  // namespace

MetricsReader::MetricsReader(const std::filesystem::path& path) {
  if (is_there(path)) text_ = read_text_file(path);
}

std::vector<nlohmann::json> MetricsReader::lines(std::string_view kind, std::size_t most) const {
  std::vector<nlohmann::json> lines;
  const std::string mark = fmt::format("\"kind\":\"{}\"", kind);  // spares the other lines the parser
  // From the end, since mostly the last lines alone are wanted. What follows the last line break is torn.
  std::size_t end = text_.rfind('\n');
  while (end != std::string::npos && lines.size() < most) {
    const std::size_t before = end == 0 ? std::string::npos : text_.rfind('\n', end - 1);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    const std::string_view line = std::string_view(text_).substr(begin, end - begin);
    end = before;
    if (!kind.empty() && line.find(mark) == std::string_view::npos) continue;
    nlohmann::json object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (is_of_kind(object, kind)) lines.push_back(std::move(object));
  }
  std::ranges::reverse(lines);
  return lines;
}

}  // namespace srwm
