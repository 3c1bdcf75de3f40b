#include "cli/request_fields.h"

#include <algorithm>
#include <charconv>
#include <functional>

namespace spyre::cli {

namespace {

using sample::SamplingParams;

// A field's value, with the name for messages.
struct Field {
  std::string_view name;
  const Json& value;
  const text::Tokenizer& tokenizer;

  std::unexpected<Error> wanted(std::string_view what) const {
    return error(Code::kInvalidArgument, "{}: wanted {}, found {}", name, what, value.dump());
  }
};

Status read(const Field& field, float& out) {
  if (!field.value.is_number()) return field.wanted("a number");
  out = field.value.get<float>();
  return {};
}

template <typename Integer>
  requires std::is_integral_v<Integer> && (!std::is_same_v<Integer, bool>)
Status read(const Field& field, Integer& out) {
  if (!field.value.is_number_integer()) return field.wanted("an integer");
  const auto value = field.value.get<int64_t>();
  const bool beyond = field.value.is_number_unsigned() && value < 0;
  if (beyond || !std::in_range<Integer>(value)) return field.wanted("a smaller integer");
  out = static_cast<Integer>(value);
  return {};
}

Status read(const Field& field, bool& out) {
  if (!field.value.is_boolean()) return field.wanted("true or false");
  out = field.value.get<bool>();
  return {};
}

template <typename T>
Status read(const Field& field, std::optional<T>& out) {
  T value{};
  SPYRE_TRY(read(field, value));
  out = value;
  return {};
}

Status read(const Field& field, std::vector<int32_t>& out) {
  if (!field.value.is_array()) return field.wanted("a list of token ids");
  out.clear();
  for (const Json& each : field.value) {
    int32_t id = 0;
    SPYRE_TRY(read(Field{field.name, each, field.tokenizer}, id));
    out.push_back(id);
  }
  return {};
}

// One string or a list of them.
Status read(const Field& field, std::vector<std::string>& out) {
  out.clear();
  if (field.value.is_string()) {
    out.push_back(field.value.get<std::string>());
    return {};
  }
  if (!field.value.is_array()) return field.wanted("a string or a list of strings");
  for (const Json& each : field.value) {
    if (!each.is_string()) return field.wanted("a string or a list of strings");
    out.push_back(each.get<std::string>());
  }
  return {};
}

// {"token id": bias, ...}
Status read_logit_bias(const Field& field, SamplingParams& params) {
  if (!field.value.is_object()) return field.wanted("an object of token ids and biases");
  params.logit_bias.clear();
  for (const auto& [key, bias] : field.value.items()) {
    int32_t id = 0;
    const auto [end, status] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (status != std::errc() || end != key.data() + key.size() || !bias.is_number()) {
      return field.wanted("an object of token ids and biases");
    }
    params.logit_bias.emplace_back(id, bias.get<float>());
  }
  return {};
}

// As vLLM: each word as it stands and, where that is one more spelling of the same length, after a
// space.
Status read_bad_words(const Field& field, SamplingParams& params) {
  std::vector<std::string> words;
  SPYRE_TRY(read(field, words));
  params.bad_words_token_ids.clear();
  for (const std::string& word : words) {
    const size_t begin = word.find_first_not_of(' ');
    if (begin == std::string::npos) return field.wanted("words that are not empty");
    SPYRE_TRY_ASSIGN(auto plain, field.tokenizer.encode(word.substr(begin), false));
    SPYRE_TRY_ASSIGN(auto spaced, field.tokenizer.encode(" " + word.substr(begin), false));
    const bool another =
        !spaced.empty() && !plain.empty() && spaced[0] != plain[0] && spaced.size() == plain.size();
    params.bad_words_token_ids.push_back(std::move(plain));
    if (another) params.bad_words_token_ids.push_back(std::move(spaced));
  }
  return {};
}

using Setter = Status (*)(const Field&, SamplingRequest&);

template <auto Member>
Status set_param(const Field& field, SamplingRequest& request) {
  return read(field, request.params.*Member);
}

template <auto Member>
Status set_own(const Field& field, SamplingRequest& request) {
  return read(field, request.*Member);
}

struct Entry {
  std::string_view name;
  Setter set;
};

constexpr Entry kEntries[] = {
    {"temperature", set_param<&SamplingParams::temperature>},
    {"top_k", set_param<&SamplingParams::top_k>},
    {"top_p", set_param<&SamplingParams::top_p>},
    {"min_p", set_param<&SamplingParams::min_p>},
    {"presence_penalty", set_param<&SamplingParams::presence_penalty>},
    {"frequency_penalty", set_param<&SamplingParams::frequency_penalty>},
    {"repetition_penalty", set_param<&SamplingParams::repetition_penalty>},
    {"logit_bias", [](const Field& f, SamplingRequest& r) { return read_logit_bias(f, r.params); }},
    {"allowed_token_ids", set_param<&SamplingParams::allowed_token_ids>},
    {"bad_words", [](const Field& f, SamplingRequest& r) { return read_bad_words(f, r.params); }},
    {"min_tokens", set_param<&SamplingParams::min_tokens>},
    {"max_tokens", set_own<&SamplingRequest::max_tokens>},
    {"ignore_eos", set_param<&SamplingParams::ignore_eos>},
    {"stop", set_param<&SamplingParams::stop>},
    {"stop_token_ids", set_param<&SamplingParams::stop_token_ids>},
    {"include_stop_str_in_output", set_param<&SamplingParams::include_stop_str_in_output>},
    {"skip_special_tokens", set_param<&SamplingParams::skip_special_tokens>},
    {"seed", set_param<&SamplingParams::seed>},
    {"n", set_param<&SamplingParams::n>},
    {"logprobs", set_param<&SamplingParams::logprobs>},
    {"prompt_logprobs", set_param<&SamplingParams::prompt_logprobs>},
    {"beam_width", set_own<&SamplingRequest::beam_width>},
    {"length_penalty", set_own<&SamplingRequest::length_penalty>},
};

}  // namespace

Status set_field(std::string_view name, const Json& value, const text::Tokenizer& tokenizer,
                 SamplingRequest& request) {
  const auto* found = std::ranges::find(kEntries, name, &Entry::name);
  if (found == std::end(kEntries)) {
    return error(Code::kNotFound, "{}: there is no such field", name);
  }
  if (value.is_null()) return {};
  return found->set({name, value, tokenizer}, request);
}

SamplingRequest default_sampling(const checkpoint::GenerationConfig& config,
                                 const text::Tokenizer& tokenizer) {
  SamplingRequest request;
  SamplingParams& params = request.params;
  params.temperature = config.temperature.value_or(params.temperature);
  params.top_p = config.top_p.value_or(params.top_p);
  params.top_k = config.top_k.value_or(params.top_k);
  params.min_p = config.min_p.value_or(params.min_p);
  params.repetition_penalty = config.repetition_penalty.value_or(params.repetition_penalty);
  params.eos_token_ids = config.eos_token_ids;
  for (const int32_t id : tokenizer.stop_ids()) {
    if (std::ranges::find(params.eos_token_ids, id) == params.eos_token_ids.end()) {
      params.eos_token_ids.push_back(id);
    }
  }
  if (config.max_new_tokens) request.max_tokens = *config.max_new_tokens;
  return request;
}

engine::Request to_engine_request(std::vector<int32_t> prompt, SamplingRequest sampling,
                                  int64_t max_model_len) {
  const int64_t room = max_model_len - static_cast<int64_t>(prompt.size());
  engine::Request request{.prompt = std::move(prompt), .params = std::move(sampling.params)};
  request.params.max_tokens = sampling.max_tokens.value_or(std::max<int64_t>(room, 1));
  if (sampling.beam_width > 0) {
    request.beam = {.width = sampling.beam_width,
                    .length_penalty = sampling.length_penalty,
                    .max_tokens = request.params.max_tokens,
                    .ignore_eos = request.params.ignore_eos};
  }
  return request;
}

}  // namespace spyre::cli
