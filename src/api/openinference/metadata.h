// What is shown of a model and of its inputs and outputs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/openinference/lookup.h"
#include "model/signature.h"

namespace plinth::api::openinference {

struct TensorMetadata {
  std::string_view name;
  std::string_view datatype;
  std::vector<std::int64_t> shape;  // -1: any size
};

// The views are into what it was made of.
struct ModelMetadata {
  std::string_view name;
  std::vector<std::string_view> versions;  // that are servable; only the one that was asked for
  std::string_view platform;
  std::vector<TensorMetadata> inputs;
  std::vector<TensorMetadata> outputs;
};

// `names_version`: the request named the version.
ModelMetadata MetadataOf(const FoundVersion& found, bool names_version);

// What Triton calls the engine as a platform, where it has a name for it; else empty.
std::string_view PlatformOf(const VersionInfo& version);

std::string EncodeMetadata(const ModelMetadata& metadata);

}  // namespace plinth::api::openinference
