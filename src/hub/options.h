// Where the hub is, where its cache lies and who asks. The values come from the caller; what the
// variables of the hub's own library mean is said here, so that a cache is shared with it, but the
// environment itself is read by nobody in this room.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace spyre::hub {

enum class Parts : uint8_t {
  kAll,
  kText,  // tokenizer and templates, without weights; of a GGUF file still all
};

struct HubOptions {
  std::filesystem::path cache_dir;  // holds the folders models--org--name
  std::string endpoint = "https://huggingface.co";
  std::string token;     // empty: none is sent
  std::string revision;  // branch, tag or commit; empty: that of the id, else main
  Parts parts = Parts::kAll;
  bool offline = false;
  int retries = 5;  // attempts after the first that bring no byte; each waits twice as long
  std::chrono::milliseconds retry_delay{1000};
  std::chrono::milliseconds idle_timeout{30'000};  // longest silence of the hub
};

// The value of a variable, none when it is not set.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

// HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME/huggingface/hub, else
// HOME/.cache/huggingface/hub; HF_ENDPOINT; HF_TOKEN, else the file HF_TOKEN_PATH, else the file
// "token" in the home; HF_HUB_OFFLINE. An empty value counts as unset. May read the token file.
// Errors: kInvalidArgument (an endpoint without http:// or https://, an offline switch that is
// neither yes nor no, no home folder at all).
Result<HubOptions> options_from(const Lookup& lookup);

}  // namespace spyre::hub
