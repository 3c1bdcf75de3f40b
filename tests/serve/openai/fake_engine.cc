#include "serve/openai/fake_engine.h"

#include <algorithm>

namespace spyre::serve::openai::testing {

namespace {

constexpr float kScoreStep = 0.125f;
constexpr float kTopStep = 0.25f;

std::vector<engine::TokenOutput> prompt_scores(const engine::Request& request) {
  std::vector<engine::TokenOutput> scores;
  if (!request.params.prompt_logprobs) return scores;
  for (size_t i = 1; i < request.prompt.size(); ++i) {
    scores.push_back(scored(request.prompt[i], request.params.prompt_logprobs));
  }
  return scores;
}

// How far a choice was told.
struct Told {
  size_t pieces = 0;
  size_t deltas = 0;
  size_t text_bytes = 0;
};

// Cut between characters.
size_t whole_characters(const std::string& text, size_t bytes) {
  while (bytes > 0 && bytes < text.size() && (text[bytes] & 0xC0) == 0x80) --bytes;
  return bytes;
}

}  // namespace

std::string ChoiceScript::text() const {
  std::string all;
  for (const Piece& piece : pieces) all += piece.text;
  return all;
}

std::vector<int32_t> ChoiceScript::ids() const {
  std::vector<int32_t> all;
  for (const Piece& piece : pieces) all.push_back(piece.id);
  return all;
}

engine::TokenOutput scored(int32_t id, std::optional<int32_t> top) {
  engine::TokenOutput token{
      .id = id, .logprob = -kScoreStep * static_cast<float>(id), .rank = 2, .top = {}};
  for (int32_t i = 1; i <= top.value_or(0); ++i) {
    token.top.push_back({i, -kTopStep * static_cast<float>(i), i});
  }
  return token;
}

engine::RequestOutput output_of(const engine::Request& request,
                                const std::vector<ChoiceScript>& choices) {
  engine::RequestOutput output{.prompt_logprobs = prompt_scores(request)};
  for (const ChoiceScript& choice : choices) {
    engine::Completion completion{.index = static_cast<int32_t>(output.completions.size()),
                                  .token_ids = choice.ids(),
                                  .text = choice.text(),
                                  .finish_reason = choice.finish_reason,
                                  .stop_reason = choice.stop_reason};
    if (request.params.logprobs) {
      for (const int32_t id : completion.token_ids) {
        completion.logprobs.push_back(scored(id, request.params.logprobs));
      }
    }
    output.completions.push_back(std::move(completion));
  }
  return output;
}

Result<engine::RequestId> FakeEngine::submit(engine::Request request,
                                             std::shared_ptr<engine::Listener> listener) {
  if (refuse) {
    if (auto error = refuse(submitted.size())) return std::unexpected(*error);
  }
  submitted.push_back({std::move(request), std::move(listener)});
  const engine::RequestId id = submitted.size() - 1;
  if (on_submit) on_submit(id);
  return id;
}

int64_t FakeEngine::most_new_tokens(int64_t prompt_tokens) const {
  return std::max<int64_t>(context_tokens - prompt_tokens, 0);
}

void FakeEngine::tell_prompt(engine::RequestId id) {
  const auto scores = prompt_scores(submitted[id].request);
  submitted[id].listener->on_prompt(id, scores);
}

void FakeEngine::tell(engine::RequestId id, const engine::Delta& delta) {
  submitted[id].listener->on_delta(id, delta);
}

void FakeEngine::finish(engine::RequestId id, engine::RequestOutput output) {
  const auto listener = std::move(submitted[id].listener);
  listener->on_finished(id, std::move(output));
}

void FakeEngine::play(engine::RequestId id, const std::vector<ChoiceScript>& choices,
                      const std::vector<size_t>& cuts, size_t lag) {
  const engine::Request request = submitted[id].request;
  const engine::RequestOutput output = output_of(request, choices);
  tell_prompt(id);
  std::vector<Told> told(choices.size());
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < choices.size(); ++i) {
      Told& at = told[i];
      const engine::Completion& all = output.completions[i];
      if (at.pieces == all.token_ids.size()) continue;
      const size_t cut = cuts.empty() ? 1 : cuts[at.deltas++ % cuts.size()];
      const size_t end = std::min(at.pieces + cut, all.token_ids.size());
      const bool last = end == all.token_ids.size();
      size_t text_end = 0;
      for (size_t j = 0; j < end; ++j) text_end += choices[i].pieces[j].text.size();
      if (!last) text_end = whole_characters(all.text, text_end - std::min(text_end, lag));
      text_end = std::max(text_end, at.text_bytes);
      engine::Delta delta{
          .choice = static_cast<int32_t>(i),
          .text = std::string_view(all.text).substr(at.text_bytes, text_end - at.text_bytes),
          .token_ids = std::span(all.token_ids).subspan(at.pieces, end - at.pieces),
          .finished = last};
      if (!all.logprobs.empty()) {
        delta.logprobs = std::span(all.logprobs).subspan(at.pieces, end - at.pieces);
      }
      if (last) {
        delta.finish_reason = all.finish_reason;
        delta.stop_reason = all.stop_reason;
      }
      tell(id, delta);
      at.pieces = end;
      at.text_bytes = text_end;
      more = true;
    }
  }
  finish(id, output);
}

}  // namespace spyre::serve::openai::testing
