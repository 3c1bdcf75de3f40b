// A model of the reference fixtures, opened, for plans of something real.
#pragma once

#include <memory>

#include "checkpoint/checkpoint.h"
#include "runner/precision.h"

namespace spyre::plan::testing {

struct Opened {
  std::unique_ptr<checkpoint::Checkpoint> checkpoint;
  runner::Precision precision;
};

inline Opened open_fixture(const std::string& name) {
  Opened opened;
  opened.checkpoint =
      checkpoint::Checkpoint::open(std::string(SPYRE_SOURCE_DIR "/tests/reference/") + name)
          .value();
  opened.precision = runner::Precision::resolve("auto", opened.checkpoint->config().dtype,
                                                opened.checkpoint->is_gguf())
                         .value();
  return opened;
}

}  // namespace spyre::plan::testing
