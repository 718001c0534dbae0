#include "api/openinference/generate.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "api/http/event_answer.h"
#include "api/http/request_headers.h"
#include "api/json/tensor_reader.h"
#include "api/json/tensor_writer.h"
#include "api/openinference/infer_inputs.h"
#include "api/openinference/infer_request.h"
#include "api/openinference/request_json.h"
#include "api/openinference/rest_inference.h"
#include "base/json_writer.h"

namespace plinth::api::openinference {
namespace {

namespace ondemand = simdjson::ondemand;
using net::HttpResponse;

// The shape of a model's input for so many elements: as many as are left over along the last open
// dimension, one along all others.
std::optional<Shape> ShapeFor(const Shape& pattern, std::int64_t elements) {
  Shape shape = pattern;
  std::optional<std::size_t> open;
  std::int64_t fixed = 1;
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    if (shape[i] == -1) {
      open = i;
      shape[i] = 1;
    } else if (__builtin_mul_overflow(fixed, shape[i], &fixed)) {
      return std::nullopt;
    }
  }
  if (fixed == 0 || elements % fixed != 0) return std::nullopt;
  if (open) shape[*open] = elements / fixed;
  return open || elements == fixed ? std::optional(shape) : std::nullopt;
}

// Reads the members of the request's object, and of "parameters" in it.
class Members {
 public:
  Members(const JsonBody& json, std::string_view sticky_field)
      : json_(json), sticky_field_(sticky_field) {}

  // Looks for the sticky key only, since the inputs need the version that it leads to.
  Result<std::optional<std::string>> FindStickyKey() {
    if (sticky_field_.empty()) return std::nullopt;
    if (auto read = ReadAll(); !read) return Fail(std::move(read.error()));
    json_.document.rewind();
    return std::exchange(body_, InferBody()).sticky_key;
  }

  Result<InferBody> Read(const Signature& signature) {
    signature_ = &signature;
    if (auto read = ReadAll(); !read) return Fail(std::move(read.error()));
    return std::move(body_);
  }

 private:
  Status ReadAll() {
    ondemand::object object;
    if (const auto failed = json_.document.get_object().get(object)) return Malformed(failed);
    return ReadObject(object, true);
  }

  Status ReadObject(ondemand::object object, bool outer);
  Status ReadMember(std::string_view key, ondemand::value value, bool outer);
  Status ReadInput(const TensorSpec& spec, ondemand::value value);

  std::unexpected<Error> Malformed(simdjson::error_code code) const {
    return Fail(MalformedRequest(json_, code));
  }

  const JsonBody json_;
  const std::string_view sticky_field_;
  const Signature* signature_ = nullptr;  // not known yet
  InferBody body_;
};

Status Members::ReadObject(ondemand::object object, bool outer) {
  return ForEachMember(json_, object, [&](std::string_view key, ondemand::value value) {
    return ReadMember(key, value, outer);
  });
}

Status Members::ReadMember(std::string_view key, ondemand::value value, bool outer) {
  if (signature_ == nullptr && key != sticky_field_ && key != "parameters") return {};
  const TensorSpec* const spec = signature_ == nullptr ? nullptr : signature_->FindInput(key);
  if (spec != nullptr) return ReadInput(*spec, value);
  if (outer && key == "parameters") {
    ondemand::object inner;
    if (const auto failed = value.get_object().get(inner)) {
      if (failed != simdjson::INCORRECT_TYPE) return Malformed(failed);
      return Fail(Code::kInvalidArgument, "Expected JSON object for keyword: 'parameters'");
    }
    return ReadObject(inner, false);
  }
  const auto parameter = ParameterOf(key, value, json_);
  if (!parameter) return Fail(parameter.error());
  if (outer && key == "id" && std::holds_alternative<std::string_view>(*parameter)) {
    body_.id = std::get<std::string_view>(*parameter);
    return {};
  }
  return SetRequestParameter(body_, key, *parameter, sticky_field_);
}

Status Members::ReadInput(const TensorSpec& spec, ondemand::value value) {
  if (auto possible = CheckJsonType(spec.name, spec.dtype); !possible) return possible;
  const TensorSpec any_shape{.name = spec.name, .dtype = spec.dtype, .shape = std::nullopt};
  auto tensor = TensorReader(any_shape, json_, TensorReader::Form::kByName).Read(value);
  if (!tensor) return Fail(std::move(tensor.error()));
  const auto shape =
      spec.shape ? ShapeFor(*spec.shape, tensor->element_count()) : std::optional(tensor->shape());
  if (!shape) {
    return Fail(Code::kInvalidArgument,
                "The schema can not convert input '" + spec.name + "' to tensor with proper shape");
  }
  const DType dtype = tensor->dtype();
  return AddInput(body_,
                  {.name = spec.name, .dtype = dtype, .shape = *shape, .data = *std::move(tensor)});
}

class GenerateCall : public RestInference {
 public:
  using RestInference::RestInference;

  Result<InferRequest> Decode(RequestedVersion& version) override;

 protected:
  std::string TextOf(const InferResponse& response) const;

 private:
  Result<HttpResponse> Encode(const InferResponse& response) override {
    return HttpResponse::Json(200, TextOf(response));
  }

  std::string id_;
};

Result<InferRequest> GenerateCall::Decode(RequestedVersion& version) {
  if (auto found = CheckModel(version); !found) return Fail(std::move(found.error()));
  const std::string_view text(request().body.As<char>(), request().body.size());
  auto document = ParseRequest(text);
  if (!document) return Fail(std::move(document.error()));
  Members members(document->body(), version.sticky_field());
  const auto key = members.FindStickyKey();
  if (!key) return Fail(key.error());
  const auto signature = Choose(version, *key);
  if (!signature) return Fail(signature.error());
  auto body = members.Read(**signature);
  if (!body) return Fail(std::move(body.error()));
  auto inputs = MakeInputs(*body, ModelView::Of(*version.chosen().version), false);
  if (!inputs) return Fail(std::move(inputs.error()));
  InferRequest infer{.version = {}, .inputs = *std::move(inputs), .outputs = {}, .cancelled = {}};
  infer.context = ContextOf(*body);
  id_ = std::move(body->id);
  infer.timeout = body->timeout;
  infer.priority = body->priority;
  infer.bypass_cache = BypassesCache(request());
  DropRequest();
  return infer;
}

std::string GenerateCall::TextOf(const InferResponse& response) const {
  JsonWriter json;
  json.BeginObject();
  if (!id_.empty()) json.Key("id").Value(id_);
  json.Key("model_name").Value(response.version->name());
  json.Key("model_version").Value(response.version->version());
  for (const NamedTensor& output : response.outputs) {
    json.Key(output.name);
    if (output.tensor.element_count() == 1) {
      WriteTensor(json, output.tensor.Reshape({}));
    } else {
      WriteElements(json, output.tensor);
    }
  }
  json.EndObject();
  return std::move(json).Take();
}

// Answers by server-sent events, one for each answer of the model.
class GenerateStream final : public GenerateCall {
 public:
  GenerateStream(RestContext& context, RestCall call)
      : GenerateCall(context, std::move(call)), events_(std::move(responder())) {}

  bool cancelled() const override { return events_.cancelled(); }
  bool takes_parts() const override { return true; }
  void Part(const InferResponse& part, bool /*last*/) override {
    events_.Send([&] { return TextOf(part); });
  }
  std::size_t unsent() const override { return events_.unsent(); }
  void Answer(Result<InferResponse> response) override;

 private:
  EventAnswer events_;
};

void GenerateStream::Answer(Result<InferResponse> response) {
  if (!response) return events_.Refuse(ResponseTo(response));
  if (!response->version->signature().decoupled) events_.Send([&] { return TextOf(*response); });
  events_.End();
}

}  // namespace

void HandleGenerate(RestContext& context, RestCall call) {
  Run(context.service, std::make_shared<GenerateCall>(context, std::move(call)));
}

void HandleGenerateStream(RestContext& context, RestCall call) {
  Run(context.service, std::make_shared<GenerateStream>(context, std::move(call)));
}

}  // namespace plinth::api::openinference
