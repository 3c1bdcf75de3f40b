#include "serve/openai/api_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace spyre::serve::openai {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ApiError, BodyHasTheFourFieldsInOrder) {
  const ApiError error = bad_value("top_p", "top_p: wanted more").error();
  EXPECT_EQ(error_json(error),
            R"({"error":{"message":"top_p: wanted more","type":"BadRequestError",)"
            R"("param":"top_p","code":400}})");
  const ApiError type = bad_type("body.n", "n: wanted an integer").error();
  EXPECT_EQ(type.type, "Bad Request");
  EXPECT_EQ(type.param, "body.n");
}

TEST(ApiError, AMessageThatNamesItsFieldGivesTheParam) {
  EXPECT_EQ(from_error({Code::kInvalidArgument, "top_p: wanted more"}).param, "top_p");
  EXPECT_EQ(from_error({Code::kInvalidArgument, "prompt token 3: bad"}, "prompt").param, "prompt");
  EXPECT_EQ(from_error({Code::kInvalidArgument, "nothing named"}).param, std::nullopt);
  EXPECT_EQ(from_error({Code::kInvalidArgument, ": empty"}).param, std::nullopt);
}

TEST(ApiError, FullQueuesAskToComeBack) {
  for (const Code code : {Code::kResourceExhausted, Code::kUnavailable}) {
    const ApiError error = from_error({code, "max_num_queued_reqs: 8 wait"});
    EXPECT_EQ(error.status, 503);
    EXPECT_EQ(error.type, "Service Unavailable");
    EXPECT_GT(error.retry_after_s, 0);
    const http::Response response = to_response(error);
    ASSERT_EQ(response.headers.size(), 1u);
    EXPECT_EQ(response.headers[0].first, "Retry-After");
  }
}

TEST(ApiError, OwnFailuresTellNothingOfTheMachine) {
  for (const Code code : {Code::kInternal, Code::kIo, Code::kDataLoss, Code::kNotFound}) {
    const ApiError error = from_error({code, "/var/lib/model.gguf: damaged"}, "prompt");
    EXPECT_EQ(error.status, 500);
    EXPECT_EQ(error.type, "InternalServerError");
    EXPECT_THAT(error.message, Not(HasSubstr("/var")));
    EXPECT_EQ(error.param, std::nullopt);
  }
}

TEST(ApiError, TheServersOwnErrorsHaveTheSameBody) {
  const std::pair<int, std::string> kTypes[] = {
      {400, "BadRequestError"},       {401, "AuthenticationError"}, {404, "NotFoundError"},
      {405, "MethodNotAllowedError"}, {408, "RequestTimeoutError"}, {413, "RequestTooLargeError"},
      {431, "RequestTooLargeError"},  {500, "InternalServerError"}, {503, "Service Unavailable"}};
  for (const auto& [status, type] : kTypes) {
    const http::Response response = error_response(status, "because \xFF");
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.content_type, "application/json");
    const Json error = Json::parse(response.body)["error"];
    EXPECT_EQ(error["type"], type);
    EXPECT_EQ(error["code"], status);
    EXPECT_TRUE(error["param"].is_null());
  }
}

TEST(ApiError, LongMessagesAreCut) {
  const ApiError error = bad_value("stop", std::string(100'000, 'x')).error();
  EXPECT_LT(error_json(error).size(), 5000u);
}

}  // namespace
}  // namespace spyre::serve::openai
