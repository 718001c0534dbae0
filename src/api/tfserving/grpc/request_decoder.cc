#include <algorithm>
#include <utility>

#include <protozero/pbf_reader.hpp>

#include "api/protobuf/reader.h"
#include "api/tfserving/grpc/messages.h"

namespace plinth::api::tfserving {
namespace {

using protozero::data_view;
using protozero::pbf_wire_type;

// Calls `read` with the tag of each field that holds bytes, a string or a message, and skips all
// others.
template <typename Read>
void ForEachView(data_view message, Read read) {
  protobuf::ForEachField({message.data(), message.size()},
                         [&read](protobuf::Reader& reader, std::uint32_t) {
                           if (!reader.has_wire_type(pbf_wire_type::length_delimited)) return false;
                           read(reader.tag(), reader.get_view());
                           return true;
                         });
}

std::string TextOf(data_view view) { return {view.data(), view.size()}; }

// google.protobuf.Int64Value.
std::int64_t DecodeInt64Value(data_view message) {
  std::int64_t value = 0;
  protobuf::ForEachField({message.data(), message.size()},
                         [&value](protobuf::Reader& reader, std::uint32_t field) {
                           if (field != protobuf::Varint(1)) return false;
                           value = reader.get_int64();
                           return true;
                         });
  return value;
}

ModelSpec DecodeModelSpec(data_view message) {
  ModelSpec spec;
  ForEachView(message, [&spec](auto tag, data_view view) {
    switch (tag) {
      case 1:
        spec.name = TextOf(view);
        return;
      case 2:
        spec.version = DecodeInt64Value(view);
        spec.label.reset();
        return;
      case 3:
        spec.signature_name = TextOf(view);
        return;
      case 4:
        spec.label = TextOf(view);
        spec.version.reset();
        return;
      default:
        return;
    }
  });
  return spec;
}

// An entry of a map from strings to messages.
std::pair<std::string, data_view> DecodeEntry(data_view message) {
  std::pair<std::string, data_view> entry;
  ForEachView(message, [&entry](auto tag, data_view view) {
    if (tag == 1) entry.first = TextOf(view);
    if (tag == 2) entry.second = view;
  });
  return entry;
}

}  // namespace

PredictRequest DecodePredictRequest(data_view message) {
  PredictRequest request;
  ForEachView(message, [&request](auto tag, data_view view) {
    if (tag == 1) request.spec = DecodeModelSpec(view);
    if (tag == 2) request.inputs.push_back(DecodeEntry(view));
    if (tag == 3) request.output_filter.push_back(TextOf(view));
  });
  // Of entries with the same key the last one counts.
  auto& inputs = request.inputs;
  std::ranges::stable_sort(inputs, {},
                           [](const auto& input) -> const std::string& { return input.first; });
  const auto [begin, end] =
      std::ranges::unique(inputs.rbegin(), inputs.rend(), {},
                          [](const auto& input) -> const std::string& { return input.first; });
  inputs.erase(inputs.begin(), begin.base());
  return request;
}

ExamplesRequest DecodeExamplesRequest(data_view message) {
  ExamplesRequest request;
  ForEachView(message, [&request](auto tag, data_view view) {
    if (tag == 1) request.spec = DecodeModelSpec(view);
    if (tag == 2) request.input = view;
  });
  return request;
}

MultiInferenceRequest DecodeMultiInferenceRequest(data_view message) {
  MultiInferenceRequest request;
  ForEachView(message, [&request](auto tag, data_view view) {
    if (tag == 2) request.input = view;
    if (tag != 1) return;
    InferenceTask task;
    ForEachView(view, [&task](auto field, data_view value) {
      if (field == 1) task.spec = DecodeModelSpec(value);
      if (field == 2) task.method = TextOf(value);
    });
    request.tasks.push_back(std::move(task));
  });
  return request;
}

MetadataRequest DecodeMetadataRequest(data_view message) {
  MetadataRequest request;
  ForEachView(message, [&request](auto tag, data_view view) {
    if (tag == 2) request.fields.push_back(TextOf(view));
    if (tag != 1) return;
    request.has_spec = true;
    request.spec = DecodeModelSpec(view);
  });
  return request;
}

}  // namespace plinth::api::tfserving
