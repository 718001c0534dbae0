#include "api/openinference/grpc/infer_writer.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <protozero/pbf_writer.hpp>

#include "api/openinference/raw.h"

namespace plinth::api::openinference {
namespace {

// A nested message is complete when its writer ends: each has a block, or a function, of its own.
using Writer = protozero::pbf_writer;

// Tensors of up to so many bytes are copied: less work than a piece of their own.
constexpr std::size_t kSmall = 1024;

constexpr std::uint32_t kRawOutputContents = 6;

void Add(Writer& writer, std::uint32_t field, std::string_view text) {
  if (!text.empty()) writer.add_bytes(field, text.data(), text.size());
}

// An entry of a map of parameters, whose value `add` writes.
template <typename Write>
void AddParameter(Writer& writer, std::uint32_t field, std::string_view key, Write add) {
  Writer entry(writer, field);
  Add(entry, 1, key);
  Writer value(entry, 2);
  add(value);
}

void AddOutput(Writer& writer, const AnsweredOutput& output) {
  Writer nested(writer, 5);
  Add(nested, 1, output.name);
  Add(nested, 2, NameOf(output.tensor.dtype()));
  const auto dims = output.tensor.shape().dims();
  nested.add_packed_int64(3, dims.begin(), dims.end());
}

// The tag and the length that go before `size` bytes.
void AppendHead(std::string& text, std::uint32_t field, std::size_t size) {
  constexpr std::uint32_t kLengthDelimited = 2;
  protozero::add_varint_to_buffer(&text, field << 3 | kLengthDelimited);
  protozero::add_varint_to_buffer(&text, size);
}

// The bytes of the outputs behind `head`, large ones as pieces of their own.
net::GrpcMessage WithContents(std::string head, std::span<const AnsweredOutput> outputs) {
  net::GrpcMessage message;
  for (const AnsweredOutput& output : outputs) {
    const bool is_shared = output.wanted != nullptr && output.wanted->region.mapping;
    const Buffer raw = is_shared ? Buffer() : RawOf(output.tensor);
    AppendHead(head, kRawOutputContents, raw.size());
    if (raw.size() <= kSmall) {
      head.append(raw.As<char>(), raw.size());
      continue;
    }
    message.push_back(Buffer::FromString(std::exchange(head, {})));
    message.push_back(raw);
  }
  if (!head.empty()) message.push_back(Buffer::FromString(std::move(head)));
  return message;
}

}  // namespace

net::GrpcMessage WriteInferResponse(const InferResponse& response, std::string_view id,
                                    std::span<const AnsweredOutput> outputs,
                                    std::optional<bool> last, std::string_view steps) {
  std::string head;
  Writer writer(head);
  Add(writer, 1, response.version->name());
  Add(writer, 2, response.version->version());
  Add(writer, 3, id);
  if (last) {
    AddParameter(writer, 4, "triton_final_response",
                 [&](Writer& value) { value.add_bool(1, *last); });
  }
  if (!steps.empty()) {
    AddParameter(writer, 4, "trace",
                 [&](Writer& value) { value.add_string(3, steps.data(), steps.size()); });
  }
  for (const AnsweredOutput& output : outputs) AddOutput(writer, output);
  return WithContents(std::move(head), outputs);
}

net::GrpcMessage WriteStreamAnswer(net::GrpcMessage response) {
  std::size_t size = 0;
  for (const Buffer& piece : response) size += piece.size();
  std::string head;
  AppendHead(head, 2, size);
  response.insert(response.begin(), Buffer::FromString(std::move(head)));
  return response;
}

net::GrpcMessage WriteStreamError(std::string_view message, std::string_view id) {
  std::string text;
  Writer writer(text);
  Add(writer, 1, message);
  {
    Writer response(writer, 2);
    Add(response, 3, id);
  }
  return {Buffer::FromString(std::move(text))};
}

}  // namespace plinth::api::openinference
