#include "net/grpc_coding.h"

#include <cstddef>
#include <limits>
#include <string>
#include <utility>

#include "net/deflate.h"

namespace plinth::net {
namespace {

// Smaller messages stay as they are.
constexpr std::size_t kLeastSize = 1024;

}  // namespace

std::optional<Coding> GrpcCodingNamed(std::string_view name) {
  if (name.empty() || name == "identity") return Coding::kIdentity;
  if (name == "gzip") return Coding::kGzip;
  if (name == "deflate") return Coding::kDeflate;
  return std::nullopt;
}

std::string_view NameOf(Coding coding) {
  switch (coding) {
    case Coding::kGzip:
      return "gzip";
    case Coding::kDeflate:
      return "deflate";
    case Coding::kIdentity:
      break;
  }
  return "identity";
}

Coding BestGrpcCoding(std::string_view accepted) {
  if (accepted.find("gzip") != std::string_view::npos) return Coding::kGzip;
  if (accepted.find("deflate") != std::string_view::npos) return Coding::kDeflate;
  return Coding::kIdentity;
}

Result<Buffer> InflateMessage(Coding coding, const Buffer& message, std::size_t most,
                              std::shared_ptr<ByteBudget> budget) {
  auto inflater = Inflater::Create(coding, message.bytes(), most, std::move(budget));
  if (!inflater) return Fail(std::move(inflater).error());
  const auto complete = inflater->Advance(std::numeric_limits<std::size_t>::max());
  if (complete && *complete) return inflater->Take();
  if (complete) return Fail(Code::kInvalidArgument, "the compressed message ends early");
  Error error = complete.error();
  if (error.code == Code::kPayloadTooLarge) error.code = Code::kResourceExhausted;
  return Fail(std::move(error));
}

std::optional<GrpcMessage> DeflateMessage(Coding coding, const GrpcMessage& message) {
  std::size_t size = 0;
  for (const Buffer& part : message) size += part.size();
  if (coding == Coding::kIdentity || size < kLeastSize) return std::nullopt;
  auto compressed = Deflate(coding, message);
  if (!compressed) return std::nullopt;
  return GrpcMessage{Buffer::FromString(*std::move(compressed))};
}

}  // namespace plinth::net
