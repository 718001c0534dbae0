// The messages of the calls that are not inference, from bytes and to bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "api/openinference/config.h"
#include "api/openinference/metadata.h"
#include "api/openinference/repository.h"
#include "api/openinference/settings.h"
#include "api/openinference/statistics.h"
#include "base/status.h"

namespace plinth::api::openinference {

// All views are into the message. All readers: INVALID_ARGUMENT for what is no such message.

// ModelReadyRequest, ModelMetadataRequest, ModelConfigRequest, ModelStatisticsRequest, and, without
// a version, SystemSharedMemoryStatusRequest and ...UnregisterRequest.
struct NameAndVersion {
  std::string_view name;
  std::string_view version;
};
Result<NameAndVersion> ReadNameAndVersion(std::string_view message);

// RepositoryIndexRequest: whether only what is ready is asked for.
Result<bool> ReadIndexRequest(std::string_view message);

// RepositoryModelLoadRequest and RepositoryModelUnloadRequest: the model's name.
Result<std::string> ReadModelName(std::string_view message);
// RepositoryModelLoadRequest: what there is to load.
Result<LoadRequest> ReadLoadRequest(std::string_view message);

struct TraceCall {
  std::string model;
  TraceChanges changes;
};
Result<TraceCall> ReadTraceRequest(std::string_view message);
Result<Settings> ReadLogRequest(std::string_view message);

// SystemSharedMemoryRegisterRequest.
struct RegisterCall {
  std::string_view name;
  std::string_view key;
  std::uint64_t offset = 0;
  std::uint64_t byte_size = 0;
};
Result<RegisterCall> ReadRegisterRequest(std::string_view message);

// ServerLiveResponse, ServerReadyResponse, ModelReadyResponse.
std::string WriteTruth(bool truth);
std::string WriteServerMetadata(std::string_view name, std::string_view version,
                                std::span<const std::string_view> extensions);
std::string WriteModelMetadata(const ModelMetadata& metadata);
std::string WriteModelConfig(const TritonConfig& config);
std::string WriteStatistics(std::span<const ModelStatistics> models);
std::string WriteIndex(std::span<const IndexEntry> entries);
std::string WriteTraceSettings(const TraceState& settings);
std::string WriteLogSettings(const Settings& settings);

// One region of SystemSharedMemoryStatusResponse, which is nothing but its regions.
void AppendRegion(const RegisterCall& region, std::string& response);

}  // namespace plinth::api::openinference
