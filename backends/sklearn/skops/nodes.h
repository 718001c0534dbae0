// The nodes of a skops schema. Each is a JSON object with "__class__", "__module__", "__loader__",
// which says what it is, and its content.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "base/status.h"
#include "pickle/value.h"
#include "skops/members.h"

namespace plinth::sklearn {

// The first error ends the reading: functions then return null, with the reason in error_.
class NodeReader {
 public:
  NodeReader(Document& document, Members& members) : document_(document), members_(members) {}

  // A node and all that is in it.
  Result<Value*> Read(simdjson::dom::element root);

 private:
  using Element = simdjson::dom::element;
  using Object = simdjson::dom::object;
  using Found = simdjson::simdjson_result<Element>;  // of a key that may not be there
  using Step = Value* (NodeReader::*)(Object node);
  struct Loader {
    std::string_view name;
    Step read;
  };
  static const Loader kLoaders[];

  // depth_ counts how deep nodes nest.
  Value* ReadNode(Found element);
  Value* ReadNode(Element element) { return ReadNode(Found(Element(element))); }

  Value* ReadList(Object node) { return ReadItems(node, Kind::kList); }
  Value* ReadTuple(Object node) { return ReadItems(node, Kind::kTuple); }
  Value* ReadSet(Object node) { return ReadItems(node, Kind::kSet); }
  Value* ReadItems(Object node, Kind kind);
  Value* ReadDict(Object node);
  Value* ReadInnerDict(Object node);
  Value* ReadKey(std::string_view key, Element type);
  Value* ReadScalar(Object node);
  Value* ReadNumber(std::string_view text);
  Value* ReadBytes(Object node);
  Value* ReadSlice(Object node);
  Value* ReadArray(Object node);
  Value* ReadObjectArray(Object node);
  bool Flatten(const Value& nested, std::size_t rank, std::vector<Value*>& items);
  Value* ReadSparse(Object node);
  Value* ReadDType(Object node);
  Value* ReadName(Object node);
  Value* ReadFunction(Object node);
  Value* ReadMethod(Object node);
  Value* ReadObject(Object node);
  Value* ReadReduced(Object node);
  Value* ReadCalled(Object node);
  Value* ReadPartial(Object node);
  Value* ReadOpaque(Object node);

  // A field of a node.
  std::string_view Text(Object node, std::string_view key);

  // An object of the node's class, without state.
  Value* NewObject(Object node);
  bool Append(Value* container, Value* item);
  Value* Keep(Kind kind, std::string_view text);
  Value* Checked(Value* value);
  Value* Checked(Result<Value*> value);
  Value* Fail(std::string message);

  Document& document_;
  Members& members_;
  simdjson::dom::parser scalars_;
  int depth_ = 0;
  bool failed_ = false;
  Error error_;
};

}  // namespace plinth::sklearn
