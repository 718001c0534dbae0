// grpc.reflection.v1.ServerReflection and v1alpha, which differ in their names only.
#include <functional>
#include <memory>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <utility>
#include <vector>

#include "api/grpc/descriptors.h"
#include "api/grpc/standard_services.h"
#include "base/log.h"

namespace plinth::api {
namespace {

// Field numbers of proto/reflection.proto.
namespace request_field {
constexpr int kHost = 1, kFileByName = 3, kFileWithSymbol = 4, kFileWithExtension = 5,
              kExtensionNumbers = 6, kListServices = 7;
}
namespace response_field {
constexpr int kHost = 1, kRequest = 2, kFiles = 4, kExtensionNumbers = 5, kServices = 6, kError = 7;
}

using ServiceList = std::vector<std::string>;

// Read when the first client asks: starting needs nothing of it.
const Descriptors& OfThisProgram() {
  static const Descriptors descriptors = [] {
    auto read = Descriptors::Read(DescriptorSet());
    if (!read) LogError("no reflection: " + read.error().message);
    return read ? *std::move(read) : Descriptors();
  }();
  return descriptors;
}

void WriteError(protozero::pbf_writer& response, const Error& error) {
  protozero::pbf_writer body(response, response_field::kError);
  body.add_int32(1, InfoOf(error.code).grpc_status);
  body.add_string(2, error.message);
}

void WriteFiles(protozero::pbf_writer& response, const std::vector<std::string_view>& files,
                const std::string& wanted) {
  if (files.empty()) {
    return WriteError(response, {Code::kNotFound, "'" + wanted + "' is not declared here"});
  }
  protozero::pbf_writer body(response, response_field::kFiles);
  for (const std::string_view file : files) body.add_bytes(1, file.data(), file.size());
}

void WriteServices(protozero::pbf_writer& response, const ServiceList& services) {
  protozero::pbf_writer body(response, response_field::kServices);
  for (const std::string& name : services) {
    protozero::pbf_writer service(body, 1);
    service.add_string(1, name);
  }
}

void WriteExtensionNumbers(protozero::pbf_writer& response, const Descriptors& descriptors,
                           const std::string& type) {
  if (!descriptors.HasMessage(type))
    return WriteError(response, {Code::kNotFound, "there is no message '" + type + "' here"});
  // None of them is extended.
  protozero::pbf_writer body(response, response_field::kExtensionNumbers);
  body.add_string(1, type);
}

// Throws protozero::exception if the request is malformed.
std::string Respond(const ServiceList& services, const Buffer& request) {
  std::string bytes;
  protozero::pbf_writer response(bytes);
  protozero::pbf_reader reader(request.As<char>(), request.size());
  int wish = 0;
  std::string wanted;
  while (reader.next()) {
    const int field = static_cast<int>(reader.tag());
    if (reader.wire_type() != protozero::pbf_wire_type::length_delimited) {
      reader.skip();
    } else if (field == request_field::kHost) {
      response.add_string(response_field::kHost, reader.get_string());
    } else {
      wish = field;
      wanted = reader.get_string();
    }
  }
  response.add_bytes(response_field::kRequest, request.As<char>(), request.size());
  switch (wish) {
    case request_field::kFileByName:
      WriteFiles(response, OfThisProgram().FileNamed(wanted), wanted);
      break;
    case request_field::kFileWithSymbol:
      WriteFiles(response, OfThisProgram().FileWith(wanted), wanted);
      break;
    case request_field::kFileWithExtension:
      WriteError(response, {Code::kNotFound, "nothing here has extensions"});
      break;
    case request_field::kExtensionNumbers:
      WriteExtensionNumbers(response, OfThisProgram(), wanted);
      break;
    case request_field::kListServices:
      WriteServices(response, services);
      break;
    default:
      WriteError(response, {Code::kUnimplemented, "this request is not known here"});
  }
  return bytes;
}

class Reader final : public net::GrpcReader {
 public:
  Reader(net::GrpcWriter writer, std::shared_ptr<const ServiceList> services)
      : writer_(std::move(writer)), services_(std::move(services)) {}

  void OnMessage(Buffer message) override {
    try {
      writer_.Send({Buffer::FromString(Respond(*services_, message))});
    } catch (const protozero::exception&) {
      writer_.Finish(net::GrpcStatus::FromError(
          {Code::kInvalidArgument, "the message is no ServerReflectionRequest"}));
    }
  }
  void OnEnd() override { writer_.Finish(); }

 private:
  net::GrpcWriter writer_;
  const std::shared_ptr<const ServiceList> services_;
};

}  // namespace

std::vector<net::GrpcMethod> MakeReflectionService(std::vector<std::string> services) {
  auto list = std::make_shared<const ServiceList>(std::move(services));
  const net::GrpcStreaming info = [list](const net::GrpcCall&, net::GrpcWriter writer) {
    return std::make_unique<Reader>(std::move(writer), list);
  };
  return {{"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", info},
          {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", info}};
}

}  // namespace plinth::api
