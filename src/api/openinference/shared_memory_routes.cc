#include "api/openinference/shared_memory_routes.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/request_headers.h"
#include "base/json_writer.h"
#include "model/json_fields.h"

namespace plinth::api::openinference {
namespace {

using net::HttpResponse;

HttpResponse Done(const Status& status) {
  return status ? HttpResponse::Json(200, "") : ErrorResponse(status.error());
}

std::unexpected<Error> NoField(std::string_view name) {
  return Fail(Code::kInvalidArgument,
              "Shared memory register request has no '" + std::string(name) + "' field");
}

// The body of a registration: {"key": "/object", "offset": 0, "byte_size": 64}.
Result<SharedMemory::Region> ReadRegistration(const RestCall& call) {
  const auto body = SmallJsonBody(call.request, "a registration");
  if (!body) return Fail(body.error());
  const auto document = json::Document::ParseObject(*body, "registration");
  if (!document) return Fail(document.error());
  SharedMemory::Region region{.name = call.region, .key = {}, .offset = 0, .byte_size = 0};
  bool sized = false;
  const auto fields = json::FieldsOf(document->root(), "registration");
  if (!fields) return Fail(fields.error());
  for (const json::Field& field : *fields) {
    if (field.key == "key") {
      auto key = field.Text();
      if (!key) return Fail(std::move(key.error()));
      region.key = *std::move(key);
    } else if (field.key == "offset" || field.key == "byte_size") {
      const auto number = field.Integer(0, INT64_MAX);
      if (!number) return Fail(number.error());
      (field.key == "offset" ? region.offset : region.byte_size) =
          static_cast<std::uint64_t>(*number);
      sized |= field.key == "byte_size";
    }
  }
  if (region.key.empty()) return NoField("key");
  if (!sized) return NoField("byte_size");
  return region;
}

}  // namespace

HttpResponse SystemRegions(RestContext& context, const RestCall& call) {
  const auto regions = context.shared_memory.Describe(call.region);
  if (!regions) return ErrorResponse(regions.error());
  JsonWriter json;
  json.BeginArray();
  for (const SharedMemory::Region& region : *regions) {
    json.BeginObject();
    json.Key("name").Value(region.name);
    json.Key("key").Value(region.key);
    json.Key("offset").Value(region.offset);
    json.Key("byte_size").Value(region.byte_size);
    json.EndObject();
  }
  json.EndArray();
  return HttpResponse::Json(200, std::move(json).Take());
}

HttpResponse RegisterSystemRegion(RestContext& context, const RestCall& call) {
  const auto region = ReadRegistration(call);
  if (!region) return ErrorResponse(region.error());
  return Done(
      context.shared_memory.Register(region->name, region->key, region->offset, region->byte_size));
}

HttpResponse UnregisterSystemRegion(RestContext& context, const RestCall& call) {
  SharedMemory& memory = context.shared_memory;
  return Done(call.region.empty() ? memory.UnregisterAll() : memory.Unregister(call.region));
}

HttpResponse CudaRegions(RestContext&, const RestCall& call) {
  if (call.region.empty()) return HttpResponse::Json(200, "[]");
  return ErrorResponse(
      {Code::kNotFound, "Unable to find cuda shared memory region: '" + call.region + "'"});
}

HttpResponse RegisterCudaRegion(RestContext&, const RestCall& call) {
  return ErrorResponse(
      {Code::kInvalidArgument, "failed to register CUDA shared memory region: '" + call.region +
                                   "', GPUs not supported; use system shared memory"});
}

HttpResponse UnregisterCudaRegion(RestContext&, const RestCall&) { return Done({}); }

}  // namespace plinth::api::openinference
