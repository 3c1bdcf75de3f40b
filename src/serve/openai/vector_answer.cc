#include "serve/openai/vector_answer.h"

namespace spyre::serve::openai {

namespace {

void write_numbers(JsonWriter& writer, const VectorForm& form, std::span<const float> values) {
  if (form.encoding == VectorEncoding::kBase64) {
    return writer.text(to_base64(to_bytes(values, form)));
  }
  writer.open_array();
  for (const float value : values) writer.single(value);
  writer.close_array();
}

http::Response json_answer(const VectorAnswer& answer, PooledVectors vectors) {
  std::string json;
  JsonWriter writer(json);
  open_list(writer, answer.head);
  for (size_t i = 0; i < vectors.size(); ++i) {
    writer.open_object();
    writer.field("index", i);
    writer.field("object", answer.object);
    writer.key(answer.key);
    write_numbers(writer, answer.form, vectors[i]);
    writer.close_object();
  }
  close_list(writer, answer.prompt_tokens);
  return {.status = 200, .body = std::move(json)};
}

// Where each vector lies among the bytes, and all else of the answer.
std::string metadata(const VectorAnswer& answer, PooledVectors vectors,
                     std::span<const size_t> ends) {
  std::string json;
  JsonWriter writer(json);
  open_list(writer, answer.head);
  for (size_t i = 0; i < vectors.size(); ++i) {
    writer.open_object();
    writer.field("index", i);
    writer.field("embed_dtype", name(answer.form.type));
    writer.field("endianness", answer.form.big_endian ? "big" : "little");
    writer.field("start", i == 0 ? 0 : ends[i - 1]);
    writer.field("end", ends[i]);
    writer.key("shape");
    writer.open_array();
    writer.integer(static_cast<int64_t>(vectors[i].size()));
    writer.close_array();
    writer.close_object();
  }
  close_list(writer, answer.prompt_tokens);
  return json;
}

http::Response bytes_answer(const VectorAnswer& answer, PooledVectors vectors) {
  std::string bytes;
  std::vector<size_t> ends;
  for (const auto& values : vectors) {
    bytes += to_bytes(values, answer.form);
    ends.push_back(bytes.size());
  }
  http::Headers headers;
  if (answer.form.encoding == VectorEncoding::kBytes) {
    headers.emplace_back("metadata", metadata(answer, vectors, ends));
  }
  return {.status = 200,
          .body = std::move(bytes),
          .content_type = "application/octet-stream",
          .headers = std::move(headers)};
}

}  // namespace

http::Response word_vectors(const VectorAnswer& answer, PooledVectors vectors) {
  const VectorEncoding encoding = answer.form.encoding;
  const bool json = encoding == VectorEncoding::kFloat || encoding == VectorEncoding::kBase64;
  return json ? json_answer(answer, vectors) : bytes_answer(answer, vectors);
}

}  // namespace spyre::serve::openai
