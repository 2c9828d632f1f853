// A learning rule on the examples of a file (data/stream_file.h).
#pragma once

#include <filesystem>
#include <string>

#include "data/stream_file.h"
#include "tasks/vsml/evaluator.h"
#include "tasks/vsml/learning_rule.h"

namespace srwm {

/// What the rule makes of the file's sequences.
struct GivenStreamResult {
  StreamEvaluations evaluation;
  Tensor logits;    ///< f32 [E, T, classes]
  RuleCells cells;  ///< after the last example, [E, cells]; absent for a rule without cells
};

/// `streams` sequences, one after the other in the file, are an episode. Its cells begin with those of the file, or
/// with zeros. DataError if there are no whole episodes, or cells that are not those of the rule's network;
/// NotFiniteError where logits are not finite.
GivenStreamResult evaluate_given_stream(Context& context, LearningRule& rule, const StreamFile& stream,
                                        std::int64_t streams = 1);

/// Writes logits, labels and cells (docs/file_formats.md, "predictions").
void write_given_stream(const std::filesystem::path& path, const StreamFile& stream, const GivenStreamResult& result,
                        const std::string& generator);

}  // namespace srwm
