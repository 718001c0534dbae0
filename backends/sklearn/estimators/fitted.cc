#include "estimators/fitted.h"

#include <charconv>
#include <utility>

#include "estimators/registry.h"
#include "pickle/array.h"

namespace plinth::sklearn {
namespace {

bool IsNumber(const Value& value) {
  return value.Is(Kind::kBool) || value.Is(Kind::kInt) || value.Is(Kind::kFloat);
}

double ToNumber(const Value& value) {
  return value.Is(Kind::kFloat) ? value.real : static_cast<double>(value.integer);
}

}  // namespace

std::vector<double> Transposed(const Matrix& matrix) {
  std::vector<double> to(matrix.data.size());
  for (std::size_t i = 0; i < matrix.rows; ++i) {
    for (std::size_t j = 0; j < matrix.columns; ++j) {
      to[j * matrix.rows + i] = matrix.data[i * matrix.columns + j];
    }
  }
  return to;
}

Fitted::Fitted(const Value& object, ReadLimits& limits, std::size_t width, int depth)
    : object_(object), limits_(limits), width_(width), depth_(depth) {
  class_name_ = object.text.substr(object.text.rfind('.') + 1);
  if (!object.Is(Kind::kObject)) {
    class_name_ = "estimator";
    Fail("an estimator was expected, not " + Describe(object));
  }
  if (depth > ReadLimits::kMaxDepth) Fail("it is nested too deep");
}

void Fitted::Fail(std::string message) {
  if (failed_) return;
  failed_ = true;
  error_ = Error{Code::kInvalidModel, class_name_ + ": " + std::move(message)};
}

void Fitted::FailFor(std::string_view name, std::string_view problem) {
  Fail(std::string("'").append(name).append("' ").append(problem));
}

bool Fitted::Has(std::string_view name) const {
  const Value* value = Find(name);
  return value != nullptr && !value->IsNone();
}

const Value* Fitted::Require(std::string_view name) {
  const Value* value = Find(name);
  if (value == nullptr || value->IsNone()) {
    Fail("there is no '" + std::string(name) +
         "'; it was saved before fit(), or by a version that is not known");
    return nullptr;
  }
  return value;
}

double Fitted::Number(std::string_view name, double otherwise) {
  const Value* value = Find(name);
  if (value == nullptr) return otherwise;
  if (IsNumber(*value)) return ToNumber(*value);
  const Matrix matrix = ReadMatrix(*value, name);
  if (matrix.data.size() == 1) return matrix.data[0];
  FailFor(name, "is " + Describe(*value) + "; a number was expected");
  return otherwise;
}

bool Fitted::Flag(std::string_view name, bool otherwise) {
  const Value* value = Find(name);
  if (value == nullptr) return otherwise;
  if (value->Is(Kind::kBool) || value->Is(Kind::kInt)) return value->integer != 0;
  FailFor(name, "is " + Describe(*value) + "; True or False was expected");
  return otherwise;
}

std::string_view Fitted::Text(std::string_view name, std::string_view otherwise) {
  const Value* value = Find(name);
  if (value == nullptr || value->IsNone()) return otherwise;
  if (value->IsText()) return value->text;
  FailFor(name, "is " + Describe(*value) + "; a str was expected");
  return otherwise;
}

std::vector<double> Fitted::Vector(std::string_view name) { return ReadMatrix(name).data; }

std::vector<double> Fitted::Vector(std::string_view name, std::size_t size) {
  std::vector<double> vector = Vector(name);
  if (ok() && vector.size() != size) {
    FailFor(name, "has " + std::to_string(vector.size()) + " numbers; " + std::to_string(size) +
                      " were expected");
  }
  vector.resize(size);
  return vector;
}

Matrix Fitted::ReadMatrix(std::string_view name) {
  const Value* value = Require(name);
  return value ? ReadMatrix(*value, name) : Matrix{};
}

Matrix Fitted::ReadMatrix(const Value& value, std::string_view name) {
  if (IsNumber(value)) return Matrix{{ToNumber(value)}, 1, 1, true};
  if (value.IsSequence()) {
    Matrix matrix{{}, 1, value.items.size(), true};
    if (!limits_.Charge(value.items.size() * sizeof(double))) Fail("it is too large for its file");
    for (const Value* item : value.items) {
      if (!IsNumber(*item)) FailFor(name, "holds " + Describe(*item) + "; numbers were expected");
      if (!ok()) return {};
      matrix.data.push_back(ToNumber(*item));
    }
    return matrix;
  }
  if (!value.Is(Kind::kArray) || value.array == nullptr) {
    FailFor(name, "is " + Describe(value) + "; an array was expected");
    return {};
  }
  const Array& array = *value.array;
  if (!limits_.Charge(array.count * sizeof(double))) {
    Fail("it is too large for its file");
    return {};
  }
  auto numbers = ToDoubles(array);
  if (!numbers) {
    FailFor(name, "cannot be read: " + numbers.error().message);
    return {};
  }
  Matrix matrix{std::move(*numbers), 1, array.count, array.shape.size() < 2};
  if (!matrix.is_vector) {
    matrix.rows = array.shape[0];
    matrix.columns = matrix.rows == 0 ? 0 : array.count / matrix.rows;
  }
  return matrix;
}

std::vector<std::int64_t> Fitted::Ints(std::string_view name) {
  const Value* value = Require(name);
  return value ? Ints(*value, name) : std::vector<std::int64_t>();
}

std::vector<std::int64_t> Fitted::Ints(const Value& value, std::string_view name) {
  if (value.Is(Kind::kInt)) return {value.integer};
  std::vector<std::int64_t> out;
  if (value.IsSequence()) {
    for (const Value* item : value.items) {
      if (!item->Is(Kind::kInt)) {
        FailFor(name, "holds " + Describe(*item) + "; whole numbers were expected");
      }
      if (!ok() || !limits_.Charge(sizeof(std::int64_t))) return {};
      out.push_back(item->integer);
    }
    return out;
  }
  if (!value.Is(Kind::kArray) || value.array == nullptr ||
      !limits_.Charge(value.array->count * sizeof(std::int64_t))) {
    FailFor(name, "is " + Describe(value) + "; an array of whole numbers was expected");
    return {};
  }
  auto ints = ToInts(*value.array);
  if (!ints) {
    FailFor(name, "cannot be read: " + ints.error().message);
    return {};
  }
  return std::move(*ints);
}

Classes Fitted::ReadClasses() {
  const Value* value = Require("classes_");
  if (value == nullptr) return {};
  if (value->IsSequence()) {
    Fail("it predicts several targets at once; one was expected");
    return {};
  }
  return ReadClasses(*value, "classes_");
}

void Fitted::ReadClasses(Traits& traits) {
  const Value* value = Require("classes_");
  if (value == nullptr) return;
  if (!value->IsSequence()) {
    traits.classes = ReadClasses(*value, "classes_");
    return;
  }
  if (value->items.empty()) FailFor("classes_", "is empty");
  for (const Value* target : value->items) {
    if (!ok()) return;
    traits.targets.push_back(ReadClasses(*target, "classes_"));
  }
  if (traits.targets.size() == 1) {
    traits.classes = std::move(traits.targets[0]);
    traits.targets.clear();
  }
}

Classes Fitted::ReadClasses(const Value& value, std::string_view name) {
  Classes classes;
  if (!value.Is(Kind::kArray) || value.array == nullptr || value.array->shape.size() != 1 ||
      value.array->count == 0) {
    FailFor(name, "is " + Describe(value) + "; an array of classes was expected");
    return classes;
  }
  const Array& array = *value.array;
  if (!limits_.Charge(array.count * sizeof(std::string))) {
    Fail("it has more classes than its file has bytes for");
    return classes;
  }
  const auto keep = [&](auto read, auto& to) {
    if (read) {
      to = std::move(*read);
    } else {
      FailFor(name, "cannot be read: " + read.error().message);
    }
  };
  const char kind = array.dtype->kind;
  if (kind == 'U' || kind == 'S' || (kind == 'O' && array.objects[0]->IsText())) {
    classes.type = Classes::Type::kStrings;
    keep(ToStrings(array), classes.strings);
  } else if (kind == 'f') {
    classes.type = Classes::Type::kFloats;
    keep(ToDoubles(array), classes.floats);
  } else {
    keep(ToInts(array), classes.ints);
  }
  return classes;
}

std::size_t Fitted::WrittenInputs() const {
  // Trees had the second name before 0.24.
  for (std::string_view name : {"n_features_in_", "n_features_"}) {
    const Value* written = Find(name);
    if (written && written->Is(Kind::kInt) && written->integer > 0) {
      return static_cast<std::size_t>(written->integer);
    }
  }
  return 0;
}

std::size_t Fitted::Inputs(std::size_t derived) {
  const std::size_t written = WrittenInputs();
  if (written != 0 && derived != written) {
    Fail("it takes " + std::to_string(written) + " features but its arrays are for " +
         std::to_string(derived));
  }
  if (derived == 0) Fail("its arrays are empty");
  if (derived > ReadLimits::kMaxColumns) {
    Fail("it takes " + std::to_string(derived) + " features, more than are supported");
  }
  if (width_ != 0 && derived != width_) {
    Fail("it takes " + std::to_string(derived) + " features but is given " +
         std::to_string(width_));
  }
  return ok() ? derived : 0;
}

std::size_t Fitted::Inputs() {
  const std::size_t written = WrittenInputs();
  const std::size_t inputs = written != 0 ? written : width_;
  if (inputs == 0) {
    Fail(
        "it does not say how many features it takes; declare the shape of the input in the "
        "configuration");
  }
  return ok() ? Inputs(inputs) : 0;
}

bool Fitted::VersionAtLeast(int major, int minor) const {
  const Value* written = Find("_sklearn_version");
  if (written == nullptr || !written->IsText()) return false;
  const char* at = written->text.data();
  const char* end = at + written->text.size();
  int has_major = 0;
  int has_minor = 0;
  const auto first = std::from_chars(at, end, has_major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return false;
  if (std::from_chars(first.ptr + 1, end, has_minor).ec != std::errc()) return false;
  return has_major != major ? has_major > major : has_minor >= minor;
}

EstimatorPtr Fitted::Child(const Value& object, std::size_t width) {
  if (!ok()) return nullptr;
  auto child = ReadEstimator(object, limits_, width, depth_ + 1);
  if (!child) {
    Fail(child.error().message);
    return nullptr;
  }
  return std::move(*child);
}

namespace {

// The names of the columns at fit(), or none: feature_names_in_, which was called otherwise in a
// ColumnTransformer before scikit-learn 1.0.
std::vector<std::string> FeatureNames(Fitted& fitted, std::size_t inputs) {
  for (const std::string_view name : {"feature_names_in_", "_feature_names_in", "_df_columns"}) {
    const Value* names = fitted.Find(name);
    const bool given = names && names->Is(Kind::kArray) && names->array;
    if (!given || names->array->count != inputs) continue;
    if (!fitted.limits().Charge(inputs * sizeof(std::string))) continue;
    if (auto strings = ToStrings(*names->array)) return std::move(*strings);
  }
  return {};
}

}  // namespace

Traits Fitted::MakeTraits(Role role, std::size_t inputs) {
  Traits traits;
  traits.role = role;
  traits.name = class_name_;
  traits.inputs = inputs;
  traits.names = FeatureNames(*this, inputs);
  return traits;
}

}  // namespace plinth::sklearn
