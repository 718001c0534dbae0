#include <span>
#include <utility>

#include "api/openinference/grpc/admin_codec.h"
#include "api/openinference/repository_config.h"
#include "api/protobuf/reader.h"

namespace plinth::api::openinference {
namespace {

using protobuf::Bytes;
using protobuf::ForEachField;
using protobuf::Guarded;
using protobuf::MapEntry;
using protobuf::Reader;
using protobuf::ReadMapEntry;
using protobuf::TruthOf;
using protobuf::Varint;
using protobuf::ViewOf;

// Takes the string fields 1, 2, ... into `strings`, nullptr for one that is not wanted.
bool TakeString(Reader& reader, std::uint32_t field, std::span<std::string_view* const> strings) {
  for (std::uint32_t i = 0; i < strings.size(); ++i) {
    if (strings[i] == nullptr || field != Bytes(i + 1)) continue;
    *strings[i] = ViewOf(reader);
    return true;
  }
  return false;
}

Status AddParameter(std::string_view message, LoadRequest& request) {
  const MapEntry entry = ReadMapEntry(message);
  std::string_view text;
  bool is_text = false;
  ForEachField(entry.value, [&](Reader& reader, std::uint32_t field) {
    if (field != Bytes(3) && field != Bytes(4)) return false;
    text = ViewOf(reader);
    is_text = true;
    return true;
  });
  if (!is_text) {
    return Fail(Code::kInvalidArgument, "parameter '" + std::string(entry.key) +
                                            "' has no string_param and no bytes_param");
  }
  return AddLoadParameter(entry.key, std::string(text), request);
}

SettingValue ReadSetting(std::string_view message) {
  SettingValue value;
  ForEachField(message, [&](Reader& reader, std::uint32_t field) {
    if (field == Varint(1)) {
      value = TruthOf(reader);
    } else if (field == Varint(2)) {
      value = std::uint64_t{reader.get_uint32()};
    } else if (field == Bytes(3)) {
      value = std::string(ViewOf(reader));
    } else {
      return false;
    }
    return true;
  });
  return value;
}

TraceValues ReadTraceValues(std::string_view message) {
  TraceValues values;
  ForEachField(message, [&](Reader& reader, std::uint32_t field) {
    if (field != Bytes(1)) return false;
    values.emplace_back(ViewOf(reader));
    return true;
  });
  return values;
}

}  // namespace

Result<NameAndVersion> ReadNameAndVersion(std::string_view message) {
  return Guarded("a request with a name", [&]() -> Result<NameAndVersion> {
    NameAndVersion call;
    std::string_view* const strings[] = {&call.name, &call.version};
    ForEachField(message, [&](Reader& reader, std::uint32_t field) {
      return TakeString(reader, field, strings);
    });
    return call;
  });
}

Result<bool> ReadIndexRequest(std::string_view message) {
  return Guarded("a RepositoryIndexRequest", [&]() -> Result<bool> {
    bool only_ready = false;
    ForEachField(message, [&](Reader& reader, std::uint32_t field) {
      if (field != Varint(2)) return false;
      only_ready = TruthOf(reader);
      return true;
    });
    return only_ready;
  });
}

Result<std::string> ReadModelName(std::string_view message) {
  return Guarded("a request for a model", [&]() -> Result<std::string> {
    std::string_view model;
    std::string_view* const strings[] = {nullptr, &model};
    ForEachField(message, [&](Reader& reader, std::uint32_t field) {
      return TakeString(reader, field, strings);
    });
    return std::string(model);
  });
}

Result<LoadRequest> ReadLoadRequest(std::string_view message) {
  return Guarded("a RepositoryModelLoadRequest", [&]() -> Result<LoadRequest> {
    LoadRequest request;
    Status added;
    ForEachField(message, [&](Reader& reader, std::uint32_t field) {
      if (field != Bytes(3)) return false;
      const std::string_view entry = ViewOf(reader);
      if (added) added = AddParameter(entry, request);
      return true;
    });
    if (!added) return Fail(std::move(added.error()));
    return request;
  });
}

Result<TraceCall> ReadTraceRequest(std::string_view message) {
  return Guarded("a TraceSettingRequest", [&]() -> Result<TraceCall> {
    TraceCall call;
    ForEachField(message, [&](Reader& reader, std::uint32_t field) {
      if (field == Bytes(2)) {
        call.model = std::string(ViewOf(reader));
      } else if (field == Bytes(1)) {
        const MapEntry entry = ReadMapEntry(ViewOf(reader));
        call.changes[std::string(entry.key)] = ReadTraceValues(entry.value);
      } else {
        return false;
      }
      return true;
    });
    return call;
  });
}

Result<Settings> ReadLogRequest(std::string_view message) {
  return Guarded("a LogSettingsRequest", [&]() -> Result<Settings> {
    Settings settings;
    ForEachField(message, [&](Reader& reader, std::uint32_t field) {
      if (field != Bytes(1)) return false;
      const MapEntry entry = ReadMapEntry(ViewOf(reader));
      settings[std::string(entry.key)] = ReadSetting(entry.value);
      return true;
    });
    return settings;
  });
}

Result<RegisterCall> ReadRegisterRequest(std::string_view message) {
  return Guarded("a SystemSharedMemoryRegisterRequest", [&]() -> Result<RegisterCall> {
    RegisterCall call;
    std::string_view* const strings[] = {&call.name, &call.key};
    ForEachField(message, [&](Reader& reader, std::uint32_t field) {
      if (field != Varint(3) && field != Varint(4)) return TakeString(reader, field, strings);
      (field == Varint(3) ? call.offset : call.byte_size) = reader.get_uint64();
      return true;
    });
    return call;
  });
}

}  // namespace plinth::api::openinference
