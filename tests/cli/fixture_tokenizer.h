// The tokenizer of a reference fixture.
#pragma once

#include <filesystem>

#include "text/tokenizer.h"

namespace spyre::cli::testing {

inline text::Tokenizer fixture_tokenizer() {
  return text::Tokenizer::load(std::filesystem::path(SPYRE_SOURCE_DIR) /
                               "tests/reference/decoders/llama")
      .value();
}

}  // namespace spyre::cli::testing
