#include <fstream>
#include <sstream>

#include "base/json.h"
#include "kernels/samples.h"

namespace spyre::kernels::test {
namespace {

int64_t columns_of(Format format) { return format <= Format::kBF16 ? 37 : 512; }

class Packing : public testing::TestWithParam<Format> {};

TEST_P(Packing, GivesBackEveryRow) {
  for (const int64_t rows : {1, 15, 16, 17, 40}) {
    for (const Spread spread : {Spread::kMild, Spread::kExtreme}) {
      const Sample sample = make_sample(GetParam(), rows, columns_of(GetParam()), spread, 7);
      std::vector<float> unpacked(sample.values.size());
      for (int64_t row = 0; row < rows; ++row) {
        unpack_row(sample.matrix, row, unpacked.data() + row * sample.matrix.columns);
      }
      EXPECT_TRUE(same_bits(sample.values, unpacked)) << rows << " rows";
    }
  }
}

TEST_P(Packing, MissingRowsAreZero) {
  Sample sample = make_sample(GetParam(), 3, columns_of(GetParam()), Spread::kMild, 8);
  sample.matrix.rows = kPanelRows;
  std::vector<float> row(static_cast<size_t>(sample.matrix.columns));
  for (int64_t missing = 3; missing < kPanelRows; ++missing) {
    unpack_row(sample.matrix, missing, row.data());
    for (const float each : row) ASSERT_EQ(each, 0.0f) << missing;
  }
}

TEST(PackedBytes, AreLittleMoreThanTheFile) {
  for (const FormatInfo& shape : kFormats) {
    if (is_grouped(shape.format)) continue;  // their files vary
    const double file = 1024.0 * 2048 / shape.block_elements * shape.block_bytes;
    EXPECT_LE(static_cast<double>(packed_bytes(shape.format, 1024, 2048, 0)), 1.04 * file)
        << shape.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Packing, testing::ValuesIn(all_formats()),
                         [](const auto& each) { return std::string(name(each.param)); });

Json read_json(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  auto json = parse_json(text.str(), path);
  SPYRE_CHECK(json.has_value());
  return *json;
}

// One block of each type out of real GGUF files, with the values of the reference reader.
TEST(PackingReference, Blocks) {
  int blocks = 0;
  for (const std::string folder : {"gguf_f16_q8", "gguf_q4_q5", "gguf_kquant"}) {
    const Json json =
        read_json(SPYRE_SOURCE_DIR "/tests/reference/gguf/" + folder + "/expected.json");
    for (const auto& [type, block] : json["blocks"].items()) {
      const Format format = *format_named(type);
      const auto hex = block["hex"].get<std::string>();
      std::vector<std::byte> bytes;
      for (size_t i = 0; i < hex.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
      }
      const int64_t columns = info(format).block_elements;
      auto storage = AlignedBuffer::create(packed_bytes(format, 1, columns, 0));
      ASSERT_TRUE(storage.has_value());
      const std::byte* row = bytes.data();
      pack_panel(format, &row, 1, columns, storage->data());
      std::vector<float> out(static_cast<size_t>(columns));
      unpack_row({format, 1, columns, 0, storage->data()}, 0, out.data());
      // Printed with nine digits, which names a float.
      EXPECT_TRUE(same_bits(block["values"].get<std::vector<float>>(), out)) << type;
      ++blocks;
    }
  }
  EXPECT_EQ(blocks, 8);
}

}  // namespace
}  // namespace spyre::kernels::test
