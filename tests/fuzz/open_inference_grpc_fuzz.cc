// Any bytes as a message to the gRPC service of the Open Inference Protocol: no crash, no read out
// of bounds, inputs that lie within the message or take memory in proportion to it, and what is
// read of a request to load a model stays within its folder.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "api/openinference/grpc/admin_codec.h"
#include "api/openinference/grpc/infer_reader.h"
#include "api/openinference/raw.h"
#include "api/openinference/settings.h"
#include "fuzzing.h"
#include "net/http.h"

namespace {

using namespace plinth;
using namespace plinth::fuzzing;
using namespace plinth::api::openinference;

template <typename T>
bool Refused(const Result<T>& result) {
  if (result) return false;
  Require(!result.error().message.empty(), "a refusal says nothing");
  return true;
}

void CheckInputs(InferBody& body, std::size_t message_size) {
  std::size_t bytes = 0;
  for (GivenInput& input : body.inputs) {
    const Buffer* const raw = std::get_if<Buffer>(&input.data);
    Require(raw != nullptr, "an input is read already");
    bytes += raw->size();
    bool whole = input.dtype.has_value();
    for (const std::int64_t dimension : input.shape.dims()) whole = whole && dimension >= 0;
    if (!whole || !input.shape.ElementCount()) continue;
    const auto tensor = TensorOfRaw(*input.dtype, input.shape, *raw, input.name, "m");
    if (Refused(tensor)) continue;
    Require(tensor->shape() == input.shape, "the tensor has another shape");
  }
  // A number of one byte may become one of eight; an empty string gets a length of four.
  Require(bytes <= 8 * message_size, "the inputs are out of proportion to the message");
}

void CheckInference(std::string_view bytes) {
  static const SharedMemory memory(true);
  const Buffer message = PaddedCopy(bytes, '\n');
  static_cast<void>(Refused(ReadInferHead({message.As<char>(), message.size()})));
  auto body = ReadInferBody(message, "m", "user", memory);
  if (!Refused(body)) CheckInputs(*body, bytes.size());
}

void CheckSettings(std::string_view bytes) {
  static LogSettings log;
  static TraceSettings traces;
  if (const auto changes = ReadLogRequest(bytes)) {
    if (const auto settings = log.Update(*changes)) WriteLogSettings(*settings);
  }
  if (const auto call = ReadTraceRequest(bytes)) {
    if (const auto settings = traces.Update(call->model, call->changes))
      WriteTraceSettings(*settings);
  }
}

void CheckLoad(std::string_view bytes) {
  const auto request = ReadLoadRequest(bytes);
  if (Refused(request)) return;
  for (const UploadedFile& file : request->files) {
    Require(!file.version.empty() && file.version.front() != '.', "a version leaves the folder");
    Require(!file.path.empty() && file.path.front() != '/' && file.path.front() != '.' &&
                file.path.find("/.") == std::string::npos,
            "a file leaves the folder");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckInference(bytes);
  CheckSettings(bytes);
  CheckLoad(bytes);
  static_cast<void>(Refused(ReadNameAndVersion(bytes)));
  static_cast<void>(Refused(ReadIndexRequest(bytes)));
  static_cast<void>(Refused(ReadModelName(bytes)));
  static_cast<void>(Refused(ReadRegisterRequest(bytes)));
  return 0;
}
