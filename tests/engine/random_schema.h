// Random JSON schemas and a validator of the keywords that they use: a reading of the standard of
// its own, so that it can judge what a grammar let through.
#pragma once

#include <cstdint>
#include <random>

#include "base/json.h"

namespace spyre::engine::testing {

// A schema of an object with at most `depth` levels inside, whose shortest texts are short.
Json random_schema(std::mt19937_64& random, int depth);

// Whether the value is what the schema (of random_schema) asks for.
bool validates(const Json& value, const Json& schema);

}  // namespace spyre::engine::testing
