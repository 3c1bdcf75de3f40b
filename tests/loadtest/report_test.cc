// From outcomes to what is printed: the report and the result, letter by letter.
#include "loadtest/report.h"

#include <gmock/gmock.h>

#include "loadtest/answer_reader.h"
#include "loadtest/whole_answer.h"

namespace spyre::loadtest {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

LoadResult three_outcomes() {
  LoadResult result;
  result.seconds = 2;
  result.peak_concurrency = 2;
  result.outcomes = {
      {.ok = true,
       .start = 0,
       .first_token = 0.1,
       .latency = 0.3,
       .gaps = {0.1, 0.1},
       .input_tokens = 10,
       .output_tokens = 3,
       .text = "abc"},
      {.ok = true,
       .start = 0.5,
       .queued = 0.25,
       .first_token = 0.3,
       .latency = 0.8,
       .gaps = {0.5},
       .input_tokens = 20,
       .output_tokens = 2,
       .text = "de"},
      {.ok = false, .error = "HTTP 500: no"},
  };
  return result;
}

RunFacts facts() {
  return {.date = "20261125-120000",
          .label = "",
          .model = "org/model",
          .tokenizer = "",
          .num_prompts = 3,
          .request_rate = 4,
          .max_concurrency = 2};
}

TEST(Report, HasTheLabelsThatScriptsSearchFor) {
  const Summary summary = summarize(three_outcomes(), {99}, {{Measure::kTtft, 200}});
  EXPECT_EQ(report(facts(), summary, {kMeasures, kMeasures + 4}),
            R"(============ Serving Benchmark Result ============
Successful requests:                     2         
Failed requests:                         1         
Maximum request concurrency:             2         
Request rate configured (RPS):           4.00      
Benchmark duration (s):                  2.00      
Total input tokens:                      30        
Total generated tokens:                  5         
Request throughput (req/s):              1.00      
Request goodput (req/s):                 0.50      
Output token throughput (tok/s):         2.50      
Peak output token throughput (tok/s):    4.00      
Peak concurrent requests:                2         
Total token throughput (tok/s):          17.50     
---------------Time to First Token----------------
Mean TTFT (ms):                          200.00    
Median TTFT (ms):                        200.00    
P99 TTFT (ms):                           298.00    
-----Time per Output Token (excl. 1st token)------
Mean TPOT (ms):                          300.00    
Median TPOT (ms):                        300.00    
P99 TPOT (ms):                           496.00    
---------------Inter-token Latency----------------
Mean ITL (ms):                           233.33    
Median ITL (ms):                         100.00    
P99 ITL (ms):                            492.00    
----------------End-to-end Latency----------------
Mean E2EL (ms):                          550.00    
Median E2EL (ms):                        550.00    
P99 E2EL (ms):                           795.00    
==================================================
)");
}

TEST(Report, OfAnswersThatComeWhole) {
  RunFacts run = facts();
  run.backend = "openai-embeddings";
  run.generates = false;
  LoadResult result = three_outcomes();
  for (Outcome& each : result.outcomes) {
    each.output_tokens = 0;
    each.gaps.clear();
  }
  const Summary summary = summarize(result, {99}, {});
  EXPECT_EQ(report(run, summary, {Measure::kE2el}),
            R"(============ Serving Benchmark Result ============
Successful requests:                     2         
Failed requests:                         1         
Maximum request concurrency:             2         
Request rate configured (RPS):           4.00      
Benchmark duration (s):                  2.00      
Total input tokens:                      30        
Request throughput (req/s):              1.00      
Peak concurrent requests:                2         
Total token throughput (tok/s):          15.00     
----------------End-to-end Latency----------------
Mean E2EL (ms):                          550.00    
Median E2EL (ms):                        550.00    
P99 E2EL (ms):                           795.00    
==================================================
)");
  const Json json = result_json(run, summary, result, true);
  EXPECT_EQ(json["total_token_throughput"], 15);
  EXPECT_EQ(json["latencies"], Json({0.3, 0.8, 0.0}));
  EXPECT_TRUE(json.contains("p99_e2el_ms"));
  for (const char* key :
       {"total_output_tokens", "output_throughput", "max_output_tokens_per_s", "mean_ttft_ms",
        "p99_itl_ms", "ttfts", "itls", "generated_texts", "output_lens"}) {
    EXPECT_FALSE(json.contains(key)) << key;
  }
}

TEST(WholeAnswer, IsReadOrSaysWhatIsWrong) {
  const Outcome good = read_whole_answer(
      200, R"({"data": [{"embedding": [1]}], "usage": {"prompt_tokens": 7}})", "", 0.25);
  EXPECT_TRUE(good.ok) << good.error;
  EXPECT_EQ(good.input_tokens, 7);
  EXPECT_EQ(good.output_tokens, 0);
  EXPECT_EQ(good.latency, 0.25);
  const Outcome rerank =
      read_whole_answer(200, R"({"results": [{}], "usage": {"total_tokens": 9}})", "", 1);
  EXPECT_TRUE(rerank.ok);
  EXPECT_EQ(rerank.input_tokens, 9);
  EXPECT_TRUE(read_whole_answer(200, R"({"data": [1]})", "", 1).ok);
  EXPECT_EQ(read_whole_answer(200, "", "reset", 1).error, "reset");
  EXPECT_EQ(read_whole_answer(400, "why", "", 1).error, "HTTP 400: why");
  for (const char* wrong : {"", "[1]", "{"}) {
    EXPECT_THAT(read_whole_answer(200, wrong, "", 1).error, HasSubstr("no JSON object")) << wrong;
  }
  for (const char* wrong : {"{}", R"({"data": []})", R"({"data": 3, "results": {}})"}) {
    EXPECT_THAT(read_whole_answer(200, wrong, "", 1).error, HasSubstr("no data")) << wrong;
  }
  EXPECT_EQ(read_whole_answer(200, R"({"data": [1], "usage": {"prompt_tokens": "x"}})", "", 1)
                .input_tokens,
            0);
}

TEST(Report, LeavesOutWhatWasNotAskedFor) {
  RunFacts plain = facts();
  plain.request_rate = std::nullopt;
  plain.max_concurrency = std::nullopt;
  const std::string text = report(plain, summarize(LoadResult{}, {99.9}, {}), {Measure::kTtft});
  EXPECT_THAT(text, Not(HasSubstr("Maximum request concurrency")));
  EXPECT_THAT(text, Not(HasSubstr("Request rate configured")));
  EXPECT_THAT(text, Not(HasSubstr("goodput")));
  EXPECT_THAT(text, Not(HasSubstr("TPOT")));
  EXPECT_THAT(text, HasSubstr("P99.9 TTFT (ms):                         0.00      \n"));
}

TEST(ResultJson, HasTheKeysThatDashboardsRead) {
  RunFacts run = facts();
  run.metadata = {{"machine", "test"}};
  const Summary summary = summarize(three_outcomes(), {50, 99}, {});
  const Json json = result_json(run, summary, three_outcomes(), false);
  for (const char* key : {"date",
                          "endpoint_type",
                          "backend",
                          "label",
                          "model_id",
                          "tokenizer_id",
                          "num_prompts",
                          "request_rate",
                          "burstiness",
                          "max_concurrency",
                          "duration",
                          "completed",
                          "failed",
                          "total_input_tokens",
                          "total_output_tokens",
                          "request_throughput",
                          "request_goodput",
                          "output_throughput",
                          "total_token_throughput",
                          "max_output_tokens_per_s",
                          "max_concurrent_requests",
                          "mean_ttft_ms",
                          "median_tpot_ms",
                          "std_itl_ms",
                          "p50_e2el_ms",
                          "p99_ttft_ms",
                          "machine"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_FALSE(json.contains("ttfts"));
  EXPECT_TRUE(json["label"].is_null());
  EXPECT_TRUE(json["request_goodput"].is_null());
  EXPECT_EQ(json["tokenizer_id"], "org/model");
  EXPECT_EQ(json["completed"], 2);
  EXPECT_THAT(json["p99_ttft_ms"].get<double>(), DoubleNear(298, 1e-9));
  const Json detailed = result_json(run, summary, three_outcomes(), true);
  EXPECT_EQ(detailed["ttfts"], Json({0.1, 0.3, 0.0}));
  EXPECT_EQ(detailed["itls"], Json::parse("[[0.1, 0.1], [0.5], []]"));
  EXPECT_EQ(detailed["errors"], Json({"", "", "HTTP 500: no"}));
  EXPECT_EQ(detailed["queue_times"], Json({0.0, 0.25, 0.0}));
  for (const char* key :
       {"input_lens", "output_lens", "generated_texts", "start_times", "latencies"}) {
    EXPECT_EQ(detailed[key].size(), 3u) << key;
  }
}

TEST(ResultFile, IsNamedAfterTheRun) {
  RunFacts run = facts();
  EXPECT_EQ(result_file_name(run), "openai-4qps-concurrency2-model-20261125-120000.json");
  run.label = "a/b";
  run.request_rate = std::nullopt;
  run.max_concurrency = std::nullopt;
  EXPECT_EQ(result_file_name(run), "a_b-infqps-model-20261125-120000.json");
}

TEST(Options, AreParsedAndRefused) {
  EXPECT_THAT(*parse_measures("ttft,e2el"), ElementsAre(Measure::kTtft, Measure::kE2el));
  EXPECT_FALSE(parse_measures("ttft,"));
  EXPECT_FALSE(parse_measures("speed"));
  EXPECT_THAT(*parse_percents("50,99.9"), ElementsAre(50, 99.9));
  for (const char* wrong : {"", "x", "101", "-1", "50,", "nan"}) {
    EXPECT_FALSE(parse_percents(wrong)) << wrong;
  }
  EXPECT_EQ(parse_goodput({"ttft:200", "e2el:1000.5"})->at(Measure::kE2el), 1000.5);
  for (const char* wrong : {"ttft", "ttft:", "ttft:x", "itl:3", "speed:3", ":3", "ttft:-1"}) {
    EXPECT_FALSE(parse_goodput({wrong})) << wrong;
  }
}

class AnswerReaderTest : public testing::Test {
 protected:
  // The clock says 1, 2, 3, ...
  AnswerReader reader_{[this] { return ++now_; }};
  double now_ = 0;
};

TEST_F(AnswerReaderTest, ReadsCompletions) {
  reader_.take(
      "data: {\"choices\":[{\"text\":\"a\"}]}\n\ndata: {\"choices\":[{\"text\":\"b\"}]}\n\n"
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":9}}\n\n"
      "data: [DONE]\n\n");
  const Outcome outcome = reader_.finish(200, "", "");
  EXPECT_TRUE(outcome.ok) << outcome.error;
  EXPECT_EQ(outcome.text, "ab");
  EXPECT_EQ(outcome.first_token, 1);
  EXPECT_EQ(outcome.latency, 2);
  EXPECT_THAT(outcome.gaps, ElementsAre(1));
  EXPECT_EQ(outcome.input_tokens, 7);
  EXPECT_EQ(outcome.output_tokens, 9);
}

TEST_F(AnswerReaderTest, ReadsChat) {
  reader_.take(
      "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"reasoning\":\"hm \"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"so\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
  const Outcome outcome = reader_.finish(200, "", "");
  EXPECT_TRUE(outcome.ok);
  EXPECT_EQ(outcome.text, "hm so");
  EXPECT_EQ(outcome.output_tokens, 2);  // counted, since no usage came
}

TEST_F(AnswerReaderTest, FailuresSayWhatWentWrong) {
  EXPECT_EQ(reader_.finish(200, "", "reset").error, "reset");
  EXPECT_EQ(AnswerReader([] { return 0.0; }).finish(400, "why", "").error, "HTTP 400: why");
  EXPECT_THAT(AnswerReader([] { return 0.0; }).finish(200, "", "").error, HasSubstr("no tokens"));
  const auto error_of = [](std::string_view events) {
    AnswerReader reader([] { return 0.0; });
    reader.take(events);
    return reader.finish(200, "", "").error;
  };
  EXPECT_THAT(error_of("data: {\"choices\":[{\"text\":\"a\"}]}\n\n"), HasSubstr("[DONE]"));
  EXPECT_THAT(error_of("data: {\"error\":{\"message\":\"late\"}}\n\n"), HasSubstr("late"));
  EXPECT_THAT(error_of("data: {\n\n"), HasSubstr("no JSON"));
  EXPECT_THAT(error_of("data: [1]\n\n"), HasSubstr("no JSON"));
  EXPECT_THAT(error_of("data: {\"choices\":[3]}\n\ndata: {\"choices\":3,\"usage\":3}\n\n"),
              HasSubstr("no tokens"));
}

}  // namespace
}  // namespace spyre::loadtest
