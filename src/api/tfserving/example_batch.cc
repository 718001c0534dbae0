#include "api/tfserving/example_batch.h"

#include <algorithm>
#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "api/tfserving/data_type.h"
#include "base/buffer.h"

namespace plinth::api::tfserving {
namespace {

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

// The type that an input's elements have; where the model does not say, floats.
DType TypeOf(const TensorSpec& spec) {
  return spec.dtype == DType::kAny ? DType::kFp32 : spec.dtype;
}

// How many dimensions stand before those of a row.
std::size_t OuterRank(const TensorSpec& spec) { return spec.batch_axis == 0 ? 1 : 0; }

bool IsStacked(const TensorSpec& spec) { return !spec.shape || spec.batch_axis == 0; }

// The shape of a tensor of `rows` rows of `width` values; nothing if there is no telling.
Result<Shape> ShapeOf(const TensorSpec& spec, std::int64_t rows, std::int64_t width) {
  if (!spec.shape) return width == 1 ? Shape{rows} : Shape{rows, width};
  Shape shape = *spec.shape;
  std::int64_t known = 1;
  std::size_t open = Shape::kMaxRank;
  for (std::size_t i = OuterRank(spec); i < shape.rank(); ++i) {
    if (shape[i] >= 0) {
      known *= std::max<std::int64_t>(shape[i], 1);
    } else if (std::exchange(open, i) != Shape::kMaxRank) {
      return Invalid("input '" + spec.name + "' has several open dimensions, " +
                     spec.shape->ToString() + ", which examples cannot tell; use predict");
    }
  }
  if (open < shape.rank()) shape[open] = width / known;
  if (OuterRank(spec) == 1) shape[0] = rows;
  return shape;
}

// Values of a row as the shape has them: all, or as a multiple of what is returned.
struct RowWidth {
  std::int64_t known = 1;
  bool open = false;
};

RowWidth WidthOf(const TensorSpec& spec) {
  RowWidth width;
  if (!spec.shape) return {1, true};
  for (std::size_t i = OuterRank(spec); i < spec.shape->rank(); ++i) {
    if ((*spec.shape)[i] < 0) {
      width.open = true;
    } else {
      width.known *= (*spec.shape)[i];
    }
  }
  return width;
}

}  // namespace

ExampleBatch::ExampleBatch(const Signature& signature) {
  columns_.reserve(signature.inputs.size());
  for (const TensorSpec& spec : signature.inputs) columns_.push_back({&spec});
}

Status ExampleBatch::BeginFeature(std::string_view name) {
  added_ = 0;
  const auto column = std::ranges::find(
      columns_, name, [](const Column& c) { return std::string_view(c.spec->name); });
  current_ = column == columns_.end() ? nullptr : &*column;
  if (current_ == nullptr) return {};
  target_ = in_context_ ? &current_->context : &current_->values;
  const bool again = in_context_ ? current_->has_context : current_->rows > examples_;
  if (again) return Invalid("Feature: " + current_->spec->name + " is given twice.");
  return {};
}

template <typename T>
void ExampleBatch::Put(T value) {
  target_->bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  ++added_;
}

Status ExampleBatch::Mismatch(DType given) const {
  return Invalid("Key: " + current_->spec->name +
                 ".  Data types don't match. Data type: " + std::string(DataTypeWord(given)) +
                 " but expected type: " + std::string(DataTypeWord(TypeOf(*current_->spec))));
}

Status ExampleBatch::AddFloat(double value) {
  if (current_ == nullptr) return {};
  const auto single = static_cast<float>(value);
  switch (TypeOf(*current_->spec)) {
    case DType::kFp32:
      Put(single);
      return {};
    case DType::kFp64:
      Put(value);
      return {};
    case DType::kFp16:
      Put(FloatToFp16(single));
      return {};
    case DType::kBf16:
      Put(FloatToBf16(single));
      return {};
    default:
      return Mismatch(DType::kFp32);
  }
}

Status ExampleBatch::AddInteger(std::int64_t value) {
  if (current_ == nullptr) return {};
  const DType type = TypeOf(*current_->spec);
  const auto put = [&]<std::integral T>(T) -> Status {
    if (!std::in_range<T>(value)) {
      return Invalid("Key: " + current_->spec->name + ".  Value " + std::to_string(value) +
                     " is out of the range of " + std::string(DataTypeWord(type)));
    }
    Put(static_cast<T>(value));
    return {};
  };
  switch (type) {
    case DType::kInt8:
      return put(std::int8_t{});
    case DType::kInt16:
      return put(std::int16_t{});
    case DType::kInt32:
      return put(std::int32_t{});
    case DType::kInt64:
      return put(std::int64_t{});
    case DType::kUint8:
      return put(std::uint8_t{});
    case DType::kUint16:
      return put(std::uint16_t{});
    case DType::kUint32:
      return put(std::uint32_t{});
    case DType::kUint64:
      return put(std::uint64_t{});
    case DType::kBool:
      Put(static_cast<std::uint8_t>(value != 0));
      return {};
    case DType::kBytes:
      return Mismatch(DType::kInt64);
    default:
      return AddFloat(static_cast<double>(value));
  }
}

Status ExampleBatch::AddBytes(std::string_view value) {
  if (current_ == nullptr) return {};
  if (TypeOf(*current_->spec) != DType::kBytes) return Mismatch(DType::kBytes);
  target_->bytes += value;
  target_->ends.push_back(target_->bytes.size());
  ++added_;
  return {};
}

// Every row has as many values as the shape says, or as the first one has.
Status ExampleBatch::CheckWidth(Column& column, std::int64_t count) const {
  const RowWidth width = WidthOf(*column.spec);
  if (column.width < 0) {
    const bool fits =
        width.open ? width.known == 0 || count % width.known == 0 : count == width.known;
    column.width = fits ? count : width.known;
  }
  if (count == column.width) return {};
  return Invalid("Key: " + column.spec->name + ".  Number of " +
                 std::string(DataTypeWord(TypeOf(*column.spec))) +
                 " values != expected.  Values size: " + std::to_string(count) +
                 " but expected: " + std::to_string(column.width));
}

Status ExampleBatch::EndFeature() {
  if (current_ == nullptr) return {};
  if (auto checked = CheckWidth(*current_, added_); !checked) return checked;
  if (in_context_) {
    current_->has_context = true;
  } else {
    ++current_->rows;
  }
  return {};
}

Status ExampleBatch::AppendContext(Column& column) {
  const Values& from = column.context;
  context_bytes_ += from.bytes.size() + from.ends.size() * sizeof(std::uint64_t);
  if (context_bytes_ > kMostContextBytes) {
    return Invalid("the context's features, repeated for each example, have more than " +
                   std::to_string(kMostContextBytes) +
                   " bytes; send fewer examples in a request, or the features with each");
  }
  const std::size_t begin = column.values.bytes.size();
  column.values.bytes += from.bytes;
  for (const std::uint64_t end : from.ends) column.values.ends.push_back(begin + end);
  ++column.rows;
  return {};
}

Status ExampleBatch::EndExample() {
  for (Column& column : columns_) {
    if (column.rows > examples_) continue;
    if (column.has_context) {
      if (auto appended = AppendContext(column); !appended) return appended;
    } else if (!column.spec->optional) {
      return Invalid("Feature: " + column.spec->name +
                     " (data type: " + std::string(DataTypeWord(TypeOf(*column.spec))) +
                     ") is required but could not be found.");
    }
  }
  ++examples_;
  return {};
}

Result<Tensor> ExampleBatch::TensorOf(Column& column) const {
  const TensorSpec& spec = *column.spec;
  if (!IsStacked(spec) && column.rows != 1) {
    return Invalid("input '" + spec.name + "' has no batch dimension (its shape is " +
                   spec.shape->ToString() + "): send one example at a time");
  }
  const auto shape = ShapeOf(spec, column.rows, column.width);
  if (!shape) return Fail(shape.error());
  Buffer bytes = Buffer::FromString(std::move(column.values.bytes));
  if (spec.dtype != DType::kBytes)
    return Tensor::FromBuffer(TypeOf(spec), *shape, std::move(bytes));
  auto& ends = column.values.ends;
  ends.insert(ends.begin(), 0);
  const auto owner = std::make_shared<const std::vector<std::uint64_t>>(std::move(ends));
  return Tensor::FromStrings(
      *shape, std::move(bytes),
      Buffer::Share(owner, owner->data(), owner->size() * sizeof(std::uint64_t)));
}

Result<std::vector<NamedTensor>> ExampleBatch::Finish() {
  std::vector<NamedTensor> inputs;
  for (Column& column : columns_) {
    if (column.rows == 0) continue;
    if (column.rows != examples_) {
      return Invalid("Feature: " + column.spec->name +
                     " is there in some of the examples and missing in others.");
    }
    auto tensor = TensorOf(column);
    if (!tensor) return Fail(std::move(tensor.error()));
    inputs.push_back({column.spec->name, *std::move(tensor)});
  }
  return inputs;
}

}  // namespace plinth::api::tfserving
