// Endpoints that the served model is not made for.
#include "serve/openai/model_kind.h"

#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai {
namespace {

using ::testing::HasSubstr;

class ModelKinds : public testing::Api {
 protected:
  const Json completion_ = {{"prompt", "a"}};
  const Json chat_ = Json::parse(R"({"messages": [{"role": "user", "content": "a"}]})");
  const Json input_ = {{"input", "a"}};
  const Json score_ = {{"text_1", "a"}, {"text_2", "b"}};
  const Json rank_ = {{"query", "a"}, {"documents", {"b"}}};

  void expect_refused(const char* path, const Json& body, const char* says) {
    std::string message;
    EXPECT_EQ(refusal(path, body, &message), "400 BadRequestError model") << path;
    EXPECT_THAT(message, HasSubstr(says)) << path;
  }
};

TEST_F(ModelKinds, AGeneratingModelPoolsNothing) {
  const char* says = "--runner pooling --convert embed";
  expect_refused("/v1/embeddings", input_, says);
  expect_refused("/pooling", input_, says);
  expect_refused("/classify", input_, says);
  expect_refused("/score", score_, says);
  expect_refused("/rerank", rank_, says);
}

TEST_F(ModelKinds, AnEmbeddingModelGeneratesNothing) {
  service_.pooling = PoolingModel{.columns = 2};
  expect_refused("/v1/completions", completion_, "/v1/embeddings");
  expect_refused("/v1/chat/completions", chat_, "/v1/embeddings");
  expect_refused("/classify", input_, "/v1/embeddings");
}

TEST_F(ModelKinds, AClassifierOfSomeLabelsScoresNothing) {
  service_.pooling = PoolingModel{.task = PoolingTask::kClassify, .columns = 3};
  expect_refused("/v1/completions", completion_, "/classify");
  expect_refused("/v1/embeddings", input_, "a classifier of 3 labels");
  expect_refused("/score", score_, "/classify");
  expect_refused("/rerank", rank_, "/classify");
}

TEST_F(ModelKinds, ACrossEncoderEmbedsNothing) {
  service_.pooling = PoolingModel{.task = PoolingTask::kClassify, .columns = 1};
  expect_refused("/v1/embeddings", input_, "/score");
}

}  // namespace
}  // namespace spyre::serve::openai
