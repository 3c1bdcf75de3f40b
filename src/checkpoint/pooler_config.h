// What a user asks of the pooling, over what the checkpoint says: --convert embed makes an embedder
// of a decoder, --pooler-config replaces single facts.
#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "checkpoint/model_config.h"

namespace spyre::checkpoint {

// The last token's hidden state, normalised: how decoders are trained to embed.
Pooling pooling_of_decoder(const ModelConfig& config);

// options: --pooler-config's object. pooling_type: CLS, MEAN, MAX or LAST; normalize and
// use_activation: what follows the last layer (both words for one thing); max_embed_len: the
// longest input, at most what the model has positions for. dimensions is a request's own and looked
// at there. kInvalidArgument: another value, or a key that means nothing. kUnsupported: a pooler or
// an option that vLLM has and we don't.
Result<Pooling> with_pooler_config(const Json& options, const ModelConfig& config, Pooling pooling);

}  // namespace spyre::checkpoint
