// The C ABI of the scikit-learn backend: plinth/backend.h on one side, Model on the other.
#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inputs.h"
#include "model.h"
#include "outputs.h"
#include "plinth/backend.h"

struct plinth_model {
  std::unique_ptr<plinth::sklearn::Model> model;
  std::unique_ptr<plinth::sklearn::InputReader> inputs;
  std::vector<std::array<std::int64_t, 2>> output_shapes;
  std::vector<plinth_tensor_spec> outputs;
  plinth_signature signature = {};
};

namespace plinth::sklearn {
namespace {

thread_local std::string last_error;

plinth_status Refuse(plinth_status status, std::string message) {
  last_error = std::move(message);
  return status;
}

plinth_status Refuse(const Error& error) {
  switch (error.code) {
    case Code::kInvalidArgument:
      return Refuse(PLINTH_INVALID_ARGUMENT, error.message);
    case Code::kNotFound:
      return Refuse(PLINTH_NOT_FOUND, error.message);
    case Code::kInvalidModel:
      return Refuse(PLINTH_INVALID_MODEL, error.message);
    case Code::kUnimplemented:
      return Refuse(PLINTH_UNSUPPORTED, error.message);
    case Code::kResourceExhausted:
    case Code::kOutOfMemory:
      return Refuse(PLINTH_RESOURCE_EXHAUSTED, error.message);
    default:
      return Refuse(PLINTH_INTERNAL, error.message);
  }
}

// Calls `body`; no exception leaves.
template <typename Body>
plinth_status Guarded(Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Refuse(PLINTH_RESOURCE_EXHAUSTED, "there is not enough memory");
  } catch (const std::length_error&) {
    return Refuse(PLINTH_RESOURCE_EXHAUSTED, "there is not enough memory");
  } catch (const std::exception& error) {
    return Refuse(PLINTH_INTERNAL, error.what());
  }
}

int32_t Probe(const char* path) {
  try {
    return LooksLikeModel(path) ? 1 : 0;
  } catch (const std::exception&) {
    return 0;
  }
}

// Reads the options. Returns PLINTH_OK, or refuses the one that is wrong.
plinth_status ReadOptions(const plinth_load_request& request, ModelOptions& options) {
  for (std::size_t i = 0; i < request.option_count; ++i) {
    const std::string_view key = request.options[i].key;
    const std::string_view value = request.options[i].value;
    if (key == "method") {
      options.method = value;
    } else if (key == "outputs") {
      options.first_output = value;
    } else if (key == "inputs") {
      if (value != "matrix" && value != "columns") {
        return Refuse(PLINTH_INVALID_ARGUMENT, "option 'inputs' is '" + std::string(value) +
                                                   "'; 'matrix' or 'columns' was expected");
      }
      options.by_column = value == "columns";
    } else if (key == "threads") {
      unsigned threads = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), threads);
      if (error != std::errc() || end != value.data() + value.size()) {
        return Refuse(PLINTH_INVALID_ARGUMENT,
                      "option 'threads' is '" + std::string(value) + "'; a number was expected");
      }
    } else {
      return Refuse(PLINTH_INVALID_ARGUMENT,
                    "option '" + std::string(key) +
                        "' is not known to the sklearn backend; 'method', 'outputs', 'inputs' and "
                        "'threads' are");
    }
  }
  if (!options.method.empty() && !options.first_output.empty()) {
    return Refuse(PLINTH_INVALID_ARGUMENT, "options 'method' and 'outputs' exclude each other");
  }
  if (request.declared_input_count == 1) {
    const plinth_tensor_spec& declared = request.declared_inputs[0];
    if (declared.rank == 2 && declared.shape[1] > 0) {
      options.width = static_cast<std::size_t>(declared.shape[1]);
    }
  }
  return PLINTH_OK;
}

std::unique_ptr<plinth_model> Describe(std::unique_ptr<Model> model, const ModelOptions& options) {
  auto described = std::make_unique<plinth_model>();
  described->inputs = std::make_unique<InputReader>(model->traits(), options.by_column);
  described->output_shapes.reserve(model->answers().size());
  for (const Answer& answer : model->answers()) {
    auto& shape = described->output_shapes.emplace_back(
        std::array<std::int64_t, 2>{-1, static_cast<std::int64_t>(answer.width)});
    described->outputs.push_back({answer.name.c_str(), TypeOf(answer, model->traits()),
                                  answer.flat ? 1 : 2, shape.data(), 0, 0});
  }
  plinth_signature& signature = described->signature;
  signature.struct_size = sizeof(plinth_signature);
  signature.input_count = described->inputs->specs().size();
  signature.inputs = described->inputs->specs().data();
  signature.nullable_inputs = described->inputs->flags().data();
  signature.fitted_inputs = described->inputs->flags().data();
  signature.column_count = described->inputs->columns().size();
  signature.columns = described->inputs->columns().data();
  signature.unused_columns = described->inputs->unused().data();
  signature.output_count = described->outputs.size();
  signature.outputs = described->outputs.data();
  signature.concurrent = 1;
  described->model = std::move(model);
  return described;
}

plinth_status Load(const plinth_load_request* request, plinth_model** loaded) {
  return Guarded([&] {
    ModelOptions options;
    if (const plinth_status status = ReadOptions(*request, options); status != PLINTH_OK) {
      return status;
    }
    auto model = Model::Load(request->path, options);
    if (!model) return Refuse(model.error());
    *loaded = Describe(std::move(*model), options).release();
    return PLINTH_OK;
  });
}

const plinth_signature* Signature(const plinth_model* model) { return &model->signature; }

void Unload(plinth_model* model) { delete model; }

plinth_status Execute(plinth_model* loaded, const plinth_execute_request* request,
                      plinth_execute_response* response) {
  return Guarded([&] {
    const Model& model = *loaded->model;
    Scratch::Frame frame(Scratch::OfThread());
    const Result<Batch> batch =
        loaded->inputs->Read({request->inputs, request->input_count}, frame);
    if (!batch) return Refuse(batch.error());
    OutputWriter writer(model, {request->outputs, request->output_count}, batch->count(), frame);
    if (const Status status = writer.Run(*batch, frame); !status) return Refuse(status.error());
    writer.Finish({response->outputs, request->output_count});
    return PLINTH_OK;
  });
}

const char* LastError() { return last_error.c_str(); }

constexpr plinth_backend kBackend = {
    .struct_size = sizeof(plinth_backend),
    .abi_version = PLINTH_ABI_VERSION,
    .name = "sklearn",
    .version = "0.1.0",
    .runtime = nullptr,
    .frameworks = "sklearn,scikit-learn,xgboost,lightgbm",
    .probe = Probe,
    .load = Load,
    .describe = Signature,
    .warm = nullptr,
    .execute = Execute,
    .unload = Unload,
    .last_error = LastError,
    .runs_code = 0,
};

}  // namespace
}  // namespace plinth::sklearn

const plinth_backend* plinth_backend_entry(const plinth_host* host, const char** error) {
  if (host == nullptr || host->abi_version != PLINTH_ABI_VERSION) {
    *error = "the host speaks another version of the backend ABI";
    return nullptr;
  }
  return &plinth::sklearn::kBackend;
}
