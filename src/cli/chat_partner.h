// What answers the turns of `spyre chat`: the model in this process, or a server.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "config/settings.h"

namespace spyre::cli {

struct ChatAnswer {
  std::string text;
  int64_t tokens = 0;
  double first_token_seconds = 0;  // since the question
  double seconds = 0;              // since the first token
};

class ChatPartner {
 public:
  virtual ~ChatPartner() = default;
  // messages: of the conversation, the question last. on_text gets the answer as it comes. An
  // answer that was interrupted is what came until then.
  virtual Result<ChatAnswer> answer(const Json& messages,
                                    const std::function<void(std::string_view)>& on_text) = 0;
};

// The model of the settings, loaded. kInvalidArgument: it has no chat template.
Result<std::unique_ptr<ChatPartner>> local_chat_partner(const config::Settings& settings);

// The server at --url, which must be ready. kUnavailable, kIo: it does not answer as it should.
Result<std::unique_ptr<ChatPartner>> served_chat_partner(const config::Settings& settings);

}  // namespace spyre::cli
