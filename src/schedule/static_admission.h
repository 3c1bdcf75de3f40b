// Static batching, at the door: are the configured warmup shapes any good, does a request fit one
// of them, and what is it told when it does not. Pure functions; the shapes never change
// afterwards.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "schedule/scheduler.h"

namespace spyre::schedule {

// The shapes in the order in which they are preferred: by (batch_size, prompt_tokens), equal ones
// as they were given. kInvalidArgument: no shape at all, a prompt length that is not a positive
// multiple of kBlockTokens, too few new tokens or a batch size below 1; names the variable.
Result<std::vector<Shape>> sorted_shapes(std::span<const Shape> shapes,
                                         int64_t fewest_new_tokens = 1);

// "(64,20,1), (128,20,4)": prompt, new tokens, batch.
std::string text(std::span<const Shape> shapes);

// kInvalidArgument: no shape holds the request; says which come nearest, and what to change.
Status fits_a_shape(std::span<const Shape> shapes, const Demand& demand);

// The largest new_tokens among the shapes that hold such a prompt; 0: none does.
int64_t most_new_tokens(std::span<const Shape> shapes, int64_t prompt_tokens);
// The largest batch among the shapes that hold such a request; 0: none does.
int64_t most_sequences(std::span<const Shape> shapes, int64_t prompt_tokens, int64_t max_tokens);

}  // namespace spyre::schedule
