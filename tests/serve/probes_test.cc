#include "serve/probes.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.h"

namespace spyre::serve {
namespace {

class Recorded final : public http::Exchange {
 public:
  const http::Request& request() const override { return request_; }
  void send(http::Response response) override { response_ = std::move(response); }
  void begin(http::Response) override {}
  bool write(std::string_view) override { return false; }
  void end() override {}
  void on_abandoned(std::function<void()>) override {}

  http::Response response_;

 private:
  http::Request request_;
};

class Probes : public ::testing::Test {
 protected:
  http::Response ask(std::string_view path, std::string_view method = "GET") {
    const auto routes = probe_routes(lifecycle_, in_flight_, track_load_, "1.2");
    const auto route = std::ranges::find_if(
        routes, [&](const auto& each) { return each.path == path && each.method == method; });
    EXPECT_TRUE(route != routes.end() && route->open && !route->counted);
    const auto exchange = std::make_shared<Recorded>();
    route->handler(exchange);
    return exchange->response_;
  }

  Lifecycle lifecycle_;
  std::atomic<int64_t> in_flight_ = 3;
  bool track_load_ = false;
};

TEST_F(Probes, HealthMeansWarmAndAlive) {
  EXPECT_EQ(ask("/health").status, 503);
  lifecycle_.enter(Phase::kReady);
  EXPECT_EQ(ask("/health").status, 200);
  EXPECT_EQ(ask("/health").body, "");
  EXPECT_EQ(ask("/ping").status, 200);
  EXPECT_EQ(ask("/ping", "POST").status, 200);
  lifecycle_.enter(Phase::kDraining);
  EXPECT_EQ(ask("/health").status, 200);
  lifecycle_.die("why");
  EXPECT_EQ(ask("/health").status, 503);
  EXPECT_EQ(ask("/health").body.find("why"), std::string::npos) << "reasons are for the log";
}

TEST_F(Probes, ReadySaysHowFarItIs) {
  lifecycle_.enter(Phase::kWarmingUp);
  lifecycle_.progress(1, 4);
  const http::Response waiting = ask("/ready");
  EXPECT_EQ(waiting.status, 503);
  const Json state = Json::parse(waiting.body);
  EXPECT_EQ(state["phase"], "warming up");
  EXPECT_EQ(state["progress"]["total"], 4);
  EXPECT_TRUE(state.contains("eta_seconds"));
  EXPECT_EQ(waiting.headers.at(0).first, "Retry-After");
  lifecycle_.enter(Phase::kReady);
  EXPECT_EQ(ask("/ready").status, 200);
  EXPECT_EQ(Json::parse(ask("/ready").body)["status"], "ready");
  lifecycle_.enter(Phase::kDraining);
  EXPECT_EQ(ask("/ready").status, 503);
}

TEST_F(Probes, LoadAndVersion) {
  EXPECT_EQ(ask("/load").body, R"({"server_load":0})");
  track_load_ = true;
  EXPECT_EQ(ask("/load").body, R"({"server_load":3})");
  EXPECT_EQ(ask("/version").body, R"({"version":"1.2"})");
}

}  // namespace
}  // namespace spyre::serve
