// Writes pickles for tests: each function gives the opcodes that put one value on the stack.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plinth::sklearn::pickled {

using Code = std::string;

// `width` little-endian bytes.
inline Code Number(std::uint64_t value, int width) {
  Code bytes;
  for (int i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

inline Code Cat(std::initializer_list<std::string_view> parts) {
  Code code;
  for (std::string_view part : parts) code.append(part);
  return code;
}

inline Code Join(const std::vector<Code>& values) {
  Code joined;
  for (const Code& value : values) joined += value;
  return joined;
}

inline Code None() { return "N"; }
inline Code Bool(bool value) { return value ? "\x88" : "\x89"; }
inline Code Int(std::int64_t value) {
  return Cat({"\x8a\x08", Number(static_cast<std::uint64_t>(value), 8)});
}
inline Code Str(std::string_view text) { return Cat({"X", Number(text.size(), 4), text}); }
inline Code Bytes(std::string_view text) { return Cat({"B", Number(text.size(), 4), text}); }
inline Code Float(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  Code code = "G";
  for (int i = 7; i >= 0; --i) code += static_cast<char>(bits >> (8 * i));
  return code;
}
inline Code List(const std::vector<Code>& items) { return Cat({"](", Join(items), "e"}); }
inline Code Tuple(const std::vector<Code>& items) { return Cat({"(", Join(items), "t"}); }
inline Code Global(std::string_view module, std::string_view name) {
  return Cat({"c", module, "\n", name, "\n"});
}
inline Code Call(const Code& callable, const std::vector<Code>& args) {
  return callable + Tuple(args) + "R";
}
inline Code Put(std::uint32_t index, const Code& value) {
  return Cat({value, "r", Number(index, 4)});
}
inline Code Get(std::uint32_t index) { return Cat({"j", Number(index, 4)}); }

using Attributes = std::vector<std::pair<std::string, Code>>;

inline Code Dict(const Attributes& items) {
  Code code = "}(";
  for (const auto& [key, value] : items) code += Str(key) + value;
  return code + "u";
}

// An object of a class, with its attributes.
inline Code Object(std::string_view module, std::string_view name, const Attributes& attributes) {
  return Global(module, name) + ")\x81" + Dict(attributes) + "b";
}

inline Code DType(std::string_view type, std::string_view order = "<") {
  return Call(Global("numpy", "dtype"), {Str(type), Bool(false), Bool(true)}) +
         Tuple({Int(3), Str(order), None(), None(), None(), Int(-1), Int(-1), Int(0)}) + "b";
}

inline Code Shape(const std::vector<std::int64_t>& shape) {
  std::vector<Code> dims;
  dims.reserve(shape.size());
  for (std::int64_t dim : shape) dims.push_back(Int(dim));
  return Tuple(dims);
}

inline Code Array(const Code& dtype, const std::vector<std::int64_t>& shape,
                  std::string_view bytes) {
  return Call(Global("numpy.core.numeric", "_frombuffer"),
              {Bytes(bytes), dtype, Shape(shape), Str("C")});
}

inline Code Doubles(const std::vector<std::int64_t>& shape, const std::vector<double>& values) {
  const auto* bytes = reinterpret_cast<const char*>(values.data());
  return Array(DType("f8"), shape, {bytes, values.size() * sizeof(double)});
}

inline Code Ints(const std::vector<std::int64_t>& values) {
  const auto* bytes = reinterpret_cast<const char*>(values.data());
  return Array(DType("i8"), {static_cast<std::int64_t>(values.size())},
               {bytes, values.size() * sizeof(double)});
}

// A node of a sklearn.tree._tree.Tree.
struct TreeNode {
  std::int64_t left = -1;
  std::int64_t right = -1;
  std::int64_t feature = -2;
  double threshold = -2;
};

// A structured dtype of 8-byte fields.
inline Code Record(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::vector<Code> names;
  Attributes described;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    names.push_back(Str(fields[i].first));
    described.emplace_back(fields[i].first,
                           Tuple({DType(fields[i].second), Int(static_cast<std::int64_t>(8 * i))}));
  }
  const auto size = static_cast<std::int64_t>(8 * fields.size());
  return Call(Global("numpy", "dtype"),
              {Str(Cat({"V", std::to_string(size)})), Bool(false), Bool(true)}) +
         Tuple({Int(3), Str("|"), None(), Tuple(names), Dict(described), Int(size), Int(1),
                Int(16)}) +
         "b";
}

// A tree with one value a node, as a rule.
inline Code Tree(const std::vector<TreeNode>& nodes, const std::vector<double>& values) {
  Code bytes(nodes.size() * sizeof(TreeNode), '\0');
  if (!nodes.empty()) std::memcpy(bytes.data(), nodes.data(), bytes.size());
  const auto count = static_cast<std::int64_t>(nodes.size());
  const Code dtype =
      Record({{"left_child", "i8"}, {"right_child", "i8"}, {"feature", "i8"}, {"threshold", "f8"}});
  return Object("sklearn.tree._tree", "Tree",
                {{"nodes", Array(dtype, {count}, bytes)},
                 {"values", Doubles({static_cast<std::int64_t>(values.size()), 1, 1}, values)}});
}

}  // namespace plinth::sklearn::pickled
