// What a pickle holds, as plain data.
//
// A Document owns every Value read from one stream: they live in one arena and refer to each other
// by plain pointer, so sharing costs nothing (a pickle that refers to one list a million times has
// one list), cycles are harmless, and destruction is a flat walk however deep the data nests.
// Strings and array contents are views into the document's own bytes wherever the stream holds them
// as they are.
//
// Everything that is stored is charged against a budget derived from the stream's size, so no
// stream makes the reader use memory out of proportion to its own length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace plinth::sklearn {

struct Value;

// A NumPy element type. Immutable once made: arrays keep pointers to it.
struct DType {
  struct Field {
    std::string_view name;
    const DType* type = nullptr;
    std::size_t offset = 0;  // offset + type->size <= size of the whole
  };

  char kind = 'V';       // as in numpy: b i u f c S U V O M m
  std::size_t size = 0;  // bytes an element; 4 a character for 'U'
  bool big_endian = false;
  std::vector<Field> fields;  // of a structured type, else empty

  bool structured() const { return !fields.empty(); }
  const Field* Find(std::string_view name) const;
};

// A NumPy array: either `data` holds size() * dtype->size bytes, or, for kind 'O', `objects` holds
// size() values.
struct Array {
  const DType* dtype = nullptr;
  std::vector<std::size_t> shape;
  std::size_t count = 0;  // the product of shape
  bool fortran = false;   // column-major
  std::string_view data;
  std::vector<const Value*> objects;
};

enum class Kind : std::uint8_t {
  kNone,
  kBool,    // integer
  kInt,     // integer
  kBigInt,  // an integer beyond 64 bits; its value is not kept
  kFloat,   // real
  kString,  // text; UTF-8, or the raw bytes of a Python 2 str
  kBytes,   // text
  kList,    // items
  kTuple,   // items
  kSet,     // items
  kDict,    // items: key, value, key, value...
  kGlobal,  // text: "module.Name"; integer: the known class, see globals.h
  kObject,  // text: the class; args, state; items: appended values, or pairs of a dict subclass
  kDType,   // dtype
  kArray,   // array; null until its contents have come
};

struct Value {
  Kind kind = Kind::kNone;
  bool pairs = false;  // kObject: items are key, value, ...
  union {
    std::int64_t integer = 0;
    double real;
  };
  std::string_view text;
  std::vector<Value*> items;
  const Value* args = nullptr;   // kObject: the tuple given to the constructor, or null
  const Value* state = nullptr;  // kObject: what BUILD gave, or null
  const DType* dtype = nullptr;
  const Array* array = nullptr;

  bool Is(Kind k) const { return kind == k; }
  bool IsNone() const { return kind == Kind::kNone; }
  bool IsText() const { return kind == Kind::kString || kind == Kind::kBytes; }
  bool IsSequence() const { return kind == Kind::kList || kind == Kind::kTuple; }

  // The value of a key in a dict (the last one given wins), or null: not a dict, no such key.
  const Value* Get(std::string_view key) const;

  // An attribute of an object: the key in its state's dict. Null where there is none.
  const Value* Attribute(std::string_view name) const;
};

// "an int", "a list of 3": for error messages.
std::string Describe(const Value& value);

class Document {
 public:
  // Takes over the stream's bytes. `budget` is how many bytes of values may be made in all.
  Document(std::string bytes, std::size_t budget);
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  // A budget that leaves room for any honest stream of that length.
  static std::size_t BudgetFor(std::size_t stream_size);

  std::string_view bytes() const { return bytes_; }
  std::size_t budget() const { return budget_; }

  // Counts `size` bytes; false if the budget is spent.
  [[nodiscard]] bool Charge(std::size_t size);

  // New values, owned by the document; null if the budget is spent. Small integers, None, the
  // booleans and the empty tuple are shared.
  Value* New(Kind kind);
  Value* NewInt(std::int64_t value);
  Value* NewFloat(double value);
  Value* NewText(Kind kind, std::string_view text_in_document);
  Value* NewArray(Array array);
  Value* None() { return &none_; }
  Value* Bool(bool value) { return value ? &true_ : &false_; }

  // Keeps a string that is not in the stream as it stands. Null data() if the budget is spent.
  std::string_view KeepText(std::string text);
  const DType* KeepDType(DType dtype);
  const Array* KeepArray(Array array);

  const Value* root() const { return root_; }
  void set_root(const Value* root) { root_ = root; }

 private:
  static constexpr int kSmallIntLow = -8;
  static constexpr int kSmallIntHigh = 256;

  std::string bytes_;
  std::size_t budget_;
  std::size_t used_ = 0;
  std::deque<Value> values_;
  std::deque<Array> arrays_;
  std::deque<DType> dtypes_;
  std::deque<std::string> texts_;
  std::vector<Value> small_ints_;
  Value none_;
  Value true_;
  Value false_;
  const Value* root_ = nullptr;
};

}  // namespace plinth::sklearn
