// Every reference checkpoint through the oracle: its config builds, and the graph's formulas over
// its weights give the reference's logits, log-probabilities and greedy continuations. What this
// proves needs no backend: reader, families, builder and op table say the same as transformers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "checkpoint/checkpoint.h"
#include "model/model.h"
#include "model/oracle/interpreter.h"

namespace spyre::model::oracle {
namespace {

using checkpoint::Checkpoint;
using Ids = std::vector<int32_t>;

constexpr double kLogitTolerance = 1e-4;    // of the largest logit
constexpr double kLogprobTolerance = 1e-3;  // the reference computes in f32
constexpr int64_t kGreedyTokens = 24;

std::filesystem::path fixture_path(std::string_view name) {
  return std::filesystem::path(SPYRE_SOURCE_DIR) / "tests/reference" / name;
}

Json expected_of(std::string_view name) {
  std::ifstream file(fixture_path(name) / "expected.json");
  std::stringstream text;
  text << file.rdbuf();
  return parse_json(text.str(), name).value();
}

Values read_weight(const Checkpoint& checkpoint, const graph::Node& weight) {
  const auto tensor = checkpoint.tensor(weight.name, weight.type.dims);
  if (!tensor) {
    ADD_FAILURE() << tensor.error().message;
    return {};
  }
  Values values;
  std::vector<float> row(static_cast<size_t>(tensor->shape.back()));
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < tensor->shape.size(); ++i) rows *= tensor->shape[i];
  for (int64_t i = 0; i < rows; ++i) {
    checkpoint::read_row_f32(*tensor, i, row);
    values.insert(values.end(), row.begin(), row.end());
  }
  return values;
}

// One sequence of one model. max_model_len is what an engine for just this request would have, so
// that longrope's factors are those that transformers chooses by length.
class Sequence {
 public:
  Sequence(const Checkpoint& checkpoint, int64_t max_model_len)
      : config_(checkpoint.config()),
        max_model_len_(max_model_len),
        interpreter_([&](const graph::Node& weight) { return read_weight(checkpoint, weight); }) {}

  // Logits after each of the next tokens.
  std::vector<Values> append(const Ids& tokens) {
    const auto rows = static_cast<int64_t>(tokens.size());
    const auto graph = build(config_, {.rows = rows, .output_rows = rows}, max_model_len_);
    if (!graph) throw std::runtime_error(graph.error().message);
    Ids positions;
    Ids output_rows;
    for (int32_t row = 0; row < static_cast<int32_t>(rows); ++row) {
      positions.push_back(next_position_++);
      output_rows.push_back(row);
    }
    const Values flat = interpreter_.run(*graph, {{"tokens", tokens},
                                                  {"positions", positions},
                                                  {"sequences", Ids(tokens.size())},
                                                  {"block_table", {0}},
                                                  {"output_rows", output_rows}});
    std::vector<Values> logits;
    for (auto at = flat.begin(); at < flat.end(); at += config_.vocab_size) {
      logits.emplace_back(at, at + config_.vocab_size);
    }
    return logits;
  }

 private:
  const checkpoint::ModelConfig& config_;
  int64_t max_model_len_;
  Interpreter interpreter_;
  int32_t next_position_ = 0;
};

double log_probability(const Values& logits, int32_t token) {
  const double largest = *std::ranges::max_element(logits);
  double sum = 0;
  for (const double each : logits) sum += std::exp(each - largest);
  return logits[static_cast<size_t>(token)] - largest - std::log(sum);
}

int32_t argmax(const Values& logits) {
  return static_cast<int32_t>(std::ranges::max_element(logits) - logits.begin());
}

void expect_logits(const Values& found, const Values& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  double largest = 0;
  double worst = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    largest = std::max(largest, std::abs(wanted[i]));
    worst = std::max(worst, std::abs(found[i] - wanted[i]));
  }
  EXPECT_LE(worst, kLogitTolerance * largest);
}

void expect_prompt_logprobs(const std::vector<Values>& logits, const Ids& ids, const Json& wanted) {
  for (size_t i = 1; i < ids.size(); ++i) {
    EXPECT_NEAR(log_probability(logits[i - 1], ids[i]), wanted[i].get<double>(), kLogprobTolerance)
        << "prompt token " << i;
  }
}

// Greedy continuation: the reference's tokens are fed back, so one difference stays one.
void expect_greedy(Sequence& sequence, Values logits, const Ids& wanted) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(argmax(logits), wanted[i]) << "greedy token " << i;
    if (i + 1 < wanted.size()) logits = sequence.append({wanted[i]}).back();
  }
}

void expect_prompt(const Checkpoint& checkpoint, const Json& prompt) {
  SCOPED_TRACE(prompt["name"].get<std::string>());
  const Ids ids = prompt["ids"];
  Sequence sequence(checkpoint, static_cast<int64_t>(ids.size()) + kGreedyTokens);
  const std::vector<Values> logits = sequence.append(ids);
  if (prompt.contains("last_logits")) expect_logits(logits.back(), prompt["last_logits"]);
  expect_prompt_logprobs(logits, ids, prompt["prompt_logprobs"]);
  expect_greedy(sequence, logits.back(), prompt["greedy"]["ids"]);
}

class Fixture : public ::testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    std::filesystem::path path = fixture_path(GetParam());
    if (GetParam().starts_with("gguf/")) path /= "model.gguf";
    auto opened = Checkpoint::open(path);
    ASSERT_TRUE(opened) << opened.error().message;
    checkpoint_ = std::move(*opened);
    expected_ = expected_of(GetParam());
  }

  std::unique_ptr<Checkpoint> checkpoint_;
  Json expected_;
};

TEST_P(Fixture, GraphPrintsAndParses) {
  const StepShape shape = {.rows = 5, .sequences = 3, .max_blocks = 4, .output_rows = 2};
  const auto graph = build(checkpoint_->config(), shape, 128);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_TRUE(graph::verify(*graph));
  const auto back = graph::parse(graph::print(*graph));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, *graph);
}

TEST_P(Fixture, PromptsGiveTheReferenceLogitsAndTokens) {
  for (const Json& prompt : expected_["prompts"]) expect_prompt(*checkpoint_, prompt);
  for (const Json& prompt : expected_["text_prompts"]) expect_prompt(*checkpoint_, prompt);
}

TEST_P(Fixture, APromptInChunksGivesTheSameLogits) {
  const Ids ids = expected_["prompts"][1]["ids"];
  Sequence whole(*checkpoint_, 64);
  Sequence chunked(*checkpoint_, 64);
  const Values wanted = whole.append(ids).back();
  chunked.append({ids.begin(), ids.begin() + 5});
  chunked.append({ids.begin() + 5, ids.begin() + 6});
  EXPECT_EQ(chunked.append({ids.begin() + 6, ids.end()}).back(), wanted);
}

// A model length beyond the original one takes the long factors for short prompts too.
class LongRope : public Fixture {};
TEST_P(LongRope, LongFactorsAlways) {
  for (const Json& wanted : expected_["long_factor_always"]) {
    const auto same_name = [&](const Json& each) { return each["name"] == wanted["name"]; };
    const Json& prompt = *std::ranges::find_if(expected_["prompts"], same_name);
    SCOPED_TRACE(wanted["name"].get<std::string>());
    Sequence sequence(*checkpoint_, checkpoint_->config().max_positions);
    const Values logits = sequence.append(prompt["ids"].get<Ids>()).back();
    expect_logits(logits, wanted["last_logits"]);
    expect_greedy(sequence, logits, wanted["greedy_ids"]);
  }
}

constexpr std::string_view kFixtures[] = {
    "decoders/gemma3",
    "decoders/gpt_bigcode",
    "decoders/granite",
    "decoders/granite_moe",
    "decoders/llama",
    "decoders/llama_bf16_sharded",
    "decoders/llama_tied",
    "decoders/mistral",
    "decoders/opt",
    "decoders/phi3",
    "decoders/phi3_longrope",
    "decoders/qwen2",
    "decoders/qwen3",
    "gguf/gguf_f16_q8",
    "gguf/gguf_kquant",
    "gguf/gguf_q4_q5",
    "quantised/awq",
    "quantised/gptq",
    "quantised/gptq_8bit_asym",
    "quantised/gptq_desc_act",
};

std::string test_name(const ::testing::TestParamInfo<std::string_view>& instance) {
  std::string name(instance.param);
  std::ranges::replace(name, '/', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Reference, Fixture, ::testing::ValuesIn(kFixtures), test_name);
INSTANTIATE_TEST_SUITE_P(Reference, LongRope,
                         ::testing::Values(std::string_view("decoders/phi3_longrope")), test_name);

}  // namespace
}  // namespace spyre::model::oracle
