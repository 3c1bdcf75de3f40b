#include "serve/openai/request_fields.h"

#include <algorithm>
#include <charconv>

#include "serve/openai/field_types.h"

namespace spyre::serve::openai {

namespace {

using sample::SamplingParams;

constexpr uint32_t kGeneration = kCompletion | kChat;
constexpr uint32_t kSampling = kGeneration | kOffline;
constexpr uint32_t kTokenize = kTokenizeText | kTokenizeChat;
constexpr uint32_t kConversation = kChat | kTokenizeChat | kPoolChat;
constexpr uint32_t kInputs = kEmbed | kPool | kClassify;
constexpr uint32_t kTexts = kScore | kRerank;
constexpr uint32_t kPooling = kInputs | kPoolChat | kTexts;
constexpr uint32_t kServed = kGeneration | kTokenize | kDetokenize | kPooling;

constexpr double kMost32 = INT32_MAX;
constexpr double kMost64 = 9223372036854775808.0;
constexpr double kMostFloat = 3.4028234e38;
// The API takes 128 words; sampling sees up to two spellings of each.
constexpr size_t kMaxBadWords = 128;
constexpr float kMaxBias = 100;

// Values have the type of their row by now.
void read(const Json& value, float& out) { out = value.get<float>(); }
void read(const Json& value, bool& out) { out = value.get<bool>(); }
void read(const Json& value, std::string& out) { out = value.get<std::string>(); }
void read(const Json& value, Json& out) { out = value; }
void read(const Json& value, int32_t& out) { out = static_cast<int32_t>(*integer_of(value)); }
void read(const Json& value, int64_t& out) { out = *integer_of(value); }

void read(const Json& value, std::vector<int32_t>& out) {
  out.clear();
  for (const Json& each : value) out.push_back(static_cast<int32_t>(*integer_of(each)));
}

void read(const Json& value, std::vector<std::string>& out) {
  out.clear();
  if (value.is_string()) {
    out.push_back(value.get<std::string>());
  } else {
    for (const Json& each : value) out.push_back(each.get<std::string>());
  }
}

template <typename T>
void read(const Json& value, std::optional<T>& out) {
  read(value, out.emplace());
}

template <auto Member>
Status set_param(const FieldValue& value, RequestFields& request) {
  read(value.json, request.sampling.params.*Member);
  return {};
}

template <auto Member>
Status set_sampling(const FieldValue& value, RequestFields& request) {
  read(value.json, request.sampling.*Member);
  return {};
}

template <auto Member>
Status set_own(const FieldValue& value, RequestFields& request) {
  read(value.json, request.*Member);
  return {};
}

template <auto Member>
Status set_structured(const FieldValue& value, RequestFields& request) {
  read(value.json, request.sampling.structured.*Member);
  return {};
}

Status set_biases(const FieldValue& value, RequestFields& request) {
  auto& biases = request.sampling.params.logit_bias;
  biases.clear();
  for (const auto& [key, bias] : value.json.items()) {
    int32_t id = 0;
    const auto [end, status] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (status != std::errc() || end != key.data() + key.size()) {
      return error(Code::kInvalidArgument, "{}: wanted token ids as keys, found {}", value.name,
                   found_words(key));
    }
    biases.emplace_back(id, std::clamp(bias.get<float>(), -kMaxBias, kMaxBias));
  }
  return {};
}

// As vLLM: each word as it stands and, where that is one more spelling of the same length, after a
// space.
Status set_bad_words(const FieldValue& value, RequestFields& request) {
  std::vector<std::string> words;
  read(value.json, words);
  if (words.size() > kMaxBadWords) {
    return error(Code::kInvalidArgument, "{}: wanted at most {} words, found {}", value.name,
                 kMaxBadWords, words.size());
  }
  auto& sequences = request.sampling.params.bad_words_token_ids;
  sequences.clear();
  for (const std::string& word : words) {
    const size_t begin = word.find_first_not_of(' ');
    if (begin == std::string::npos) {
      return error(Code::kInvalidArgument, "{}: wanted words that are not empty", value.name);
    }
    const std::string bare = word.substr(begin);
    SPYRE_TRY_ASSIGN(auto plain, value.tokenizer.encode(bare, false));
    SPYRE_TRY_ASSIGN(auto spaced, value.tokenizer.encode(" " + bare, false));
    const bool another =
        !spaced.empty() && !plain.empty() && spaced[0] != plain[0] && spaced.size() == plain.size();
    sequences.push_back(std::move(plain));
    if (another) sequences.push_back(std::move(spaced));
  }
  return {};
}

#include "serve/openai/request_fields.inc"

// Wrong types of all fields that `taker` takes.
ApiStatus check_types(const Json& body, Taker taker) {
  TypeErrors errors;
  for (const Field& field : kFields) {
    if ((field.takers & taker) == 0) continue;
    const std::string path = fmt::format("body.{}", field.name);
    const auto found = body.find(field.name);
    if (found != body.end() && !found->is_null()) {
      check_type(field, *found, path, errors);
    } else if (field.required) {
      errors.add_missing(path);
    }
  }
  if (errors.empty()) return {};
  return errors.take();
}

Status set_field(const Field& field, const Json& json, const text::Tokenizer& tokenizer,
                 RequestFields& request) {
  if (!in_range(field, json)) {
    return error(Code::kInvalidArgument, "{}: wanted {}, found {}", field.name, range_words(field),
                 found_words(json));
  }
  if (field.set == nullptr) return {};
  return field.set({field.name, json, tokenizer}, request);
}

}  // namespace

std::span<const Field> request_field_table() { return kFields; }

ApiResult<RequestFields> parse_request_fields(const Json& body, Taker taker,
                                              const text::Tokenizer& tokenizer,
                                              const SamplingRequest& defaults) {
  SPYRE_TRY(check_types(body, taker));
  RequestFields request;
  request.sampling = defaults;
  for (const Field& field : kFields) {
    if ((field.takers & taker) == 0) continue;
    const auto found = body.find(field.name);
    if (found == body.end() || found->is_null()) continue;
    if (const Status set = set_field(field, *found, tokenizer, request); !set) {
      return std::unexpected(from_error(set.error(), std::string(field.name)));
    }
  }
  return request;
}

Status set_sampling_field(std::string_view name, const Json& value,
                          const text::Tokenizer& tokenizer, SamplingRequest& request) {
  const auto* found = std::ranges::find_if(kFields, [&](const Field& field) {
    return field.name == name && (field.takers & kOffline) != 0;
  });
  if (found == std::end(kFields)) {
    return error(Code::kNotFound, "{}: there is no such field", name);
  }
  if (value.is_null()) return {};
  TypeErrors errors;
  check_type(*found, value, fmt::format("body.{}", name), errors);
  if (!errors.empty()) return error(Code::kInvalidArgument, "{}", errors.take().error().message);
  RequestFields fields;
  fields.sampling = std::move(request);
  const Status set = set_field(*found, value, tokenizer, fields);
  request = std::move(fields.sampling);
  return set;
}

engine::Request make_engine_request(std::vector<int32_t> prompt, const SamplingRequest& sampling,
                                    int64_t max_tokens) {
  engine::Request request{.prompt = std::move(prompt), .params = sampling.params};
  request.params.max_tokens = max_tokens;
  request.grammar = sampling.grammar;
  if (sampling.beam_width > 0) {
    request.beam = {.width = sampling.beam_width,
                    .length_penalty = sampling.length_penalty,
                    .max_tokens = max_tokens,
                    .ignore_eos = request.params.ignore_eos};
  }
  return request;
}

}  // namespace spyre::serve::openai
