// The checks that concern more than one field of a generation request, and the way from its fields
// to what the engine is asked for. Fields that are not served yet are refused here, by name: never
// taken and not honoured.
#pragma once

#include "serve/openai/prompts.h"
#include "serve/openai/service.h"

namespace spyre::serve::openai {

// Refuses what would change answers and is not supported yet: a suffix, prompt_embeds,
// logprob_token_ids.
ApiStatus check_supported(const Json& body);

// A priority needs a server that looks at it.
ApiStatus check_priority(const Service& service, const RequestFields& fields);

// Combinations of fields. taker: kCompletion or kChat.
ApiStatus check_combinations(const Service& service, const RequestFields& fields, Taker taker);

// Puts the fields that go to sampling under names of their own into fields.sampling: logprobs of
// chat, those of an echoed prompt, beams.
void settle_sampling(RequestFields& fields, Taker taker);

// Compiles what the answer must look like into fields.sampling.grammar. Errors: bad_value with the
// field that asks for it.
ApiStatus settle_grammar(const Service& service, RequestFields& fields);

// The engine's request for each prompt, with max_tokens: what was asked for, cut to the room that
// the prompt leaves; where nothing was, 16 for completions and all the room for chat, as far as
// the engine can serve it. Errors: bad_value for what sampling does not take.
ApiResult<std::vector<engine::Request>> engine_requests(const Service& service,
                                                        const RequestFields& fields, Taker taker,
                                                        const std::vector<Prompt>& prompts);

// An error of AsyncEngine::submit for a client; a request that fits no warmup shape names the field
// to change: its prompt, or max_tokens.
ApiError submit_error(const Service& service, const Error& error, int64_t prompt_tokens,
                      Taker taker);

}  // namespace spyre::serve::openai
