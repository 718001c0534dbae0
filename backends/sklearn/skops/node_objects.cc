// Nodes of arrays, names and objects.
#include <utility>

#include "pickle/array.h"
#include "pickle/construct.h"
#include "skops/nodes.h"

namespace plinth::sklearn {

// An array, or a NumPy scalar, which is kept as an array of no dimensions.
Value* NodeReader::ReadArray(Object node) {
  if (Text(node, "type") == "json") return ReadObjectArray(node);
  const std::string_view file = Text(node, "file");
  if (failed_) return nullptr;
  Value* value = Checked(members_.ReadArray(file));
  if (value == nullptr || !value->array->shape.empty() || Text(node, "__class__") == "ndarray") {
    return value;
  }
  Value* scalar = ScalarFromBytes(document_, *value->array->dtype, value->array->data);
  return scalar ? scalar : value;
}

// An array of objects: lists in lists, one a dimension.
Value* NodeReader::ReadObjectArray(Object node) {
  constexpr std::size_t kObjectSize = 8;
  const Value* list = ReadItems(node, Kind::kList);
  const Value* dims = list ? ReadNode(node["shape"]) : nullptr;
  if (dims == nullptr) return nullptr;
  auto shape = ToShape(*dims);
  if (!shape) return Checked(Result<Value*>(plinth::Fail(std::move(shape.error()))));
  std::vector<Value*> items;
  if (!Flatten(*list, shape->size(), items)) return nullptr;
  const DType* dtype = document_.KeepDType(DType{'O', kObjectSize, false, {}});
  if (dtype == nullptr) return Checked(nullptr);
  auto array = MakeObjectArray(*dtype, std::move(*shape), false, items);
  if (!array) return Checked(Result<Value*>(plinth::Fail(std::move(array.error()))));
  return Checked(document_.NewArray(std::move(*array)));
}

bool NodeReader::Flatten(const Value& nested, std::size_t rank, std::vector<Value*>& items) {
  for (Value* item : nested.items) {
    if (rank > 1) {
      if (!item->Is(Kind::kList)) return Fail("an array of objects has a row that is no list");
      if (!Flatten(*item, rank - 1, items)) return false;
    } else {
      if (!document_.Charge(2 * sizeof(Value*))) return Checked(nullptr) != nullptr;
      items.push_back(item);
    }
  }
  return true;
}

Value* NodeReader::ReadSparse(Object node) {
  const std::string_view file = Text(node, "file");
  Value* matrix = NewObject(node);
  if (matrix != nullptr) matrix->state = Checked(members_.ReadSparse(file));
  return failed_ ? nullptr : matrix;
}

// The dtype of an empty array.
Value* NodeReader::ReadDType(Object node) {
  const Value* array = ReadNode(node["content"]);
  if (array == nullptr) return nullptr;
  if (!array->Is(Kind::kArray)) return Fail("a dtype is not described by an array");
  Value* value = Checked(document_.New(Kind::kDType));
  if (value != nullptr) value->dtype = array->array->dtype;
  return value;
}

// A class or function that is only mentioned.
Value* NodeReader::ReadName(Object node) {
  const std::string_view module = Text(node, "__module__");
  const std::string_view name = Text(node, "__class__");
  return failed_ ? nullptr : Checked(NameValue(document_, module, name));
}

// Protocol 0 has a function's name in the content.
Value* NodeReader::ReadFunction(Object node) {
  Object content;
  if (node["content"].get(content) != simdjson::SUCCESS) return ReadName(node);
  const std::string_view module = Text(content, "module_path");
  const std::string_view name = Text(content, "function");
  return failed_ ? nullptr : Checked(NameValue(document_, module, name));
}

// A method of an object: as a name that no reader knows.
Value* NodeReader::ReadMethod(Object node) {
  Object content;
  if (node["content"].get(content) != simdjson::SUCCESS) return Fail("a method has no content");
  const std::string module =
      std::string(Text(node, "__module__")) + "." + std::string(Text(node, "__class__"));
  const std::string_view name = Text(content, "func");
  return failed_ ? nullptr : Checked(NameValue(document_, module, name));
}

Value* NodeReader::NewObject(Object node) {
  const Value* of = ReadName(node);
  Value* args = Checked(document_.New(Kind::kTuple));
  if (failed_) return nullptr;
  Value* object = Checked(Apply(document_, *of, *args));
  if (object != nullptr && !object->Is(Kind::kObject)) {
    return Fail("an object is of class " + std::string(of->text));
  }
  return object;
}

Value* NodeReader::ReadObject(Object node) {
  Value* object = NewObject(node);
  Element content;
  if (object == nullptr || node.at_key("content").get(content) != simdjson::SUCCESS) return object;
  object->state = ReadNode(content);
  return failed_ ? nullptr : object;
}

// What __reduce__ gave, but for the function, which the class stands for.
Value* NodeReader::ReadReduced(Object node) {
  Value* object = ReadObject(node);
  Object reduced;
  if (node["__reduce__"].get(reduced) != simdjson::SUCCESS || object == nullptr) {
    return Fail("an object has no arguments");
  }
  object->args = ReadNode(reduced["args"]);
  return failed_ ? nullptr : object;
}

// An object made from its content as arguments.
Value* NodeReader::ReadCalled(Object node) {
  const Value* of = ReadName(node);
  const Value* args = of ? ReadNode(node["content"]) : nullptr;
  return args ? Checked(Apply(document_, *of, *args)) : nullptr;
}

// functools.partial, with the state that a pickle has: (function, args, keywords, attributes).
Value* NodeReader::ReadPartial(Object node) {
  Object content;
  if (node["content"].get(content) != simdjson::SUCCESS) return Fail("a partial has no content");
  Value* partial = NewObject(node);
  Value* state = Checked(document_.New(Kind::kTuple));
  for (const char* part : {"func", "args", "kwds", "namespace"}) {
    if (!Append(state, ReadNode(content[part]))) return nullptr;
  }
  partial->state = state;
  return partial;
}

// What serving has no need of: random generators, the masked arrays of a search's results.
Value* NodeReader::ReadOpaque(Object node) { return NewObject(node); }

}  // namespace plinth::sklearn
