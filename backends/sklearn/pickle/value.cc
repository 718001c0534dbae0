#include "pickle/value.h"

#include <utility>

namespace plinth::sklearn {

const DType::Field* DType::Find(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

namespace {

const Value* FindPair(const std::vector<Value*>& items, std::string_view key) {
  for (std::size_t i = items.size() / 2; i-- > 0;) {
    const Value& candidate = *items[2 * i];
    if (candidate.IsText() && candidate.text == key) return items[2 * i + 1];
  }
  return nullptr;
}

}  // namespace

const Value* Value::Get(std::string_view key) const {
  const bool has_pairs = kind == Kind::kDict || (kind == Kind::kObject && pairs);
  return has_pairs ? FindPair(items, key) : nullptr;
}

const Value* Value::Attribute(std::string_view name) const {
  if (kind != Kind::kObject || state == nullptr) return nullptr;
  if (state->Is(Kind::kDict)) return state->Get(name);
  // A class with slots gives (dict or None, dict of slots).
  if (state->Is(Kind::kTuple) && state->items.size() == 2) {
    const Value* slot = state->items[1]->Get(name);
    return slot ? slot : state->items[0]->Get(name);
  }
  return nullptr;
}

std::string Describe(const Value& value) {
  switch (value.kind) {
    case Kind::kNone:
      return "None";
    case Kind::kBool:
      return value.integer ? "True" : "False";
    case Kind::kInt:
      return "the int " + std::to_string(value.integer);
    case Kind::kBigInt:
      return "a very large int";
    case Kind::kFloat:
      return "the float " + std::to_string(value.real);
    case Kind::kString:
      return "the str '" + std::string(value.text.substr(0, 64)) + "'";
    case Kind::kBytes:
      return "bytes of length " + std::to_string(value.text.size());
    case Kind::kList:
      return "a list of " + std::to_string(value.items.size());
    case Kind::kTuple:
      return "a tuple of " + std::to_string(value.items.size());
    case Kind::kSet:
      return "a set of " + std::to_string(value.items.size());
    case Kind::kDict:
      return "a dict of " + std::to_string(value.items.size() / 2);
    case Kind::kGlobal:
      return "the name " + std::string(value.text);
    case Kind::kObject:
      return "an object of class " + std::string(value.text);
    case Kind::kDType:
      return "a dtype";
    case Kind::kArray:
      break;
  }
  if (value.array == nullptr) return "an array without contents";
  std::string shape;
  for (std::size_t dim : value.array->shape) {
    if (!shape.empty()) shape += ", ";
    shape += std::to_string(dim);
  }
  return std::string("an array of kind '") + value.array->dtype->kind + "' and shape [" + shape +
         "]";
}

Document::Document(std::string bytes, std::size_t budget)
    : bytes_(std::move(bytes)), budget_(budget) {
  true_.kind = false_.kind = Kind::kBool;
  true_.integer = 1;
  small_ints_.resize(static_cast<std::size_t>(kSmallIntHigh - kSmallIntLow));
  for (int i = kSmallIntLow; i < kSmallIntHigh; ++i) {
    Value& value = small_ints_[static_cast<std::size_t>(i - kSmallIntLow)];
    value.kind = Kind::kInt;
    value.integer = i;
  }
}

std::size_t Document::BudgetFor(std::size_t stream_size) {
  // The densest honest content is a list of floats: ten bytes each in the stream, one Value and its
  // place here.
  constexpr std::size_t kFloor = std::size_t{16} << 20;
  constexpr std::size_t kCeiling = std::size_t{16} << 30;
  constexpr std::size_t kFactor = 24;
  if (stream_size > kCeiling / kFactor) return kCeiling;
  return kFloor + kFactor * stream_size;
}

bool Document::Charge(std::size_t size) {
  if (size > budget_ - used_) return false;
  used_ += size;
  return true;
}

Value* Document::New(Kind kind) {
  if (!Charge(sizeof(Value))) return nullptr;
  Value& value = values_.emplace_back();
  value.kind = kind;
  return &value;
}

Value* Document::NewInt(std::int64_t integer) {
  if (integer >= kSmallIntLow && integer < kSmallIntHigh) {
    return &small_ints_[static_cast<std::size_t>(integer - kSmallIntLow)];
  }
  Value* value = New(Kind::kInt);
  if (value) value->integer = integer;
  return value;
}

Value* Document::NewFloat(double real) {
  Value* value = New(Kind::kFloat);
  if (value) value->real = real;
  return value;
}

Value* Document::NewText(Kind kind, std::string_view text) {
  Value* value = New(kind);
  if (value) value->text = text;
  return value;
}

Value* Document::NewArray(Array array) {
  Value* value = New(Kind::kArray);
  if (value == nullptr) return nullptr;
  value->array = KeepArray(std::move(array));
  return value->array ? value : nullptr;
}

const Array* Document::KeepArray(Array array) {
  if (!Charge(sizeof(Array) + array.shape.size() * sizeof(std::size_t) +
              array.objects.size() * sizeof(Value*))) {
    return nullptr;
  }
  return &arrays_.emplace_back(std::move(array));
}

std::string_view Document::KeepText(std::string text) {
  if (!Charge(sizeof(std::string) + text.size())) return {};
  return texts_.emplace_back(std::move(text));
}

const DType* Document::KeepDType(DType dtype) {
  if (!Charge(sizeof(DType) + dtype.fields.size() * sizeof(DType::Field))) return nullptr;
  return &dtypes_.emplace_back(std::move(dtype));
}

}  // namespace plinth::sklearn
