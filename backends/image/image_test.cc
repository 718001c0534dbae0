// Image steps against what Pillow makes of the same images: tests/fixtures/make_images.py.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "common/testing.h"

namespace plinth::testing {
namespace {

using simdjson::dom::element;

std::string FromHex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return bytes;
}

std::vector<std::int64_t> Dims(element json) {
  std::vector<std::int64_t> dims;
  for (const element dim : json.get_array()) dims.push_back(std::int64_t(dim));
  return dims;
}

Tensor Pixels(DType type, element json) {
  const std::string bytes = FromHex(json["pixels"]);
  auto tensor = Tensor::Allocate(type, Shape(Dims(json["shape"]))).value();
  EXPECT_EQ(tensor.data().size(), bytes.size());
  std::memcpy(tensor.mutable_values<std::uint8_t>().data(), bytes.data(), bytes.size());
  return tensor;
}

ModelConfig Config(element options) {
  ModelConfig config;
  for (const auto& [key, value] : options.get_object()) {
    config.options[std::string(key)] = std::string(std::string_view(value));
  }
  return config;
}

class Recorded : public ::testing::Test {
 protected:
  Recorded() : json_(parser_.load(SourcePath("tests/fixtures/images/cases.json")).value()) {}

  NamedTensor InputOf(element c, DType type) {
    element names;
    if (c["files"].get(names) != simdjson::SUCCESS) return {"pixels", Pixels(type, c)};
    std::vector<std::string> files;
    for (const element name : names.get_array()) {
      files.push_back(FromHex(json_["files"][std::string_view(name)]));
    }
    return Strings("image", Shape({static_cast<std::int64_t>(files.size())}), files);
  }

  simdjson::dom::parser parser_;
  element json_;
};

// Within `tolerance`, for bytes in levels.
void ExpectNear(const Tensor& actual, const Tensor& expected, double tolerance) {
  ASSERT_EQ(actual.dtype(), expected.dtype());
  ASSERT_EQ(actual.shape(), expected.shape());
  const std::vector<double> a = ElementsOf(actual);
  const std::vector<double> e = ElementsOf(expected);
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], e[i], tolerance) << "element " << i;
}

TEST_F(Recorded, AreEqual) {
  int count = 0;
  for (const element c : json_["cases"].get_array()) {
    SCOPED_TRACE(std::string_view(c["about"]));
    const ModelConfig config = Config(c["options"]);
    const auto option = config.options.find("dtype");
    const bool floats_in = option != config.options.end() && option->second == "float32";
    const bool floats_out = std::string_view(c["dtype"]) == "float32";
    const auto model = LoadModel("image", "/nowhere/pipeline.json", config);
    ASSERT_NE(model, nullptr);
    const auto outputs = Predict(*model, {InputOf(c, floats_in ? DType::kFp32 : DType::kUint8)});
    ASSERT_TRUE(outputs) << outputs.error().message;
    const Tensor expected = Pixels(floats_out ? DType::kFp32 : DType::kUint8, c["output"]);
    ExpectNear(outputs->front().tensor, expected, double(c["tolerance"]));
    ++count;
  }
  EXPECT_GT(count, 100);
}

}  // namespace
}  // namespace plinth::testing
