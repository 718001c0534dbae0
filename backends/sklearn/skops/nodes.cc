// Dispatch, containers and scalars; node_objects.cc has arrays and objects.
#include "skops/nodes.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "pickle/construct.h"

namespace plinth::sklearn {

// Sorted by name: searched by bisection.
constinit const NodeReader::Loader NodeReader::kLoaders[] = {
    {"BytearrayNode", &NodeReader::ReadBytes},
    {"BytesNode", &NodeReader::ReadBytes},
    {"ConstructorFromReduceNode", &NodeReader::ReadCalled},
    {"DTypeNode", &NodeReader::ReadDType},
    {"DefaultDictNode", &NodeReader::ReadInnerDict},
    {"DictNode", &NodeReader::ReadDict},
    {"FunctionNode", &NodeReader::ReadFunction},
    {"JsonNode", &NodeReader::ReadScalar},
    {"ListNode", &NodeReader::ReadList},
    {"LossNode", &NodeReader::ReadReduced},
    {"MaskedArrayNode", &NodeReader::ReadOpaque},
    {"MethodNode", &NodeReader::ReadMethod},
    {"NdArrayNode", &NodeReader::ReadArray},
    {"ObjectNode", &NodeReader::ReadObject},
    {"OperatorFuncNode", &NodeReader::ReadOpaque},
    {"PartialNode", &NodeReader::ReadPartial},
    {"RandomGeneratorNode", &NodeReader::ReadOpaque},
    {"RandomStateNode", &NodeReader::ReadOpaque},
    {"SetNode", &NodeReader::ReadSet},
    {"SliceNode", &NodeReader::ReadSlice},
    {"SparseMatrixNode", &NodeReader::ReadSparse},
    {"TreeNode", &NodeReader::ReadReduced},
    {"TupleNode", &NodeReader::ReadTuple},
    {"TypeNode", &NodeReader::ReadName},
    {"_DictWithDeprecatedKeysNode", &NodeReader::ReadInnerDict},
};

Result<Value*> NodeReader::Read(Element root) {
  Value* value = ReadNode(root);
  if (value == nullptr) return plinth::Fail(std::move(error_));
  return value;
}

Value* NodeReader::ReadNode(Found element) {
  // As deep as a parser of JSON goes by itself; each level here is at least one there.
  constexpr int kMaxDepth = 512;
  Object node;
  if (element.get(node) != simdjson::SUCCESS) return Fail("a node is not a JSON object");
  const std::string_view name = Text(node, "__loader__");
  if (failed_) return nullptr;
  const auto* loader = std::ranges::lower_bound(kLoaders, name, {}, &Loader::name);
  if (loader == std::end(kLoaders) || loader->name != name) {
    constexpr std::size_t kShown = 100;
    return Fail("nodes of kind " + std::string(name.substr(0, kShown)) + " are not known");
  }
  if (++depth_ > kMaxDepth) return Fail("nodes are nested too deep");
  Value* value = (this->*loader->read)(node);
  --depth_;
  return value;
}

Value* NodeReader::ReadItems(Object node, Kind kind) {
  Value* container = Checked(document_.New(kind));
  simdjson::dom::array items;
  if (node["content"].get(items) != simdjson::SUCCESS) {
    return Fail("the content of a container is not a list");
  }
  for (Element item : items) {
    if (!Append(container, ReadNode(item))) return nullptr;
  }
  return container;
}

// JSON's keys are strings; `key_types` has the type of each.
Value* NodeReader::ReadDict(Object node) {
  Value* dict = Checked(document_.New(Kind::kDict));
  Object content;
  Object types;
  simdjson::dom::array type_list;
  const bool whole = node["content"].get(content) == simdjson::SUCCESS &&
                     node["key_types"].get(types) == simdjson::SUCCESS &&
                     types["content"].get(type_list) == simdjson::SUCCESS;
  if (!whole) return Fail("a dict lacks its content or the types of its keys");
  auto type = type_list.begin();
  for (const auto& [key, value] : content) {
    if (type == type_list.end()) return Fail("a dict has more keys than types of keys");
    if (!Append(dict, ReadKey(key, *type)) || !Append(dict, ReadNode(value))) return nullptr;
    ++type;
  }
  return dict;
}

// A defaultdict and its like: the dict is a part of the content.
Value* NodeReader::ReadInnerDict(Object node) {
  Object content;
  if (node["content"].get(content) != simdjson::SUCCESS) return Fail("a dict has no content");
  return ReadNode(content["main"]);
}

Value* NodeReader::ReadKey(std::string_view key, Element type) {
  Object node;
  if (type.get(node) != simdjson::SUCCESS) return Fail("a key's type is not a JSON object");
  const std::string_view name = Text(node, "__class__");
  if (name.starts_with("str")) return Keep(Kind::kString, key);
  if (name == "bool" || name == "bool_") return document_.Bool(key == "true" || key == "True");
  return ReadNumber(key);
}

// The content is JSON once more, as a string.
Value* NodeReader::ReadScalar(Object node) {
  const std::string_view text = Text(node, "content");
  if (failed_) return nullptr;
  if (text == "null") return document_.None();
  if (text == "true" || text == "false") return document_.Bool(text == "true");
  if (!text.starts_with('"')) return ReadNumber(text);
  std::string_view content;
  if (scalars_.parse(text.data(), text.size()).get(content) != simdjson::SUCCESS) {
    return Fail("a string is not JSON");
  }
  return Keep(Kind::kString, content);
}

Value* NodeReader::ReadNumber(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "NaN") {
    return Checked(document_.NewFloat(std::numeric_limits<double>::quiet_NaN()));
  }
  if (text == "Infinity") return Checked(document_.NewFloat(kInfinity));
  if (text == "-Infinity") return Checked(document_.NewFloat(-kInfinity));
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  const auto as_int = std::from_chars(text.data(), end, whole);
  if (as_int.ptr == end && as_int.ec == std::errc()) return Checked(document_.NewInt(whole));
  if (as_int.ptr == end && as_int.ec == std::errc::result_out_of_range) {
    return Checked(document_.New(Kind::kBigInt));
  }
  double real = 0;
  const auto as_float = std::from_chars(text.data(), end, real);
  if (as_float.ptr == end && as_float.ec == std::errc()) return Checked(document_.NewFloat(real));
  return Fail("a number is written as " + std::string(text.substr(0, 40)));
}

Value* NodeReader::ReadBytes(Object node) {
  const auto contents = members_.Read(Text(node, "file"));
  if (!contents) return Checked(Result<Value*>(plinth::Fail(contents.error())));
  return Checked(document_.NewText(Kind::kBytes, *contents));
}

Value* NodeReader::ReadSlice(Object node) {
  Object content;
  if (node["content"].get(content) != simdjson::SUCCESS) return Fail("a slice has no content");
  Value* slice = NewObject(node);
  Value* args = Checked(document_.New(Kind::kTuple));
  for (const char* part : {"start", "stop", "step"}) {
    const Found bound = content[part];
    std::int64_t number = 0;
    const bool whole = bound.get(number) == simdjson::SUCCESS;
    if (!whole && !bound.is_null()) return Fail("a slice's bound is neither a number nor null");
    if (!Append(args, whole ? document_.NewInt(number) : document_.None())) return nullptr;
  }
  if (slice != nullptr) slice->args = args;
  return slice;
}

std::string_view NodeReader::Text(Object node, std::string_view key) {
  std::string_view text;
  if (node.at_key(key).get(text) != simdjson::SUCCESS) {
    Fail("a node has no '" + std::string(key) + "' that is a string");
  }
  return text;
}

bool NodeReader::Append(Value* container, Value* item) {
  if (failed_ || container == nullptr || Checked(item) == nullptr) return false;
  if (!document_.Charge(2 * sizeof(Value*))) return Checked(nullptr) != nullptr;
  container->items.push_back(item);
  return true;
}

Value* NodeReader::Keep(Kind kind, std::string_view text) {
  const std::string_view kept = document_.KeepText(std::string(text));
  return Checked(kept.data() ? document_.NewText(kind, kept) : nullptr);
}

Value* NodeReader::Checked(Value* value) {
  return value ? value : Checked(Result<Value*>(BudgetSpent()));
}

Value* NodeReader::Checked(Result<Value*> value) {
  if (value) return *value;
  if (!failed_) error_ = std::move(value.error());
  failed_ = true;
  return nullptr;
}

Value* NodeReader::Fail(std::string message) {
  return Checked(Result<Value*>(
      plinth::Fail(Code::kInvalidModel, "the skops file cannot be read: " + std::move(message))));
}

}  // namespace plinth::sklearn
