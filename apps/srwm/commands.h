// The subcommands of the binary. Each is one file: it declares its options, and its callback calls the library; what
// goes wrong leaves as an exception (core/error.h), which main turns into a message and an exit code.
#pragma once

#include <CLI/CLI.hpp>

namespace srwm {

void add_train_commands(CLI::App& app);
void add_eval_command(CLI::App& app);
void add_config_command(CLI::App& app);
void add_data_command(CLI::App& app);
void add_env_command(CLI::App& app);
void add_predict_command(CLI::App& app);
void add_export_commands(CLI::App& app);
void add_status_command(CLI::App& app);
void add_compare_command(CLI::App& app);
void add_report_command(CLI::App& app);
void add_sweep_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_completion_command(CLI::App& app);
void add_man_command(CLI::App& app);

}  // namespace srwm
