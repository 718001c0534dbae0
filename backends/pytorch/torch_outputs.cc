#include "pytorch/torch_outputs.h"

#include <utility>

#include "common/tensors.h"
#include "pytorch/torch_arguments.h"

namespace plinth::pytorch {
namespace {

std::string KeyText(const c10::IValue& key) {
  if (key.isString()) return key.toStringRef();
  if (key.isInt()) return std::to_string(key.toInt());
  if (key.isBool()) return key.toBool() ? "true" : "false";
  return key.isDouble() ? std::to_string(key.toDouble()) : "key";
}

class Flattener {
 public:
  // False if the value lies too deep.
  bool Visit(const c10::IValue& value, const std::string& path, int depth) {
    if (depth > kMaxDepth) return false;
    if (value.isTensor()) {
      if (value.toTensor().defined()) values_.push_back({TensorName(path), value.toTensor()});
      return true;
    }
    if (value.isTuple()) return VisitTuple(value, path, depth);
    if (value.isTensorList() || value.isList()) {
      const auto list = value.toListRef();
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (!Visit(list[i], PartName(path, std::to_string(i), true), depth + 1)) return false;
      }
      return true;
    }
    if (value.isGenericDict()) {
      for (const auto& entry : value.toGenericDict()) {
        if (!Visit(entry.value(), PartName(path, KeyText(entry.key()), false), depth + 1))
          return false;
      }
    }
    return true;
  }

  std::vector<NamedValue> Take() { return std::move(values_); }

 private:
  bool VisitTuple(const c10::IValue& value, const std::string& path, int depth) {
    const auto& elements = value.toTupleRef().elements();
    const auto type = value.type()->cast<c10::TupleType>();
    const auto& schema = type->schema();
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const std::string name = schema ? PartName(path, schema->arguments()[i].name(), false)
                                      : PartName(path, std::to_string(i), true);
      if (!Visit(elements[i], name, depth + 1)) return false;
    }
    return true;
  }

  std::vector<NamedValue> values_;
};

}  // namespace

std::string PartName(std::string_view path, std::string_view key, bool position) {
  if (!path.empty()) return std::string(path) + "." + std::string(key);
  return (position ? "output_" : "") + std::string(key);
}

std::string TensorName(std::string_view path) {
  return path.empty() ? "output" : std::string(path);
}

kit::Result<std::vector<NamedValue>> Flatten(const c10::IValue& answer) {
  Flattener flattener;
  if (!flattener.Visit(answer, "", 0)) {
    return kit::Fail(PLINTH_INTERNAL, "the model's answer is nested more than " +
                                          std::to_string(kMaxDepth) + " deep");
  }
  return flattener.Take();
}

kit::Status AddOutput(const char* name, at::Tensor tensor, bool copy, kit::OutputWriter& outputs) {
  const auto dtype = TypeOf(tensor.scalar_type());
  if (!dtype || tensor.layout() != c10::kStrided || !tensor.device().is_cpu()) {
    return kit::Fail(PLINTH_INTERNAL,
                     "output '" + std::string(name) + "' is a " + tensor.toString() +
                         ", which cannot be given; only dense tensors of numbers and booleans can");
  }
  // Lazy conjugation and negation leave the memory unchanged until they are resolved.
  tensor = tensor.resolve_conj().resolve_neg();
  if (!tensor.is_contiguous()) {
    tensor = tensor.contiguous();
  } else if (copy) {
    tensor = tensor.clone();
  }
  const std::vector<std::int64_t> shape(tensor.sizes().begin(), tensor.sizes().end());
  const void* data = tensor.const_data_ptr();
  const std::size_t byte_size = tensor.nbytes();
  outputs.Add(name, *dtype, shape, data, byte_size, std::move(tensor));
  return {};
}

}  // namespace plinth::pytorch
