#include "api/tfserving/grpc/examples_proto.h"

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <protozero/pbf_reader.hpp>

#include "api/tfserving/example_batch.h"

namespace plinth::api::tfserving {
namespace {

using protozero::data_view;
using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr auto kDelimited = pbf_wire_type::length_delimited;

// Lists of a feature: bytes_list, float_list, int64_list. Each has its values in field 1, of which
// numbers may come packed or one by one.
Status ReadBytes(data_view list, ExampleBatch& batch) {
  for (pbf_reader reader(list); reader.next(1, kDelimited);) {
    const data_view value = reader.get_view();
    if (auto added = batch.AddBytes({value.data(), value.size()}); !added) return added;
  }
  return {};
}

Status ReadFloats(data_view list, ExampleBatch& batch) {
  for (pbf_reader reader(list); reader.next();) {
    if (reader.tag_and_type() == protozero::tag_and_type(1, pbf_wire_type::fixed32)) {
      if (auto added = batch.AddFloat(reader.get_float()); !added) return added;
      continue;
    }
    if (reader.tag_and_type() != protozero::tag_and_type(1, kDelimited)) {
      reader.skip();
      continue;
    }
    for (const float value : reader.get_packed_float()) {
      if (auto added = batch.AddFloat(value); !added) return added;
    }
  }
  return {};
}

Status ReadIntegers(data_view list, ExampleBatch& batch) {
  for (pbf_reader reader(list); reader.next();) {
    if (reader.tag_and_type() == protozero::tag_and_type(1, pbf_wire_type::varint)) {
      if (auto added = batch.AddInteger(reader.get_int64()); !added) return added;
      continue;
    }
    if (reader.tag_and_type() != protozero::tag_and_type(1, kDelimited)) {
      reader.skip();
      continue;
    }
    for (const std::int64_t value : reader.get_packed_int64()) {
      if (auto added = batch.AddInteger(value); !added) return added;
    }
  }
  return {};
}

// Feature: one of three lists.
Status ReadFeature(data_view feature, ExampleBatch& batch) {
  for (pbf_reader reader(feature); reader.next();) {
    if (!reader.has_wire_type(kDelimited) || reader.tag() > 3) {
      reader.skip();
      continue;
    }
    constexpr Status (*kReaders[])(data_view, ExampleBatch&) = {ReadBytes, ReadFloats,
                                                                ReadIntegers};
    const auto read = kReaders[reader.tag() - 1];
    if (auto done = read(reader.get_view(), batch); !done) return done;
  }
  return {};
}

// An entry of Features.feature: a name and a Feature.
Status ReadEntry(data_view entry, ExampleBatch& batch) {
  data_view name;
  data_view feature;
  for (pbf_reader reader(entry); reader.next();) {
    if (reader.has_wire_type(kDelimited) && reader.tag() <= 2) {
      (reader.tag() == 1 ? name : feature) = reader.get_view();
    } else {
      reader.skip();
    }
  }
  if (auto begun = batch.BeginFeature({name.data(), name.size()}); !begun) return begun;
  if (auto read = ReadFeature(feature, batch); !read) return read;
  return batch.EndFeature();
}

// Example: one Features message, which holds the entries.
Status ReadExample(data_view example, ExampleBatch& batch) {
  for (pbf_reader reader(example); reader.next(1, kDelimited);) {
    for (pbf_reader features = reader.get_message(); features.next(1, kDelimited);) {
      if (auto read = ReadEntry(features.get_view(), batch); !read) return read;
    }
  }
  return {};
}

// ExampleList and ExampleListWithContext, which only adds field 2 to it.
Status ReadList(data_view list, bool has_context, ExampleBatch& batch) {
  if (has_context) {
    batch.BeginContext();
    for (pbf_reader reader(list); reader.next(2, kDelimited);) {
      if (auto read = ReadExample(reader.get_view(), batch); !read) return read;
    }
    batch.EndContext();
  }
  for (pbf_reader reader(list); reader.next(1, kDelimited);) {
    if (auto read = ReadExample(reader.get_view(), batch); !read) return read;
    if (auto ended = batch.EndExample(); !ended) return ended;
  }
  return {};
}

}  // namespace

Result<ExamplesInput> DecodeExamplesInput(data_view input, const Signature& signature) {
  ExampleBatch batch(signature);
  data_view list;
  bool has_context = false;
  for (pbf_reader reader(input); reader.next();) {
    if (reader.has_wire_type(kDelimited) && reader.tag() <= 2) {
      has_context = reader.tag() == 2;
      list = reader.get_view();
    } else {
      reader.skip();
    }
  }
  if (auto read = ReadList(list, has_context, batch); !read) return Fail(std::move(read.error()));
  if (batch.count() == 0) return Fail(Code::kInvalidArgument, "Input is empty.");
  auto inputs = batch.Finish();
  if (!inputs) return Fail(std::move(inputs.error()));
  return ExamplesInput{*std::move(inputs), batch.count()};
}

}  // namespace plinth::api::tfserving
