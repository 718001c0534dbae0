#include "test_host.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace plinth::sklearn {
namespace {

TestOutput Convert(const plinth_tensor& tensor) {
  TestOutput out;
  out.dtype = tensor.dtype;
  out.shape.assign(tensor.shape, tensor.shape + tensor.rank);
  std::size_t count = 1;
  for (std::int64_t dim : out.shape) count *= static_cast<std::size_t>(dim);
  if (tensor.dtype == PLINTH_FP64) {
    out.numbers.resize(count);
    if (count > 0) std::memcpy(out.numbers.data(), tensor.data, tensor.byte_size);
  } else if (tensor.dtype == PLINTH_INT64) {
    out.ints.resize(count);
    if (count > 0) std::memcpy(out.ints.data(), tensor.data, tensor.byte_size);
  } else if (tensor.dtype == PLINTH_BYTES) {
    for (std::size_t i = 0; i < count; ++i) {
      const char* text = static_cast<const char*>(tensor.data);
      out.strings.emplace_back(text + tensor.offsets[i], text + tensor.offsets[i + 1]);
    }
  }
  return out;
}

}  // namespace

void TestOutput::Append(const TestOutput& other) {
  dtype = other.dtype;
  if (shape.empty()) {
    shape = other.shape;
  } else {
    shape[0] += other.shape[0];
  }
  numbers.insert(numbers.end(), other.numbers.begin(), other.numbers.end());
  ints.insert(ints.end(), other.ints.begin(), other.ints.end());
  strings.insert(strings.end(), other.strings.begin(), other.strings.end());
}

const plinth_backend* TestBackend() {
  static const plinth_host host = {sizeof(plinth_host), PLINTH_ABI_VERSION,
                                   [](plinth_log_level, const char*) {}, nullptr};
  const char* error = nullptr;
  return plinth_backend_entry(&host, &error);
}

TestModel::TestModel(const std::string& path, const Options& options, std::int64_t declared_width)
    : backend_(TestBackend()) {
  std::vector<plinth_option> given;
  for (const auto& [key, value] : options) {
    if (!value.empty()) given.push_back({key.c_str(), value.c_str()});
  }
  const std::int64_t shape[2] = {-1, declared_width};
  const plinth_tensor_spec declared = {"X", PLINTH_FP64, 2, shape, 0, 0};
  plinth_load_request request = {};
  request.struct_size = sizeof(request);
  request.path = path.c_str();
  request.option_count = given.size();
  request.options = given.data();
  request.declared_input_count = declared_width > 0 ? 1 : 0;
  request.declared_inputs = &declared;
  status_ = backend_->load(&request, &model_);
  if (status_ != PLINTH_OK) error_ = backend_->last_error();
}

TestModel::~TestModel() {
  if (model_) backend_->unload(model_);
}

namespace {

plinth_execute_request RequestFor(const plinth_tensor& x, std::span<const std::uint32_t> wanted) {
  plinth_execute_request request = {};
  request.struct_size = sizeof(request);
  request.input_count = 1;
  request.inputs = &x;
  request.output_count = wanted.size();
  request.outputs = wanted.data();
  return request;
}

}  // namespace

plinth_status TestModel::Execute(const plinth_tensor& x, const std::vector<std::uint32_t>& wanted,
                                 std::vector<plinth_output>& outputs) {
  outputs.resize(wanted.size());
  const plinth_execute_request request = RequestFor(x, wanted);
  plinth_execute_response response = {sizeof(response), outputs.data()};
  status_ = backend_->execute(model_, &request, &response);
  error_ = status_ == PLINTH_OK ? "" : backend_->last_error();
  return status_;
}

TestOutput TestModel::Execute(const std::vector<double>& x, const std::vector<std::int64_t>& shape,
                              const std::string& output) {
  const plinth_signature& served = signature();
  for (std::uint32_t i = 0; i < served.output_count; ++i) {
    if (output != served.outputs[i].name) continue;
    const plinth_tensor tensor = {
        "X",          PLINTH_FP64, static_cast<std::uint32_t>(shape.size()),
        shape.data(), x.data(),    x.size() * sizeof(double),
        nullptr};
    std::vector<plinth_output> outputs;
    if (Execute(tensor, {i}, outputs) != PLINTH_OK) return {};
    TestOutput converted = Convert(outputs[0].tensor);
    outputs[0].release(outputs[0].release_context);
    return converted;
  }
  error_ = "the model has no output " + output;
  return {};
}

std::optional<std::vector<double>> TestModel::Numbers(const plinth_tensor& x,
                                                      std::uint32_t output) const {
  plinth_output result = {};
  const plinth_execute_request request = RequestFor(x, {&output, 1});
  plinth_execute_response response = {sizeof(response), &result};
  if (backend_->execute(model_, &request, &response) != PLINTH_OK) return std::nullopt;
  std::vector<double> numbers = Convert(result.tensor).numbers;
  result.release(result.release_context);
  return numbers;
}

}  // namespace plinth::sklearn
