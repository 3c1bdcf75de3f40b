// Reads an answer that comes in one piece: embeddings, scores, pooled vectors.
#pragma once

#include <string_view>

#include "loadtest/outcome.h"

namespace spyre::loadtest {

// status, body: of the answer; failure: what went wrong with the connection, or empty; seconds:
// since the request was sent, now that all of it is there. The first token is the whole. The
// outcome gets all but start and queued.
Outcome read_whole_answer(int status, std::string_view body, std::string_view failure,
                          double seconds);

}  // namespace spyre::loadtest
