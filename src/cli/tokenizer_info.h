// What GET /tokenizer_info shows: a tokenizer's configuration as vLLM shows it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace spyre::cli {

// tokenizer_config.json of a folder, special tokens as their texts, without names of files; a
// template that lies beside it is in chat_template. Of a .gguf file: what its metadata says of the
// same keys. chat_template: instead of either's.
// Errors: those of reading the file; a folder without it gives what the rest knows.
Result<Json> read_tokenizer_info(const std::filesystem::path& path,
                                 const std::optional<std::string>& chat_template);

// The part of it that comes from a GGUF file's metadata (Checkpoint::take_tokenizer_metadata()).
Json gguf_tokenizer_info(const Json& metadata);

}  // namespace spyre::cli
