// What options take, by name: `command->add_option(...)->type_name(takes::spec)`. The name stands in the help, and
// completion (completion.cpp) knows by it what to offer.
#pragma once

namespace srwm::takes {

inline constexpr const char* spec = "SPEC";               ///< a JSON file
inline constexpr const char* json_file = "FILE.json";     ///< FILE.<ending>: a file whose name ends so
inline constexpr const char* h5_file = "FILE.h5";         ///< dataset, episodes, checkpoint, predictions
inline constexpr const char* png_file = "FILE.png";       ///< a picture
inline constexpr const char* folder = "DIR";              ///< a folder
inline constexpr const char* dataset = "DATASET";         ///< a dataset's name or file
inline constexpr const char* library = "LIBRARY";         ///< a library of environments: its name or its file
inline constexpr const char* game = "GAME";               ///< a game of the library that --library names
inline constexpr const char* env_action = "ACTION";       ///< of that library
inline constexpr const char* env_setting = "NAME=VALUE";  ///< a setting of that library
inline constexpr const char* table_format = "{markdown,latex,csv,json,commands}";  ///< forms of a table
inline constexpr const char* weight_file = "FILE";                 ///< weights of a model, for other programs
inline constexpr const char* weight_format = "{safetensors,npz}";  ///< their forms
inline constexpr const char* answer_format = "{table,json,csv}";   ///< forms of predictions
inline constexpr const char* comparison_format = "{markdown,csv,json,latex}";  ///< forms of a comparison
inline constexpr const char* key = "KEY";                 ///< a key of the spec, or a group of keys
inline constexpr const char* setting = "KEY=VALUE";       ///< a key of the spec and its value
inline constexpr const char* seeds = "SEEDS";             ///< 1,2,5 or 1-5
inline constexpr const char* split = "{train,val,test}";  ///< {a,b,c}: one of these words
inline constexpr const char* engine = "{auto,mpi,none}";  ///< likewise
inline constexpr const char* device = "{auto,cpu,cuda}";  ///< cuda:N is taken too

}  // namespace srwm::takes
