#include "common/testing.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "base/temp_folder.h"
#include "model/compiled_cache.h"

namespace plinth::testing {
namespace {

using simdjson::dom::element;

template <typename T>
void Fill(Tensor& tensor, const std::vector<double>& elements) {
  const auto values = tensor.mutable_values<T>();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(elements[i]);
}

template <typename T>
std::vector<double> Read(const Tensor& tensor) {
  const auto values = tensor.values<T>();
  return {values.begin(), values.end()};
}

std::vector<double> ReadHalves(const Tensor& tensor, float (*decode)(std::uint16_t)) {
  std::vector<double> elements;
  for (const std::uint16_t bits : tensor.values<std::uint16_t>()) elements.push_back(decode(bits));
  return elements;
}

bool IsFloat(DType type) {
  return type == DType::kFp16 || type == DType::kBf16 || type == DType::kFp32 ||
         type == DType::kFp64;
}

Shape ShapeFrom(element json) {
  std::vector<std::int64_t> dims;
  for (const element dim : json.get_array()) dims.push_back(std::int64_t(dim));
  return Shape(dims);
}

// A number or a boolean, of any nesting.
void Flatten(element json, std::vector<double>& numbers, std::vector<std::string>& strings) {
  if (json.is_array()) {
    for (const element item : json.get_array()) Flatten(item, numbers, strings);
  } else if (json.is_string()) {
    strings.emplace_back(std::string_view(json));
  } else {
    numbers.push_back(json.is_bool() ? double(bool(json)) : double(json));
  }
}

NamedTensor TensorFrom(element json, const Shape& shape) {
  std::vector<double> numbers;
  std::vector<std::string> strings;
  Flatten(json["data"], numbers, strings);
  const element name = json["name"];
  std::string text = name.is_null() ? "" : std::string(std::string_view(name));
  const DType type = DTypeFromName(std::string_view(json["datatype"])).value();
  if (type == DType::kBytes) return Strings(std::move(text), shape, strings);
  return Numbers(std::move(text), type, shape, numbers);
}

std::vector<NamedTensor> TensorsFrom(element json) {
  std::vector<NamedTensor> tensors;
  for (const element tensor : json.get_array())
    tensors.push_back(TensorFrom(tensor, ShapeFrom(tensor["shape"])));
  return tensors;
}

std::string TextOr(element json, std::string_view key) {
  std::string_view text;
  return json[key].get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

// Fails the test unless the backend ends a call on `inputs` early once it is cancelled. The call
// must take long enough for another thread to see it run.
void ExpectStops(LoadedModel& model, const std::vector<NamedTensor>& inputs) {
  // A cancellation may come before the call or after it: some attempts miss it.
  constexpr int kAttempts = 200;
  std::string said = "nothing was stopped";
  for (int i = 0; i < kAttempts; ++i) {
    Cancellation cancellation;
    std::atomic<bool> begun = false;
    std::jthread canceller([&] {
      begun.wait(false);
      cancellation.Cancel();
    });
    begun = true;
    begun.notify_one();
    const auto outputs = model.Execute(inputs, {}, nullptr, {.cancellation = &cancellation});
    if (outputs) continue;
    EXPECT_EQ(outputs.error().code, Code::kCancelled);
    said = outputs.error().message;
    if (said.find("while it ran") != std::string::npos) return;
  }
  ADD_FAILURE() << "no call was stopped while it ran; the last: " << said;
}

}  // namespace

std::string SourcePath(std::string_view relative) {
  return std::string(PLINTH_SOURCE_DIR) + "/" + std::string(relative);
}

AbiBackend& OpenBackend(const std::string& name) {
  static std::map<std::string, std::shared_ptr<AbiBackend>> open;
  auto& backend = open[name];
  if (backend == nullptr) {
    auto opened =
        AbiBackend::Open(std::string(PLINTH_BINARY_DIR) + "/backends/libplinth_" + name + ".so");
    if (!opened) {
      std::cerr << opened.error().message << '\n';
      std::exit(1);
    }
    backend = *opened;
  }
  return *backend;
}

std::unique_ptr<LoadedModel> LoadModel(std::string_view backend, const std::string& path,
                                       const ModelConfig& config) {
  Members members;
  auto model = OpenBackend(std::string(backend)).Load(path, config, "test", members);
  if (!model) {
    ADD_FAILURE() << path << ": " << model.error().message;
    return nullptr;
  }
  return std::move(*model);
}

Error LoadError(std::string_view backend, const std::string& path, const ModelConfig& config) {
  Members members;
  auto model = OpenBackend(std::string(backend)).Load(path, config, "test", members);
  if (model) {
    ADD_FAILURE() << path << " was loaded";
    return {};
  }
  return model.error();
}

Result<std::vector<NamedTensor>> Predict(LoadedModel& model,
                                         const std::vector<NamedTensor>& inputs) {
  return model.Execute(inputs, {}, nullptr);
}

NamedTensor Numbers(std::string name, DType type, const Shape& shape,
                    const std::vector<double>& elements) {
  Tensor tensor = Tensor::Allocate(type, shape).value();
  EXPECT_EQ(static_cast<std::size_t>(tensor.element_count()), elements.size()) << name;
  if (static_cast<std::size_t>(tensor.element_count()) != elements.size()) return {};
  switch (type) {
    case DType::kBool:
    case DType::kUint8:
      Fill<std::uint8_t>(tensor, elements);
      break;
    case DType::kInt8:
      Fill<std::int8_t>(tensor, elements);
      break;
    case DType::kInt16:
      Fill<std::int16_t>(tensor, elements);
      break;
    case DType::kInt32:
      Fill<std::int32_t>(tensor, elements);
      break;
    case DType::kInt64:
      Fill<std::int64_t>(tensor, elements);
      break;
    case DType::kUint16:
      Fill<std::uint16_t>(tensor, elements);
      break;
    case DType::kUint32:
      Fill<std::uint32_t>(tensor, elements);
      break;
    case DType::kUint64:
      Fill<std::uint64_t>(tensor, elements);
      break;
    case DType::kFp32:
      Fill<float>(tensor, elements);
      break;
    case DType::kFp64:
      Fill<double>(tensor, elements);
      break;
    case DType::kFp16:
    case DType::kBf16: {
      const auto encode = type == DType::kFp16 ? FloatToFp16 : FloatToBf16;
      const auto values = tensor.mutable_values<std::uint16_t>();
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = encode(static_cast<float>(elements[i]));
      break;
    }
    case DType::kAny:
    case DType::kBytes:
      ADD_FAILURE() << name << " is not a tensor of numbers";
  }
  return {std::move(name), std::move(tensor)};
}

NamedTensor Strings(std::string name, const Shape& shape,
                    const std::vector<std::string>& elements) {
  return {std::move(name), Tensor::OfStrings(shape, elements)};
}

std::vector<double> ElementsOf(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kBool:
    case DType::kUint8:
      return Read<std::uint8_t>(tensor);
    case DType::kInt8:
      return Read<std::int8_t>(tensor);
    case DType::kInt16:
      return Read<std::int16_t>(tensor);
    case DType::kInt32:
      return Read<std::int32_t>(tensor);
    case DType::kInt64:
      return Read<std::int64_t>(tensor);
    case DType::kUint16:
      return Read<std::uint16_t>(tensor);
    case DType::kUint32:
      return Read<std::uint32_t>(tensor);
    case DType::kUint64:
      return Read<std::uint64_t>(tensor);
    case DType::kFp16:
      return ReadHalves(tensor, Fp16ToFloat);
    case DType::kBf16:
      return ReadHalves(tensor, Bf16ToFloat);
    case DType::kFp32:
      return Read<float>(tensor);
    case DType::kFp64:
      return Read<double>(tensor);
    case DType::kAny:
    case DType::kBytes:
      break;
  }
  ADD_FAILURE() << "not a tensor of numbers";
  return {};
}

void ExpectSame(const Tensor& actual, const Tensor& expected, double tolerance) {
  ASSERT_EQ(NameOf(actual.dtype()), NameOf(expected.dtype()));
  ASSERT_EQ(actual.shape().ToString(), expected.shape().ToString());
  if (actual.dtype() == DType::kBytes) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(actual.element_count()); ++i) {
      EXPECT_EQ(actual.string_at(i), expected.string_at(i)) << "at " << i;
    }
    return;
  }
  const std::vector<double> left = ElementsOf(actual);
  const std::vector<double> right = ElementsOf(expected);
  const double allowed = IsFloat(actual.dtype()) ? tolerance : 0.0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (std::isnan(right[i]) && std::isnan(left[i])) continue;
    ASSERT_NEAR(left[i], right[i], allowed * std::max(1.0, std::abs(right[i]))) << "at " << i;
  }
}

std::vector<Case> LoadCases(std::string_view framework) {
  const std::string folder = SourcePath("tests/fixtures/models/");
  simdjson::dom::parser parser;
  const element root = parser.load(folder + std::string(framework) + ".json");
  std::vector<Case> cases;
  for (const element json : root["cases"].get_array()) {
    Case c{folder + TextOr(json, "file"),
           TextOr(json, "about"),
           TextOr(json, "signature"),
           TensorsFrom(json["inputs"]),
           {},
           TextOr(json, "fails")};
    if (c.fails.empty()) c.outputs = TensorsFrom(json["outputs"]);
    cases.push_back(std::move(c));
  }
  return cases;
}

void RunCase(std::string_view backend, const Case& c, const ModelConfig& config) {
  SCOPED_TRACE(c.file + ": " + c.about);
  Members members;
  auto model = OpenBackend(std::string(backend)).Load(c.file, config, "test", members);
  if (c.fails == "load") {
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, Code::kInvalidModel);
    return;
  }
  ASSERT_TRUE(model) << model.error().message;
  auto outputs = Predict(**model, c.inputs);
  if (c.fails == "run") {
    ASSERT_FALSE(outputs);
    EXPECT_FALSE(outputs.error().message.empty());
    return;
  }
  ASSERT_TRUE(outputs) << outputs.error().message;
  ASSERT_EQ(outputs->size(), c.outputs.size());
  for (std::size_t i = 0; i < c.outputs.size(); ++i) {
    const NamedTensor& expected = c.outputs[i];
    SCOPED_TRACE("output '" + expected.name + "'");
    const NamedTensor* actual = &(*outputs)[i];
    for (const NamedTensor& output : *outputs) {
      if (output.name == expected.name) actual = &output;
    }
    EXPECT_TRUE(expected.name.empty() || actual->name == expected.name) << actual->name;
    ExpectSame(actual->tensor, expected.tensor);
  }
}

DigitsCase LoadDigits(std::string_view file) {
  simdjson::dom::parser parser;
  simdjson::dom::parser image_parser;
  const element expected = parser.load(SourcePath("examples/digits/expected.json"));
  const element images = image_parser.load(SourcePath("examples/digits/test_images.json"));
  const element model = expected["models"][file];

  const auto rows_first = [](const element& json, std::int64_t rows) {
    Shape shape = ShapeFrom(json["shape"]);
    if (shape.rank() > 0 && shape[0] < 0) shape[0] = rows;
    return shape;
  };
  std::vector<double> pixels;
  std::vector<std::string> no_strings;
  Flatten(images["images"], pixels, no_strings);
  const auto rows = static_cast<std::int64_t>(images["labels"].get_array().size());
  DigitsCase digits;
  digits.file = SourcePath("examples/digits/" + std::string(file));
  digits.input = Numbers(std::string(std::string_view(model["input"]["name"])),
                         DTypeFromName(std::string_view(model["input"]["datatype"])).value(),
                         rows_first(model["input"], rows), pixels);
  for (const element output : model["outputs"].get_array()) {
    digits.outputs.push_back(TensorFrom(output, rows_first(output, rows)));
  }
  digits.tolerance = double(model["tolerance"]);
  return digits;
}

void ExpectStopsAndGoesOn(LoadedModel& model, const DigitsCase& digits) {
  Shape shape = digits.input.tensor.shape();
  shape[0] = 16'384;
  Tensor many = Tensor::Allocate(DType::kFp32, shape).value();
  std::ranges::fill(many.mutable_bytes(), std::byte{});
  ExpectStops(model, {{digits.input.name, many}});
  const auto outputs = Predict(model, {digits.input});
  ASSERT_TRUE(outputs) << outputs.error().message;
  ExpectSame(outputs->at(0).tensor, digits.outputs[0].tensor, digits.tolerance);
}

void CallFromManyThreads(LoadedModel& model, const DigitsCase& digits) {
  EXPECT_TRUE(model.signature().concurrent);
  constexpr int kThreads = 4;
  constexpr int kCalls = 8;
  std::vector<std::jthread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kCalls; ++i) {
        const auto outputs = Predict(model, {digits.input});
        ASSERT_TRUE(outputs) << outputs.error().message;
        ExpectSame(outputs->at(0).tensor, digits.outputs[0].tensor, digits.tolerance);
      }
    });
  }
}

void ExpectSameFromCache(std::string_view backend, const std::string& path,
                         const std::vector<NamedTensor>& inputs, const ModelConfig& config) {
  SCOPED_TRACE(path);
  const auto plain = LoadModel(backend, path, config);
  ASSERT_NE(plain, nullptr);
  const auto expected = plain->Execute(inputs, {}, nullptr);
  const TempFolder temp;
  AbiBackend& opened = OpenBackend(std::string(backend));
  opened.UseCache(std::make_shared<CompiledCache>(temp / "compiled", std::uint64_t{1} << 30,
                                                  std::chrono::milliseconds(0)));
  for (const CompiledUse use : {CompiledUse::kStored, CompiledUse::kHit}) {
    const auto model = LoadModel(backend, path, config);
    if (model == nullptr) break;
    EXPECT_EQ(model->compiled_use(), use);
    EXPECT_EQ(model->signature(), plain->signature());
    const auto actual = model->Execute(inputs, {}, nullptr);
    EXPECT_EQ(actual.has_value(), expected.has_value());
    if (!expected || !actual) continue;
    for (std::size_t i = 0; i < expected->size(); ++i) {
      EXPECT_EQ((*actual)[i].name, (*expected)[i].name);
      EXPECT_TRUE(std::ranges::equal((*actual)[i].tensor.data().bytes(),
                                     (*expected)[i].tensor.data().bytes()));
    }
  }
  opened.UseCache(nullptr);
}

void ExpectTruncatedRefused(std::string_view backend, const std::string& file,
                            const std::string& path) {
  std::ifstream in(file, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  ASSERT_FALSE(whole.empty()) << file;
  constexpr std::size_t kParts = 16;
  for (std::size_t part = 0; part < kParts; ++part) {
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(whole.data(), static_cast<std::streamsize>(whole.size() * part / kParts));
    EXPECT_EQ(LoadError(backend, path).code, Code::kInvalidModel) << file << ", part " << part;
  }
  std::filesystem::remove(path);
}

}  // namespace plinth::testing
