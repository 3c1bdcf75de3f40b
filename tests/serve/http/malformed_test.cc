// Each malformed request gets its answer or a clean end, and the next client is served as ever.
#include <gmock/gmock.h>

#include "serve/http/fixture.h"
#include "serve/http/malformed_requests.h"

namespace spyre::serve::http {
namespace {

class MalformedTest : public ServerTest {};

TEST_F(MalformedTest, EveryRequestOfTheTable) {
  start();
  for (const MalformedRequest& each : malformed_requests()) {
    RawClient client = connect();
    client.send(each.bytes);
    client.end_sending();
    EXPECT_THAT(each.statuses, testing::Contains(client.read_answer().status)) << each.name;
    client.close();
    EXPECT_EQ(ask(get("/health")).status, 200) << "after " << each.name;
  }
}

TEST_F(MalformedTest, EveryRequestOfTheTableInPieces) {
  start();
  for (const MalformedRequest& each : malformed_requests()) {
    if (each.bytes.size() > 5000) continue;
    RawClient client = connect();
    for (size_t at = 0; at < each.bytes.size(); at += 7) client.send(each.bytes.substr(at, 7));
    client.end_sending();
    EXPECT_THAT(each.statuses, testing::Contains(client.read_answer().status)) << each.name;
  }
}

TEST_F(MalformedTest, NothingAfterAMalformedRequestIsAnswered) {
  start();
  for (const MalformedRequest& each : malformed_requests()) {
    if (each.bytes.size() > 5000 || !each.bytes.ends_with("\r\n\r\n")) continue;
    // What follows a body that is missing is taken for it.
    if (each.statuses != std::vector{400} || each.name == "no body at all") continue;
    RawClient client = connect();
    client.send(each.bytes + get("/health"));
    client.end_sending();
    EXPECT_EQ(client.read_answer().status, 400) << each.name;
  }
}

TEST_F(MalformedTest, ClientsThatLeaveAnywhereDoNoHarm) {
  start();
  const std::string request = post("/echo", "some body", "Name: value\r\n");
  for (size_t bytes = 0; bytes < request.size(); ++bytes) {
    RawClient closing = connect();
    closing.send(request.substr(0, bytes));
    closing.close();
    RawClient resetting = connect();
    resetting.send(request.substr(0, bytes));
    resetting.reset();
  }
  EXPECT_EQ(ask(request).body, "some body");
  while (server_->open_connections() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST_F(MalformedTest, TableIsLongAndItsNamesAreUnique) {
  std::vector<std::string> names;
  for (const MalformedRequest& each : malformed_requests()) names.push_back(each.name);
  EXPECT_GE(names.size(), 120u);
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

}  // namespace
}  // namespace spyre::serve::http
