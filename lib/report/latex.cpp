// Reports in LaTeX. A table fits the text width of the class article: long headings and texts are broken over lines,
// and columns that do not fit next to each other are stacked in blocks, each with the names of the rows.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/utf8.h"
#include "report/report_notes.h"
#include "report/report_text.h"
#include "report/sheet.h"
#include "report/sheet_text.h"

namespace srwm {
namespace {

/// In points, of article at 10 pt; other classes have more.
constexpr double text_width = 345, column_gap = 8;
/// Texts wider than this are broken over lines.
constexpr double widest_label = 110, widest_text = 75, widest_heading = 60;
/// Lines of all blocks together that a page has room for, above a long caption.
constexpr std::size_t lines_of_page = 34;

/// Signs that LaTeX takes for commands, or that the fonts of its first encoding (OT1) do not have at their place.
constexpr auto tex_replacements = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"&", "\\&"},
    {"%", "\\%"},
    {"$", "\\$"},
    {"#", "\\#"},
    {"_", "\\_"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"~", "\\textasciitilde{}"},
    {"^", "\\textasciicircum{}"},
    {"\\", "\\textbackslash{}"},
    {"|", "\\textbar{}"},
    {"<", "\\textless{}"},
    {">", "\\textgreater{}"},
    {"\"", "{\\ttfamily\\char34}"},
    {"`", "\\textasciigrave{}"},
    {"--", "-{}-{}"},
    {"''", "'{}'{}"},
    {"?`", "?\\textasciigrave{}"},
    {"!`", "!\\textasciigrave{}"},
    {"\n", " "},
    {"±", "$\\pm$"},
    {"–", "--"},
    {"—", "---"},
    {"×", "$\\times$"},
    {"·", "$\\cdot$"},
    {"→", "$\\rightarrow$"},
    {"←", "$\\leftarrow$"},
    {"≤", "$\\leq$"},
    {"≥", "$\\geq$"},
    {"≈", "$\\approx$"},
    {"≠", "$\\neq$"},
    {"−", "$-$"},
    {"∞", "$\\infty$"},
    {"²", "$^2$"},
    {"³", "$^3$"},
    {"µ", "$\\mu$"},
    {"α", "$\\alpha$"},
    {"β", "$\\beta$"},
    {"γ", "$\\gamma$"},
    {"δ", "$\\delta$"},
    {"ε", "$\\epsilon$"},
    {"λ", "$\\lambda$"},
    {"μ", "$\\mu$"},
    {"σ", "$\\sigma$"},
    {"τ", "$\\tau$"},
    {"θ", "$\\theta$"},
});

/// The longest replacement that `text` begins with, or nullptr.
const std::pair<std::string_view, std::string_view>* replacement_at(std::string_view text) {
  const std::pair<std::string_view, std::string_view>* longest = nullptr;
  for (const auto& entry : tex_replacements) {
    const bool is_longer = longest == nullptr || entry.first.size() > longest->first.size();
    if (is_longer && text.starts_with(entry.first)) longest = &entry;
  }
  return longest;
}

std::string tex_escaped(std::string_view text) {
  const std::string clean = printable(text);
  std::string_view rest = clean;
  std::string result;
  while (!rest.empty()) {
    const auto* replacement = replacement_at(rest);
    const std::size_t length = replacement != nullptr ? replacement->first.size() : utf8_length(rest);
    result += replacement != nullptr ? replacement->second : rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return result;
}

/// Width of a sign in Computer Modern at 10 pt, rounded up; of those that are not ASCII at most so much.
double width_of(char c) {
  constexpr double lower[] = {5.0, 5.6, 4.5, 5.6, 4.5, 3.1, 5.0, 5.6, 2.8, 3.1, 5.3, 2.8, 8.4,
                              5.6, 5.0, 5.6, 5.3, 4.0, 4.0, 3.9, 5.6, 5.3, 7.3, 5.3, 5.3, 4.5};
  constexpr double upper[] = {7.5, 7.1, 7.3, 7.7, 6.9, 6.6, 7.9, 7.5, 3.7, 5.2,  7.8, 6.3, 9.2,
                              7.5, 7.8, 6.9, 7.8, 7.4, 5.6, 7.3, 7.5, 7.5, 10.3, 7.5, 7.5, 6.2};
  if (c >= 'a' && c <= 'z') return lower[c - 'a'];
  if (c >= 'A' && c <= 'Z') return upper[c - 'A'];
  if ((c >= '0' && c <= '9') || c == '/') return 5.0;
  if (c == ' ' || c == '-') return 3.4;
  if (c == '.' || c == ',' || c == ':' || c == ';') return 2.8;
  if (c == '(' || c == ')') return 3.9;
  return 8.4;
}

double width_of(std::string_view text) {
  double width = 0;
  for (; !text.empty(); text.remove_prefix(std::max<std::size_t>(1, utf8_length(text)))) {
    width += text.starts_with(dash) ? 5.0 : width_of(text.front());
  }
  return width;
}

/// Words put together to lines of at most `width`, unless a word is longer by itself.
std::vector<std::string> lines_of(const std::string& text, double width) {
  std::vector<std::string> lines{""};
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (lines.back().empty()) {
      lines.back() = word;
    } else if (width_of(lines.back()) + width_of(' ') + width_of(word) <= width) {
      lines.back() += " " + word;
    } else {
      lines.push_back(word);
    }
    begin = end + 1;
  }
  return lines;
}

double widest(const std::vector<std::string>& texts) {
  double width = 0;
  for (const std::string& text : texts) width = std::max(width, width_of(text));
  return width;
}

/// "\begin{tabular}[b]{@{}r@{}}95 \% interval\\over episodes\end{tabular}", or the text itself if it is one line.
std::string heading_cell(const std::string& heading, char alignment) {
  const std::vector<std::string> lines = lines_of(heading, widest_heading);
  if (lines.size() == 1) return tex_escaped(heading);
  std::string cell;
  for (const std::string& line : lines) cell += (cell.empty() ? "" : "\\\\") + tex_escaped(line);
  return fmt::format("\\begin{{tabular}}[b]{{@{{}}{}@{{}}}}{}\\end{{tabular}}", alignment, cell);
}

/// A column of a sheet, as it will be set.
struct TexColumn {
  std::size_t index;
  char alignment;      ///< 'l' or 'r'
  double natural = 0;  ///< width of its widest cell
  double width = 0;    ///< less than that where cells are broken over lines

  bool is_broken() const { return width < natural; }
  std::string specifier() const {
    if (!is_broken()) return std::string(1, alignment);
    return fmt::format(">{{\\raggedright\\arraybackslash}}p{{{:.0f}pt}}", width);
  }
};

TexColumn layout_of(const Sheet& sheet, std::size_t index) {
  const char alignment = sheet.alignment[index];
  double width = widest(lines_of(sheet.headings[index], widest_heading));
  for (const auto& row : sheet.rows) width = std::max(width, width_of(row[index]));
  const double limit = index == 0 ? widest_label : widest_text;
  return {index, alignment, width, alignment == 'r' ? width : std::min(width, limit)};
}

/// Gives columns that are broken the room that is left.
void widen(std::vector<TexColumn>& block, double room) {
  for (TexColumn& column : block) {
    const double more = std::clamp(room, 0.0, column.natural - column.width);
    column.width += more;
    room -= more;
  }
}

/// The columns behind that of the names, shared out so that each block fits next to the names.
std::vector<std::vector<TexColumn>> blocks_of(const Sheet& sheet) {
  const TexColumn names = layout_of(sheet, 0);
  std::vector<std::vector<TexColumn>> blocks{{names}};
  double room = text_width - names.width;
  for (std::size_t index = 1; index < sheet.headings.size(); ++index) {
    const TexColumn column = layout_of(sheet, index);
    if (column.width + column_gap > room && blocks.back().size() > 1) {
      widen(blocks.back(), room);
      blocks.push_back({names});
      room = text_width - names.width;
    }
    blocks.back().push_back(column);
    room -= column.width + column_gap;
  }
  widen(blocks.back(), room);
  return blocks;
}

/// Lines on the page, about: rules and the heading take four.
std::size_t lines_of(const Sheet& sheet, const std::vector<TexColumn>& block) {
  std::size_t lines = 4;
  for (const auto& row : sheet.rows) {
    std::size_t most = 1;
    for (const TexColumn& column : block) {
      if (column.is_broken()) most = std::max(most, lines_of(row[column.index], column.width).size());
    }
    lines += most;
  }
  return lines;
}

std::string line_of(const std::vector<TexColumn>& block, const auto& cell) {
  std::string line;
  for (const TexColumn& column : block) line += (column.index > 0 ? " & " : "") + cell(column);
  // After \\ a bracket or star would be taken for an argument of it.
  const bool is_argument = line.starts_with('[') || line.starts_with('*');
  return fmt::format("    {}{} \\\\\n", is_argument ? "{}" : "", line);
}

std::string tabular(const Sheet& sheet, const std::vector<TexColumn>& block) {
  std::string alignment;
  for (const TexColumn& column : block) alignment += column.specifier();
  std::string text = fmt::format("  \\begin{{tabular}}{{@{{}}{}@{{}}}}\n    \\toprule\n", alignment);
  text += line_of(block, [&](const TexColumn& column) {
    return heading_cell(sheet.headings[column.index], sheet.alignment[column.index]);
  });
  text += "    \\midrule\n";
  for (const auto& row : sheet.rows) {
    text += line_of(block, [&](const TexColumn& column) { return tex_escaped(row[column.index]); });
  }
  return text + "    \\bottomrule\n  \\end{tabular}\n";
}

std::string table_environment(const std::string& tabulars, const std::string& caption) {
  return fmt::format(
      "\\begin{{table}}\n  \\centering\\setlength{{\\tabcolsep}}{{4pt}}\n{}  \\caption{{{}}}\n\\end{{table}}\n",
      tabulars, tex_escaped(caption));
}

/// `text` and `more` as sentences after each other; a full stop is added where one is missing.
void append_sentence(std::string& text, const std::string& more) {
  if (more.empty()) return;
  if (!text.empty()) text += text.ends_with('.') ? " " : ". ";
  text += more;
}

std::string tex_comment(const std::string& line) {
  return fmt::format("% {}\n", on_one_line(printable(line)));
}

std::string latex_of(const Report& report) {
  std::string text;
  std::string note = report.table.note;  // said once, with the first sheet
  for (const Sheet& sheet : sheets_of(report)) {
    std::string caption;
    for (const std::string& part : {report.table.title, sheet.title, std::exchange(note, ""), sheet.note}) {
      append_sentence(caption, part);
    }
    for (const std::string& source : sources(report, sheet.compared)) append_sentence(caption, source);
    text += latex_of(sheet, caption);
  }
  for (const auto& [row, run] : missing_runs(report)) {
    text += tex_comment(fmt::format("{}: {}", describe(*row, *run), command_for(row->row, *run)));
  }
  for (const std::string& line : obstacles(report)) text += tex_comment(line);
  return text;
}

}  // namespace

std::string latex_of(const Sheet& sheet, const std::string& caption) {
  std::string text, tabulars;
  std::size_t lines = 0;
  bool is_first = true;
  const auto close = [&] {
    text += table_environment(tabulars, is_first              ? caption
                                        : sheet.title.empty() ? "Continued."
                                                              : sheet.title + ", continued.");
    is_first = false;
    tabulars.clear();
    lines = 0;
  };
  for (const std::vector<TexColumn>& block : blocks_of(sheet)) {
    const std::size_t more = lines_of(sheet, block);
    if (lines > 0 && lines + more > lines_of_page) close();
    if (lines > 0) tabulars += "\n  \\medskip\n";  // the empty line ends that of the block above
    tabulars += tabular(sheet, block);
    lines += more;
  }
  close();
  return text;
}

std::string to_latex(const std::vector<Report>& reports) {
  std::string text = latex_preamble;
  for (std::size_t i = 0; i < reports.size(); ++i) text += (i > 0 ? "\n" : "") + latex_of(reports[i]);
  return text;
}

}  // namespace srwm
