#include "engine/generator.h"

#include <algorithm>

namespace spyre::engine {

namespace {

// Rows of a step that wants logits of every row: bounds that output, [rows, vocab] floats.
constexpr int64_t kScoredRows = 64;

Status check_prompt(const std::vector<int32_t>& prompt, int64_t vocab_size, int64_t max_model_len) {
  if (prompt.empty()) return error(Code::kInvalidArgument, "prompt: wanted at least one token");
  if (static_cast<int64_t>(prompt.size()) >= max_model_len) {
    return error(Code::kInvalidArgument,
                 "prompt: {} tokens leave no room for an answer within max_model_len {}; shorten "
                 "it or raise --max-model-len",
                 prompt.size(), max_model_len);
  }
  for (size_t i = 0; i < prompt.size(); ++i) {
    if (prompt[i] < 0 || prompt[i] >= vocab_size) {
      return error(Code::kInvalidArgument, "prompt token {}: wanted an id of 0 to {}, found {}", i,
                   vocab_size - 1, prompt[i]);
    }
  }
  return {};
}

}  // namespace

Generator::Generator(runner::ModelRunner& runner, const text::Tokenizer& tokenizer,
                     const GeneratorOptions& options, sample::Workspace workspace)
    : runner_(runner),
      options_(options),
      workspace_(std::move(workspace)),
      pool_(static_cast<int32_t>(runner.kv_cache().shape().blocks)),
      context_{.runner = runner,
               .tokenizer = tokenizer,
               .pool = pool_,
               .workspace = workspace_,
               .listener = listener_} {}

Result<std::unique_ptr<Generator>> Generator::create(runner::ModelRunner& runner,
                                                     const text::Tokenizer& tokenizer,
                                                     const GeneratorOptions& options) {
  SPYRE_TRY_ASSIGN(auto workspace, sample::Workspace::create(runner.vocab_size()));
  SPYRE_TRY(runner.prepare({.rows = options.prefill_rows, .output_rows = kScoredRows}));
  SPYRE_TRY(runner.prepare({.rows = options.max_num_seqs,
                            .sequences = options.max_num_seqs,
                            .output_rows = options.max_num_seqs}));
  return std::unique_ptr<Generator>(
      new Generator(runner, tokenizer, options, std::move(workspace)));
}

Status Generator::submit(RequestId id, Request request) {
  SPYRE_TRY(check_prompt(request.prompt, runner_.vocab_size(), runner_.max_model_len()));
  SPYRE_TRY(sample::validate(request.params, {.vocab_size = runner_.vocab_size()}));
  const int64_t sequences = Group::max_sequences(request);
  if (sequences > options_.max_num_seqs) {
    return error(Code::kInvalidArgument,
                 "{}: wanted at most {} sequences at once (--max-num-seqs), found {}",
                 request.beam ? "beam_width" : "n", options_.max_num_seqs, sequences);
  }
  const int64_t blocks = Group::max_blocks(request, runner_.max_model_len());
  const int64_t all_blocks = runner_.kv_cache().shape().blocks;
  if (blocks > all_blocks) {
    return error(Code::kInvalidArgument,
                 "the request may need {} KV blocks of {} tokens, the cache has {}; lower "
                 "max_tokens or raise --kv-cache-memory-bytes",
                 blocks, kernels::kKvBlockTokens, all_blocks);
  }
  waiting_.push_back({.id = id, .request = std::move(request)});
  return {};
}

void Generator::admit(Listener& listener) {
  while (!waiting_.empty()) {
    Waiting& next = waiting_.front();
    const int64_t sequences = Group::max_sequences(next.request);
    const int64_t blocks = Group::max_blocks(next.request, runner_.max_model_len());
    if (reserved_sequences_ + sequences > options_.max_num_seqs ||
        reserved_blocks_ + blocks > runner_.kv_cache().shape().blocks) {
      return;
    }
    auto group = create_group(context_, next.id, std::move(next.request));
    const RequestId id = next.id;
    waiting_.pop_front();
    if (!group) {
      listener.on_finished(id, {.error = std::move(group.error())});
      continue;
    }
    reserved_sequences_ += sequences;
    reserved_blocks_ += blocks;
    running_.push_back(std::move(*group));
  }
}

bool Generator::step(Listener& listener) {
  listener_ = &listener;
  admit(listener);
  if (running_.empty()) return false;
  const auto prompting =
      std::ranges::find_if(running_, [](const auto& group) { return group->prompt_left() > 0; });
  if (prompting != running_.end()) {
    run_prompt_chunk(**prompting, listener);
  } else {
    run_decode(listener);
  }
  return true;
}

void Generator::add_table(const BlockTable& table) {
  const auto width = static_cast<size_t>(runner_.max_blocks());
  const size_t begin = step_.block_table.size();
  step_.block_table.insert(step_.block_table.end(), table.blocks().begin(), table.blocks().end());
  step_.block_table.resize(begin + width, 0);
  ++step_.num_sequences;
}

void Generator::run_prompt_chunk(Group& group, Listener& listener) {
  const bool scored = group.wants_prompt_logprobs();
  const int64_t limit = scored ? kScoredRows : options_.prefill_rows;
  const int64_t count = std::min(group.prompt_left(), limit);
  const std::vector<int32_t>& prompt = group.request().prompt;
  const int64_t first = static_cast<int64_t>(prompt.size()) - group.prompt_left();
  const BlockTable& table = group.begin_prompt(count);
  const bool last = group.prompt_left() == 0;

  step_.clear();
  for (int64_t i = first; i < first + count; ++i) {
    step_.tokens.push_back(prompt[static_cast<size_t>(i)]);
    step_.positions.push_back(static_cast<int32_t>(i));
    step_.sequences.push_back(0);
    if (scored) step_.output_rows.push_back(static_cast<int32_t>(i - first));
  }
  if (!scored) step_.output_rows.push_back(static_cast<int32_t>(count - 1));
  add_table(table);

  auto logits = runner_.run(step_);
  if (!logits) return finish(group, std::move(logits.error()), listener);
  if (scored) group.score_prompt(first, count, *logits);
  if (!last) return;
  const auto vocab = static_cast<size_t>(runner_.vocab_size());
  if (Status status = group.accept(logits->last(vocab)); !status) {
    return finish(group, std::move(status.error()), listener);
  }
  if (group.num_live() == 0) finish(group, std::nullopt, listener);
}

void Generator::run_decode(Listener& listener) {
  step_.clear();
  for (const auto& group : running_) {
    for (int64_t i = 0; i < group->num_live(); ++i) {
      BlockTable& table = group->table(i);
      step_.output_rows.push_back(static_cast<int32_t>(step_.tokens.size()));
      step_.tokens.push_back(group->next_token(i));
      step_.positions.push_back(static_cast<int32_t>(table.tokens()));
      step_.sequences.push_back(static_cast<int32_t>(step_.num_sequences));
      table.append(1);
      add_table(table);
    }
  }
  auto logits = runner_.run(step_);
  const auto vocab = static_cast<size_t>(runner_.vocab_size());
  size_t row = 0;
  for (size_t i = 0; i < running_.size();) {
    Group& group = *running_[i];
    const auto rows = static_cast<size_t>(group.num_live());
    const Status status = logits ? group.accept(logits->subspan(row * vocab, rows * vocab))
                                 : Status(std::unexpected(logits.error()));
    row += rows;
    if (status && group.num_live() > 0) {
      ++i;
    } else {
      finish(group, status ? std::nullopt : std::optional(status.error()), listener);
    }
  }
}

// A group whose sequences did not all end by themselves leaves them as aborted.
void Generator::finish(Group& group, std::optional<Error> failure, Listener& listener) {
  reserved_sequences_ -= Group::max_sequences(group.request());
  reserved_blocks_ -= Group::max_blocks(group.request(), runner_.max_model_len());
  listener.on_finished(group.id(), group.take_output(std::move(failure)));
  std::erase_if(running_, [&](const auto& each) { return each.get() == &group; });
}

void Generator::abort_all(Listener& listener) {
  listener_ = &listener;
  while (!running_.empty()) {
    finish(*running_.front(), std::nullopt, listener);
  }
  for (Waiting& each : waiting_) {
    listener.on_finished(each.id, {.completions = {Completion{}}});
  }
  waiting_.clear();
}

}  // namespace spyre::engine
