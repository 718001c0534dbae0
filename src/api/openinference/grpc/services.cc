#include "api/openinference/grpc/services.h"

#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "api/openinference/config.h"
#include "api/openinference/errors.h"
#include "api/openinference/extensions.h"
#include "api/openinference/grpc/admin_codec.h"
#include "api/openinference/grpc/inference.h"
#include "api/openinference/lookup.h"
#include "api/openinference/metadata.h"
#include "api/openinference/statistics.h"

namespace plinth::api::openinference {
namespace {

using net::GrpcCall;
using net::GrpcMessage;
using net::GrpcMethod;
using net::GrpcWriter;

constexpr std::string_view kService = "/inference.GRPCInferenceService/";

std::string_view TextOf(const Buffer& message) { return {message.As<char>(), message.size()}; }

void Reply(GrpcWriter& writer, Result<std::string> response) {
  if (!response) return writer.Finish(StatusOf(response.error()));
  GrpcMessage message;
  if (!response->empty()) message.push_back(Buffer::FromString(*std::move(response)));
  writer.Reply(std::move(message));
}

// An answer without a field.
Result<std::string> Empty(const Status& status) {
  if (!status) return Fail(status.error());
  return std::string();
}

// A method that answers at once; `answer` gets the message.
GrpcMethod AtOnce(std::string_view name, Context& context,
                  Result<std::string> (*answer)(Context&, std::string_view)) {
  const auto handler = [&context, answer](const GrpcCall&, const Buffer& message,
                                          GrpcWriter writer) {
    Reply(writer, answer(context, TextOf(message)));
  };
  return {std::string(kService).append(name), net::GrpcUnary(handler)};
}

// One whose answer may come later.
GrpcMethod Later(std::string_view name, Context& context,
                 void (*answer)(Context&, const Buffer&, GrpcWriter)) {
  const auto handler = [&context, answer](const GrpcCall&, const Buffer& message,
                                          GrpcWriter writer) {
    answer(context, message, std::move(writer));
  };
  return {std::string(kService).append(name), net::GrpcUnary(handler)};
}

// ---- Server and models

Result<std::string> ServerLive(Context&, std::string_view) { return WriteTruth(true); }

Result<std::string> ServerReady(Context& context, std::string_view) {
  return WriteTruth(context.service.ready());
}

Result<std::string> ServerMetadata(Context& context, std::string_view) {
  return WriteServerMetadata(context.server_name, context.server_version, kExtensions);
}

Result<std::string> ModelReady(Context& context, std::string_view message) {
  const auto call = ReadNameAndVersion(message);
  if (!call) return Fail(call.error());
  return WriteTruth(FindVersion(context.service, call->name, call->version).has_value());
}

// Answers with what `write` makes of the version that the message names.
template <typename Write>
void Describe(Context& context, const Buffer& message, GrpcWriter writer, Write write) {
  const auto call = ReadNameAndVersion(TextOf(message));
  if (!call) return writer.Finish(StatusOf(call.error()));
  FindLoaded(context.service, std::string(call->name), std::string(call->version),
             [writer = std::move(writer), write,
              names_version = !call->version.empty()](const Result<FoundVersion>& found) mutable {
               if (!found) return writer.Finish(StatusOf(found.error()));
               Reply(writer, write(*found, names_version));
             });
}

void ModelMetadataOf(Context& context, const Buffer& message, GrpcWriter writer) {
  Describe(context, message, std::move(writer), [](const FoundVersion& found, bool names_version) {
    return WriteModelMetadata(MetadataOf(found, names_version));
  });
}

void ModelConfigOf(Context& context, const Buffer& message, GrpcWriter writer) {
  Describe(context, message, std::move(writer),
           [](const FoundVersion& found, bool) { return WriteModelConfig(ConfigOf(found)); });
}

Result<std::string> Statistics(Context& context, std::string_view message) {
  const auto call = ReadNameAndVersion(message);
  if (!call) return Fail(call.error());
  const auto statistics = CollectStatistics(context.service, call->name, call->version);
  if (!statistics) return Fail(statistics.error());
  return WriteStatistics(*statistics);
}

// ---- The repository

void RepositoryIndex(Context& context, const Buffer& message, GrpcWriter writer) {
  const auto only_ready = ReadIndexRequest(TextOf(message));
  if (!only_ready) return writer.Finish(StatusOf(only_ready.error()));
  context.repository.Index(
      *only_ready,
      [writer = std::move(writer)](const Result<std::vector<IndexEntry>>& entries) mutable {
        if (!entries) return writer.Finish(StatusOf(entries.error()));
        Reply(writer, WriteIndex(*entries));
      });
}

void RepositoryModelLoad(Context& context, const Buffer& message, GrpcWriter writer) {
  auto model = ReadModelName(TextOf(message));
  if (!model) return writer.Finish(StatusOf(model.error()));
  context.repository.Load(
      *std::move(model), [message] { return ReadLoadRequest(TextOf(message)); },
      [writer = std::move(writer)](const Status& status) mutable { Reply(writer, Empty(status)); });
}

void RepositoryModelUnload(Context& context, const Buffer& message, GrpcWriter writer) {
  auto model = ReadModelName(TextOf(message));
  if (!model) return writer.Finish(StatusOf(model.error()));
  context.repository.Unload(
      *std::move(model),
      [writer = std::move(writer)](const Status& status) mutable { Reply(writer, Empty(status)); });
}

// ---- Shared memory

Result<std::string> SharedMemoryStatus(Context& context, std::string_view message) {
  const auto call = ReadNameAndVersion(message);
  if (!call) return Fail(call.error());
  const auto regions = context.shared_memory.Describe(call->name);
  if (!regions) return Fail(regions.error());
  std::string response;
  for (const SharedMemory::Region& region : *regions)
    AppendRegion({region.name, region.key, region.offset, region.byte_size}, response);
  return response;
}

Result<std::string> SharedMemoryRegister(Context& context, std::string_view message) {
  const auto call = ReadRegisterRequest(message);
  if (!call) return Fail(call.error());
  return Empty(context.shared_memory.Register(std::string(call->name), std::string(call->key),
                                              call->offset, call->byte_size));
}

Result<std::string> SharedMemoryUnregister(Context& context, std::string_view message) {
  const auto call = ReadNameAndVersion(message);
  if (!call) return Fail(call.error());
  return Empty(call->name.empty() ? context.shared_memory.UnregisterAll()
                                  : context.shared_memory.Unregister(call->name));
}

Result<std::string> CudaStatus(Context&, std::string_view message) {
  const auto call = ReadNameAndVersion(message);
  if (!call) return Fail(call.error());
  if (call->name.empty()) return std::string();
  return Fail(Code::kNotFound,
              "Unable to find cuda shared memory region: '" + std::string(call->name) + "'");
}

Result<std::string> CudaRegister(Context&, std::string_view message) {
  const auto call = ReadNameAndVersion(message);
  if (!call) return Fail(call.error());
  return Fail(Code::kInvalidArgument, "failed to register CUDA shared memory region: '" +
                                          std::string(call->name) +
                                          "', GPUs not supported; use system shared memory");
}

Result<std::string> CudaUnregister(Context&, std::string_view) { return std::string(); }

// ---- Settings

Result<std::string> TraceSetting(Context& context, std::string_view message) {
  const auto call = ReadTraceRequest(message);
  if (!call) return Fail(call.error());
  if (!call->model.empty() && !context.service.Describe(call->model))
    return Fail(Code::kNotFound, UnknownModel(call->model));
  const auto settings = context.traces.Update(call->model, call->changes);
  if (!settings) return Fail(settings.error());
  return WriteTraceSettings(*settings);
}

Result<std::string> LogSetting(Context& context, std::string_view message) {
  const auto changes = ReadLogRequest(message);
  if (!changes) return Fail(changes.error());
  const auto settings = context.log.Update(*changes);
  if (!settings) return Fail(settings.error());
  return WriteLogSettings(*settings);
}

}  // namespace

std::vector<GrpcMethod> MakeGrpcMethods(Context& context) {
  std::vector<GrpcMethod> methods;
  methods.push_back({std::string(kService).append("ModelInfer"),
                     net::GrpcUnary([&context](GrpcCall call, Buffer message, GrpcWriter writer) {
                       ModelInfer(context, std::move(call), std::move(message), std::move(writer));
                     })});
  methods.push_back({std::string(kService).append("ModelStreamInfer"),
                     net::GrpcStreaming([&context](GrpcCall call, GrpcWriter writer) {
                       return ModelStreamInfer(context, std::move(call), std::move(writer));
                     })});
  const auto at_once = [&](std::string_view name, auto answer) {
    methods.push_back(AtOnce(name, context, answer));
  };
  const auto later = [&](std::string_view name, auto answer) {
    methods.push_back(Later(name, context, answer));
  };
  at_once("ServerLive", ServerLive);
  at_once("ServerReady", ServerReady);
  at_once("ModelReady", ModelReady);
  at_once("ServerMetadata", ServerMetadata);
  later("ModelMetadata", ModelMetadataOf);
  later("ModelConfig", ModelConfigOf);
  at_once("ModelStatistics", Statistics);
  later("RepositoryIndex", RepositoryIndex);
  later("RepositoryModelLoad", RepositoryModelLoad);
  later("RepositoryModelUnload", RepositoryModelUnload);
  at_once("SystemSharedMemoryStatus", SharedMemoryStatus);
  at_once("SystemSharedMemoryRegister", SharedMemoryRegister);
  at_once("SystemSharedMemoryUnregister", SharedMemoryUnregister);
  at_once("CudaSharedMemoryStatus", CudaStatus);
  at_once("CudaSharedMemoryRegister", CudaRegister);
  at_once("CudaSharedMemoryUnregister", CudaUnregister);
  at_once("TraceSetting", TraceSetting);
  at_once("LogSettings", LogSetting);
  return methods;
}

}  // namespace plinth::api::openinference
