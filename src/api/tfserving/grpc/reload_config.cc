#include "api/tfserving/grpc/reload_config.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "api/tfserving/grpc/messages.h"

namespace plinth::api::tfserving {
namespace {

using protozero::data_view;
using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr auto kBytes = pbf_wire_type::length_delimited;
constexpr auto kVarint = pbf_wire_type::varint;

// ServableVersionPolicy.Latest
std::int64_t DecodeLatest(data_view message) {
  std::int64_t latest = 1;
  for (pbf_reader reader(message); reader.next();) {
    if (reader.tag_and_type() == protozero::tag_and_type(1, kVarint)) {
      latest = std::max<std::int64_t>(reader.get_uint32(), 1);
    } else {
      reader.skip();
    }
  }
  return latest;
}

// ServableVersionPolicy.Specific; its numbers come packed or one by one.
std::vector<std::int64_t> DecodeSpecific(data_view message) {
  std::vector<std::int64_t> versions;
  for (pbf_reader reader(message); reader.next();) {
    if (reader.tag_and_type() == protozero::tag_and_type(1, kVarint)) {
      versions.push_back(reader.get_int64());
    } else if (reader.tag_and_type() == protozero::tag_and_type(1, kBytes)) {
      for (const std::int64_t version : reader.get_packed_int64()) versions.push_back(version);
    } else {
      reader.skip();
    }
  }
  return versions;
}

VersionPolicy DecodePolicy(data_view message) {
  VersionPolicy policy;
  for (pbf_reader reader(message); reader.next();) {
    if (!reader.has_wire_type(kBytes)) {
      reader.skip();
      continue;
    }
    const auto tag = reader.tag();
    const data_view choice = reader.get_view();
    if (tag == 100) policy = {VersionPolicy::Kind::kLatest, DecodeLatest(choice), {}};
    if (tag == 101) policy = {VersionPolicy::Kind::kAll, 1, {}};
    if (tag == 102) policy = {VersionPolicy::Kind::kSpecific, 1, DecodeSpecific(choice)};
  }
  return policy;
}

std::pair<std::string, std::int64_t> DecodeLabel(data_view message) {
  std::pair<std::string, std::int64_t> label;
  for (pbf_reader reader(message); reader.next();) {
    if (reader.tag_and_type() == protozero::tag_and_type(1, kBytes)) {
      label.first = reader.get_string();
    } else if (reader.tag_and_type() == protozero::tag_and_type(2, kVarint)) {
      label.second = reader.get_int64();
    } else {
      reader.skip();
    }
  }
  return label;
}

TfServingModel DecodeModel(data_view message) {
  TfServingModel model;
  for (pbf_reader reader(message); reader.next();) {
    if (!reader.has_wire_type(kBytes)) {
      reader.skip();
      continue;
    }
    const auto tag = reader.tag();
    const data_view value = reader.get_view();
    if (tag == 1) model.name.assign(value.data(), value.size());
    if (tag == 2) model.base_path.assign(value.data(), value.size());
    if (tag == 7) model.versions = DecodePolicy(value);
    if (tag == 8)
      model.labels.insert_or_assign(DecodeLabel(value).first, DecodeLabel(value).second);
  }
  return model;
}

// Calls `read` with each field of that tag that holds bytes; whether there was one.
template <typename Read>
bool ForEach(data_view message, protozero::pbf_tag_type tag, Read read) {
  bool found = false;
  for (pbf_reader reader(message); reader.next();) {
    if (reader.tag_and_type() == protozero::tag_and_type(tag, kBytes)) {
      found = true;
      read(reader.get_view());
    } else {
      reader.skip();
    }
  }
  return found;
}

// ReloadConfigResponse with a status of OK.
net::GrpcMessage Accepted() {
  std::string text;
  protozero::pbf_writer(text).add_message(1, std::string());
  return {Buffer::FromString(std::move(text))};
}

}  // namespace

Result<TfServingConfig> DecodeReloadConfig(data_view message) {
  TfServingConfig config;
  bool has_list = false;
  ForEach(message, 1, [&](data_view server) {
    const bool found = ForEach(server, 1, [&](data_view list) {
      ForEach(list, 1, [&](data_view model) { config.models.push_back(DecodeModel(model)); });
    });
    has_list = has_list || found;
  });
  if (has_list) return config;
  return Fail(Code::kInvalidArgument,
              "ServerModelConfig type not supported by HandleReloadConfigRequest. Only "
              "ModelConfigList is currently supported");
}

net::GrpcMethod ReloadConfigMethod(ReloadConfig reload) {
  return {"/tensorflow.serving.ModelService/HandleReloadConfigRequest",
          net::GrpcUnary([reload = std::move(reload)](const net::GrpcCall&, const Buffer& message,
                                                      net::GrpcWriter writer) {
            auto config = protobuf::Guarded("a ReloadConfigRequest",
                                            [&] { return DecodeReloadConfig(ViewOf(message)); });
            if (!config) return writer.Finish(net::GrpcStatus::FromError(config.error()));
            reload(*std::move(config), [writer = std::move(writer)](const Status& done) mutable {
              if (!done) return writer.Finish(net::GrpcStatus::FromError(done.error()));
              writer.Reply(Accepted());
            });
          })};
}

}  // namespace plinth::api::tfserving
