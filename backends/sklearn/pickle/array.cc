#include "pickle/array.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "pickle/text.h"

namespace plinth::sklearn {
namespace {

template <typename T>
T Load(const char* bytes, bool big_endian) {
  T value;
  if (big_endian) {
    char swapped[sizeof(T)];
    for (std::size_t i = 0; i < sizeof(T); ++i) swapped[i] = bytes[sizeof(T) - 1 - i];
    std::memcpy(&value, swapped, sizeof(T));
  } else {
    std::memcpy(&value, bytes, sizeof(T));
  }
  return value;
}

double HalfToDouble(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int mantissa = half & 1023;
  double magnitude = 0;
  if (exponent == 31) {
    magnitude = mantissa ? std::numeric_limits<double>::quiet_NaN()
                         : std::numeric_limits<double>::infinity();
  } else if (exponent == 0) {
    magnitude = std::ldexp(mantissa, -24);
  } else {
    magnitude = std::ldexp(1024 + mantissa, exponent - 25);
  }
  return half & 0x8000 ? -magnitude : magnitude;
}

using ReadDouble = double (*)(const char*, bool);
using ReadInt = std::int64_t (*)(const char*, bool);

template <typename T, typename Out>
Out ReadAs(const char* bytes, bool big_endian) {
  return static_cast<Out>(Load<T>(bytes, big_endian));
}

template <typename Out>
Out (*IntegerReader(const DType& dtype))(const char*, bool) {
  if (dtype.kind == 'b' || dtype.kind == 'u') {
    switch (dtype.size) {
      case 1:
        return ReadAs<std::uint8_t, Out>;
      case 2:
        return ReadAs<std::uint16_t, Out>;
      case 4:
        return ReadAs<std::uint32_t, Out>;
      case 8:
        return ReadAs<std::uint64_t, Out>;
      default:
        return nullptr;
    }
  }
  if (dtype.kind == 'i') {
    switch (dtype.size) {
      case 1:
        return ReadAs<std::int8_t, Out>;
      case 2:
        return ReadAs<std::int16_t, Out>;
      case 4:
        return ReadAs<std::int32_t, Out>;
      case 8:
        return ReadAs<std::int64_t, Out>;
      default:
        return nullptr;
    }
  }
  return nullptr;
}

ReadDouble DoubleReader(const DType& dtype) {
  if (dtype.kind == 'f') {
    switch (dtype.size) {
      case 2:
        return [](const char* bytes, bool big) {
          return HalfToDouble(Load<std::uint16_t>(bytes, big));
        };
      case 4:
        return ReadAs<float, double>;
      case 8:
        return ReadAs<double, double>;
      default:
        return nullptr;
    }
  }
  return IntegerReader<double>(dtype);
}

Error WrongType(const DType& dtype, std::string_view expected) {
  return Error{Code::kInvalidModel, "an array has elements of kind '" + std::string(1, dtype.kind) +
                                        "' and " + std::to_string(dtype.size) + " bytes where " +
                                        std::string(expected) + " were expected"};
}

// Calls visit(memory index) for every element in row-major order.
template <typename Visit>
void ForEachRowMajor(const Array& array, Visit visit) {
  const std::size_t rank = array.shape.size();
  if (!array.fortran || rank < 2) {
    for (std::size_t i = 0; i < array.count; ++i) visit(i);
    return;
  }
  std::vector<std::size_t> strides(rank);
  std::size_t stride = 1;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    strides[axis] = stride;
    stride *= array.shape[axis];
  }
  std::vector<std::size_t> index(rank, 0);
  std::size_t place = 0;
  for (std::size_t i = 0; i < array.count; ++i) {
    visit(place);
    for (std::size_t axis = rank; axis-- > 0;) {
      place += strides[axis];
      if (++index[axis] < array.shape[axis]) break;
      place -= strides[axis] * array.shape[axis];
      index[axis] = 0;
    }
  }
}

template <typename Out, typename Reader>
std::vector<Out> ReadPlain(const Array& array, const DType& element, std::size_t offset,
                           Reader reader) {
  std::vector<Out> out;
  out.reserve(array.count);
  const char* base = array.data.data() + offset;
  const std::size_t step = array.dtype->size;
  ForEachRowMajor(
      array, [&](std::size_t i) { out.push_back(reader(base + i * step, element.big_endian)); });
  return out;
}

// A fixed-width string without its padding of zeros.
std::string FixedString(const DType& dtype, const char* bytes) {
  if (dtype.kind == 'S') {
    std::string_view text(bytes, dtype.size);
    return std::string(text.substr(0, text.find_last_not_of('\0') + 1));
  }
  std::size_t length = dtype.size / 4;
  while (length > 0 && Load<std::uint32_t>(bytes + 4 * (length - 1), false) == 0) --length;
  std::string out;
  for (std::size_t i = 0; i < length; ++i) {
    AppendUtf8(Load<std::uint32_t>(bytes + 4 * i, dtype.big_endian), out);
  }
  return out;
}

bool NumberOf(const Value& value, double& out) {
  if (value.Is(Kind::kBool) || value.Is(Kind::kInt)) {
    out = static_cast<double>(value.integer);
  } else if (value.Is(Kind::kFloat)) {
    out = value.real;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<DType> ParseDType(std::string_view text) {
  DType dtype;
  std::string_view rest = text;
  if (!rest.empty() && (rest[0] == '<' || rest[0] == '>' || rest[0] == '|' || rest[0] == '=')) {
    dtype.big_endian = rest[0] == '>';
    rest.remove_prefix(1);
  }
  const auto unknown = [&] {
    constexpr std::size_t kShown = 40;
    return Fail(Code::kInvalidModel, "the NumPy element type '" +
                                         std::string(text.substr(0, kShown)) + "' cannot be read");
  };
  if (rest.empty()) return unknown();
  dtype.kind = rest[0];
  rest.remove_prefix(1);
  if (dtype.kind == '?') return DType{'b', 1, false, {}};
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
  const std::string_view unit(end, static_cast<std::size_t>(rest.data() + rest.size() - end));
  if (dtype.kind == 'O') return DType{'O', 8, false, {}};
  if (error != std::errc() || size > (std::size_t{1} << 30)) return unknown();
  switch (dtype.kind) {
    case 'b':
      if (size != 1) return unknown();
      [[fallthrough]];
    case 'i':
    case 'u':
    case 'f':
    case 'c':
    case 'S':
    case 'V':
      dtype.size = size;
      break;
    case 'U':
      dtype.size = 4 * size;
      break;
    case 'M':
    case 'm':
      if (!unit.empty() && unit[0] != '[') return unknown();
      dtype.size = size;
      return dtype;
    default:
      return unknown();
  }
  if (!unit.empty()) return unknown();
  return dtype;
}

bool CountElements(const std::vector<std::size_t>& shape, std::size_t limit, std::size_t& count) {
  count = 1;
  bool empty = false;
  for (std::size_t dim : shape) {
    if (dim == 0) empty = true;
    if (dim > limit) return false;
  }
  if (empty) {
    count = 0;
    return true;
  }
  for (std::size_t dim : shape) {
    if (count > limit / dim) return false;
    count *= dim;
  }
  return true;
}

Result<std::vector<double>> ToDoubles(const Array& array) {
  if (array.dtype->kind == 'O') {
    std::vector<double> out;
    out.reserve(array.count);
    bool numbers = true;
    ForEachRowMajor(array, [&](std::size_t i) {
      double number = 0;
      numbers = numbers && NumberOf(*array.objects[i], number);
      out.push_back(number);
    });
    if (!numbers) {
      return Fail(Code::kInvalidModel, "an array of objects holds something other than numbers");
    }
    return out;
  }
  const ReadDouble reader = DoubleReader(*array.dtype);
  if (reader == nullptr) return Fail(WrongType(*array.dtype, "numbers"));
  return ReadPlain<double>(array, *array.dtype, 0, reader);
}

Result<std::vector<std::int64_t>> ToInts(const Array& array) {
  if (array.dtype->kind == 'O') {
    std::vector<std::int64_t> out;
    out.reserve(array.count);
    bool whole = true;
    ForEachRowMajor(array, [&](std::size_t i) {
      const Value& value = *array.objects[i];
      const bool is_int = value.Is(Kind::kInt) || value.Is(Kind::kBool);
      whole = whole && is_int;
      out.push_back(is_int ? value.integer : 0);
    });
    if (!whole) {
      return Fail(Code::kInvalidModel,
                  "an array of objects holds something other than whole numbers");
    }
    return out;
  }
  const ReadInt reader = IntegerReader<std::int64_t>(*array.dtype);
  if (reader == nullptr) return Fail(WrongType(*array.dtype, "whole numbers"));
  return ReadPlain<std::int64_t>(array, *array.dtype, 0, reader);
}

Result<std::vector<std::string>> ToStrings(const Array& array) {
  std::vector<std::string> out;
  const char kind = array.dtype->kind;
  if (kind == 'O') {
    bool text = true;
    ForEachRowMajor(array, [&](std::size_t i) {
      text = text && array.objects[i]->IsText();
      out.emplace_back(array.objects[i]->text);
    });
    if (!text) {
      return Fail(Code::kInvalidModel, "an array of objects holds something other than strings");
    }
    return out;
  }
  if (kind != 'U' && kind != 'S') return Fail(WrongType(*array.dtype, "strings"));
  ForEachRowMajor(array, [&](std::size_t i) {
    out.push_back(FixedString(*array.dtype, array.data.data() + i * array.dtype->size));
  });
  return out;
}

namespace {

Result<const DType::Field*> FindField(const Array& array, std::string_view name) {
  const DType::Field* field = array.dtype->Find(name);
  if (field == nullptr) {
    return Fail(Code::kInvalidModel, "a structured array has no field '" + std::string(name) + "'");
  }
  return field;
}

}  // namespace

Result<std::vector<double>> FieldToDoubles(const Array& array, std::string_view name) {
  const auto field = FindField(array, name);
  if (!field) return Fail(field.error());
  const DType& type = *(*field)->type;
  const ReadDouble reader = DoubleReader(type);
  if (reader == nullptr) return Fail(WrongType(type, "numbers"));
  return ReadPlain<double>(array, type, (*field)->offset, reader);
}

Result<std::vector<std::int64_t>> FieldToInts(const Array& array, std::string_view name) {
  const auto field = FindField(array, name);
  if (!field) return Fail(field.error());
  const DType& type = *(*field)->type;
  const ReadInt reader = IntegerReader<std::int64_t>(type);
  if (reader == nullptr) return Fail(WrongType(type, "whole numbers"));
  return ReadPlain<std::int64_t>(array, type, (*field)->offset, reader);
}

Value* ScalarFromBytes(Document& document, const DType& dtype, std::string_view bytes) {
  if (dtype.kind == 'b') {
    return document.Bool(IntegerReader<std::int64_t>(dtype)(bytes.data(), dtype.big_endian) != 0);
  }
  if (const ReadInt reader = IntegerReader<std::int64_t>(dtype)) {
    return document.NewInt(reader(bytes.data(), dtype.big_endian));
  }
  if (const ReadDouble reader = DoubleReader(dtype)) {
    return document.NewFloat(reader(bytes.data(), dtype.big_endian));
  }
  if (dtype.kind == 'U' || dtype.kind == 'S') {
    const std::string_view text = document.KeepText(FixedString(dtype, bytes.data()));
    if (text.data() == nullptr) return nullptr;
    return document.NewText(dtype.kind == 'U' ? Kind::kString : Kind::kBytes, text);
  }
  return nullptr;
}

}  // namespace plinth::sklearn
