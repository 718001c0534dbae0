#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <protozero/pbf_reader.hpp>

#include "api/tfserving/data_type.h"
#include "api/tfserving/grpc/tensor_fields.h"
#include "api/tfserving/grpc/tensor_proto.h"

namespace plinth::api::tfserving {
namespace {

using protozero::data_view;
using protozero::pbf_reader;
using protozero::pbf_wire_type;

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

Result<Shape> DecodeShape(data_view proto) {
  Shape shape;
  for (pbf_reader reader(proto); reader.next();) {
    if (reader.tag() == kUnknownRank && reader.has_wire_type(pbf_wire_type::varint)) {
      if (reader.get_uint64() != 0) return Invalid("its rank is not known");
    } else if (reader.tag() == kDim && reader.has_wire_type(pbf_wire_type::length_delimited)) {
      std::int64_t size = 0;
      for (pbf_reader dim = reader.get_message(); dim.next();) {
        if (dim.tag() == kDimSize && dim.has_wire_type(pbf_wire_type::varint)) {
          size = dim.get_int64();
        } else {
          dim.skip();
        }
      }
      if (shape.rank() == Shape::kMaxRank) {
        return Invalid("it has more than " + std::to_string(Shape::kMaxRank) + " dimensions");
      }
      shape.Append(size);
    } else {
      reader.skip();
    }
  }
  return shape;
}

// What stands in a message of one tensor, but for the values.
struct Envelope {
  std::optional<DType> type;
  Shape shape;
  data_view content;
};

Result<Envelope> DecodeEnvelope(data_view proto) {
  Envelope envelope;
  for (pbf_reader reader(proto); reader.next();) {
    const bool delimited = reader.has_wire_type(pbf_wire_type::length_delimited);
    if (reader.tag() == kDtype && reader.has_wire_type(pbf_wire_type::varint)) {
      envelope.type = DTypeOf(reader.get_int32());
    } else if (reader.tag() == kTensorShape && delimited) {
      auto shape = DecodeShape(reader.get_view());
      if (!shape) return Fail(std::move(shape.error()));
      envelope.shape = *shape;
    } else if (reader.tag() == kTensorContent && delimited) {
      envelope.content = reader.get_view();
    } else {
      reader.skip();
    }
  }
  if (!envelope.type) return Invalid("its type is none that this server has");
  if (!envelope.shape.ElementCount()) {
    return Invalid("its shape " + envelope.shape.ToString() + " is negative or too large");
  }
  return envelope;
}

Buffer SliceOf(const Buffer& message, data_view view) {
  const auto* const begin = reinterpret_cast<const std::byte*>(view.data());
  return message.Slice(static_cast<std::size_t>(begin - message.data()), view.size());
}

// Truth values are kept as 0 and 1.
Result<Tensor> TensorOf(DType type, const Shape& shape, Buffer bytes) {
  auto tensor = Tensor::FromBuffer(type, shape, std::move(bytes));
  if (!tensor || type != DType::kBool) return tensor;
  const auto given = tensor->values<std::uint8_t>();
  if (std::ranges::all_of(given, [](std::uint8_t truth) { return truth <= 1; })) return tensor;
  auto copy = Tensor::Allocate(type, shape);
  if (!copy) return copy;
  std::ranges::transform(given, copy->mutable_values<std::uint8_t>().begin(),
                         [](std::uint8_t truth) { return static_cast<std::uint8_t>(truth != 0); });
  return copy;
}

// Strings, one behind the other, with room for `count` of them.
class Strings {
 public:
  explicit Strings(std::size_t count) : offsets_(Buffer::Allocate((count + 1) * kOffset)) {
    Offsets()[0] = 0;
  }

  void Append(std::string_view text) {
    bytes_ += text;
    Offsets()[++count_] = bytes_.size();
  }
  std::size_t count() const { return count_; }

  Result<Tensor> Finish(const Shape& shape) && {
    return Tensor::FromStrings(shape, Buffer::FromString(std::move(bytes_)), offsets_);
  }

 private:
  static constexpr std::size_t kOffset = sizeof(std::uint64_t);
  std::uint64_t* Offsets() { return reinterpret_cast<std::uint64_t*>(offsets_.mutable_data()); }

  Buffer offsets_;
  std::string bytes_;
  std::size_t count_ = 0;
};

// BYTES as content: the lengths of all strings, then the strings.
Result<Tensor> DecodeStringContent(const Envelope& envelope) {
  const auto count = static_cast<std::size_t>(*envelope.shape.ElementCount());
  const char* at = envelope.content.data();
  const char* const end = at + envelope.content.size();
  // A length takes a byte at least.
  if (count > envelope.content.size()) return Invalid("tensor_content is too short");
  std::vector<std::uint64_t> sizes(count);
  for (std::uint64_t& size : sizes) size = protozero::decode_varint(&at, end);
  Strings strings(count);
  for (const std::uint64_t size : sizes) {
    if (size > static_cast<std::uint64_t>(end - at)) return Invalid("tensor_content is too short");
    strings.Append({at, static_cast<std::size_t>(size)});
    at += size;
  }
  if (at != end) return Invalid("tensor_content is too long");
  return std::move(strings).Finish(envelope.shape);
}

Result<Tensor> DecodeContent(const Envelope& envelope, const Buffer& message) {
  if (*envelope.type == DType::kBytes) return DecodeStringContent(envelope);
  return TensorOf(*envelope.type, envelope.shape, SliceOf(message, envelope.content));
}

// Takes a list that is shorter than its tensor from the budget.
Status TakeFill(std::size_t bytes, std::size_t& budget) {
  if (bytes > budget) {
    return Invalid("it has fewer values than elements and would be filled up to more than " +
                   std::to_string(kMostFilledBytes) + " bytes; send all of its elements");
  }
  budget -= bytes;
  return {};
}

// Reads lists of one kind of value: `Wire` is what is sent, `T` what a tensor holds.
template <typename T, typename Wire>
class ListDecoder {
 public:
  ListDecoder(const Envelope& envelope, const Buffer& message, std::size_t& budget)
      : envelope_(envelope),
        message_(message),
        budget_(budget),
        wanted_(static_cast<std::size_t>(*envelope.shape.ElementCount())) {}

  Result<Tensor> Decode(data_view proto, protozero::pbf_tag_type tag) {
    if (auto whole = FindWhole(proto, tag))
      return TensorOf(*envelope_.type, envelope_.shape, *whole);
    const std::size_t given = Count(proto, tag);
    if (given < wanted_) {
      if (wanted_ > budget_) return Fail(TakeFill(wanted_, budget_).error());
      if (auto taken = TakeFill(wanted_ * sizeof(T), budget_); !taken) return Fail(taken.error());
    }
    auto tensor = Tensor::Allocate(*envelope_.type, envelope_.shape);
    if (!tensor) return tensor;
    elements_ = tensor->template mutable_values<T>();
    ForEach(proto, tag, [this](Wire value) { Put(value); });
    const T last = put_ == 0 ? T{} : elements_[put_ - 1];
    std::fill(elements_.begin() + static_cast<std::ptrdiff_t>(put_), elements_.end(), last);
    return tensor;
  }

 private:
  static constexpr bool kFixed = std::is_floating_point_v<Wire>;
  // How a value comes that is not in a packed list.
  static constexpr pbf_wire_type kSingle = std::is_same_v<Wire, float>    ? pbf_wire_type::fixed32
                                           : std::is_same_v<Wire, double> ? pbf_wire_type::fixed64
                                                                          : pbf_wire_type::varint;

  // The elements as they lie in the message, if they do: one packed list, of numbers as they are
  // kept.
  std::optional<Buffer> FindWhole(data_view proto, protozero::pbf_tag_type tag) const {
    if constexpr (!kFixed) return std::nullopt;
    std::optional<data_view> found;
    for (pbf_reader reader(proto); reader.next();) {
      if (reader.tag() != tag) {
        reader.skip();
      } else if (found || !reader.has_wire_type(pbf_wire_type::length_delimited)) {
        return std::nullopt;
      } else {
        found = reader.get_view();
      }
    }
    if (!found || found->size() != wanted_ * sizeof(T)) return std::nullopt;
    return SliceOf(message_, *found);
  }

  template <typename Use>
  static void ForEach(data_view proto, protozero::pbf_tag_type tag, Use use) {
    for (pbf_reader reader(proto); reader.next();) {
      if (reader.tag_and_type() == protozero::tag_and_type(tag, pbf_wire_type::length_delimited)) {
        ForEachPacked(reader.get_view(), use);
      } else if (reader.tag_and_type() == protozero::tag_and_type(tag, kSingle)) {
        Wire value{};
        ReadSingle(reader, value);
        use(value);
      } else {
        reader.skip();
      }
    }
  }

  static void ReadSingle(pbf_reader& reader, float& value) { value = reader.get_float(); }
  static void ReadSingle(pbf_reader& reader, double& value) { value = reader.get_double(); }
  static void ReadSingle(pbf_reader& reader, std::uint64_t& value) { value = reader.get_uint64(); }

  template <typename Use>
  static void ForEachPacked(data_view packed, Use use) {
    const char* at = packed.data();
    const char* const end = at + packed.size();
    if constexpr (kFixed) {
      if (packed.size() % sizeof(Wire) != 0) throw protozero::invalid_length_exception();
      for (Wire value; at != end; at += sizeof value) {
        std::memcpy(&value, at, sizeof value);
        use(value);
      }
    } else {
      while (at != end) use(protozero::decode_varint(&at, end));
    }
  }

  static std::size_t Count(data_view proto, protozero::pbf_tag_type tag) {
    std::size_t count = 0;
    ForEach(proto, tag, [&count](Wire) { ++count; });
    return count;
  }

  void Put(Wire value) {
    if (put_ == elements_.size()) return;
    T& element = elements_[put_++];
    // Numbers of fewer bits are sent as larger ones; as in TensorFlow the low bits count.
    element = static_cast<T>(value);
    if constexpr (std::is_same_v<T, std::uint8_t>) {
      if (*envelope_.type == DType::kBool) element = value != 0;
    }
  }

  const Envelope& envelope_;
  const Buffer& message_;
  std::size_t& budget_;
  const std::size_t wanted_;
  std::span<T> elements_;
  std::size_t put_ = 0;
};

Result<Tensor> DecodeStrings(data_view proto, const Envelope& envelope, std::size_t& budget) {
  const auto wanted = static_cast<std::size_t>(*envelope.shape.ElementCount());
  std::size_t given = 0;
  data_view last;
  for (pbf_reader reader(proto); reader.next(kStringVal, pbf_wire_type::length_delimited);) {
    last = reader.get_view();
    ++given;
  }
  if (given < wanted) {
    const std::size_t each = last.size() + sizeof(std::uint64_t);
    const std::size_t missing = wanted - given;
    const bool huge = missing > budget || each > budget;
    if (auto taken = TakeFill(huge ? budget + 1 : missing * each, budget); !taken)
      return Fail(taken.error());
  }
  Strings strings(wanted);
  for (pbf_reader reader(proto);
       strings.count() < wanted && reader.next(kStringVal, pbf_wire_type::length_delimited);) {
    const data_view text = reader.get_view();
    strings.Append({text.data(), text.size()});
  }
  while (strings.count() < wanted) strings.Append({last.data(), last.size()});
  return std::move(strings).Finish(envelope.shape);
}

Result<Tensor> DecodeLists(data_view proto, const Envelope& envelope, const Buffer& message,
                           std::size_t& budget) {
  const auto decode = [&]<typename T, typename Wire>(T, Wire) {
    return ListDecoder<T, Wire>(envelope, message, budget)
        .Decode(proto, ListFieldOf(*envelope.type));
  };
  constexpr std::uint64_t kVarint = 0;
  switch (*envelope.type) {
    case DType::kFp32:
      return decode(float{}, float{});
    case DType::kFp64:
      return decode(double{}, double{});
    case DType::kInt8:
      return decode(std::int8_t{}, kVarint);
    case DType::kInt16:
      return decode(std::int16_t{}, kVarint);
    case DType::kInt32:
      return decode(std::int32_t{}, kVarint);
    case DType::kInt64:
      return decode(std::int64_t{}, kVarint);
    case DType::kBool:
    case DType::kUint8:
      return decode(std::uint8_t{}, kVarint);
    case DType::kUint16:
    case DType::kFp16:
    case DType::kBf16:
      return decode(std::uint16_t{}, kVarint);
    case DType::kUint32:
      return decode(std::uint32_t{}, kVarint);
    case DType::kUint64:
      return decode(std::uint64_t{}, kVarint);
    default:
      return DecodeStrings(proto, envelope, budget);
  }
}

}  // namespace

Result<Tensor> DecodeTensorProto(data_view proto, const Buffer& message, std::size_t& fill_budget) {
  const auto envelope = DecodeEnvelope(proto);
  if (!envelope) return Fail(envelope.error());
  if (!envelope->content.empty()) return DecodeContent(*envelope, message);
  return DecodeLists(proto, *envelope, message, fill_budget);
}

}  // namespace plinth::api::tfserving
