// Buckets, process numbers, the text of an exposition, routes.
#include <gtest/gtest.h>

#include "serve/metrics/process_metrics.h"
#include "serve/metrics/routes.h"
#include "serve/metrics/script.h"

namespace spyre::serve::metrics {
namespace {

TEST(Buckets, TokensEndAtTheLongestSequence) {
  EXPECT_EQ(request_tokens(84), (Edges{1, 2, 5, 10, 20, 50}));
  EXPECT_EQ(request_tokens(5120).back(), 5000);
  EXPECT_EQ(request_tokens(1), Edges{1});
}

TEST(Buckets, EdgesRise) {
  for (const Edges& edges :
       {request_seconds(), first_token_seconds(), token_seconds(), iteration_tokens(), choices(),
        preemptions(), http_seconds(), http_fine_seconds(), request_tokens(131072)}) {
    for (size_t i = 1; i < edges.size(); ++i) EXPECT_LT(edges[i - 1], edges[i]);
  }
}

TEST(Process, StartIsBootPlusTicks) {
  const std::string stat =
      "7 (od) d na)me) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 250 9 10\n";
  EXPECT_EQ(start_seconds(stat, "cpu 1\nbtime 1000\nprocesses 5\n", 100), 1002.5);
  EXPECT_EQ(start_seconds(stat, "cpu 1\n", 100), 0);
  EXPECT_EQ(start_seconds("", "cpu 1\nbtime 1000\n", 100), 0);
  EXPECT_EQ(start_seconds("7 (x) S 1", "cpu 1\nbtime 1000\n", 100), 0);
  EXPECT_EQ(start_seconds("7 (x) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 x",
                          "cpu 1\nbtime 1000\n", 100),
            0);
}

TEST(Process, ThisOneHasMemoryAndFiles) {
  const ProcessUsage usage = process_usage();
  EXPECT_GT(usage.resident_bytes, 0);
  EXPECT_GE(usage.virtual_bytes, usage.resident_bytes);
  EXPECT_GT(usage.start_seconds, 1e9);
  EXPECT_GT(usage.open_files, 0);
  EXPECT_GT(usage.most_files, 0);
  EXPECT_EQ(process_families(usage).size(), 6);
}

TEST(Exposition, OnlyEdgesBecomeDecimal) {
  SeriesRegistry registry;
  registry.gauge("b", "B.", {{"le", "x"}, {"name", "le=\"7\""}}).Set(5);
  registry.histogram("a", "A.", {{"scale", "3"}}, {1, 2.5}).Observe(1);
  const std::string text = exposition(registry.collect());
  EXPECT_LT(text.find("# HELP a A."), text.find("# HELP b B."));
  EXPECT_NE(text.find(R"(a_bucket{scale="3",le="1.0"} 1)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(le="2.5")"), std::string::npos);
  EXPECT_NE(text.find(R"(le=\"7\")"), std::string::npos) << text;
}

// A client without a network.
class OneAnswer final : public http::Exchange {
 public:
  const http::Request& request() const override { return request_; }
  void send(http::Response response) override { answer = std::move(response); }
  void begin(http::Response) override {}
  bool write(std::string_view) override { return false; }
  void end() override {}
  void on_abandoned(std::function<void()>) override {}

  http::Response answer{.status = 0};

 private:
  http::Request request_;
};

class Routes : public ::testing::Test {
 protected:
  http::Response get(std::string_view path) {
    for (const http::Route& each : routes_) {
      if (each.path != path) continue;
      EXPECT_EQ(each.method, "GET");
      EXPECT_FALSE(each.counted);
      EXPECT_EQ(each.open, path != "/spyre/state");
      const auto exchange = std::make_shared<OneAnswer>();
      each.handler(exchange);
      return exchange->answer;
    }
    return {.status = 404};
  }

  Lifecycle lifecycle_;
  ServerMetrics metrics_{"m"};
  LiveState state_{lifecycle_, "m"};
  std::vector<http::Route> routes_ = metrics_routes(metrics_, state_);
};

TEST_F(Routes, MetricsAreTextUnderEveryPath) {
  for (const char* path : {"/metrics", "/metrics/*"}) {
    const http::Response answer = get(path);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_TRUE(answer.body.starts_with("# HELP "));
  }
}

TEST_F(Routes, StateIsJson) {
  const http::Response answer = get("/spyre/state");
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ((*parse_json(answer.body, "state"))["model"], "m");
}

TEST_F(Routes, ThePageLoadsNothingFromElsewhere) {
  const http::Response answer = get("/");
  EXPECT_EQ(answer.content_type, "text/html; charset=utf-8");
  EXPECT_TRUE(answer.body.starts_with("<!doctype html>"));
  for (const char* outside : {"https://", "src=\"http", "@import", "url(http"}) {
    EXPECT_FALSE(answer.body.contains(outside)) << outside;
  }
}

}  // namespace
}  // namespace spyre::serve::metrics
