// One generation request in flight: its prompts in the engine, its answer on the way out. Stands
// between three threads: a worker starts it, the engine's thread tells of progress, a thread of the
// server says that the client left. Words no answer itself (answer.h).
#pragma once

#include <memory>
#include <vector>

#include "serve/openai/answer.h"
#include "serve/openai/gate.h"
#include "serve/openai/generation_request.h"

namespace spyre::serve::openai {

struct GenerationStart {
  Visit visit;
  Taker taker;
  std::string id;                         // of the answer
  std::vector<engine::Request> requests;  // one for each prompt
  std::unique_ptr<Answer> answer;
  bool stream = false;
  http::Headers headers = {};  // of the answer
};

// Hands the requests to the engine and sees to the answer, which may be given before this returns.
// A client that leaves has its requests aborted. Errors: those of AsyncEngine::submit; what was
// submitted before is aborted then, and nothing was answered.
ApiStatus start_generation(GenerationStart start);

}  // namespace spyre::serve::openai
