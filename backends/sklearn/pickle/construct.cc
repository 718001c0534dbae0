#include "pickle/construct.h"

#include <utility>

#include "pickle/array.h"
#include "pickle/globals.h"
#include "pickle/pandas.h"
#include "pickle/text.h"

namespace plinth::sklearn {
namespace {

constexpr std::size_t kMaxRank = 64;
constexpr std::size_t kMaxElements = std::size_t{1} << 40;

std::unexpected<Error> Bad(std::string message) {
  return Fail(Code::kInvalidModel, std::move(message));
}

// The i-th argument, or null if there are fewer.
const Value* Arg(const Value& args, std::size_t i) {
  return i < args.items.size() ? args.items[i] : nullptr;
}

bool IsTrue(const Value* value) {
  return value && (value->Is(Kind::kBool) || value->Is(Kind::kInt)) && value->integer;
}

Result<Value*> Checked(Value* value) {
  if (value == nullptr) return BudgetSpent();
  return value;
}

Result<Value*> NewObject(Document& document, std::string_view class_name, const Value* args) {
  Value* object = document.New(Kind::kObject);
  if (object == nullptr) return BudgetSpent();
  object->text = class_name;
  object->args = args;
  return object;
}

// list(x), set(x), tuple(x): a container of what the one argument contains.
Result<Value*> NewContainer(Document& document, Kind kind, const Value& args) {
  Value* container = document.New(kind);
  if (container == nullptr) return BudgetSpent();
  const Value* source = Arg(args, 0);
  if (source == nullptr) return container;
  if (!source->IsSequence() && !source->Is(Kind::kSet)) {
    return Bad("a container is made from " + Describe(*source) + "; a list or tuple was expected");
  }
  if (!document.Charge(source->items.size() * sizeof(Value*))) return BudgetSpent();
  container->items = source->items;
  return container;
}

// dict(), dict([(key, value)...]), OrderedDict(...), defaultdict(factory, ...).
Result<Value*> NewDict(Document& document, const Value& args) {
  Value* dict = document.New(Kind::kDict);
  if (dict == nullptr) return BudgetSpent();
  const Value* source = args.items.empty() ? nullptr : args.items.back();
  if (source == nullptr || source->Is(Kind::kGlobal) || source->IsNone()) return dict;
  if (!document.Charge(2 * source->items.size() * sizeof(Value*))) return BudgetSpent();
  if (source->Is(Kind::kDict)) {
    dict->items = source->items;
    return dict;
  }
  if (!source->IsSequence()) return Bad("a dict is made from " + Describe(*source));
  for (const Value* pair : source->items) {
    if (!pair->IsSequence() || pair->items.size() != 2) {
      return Bad("a dict is made from something other than pairs");
    }
    dict->items.push_back(pair->items[0]);
    dict->items.push_back(pair->items[1]);
  }
  return dict;
}

// bytes(), bytes(b), bytearray(str, 'latin-1'), _codecs.encode(str, 'latin1').
Result<Value*> NewBytes(Document& document, const Value& args) {
  const Value* source = Arg(args, 0);
  if (source == nullptr) return Checked(document.NewText(Kind::kBytes, ""));
  if (source->Is(Kind::kBytes)) return Checked(document.NewText(Kind::kBytes, source->text));
  if (!source->Is(Kind::kString)) {
    return Bad("bytes are made from " + Describe(*source) + "; a str was expected");
  }
  const Value* encoding = Arg(args, 1);
  const bool latin = encoding && encoding->IsText() && encoding->text.starts_with("latin");
  if (!latin) {
    return Bad("bytes are made by an encoding other than latin1, which pickle never writes");
  }
  auto decoded = Utf8ToLatin1(source->text);
  if (!decoded) return Bad("a str that stands for bytes has a character above 255");
  const std::string_view kept = document.KeepText(std::move(*decoded));
  if (kept.data() == nullptr) return BudgetSpent();
  return Checked(document.NewText(Kind::kBytes, kept));
}

// numpy.dtype(text, align, copy)
Result<Value*> NewDType(Document& document, const Value& args) {
  const Value* text = Arg(args, 0);
  if (text == nullptr || !text->IsText()) {
    return Bad("numpy.dtype is made from something other than a type's name");
  }
  auto parsed = ParseDType(text->text);
  if (!parsed) return Fail(std::move(parsed.error()));
  const DType* dtype = document.KeepDType(std::move(*parsed));
  Value* value = document.New(Kind::kDType);
  if (dtype == nullptr || value == nullptr) return BudgetSpent();
  value->dtype = dtype;
  return value;
}

// numpy.core.multiarray.scalar(dtype, bytes)
Result<Value*> NewScalar(Document& document, const Value& args) {
  const Value* type = Arg(args, 0);
  const Value* content = Arg(args, 1);
  if (type == nullptr || !type->Is(Kind::kDType)) {
    return Bad("a NumPy scalar comes without its dtype");
  }
  const DType& dtype = *type->dtype;
  if (content == nullptr) return Bad("a NumPy scalar comes without its bytes");
  if (dtype.kind == 'O') return const_cast<Value*>(content);
  if (!content->IsText() || content->text.size() != dtype.size) {
    return Bad("a NumPy scalar of " + std::to_string(dtype.size) + " bytes is made from " +
               Describe(*content));
  }
  if (Value* scalar = ScalarFromBytes(document, dtype, content->text)) return scalar;
  // Dates, complex numbers and records: an array of no dimensions.
  auto array = MakeArray(dtype, {}, false, content->text);
  if (!array) return Fail(std::move(array.error()));
  return Checked(document.NewArray(std::move(*array)));
}

// numpy.core.numeric._frombuffer(bytes, dtype, shape, order)
Result<Value*> NewFromBuffer(Document& document, const Value& args) {
  if (args.items.size() != 4 || !args.items[0]->IsText() || !args.items[1]->Is(Kind::kDType) ||
      !args.items[3]->IsText()) {
    return Bad("numpy's _frombuffer has other arguments than (bytes, dtype, shape, order)");
  }
  auto shape = ToShape(*args.items[2]);
  if (!shape) return Fail(std::move(shape.error()));
  auto array = MakeArray(*args.items[1]->dtype, std::move(*shape), args.items[3]->text == "F",
                         args.items[0]->text);
  if (!array) return Fail(std::move(array.error()));
  return Checked(document.NewArray(std::move(*array)));
}

// copyreg._reconstructor(class, base, state), copyreg.__newobj__(class, ...)
Result<Value*> Reconstruct(Document& document, const Value& args) {
  const Value* of = Arg(args, 0);
  if (of == nullptr || !of->Is(Kind::kGlobal)) {
    return Bad("an object is made from something other than a class");
  }
  switch (static_cast<Known>(of->integer)) {
    case Known::kPlain:
    case Known::kArrayWrapper: {
      // A subclass of tuple is its state: the items that a newer protocol gives as arguments.
      const Value* state = Arg(args, 2);
      const bool is_tuple = state != nullptr && state->Is(Kind::kTuple);
      return NewObject(document, of->text, is_tuple ? state : &args);
    }
    case Known::kDict:
      return Checked(document.New(Kind::kDict));
    case Known::kSet:
      return Checked(document.New(Kind::kSet));
    case Known::kUnknown:
      return Bad(RefusalOf(of->text));
    default:
      return Bad("an object of " + std::string(of->text) + " cannot be made this way");
  }
}

}  // namespace

std::unexpected<Error> BudgetSpent() {
  return Fail(Code::kInvalidModel,
              "the pickle would use memory out of proportion to its size; it is not a model that "
              "scikit-learn wrote");
}

Result<std::vector<std::size_t>> ToShape(const Value& value) {
  if (!value.IsSequence() || value.items.size() > kMaxRank) {
    return Bad("an array's shape is " + Describe(value));
  }
  std::vector<std::size_t> shape;
  for (const Value* dim : value.items) {
    if (!dim->Is(Kind::kInt) || dim->integer < 0) {
      return Bad("an array's dimension is " + Describe(*dim));
    }
    shape.push_back(static_cast<std::size_t>(dim->integer));
  }
  return shape;
}

Result<Array> MakeArray(const DType& dtype, std::vector<std::size_t> shape, bool fortran,
                        std::string_view data) {
  Array array;
  array.dtype = &dtype;
  array.fortran = fortran;
  array.data = data;
  if (dtype.kind == 'O') return Bad("an array of objects comes with bytes in place of objects");
  // Divides where a product could overflow.
  const bool fits = CountElements(shape, kMaxElements, array.count) &&
                    (array.count == 0 ? data.empty()
                                      : dtype.size > 0 && data.size() % dtype.size == 0 &&
                                            data.size() / dtype.size == array.count);
  if (!fits) {
    return Bad("an array's bytes (" + std::to_string(data.size()) +
               ") are not what its shape and type ask for");
  }
  array.shape = std::move(shape);
  return array;
}

Result<Array> MakeObjectArray(const DType& dtype, std::vector<std::size_t> shape, bool fortran,
                              const std::vector<Value*>& objects) {
  Array array;
  array.dtype = &dtype;
  array.fortran = fortran;
  if (!CountElements(shape, kMaxElements, array.count) || array.count != objects.size()) {
    return Bad("an array of objects has " + std::to_string(objects.size()) +
               " of them, not what its shape asks for");
  }
  array.shape = std::move(shape);
  array.objects.assign(objects.begin(), objects.end());
  return array;
}

Result<Value*> NameValue(Document& document, std::string_view module, std::string_view name) {
  constexpr std::size_t kMaxName = 512;
  if (module.size() + name.size() > kMaxName) {
    return Bad("the file names a class by more than 512 characters");
  }
  std::string canonical = CanonicalName(module, name);
  const Known known = FindKnown(canonical);
  const std::string_view kept = document.KeepText(std::move(canonical));
  Value* global = kept.data() ? document.NewText(Kind::kGlobal, kept) : nullptr;
  if (global == nullptr) return BudgetSpent();
  global->integer = static_cast<std::int64_t>(known);
  return global;
}

Result<Value*> Apply(Document& document, const Value& callable, const Value& args) {
  if (!args.Is(Kind::kTuple)) {
    return Bad("arguments are " + Describe(args) + "; a tuple was expected");
  }
  if (!callable.Is(Kind::kGlobal)) {
    return Bad("the pickle applies " + Describe(callable) +
               " to arguments; only classes can be; nothing was executed");
  }
  switch (static_cast<Known>(callable.integer)) {
    case Known::kPlain:
    case Known::kArrayWrapper:
      return NewObject(document, callable.text, &args);
    case Known::kNameOnly:
      return Bad("the pickle applies " + std::string(callable.text) +
                 ", which is only known as a name");
    case Known::kUnknown:
      return Bad(RefusalOf(callable.text));
    case Known::kReconstructArray:
      return Checked(document.New(Kind::kArray));
    case Known::kFromBuffer:
      return NewFromBuffer(document, args);
    case Known::kIndex:
      if (const Value* labels = LabelsOfIndex(args)) return const_cast<Value*>(labels);
      return NewObject(document, callable.text, &args);
    case Known::kScalar:
      return NewScalar(document, args);
    case Known::kDType:
      return NewDType(document, args);
    case Known::kReconstructor:
    case Known::kNewObject:
      return Reconstruct(document, args);
    case Known::kEncode:
    case Known::kBytes:
      return NewBytes(document, args);
    case Known::kList:
      return NewContainer(document, Kind::kList, args);
    case Known::kTuple:
      return NewContainer(document, Kind::kTuple, args);
    case Known::kSet:
      return NewContainer(document, Kind::kSet, args);
    case Known::kDict:
      return NewDict(document, args);
  }
  return Bad("unknown class");
}

namespace {

// (version, shape, dtype, is_fortran, bytes or list of objects); the version is missing in the
// oldest files.
Status SetArrayState(Document& document, Value& object, const Value& state) {
  const std::size_t first = state.items.size() == 5 ? 1 : 0;
  if (!state.Is(Kind::kTuple) || state.items.size() - first != 4 ||
      !state.items[first + 1]->Is(Kind::kDType)) {
    return Bad("an array's state is not (version, shape, dtype, is_fortran, contents)");
  }
  auto shape = ToShape(*state.items[first]);
  if (!shape) return Fail(std::move(shape.error()));
  const DType& dtype = *state.items[first + 1]->dtype;
  const bool fortran = IsTrue(state.items[first + 2]);
  const Value& contents = *state.items[first + 3];
  Result<Array> array = Bad("an array's contents are " + Describe(contents));
  if (contents.Is(Kind::kList)) {
    array = MakeObjectArray(dtype, std::move(*shape), fortran, contents.items);
  } else if (contents.IsText()) {
    array = MakeArray(dtype, std::move(*shape), fortran, contents.text);
  }
  if (!array) return Fail(std::move(array.error()));
  if (dtype.kind != 'O' && contents.Is(Kind::kList)) {
    return Bad("an array of numbers comes with a list of objects");
  }
  object.array = document.KeepArray(std::move(*array));
  if (object.array == nullptr) return BudgetSpent();
  return {};
}

// One field of {name: (dtype, offset[, title])}.
Result<DType::Field> ToField(const DType& whole, const Value& name, const Value& fields) {
  const Value* entry = name.IsText() ? fields.Get(name.text) : nullptr;
  const bool shaped = entry && entry->IsSequence() && entry->items.size() >= 2 &&
                      entry->items[0]->Is(Kind::kDType) && entry->items[1]->Is(Kind::kInt) &&
                      entry->items[1]->integer >= 0;
  if (!shaped) return Bad("a structured dtype's field is not (dtype, offset)");
  const DType* type = entry->items[0]->dtype;
  const auto offset = static_cast<std::size_t>(entry->items[1]->integer);
  if (offset > whole.size || type->size > whole.size - offset) {
    return Bad("field '" + std::string(name.text.substr(0, 64)) +
               "' of a structured dtype reaches past its end");
  }
  if (type->kind == 'O') {
    return Bad("a structured dtype has a field of objects, which cannot be read");
  }
  return DType::Field{name.text, type, offset};
}

// (version, byteorder, subdtype, names, fields, itemsize, alignment, flags[, metadata])
Status SetDTypeState(Document& document, Value& object, const Value& state) {
  constexpr std::size_t kMaxFields = 256;
  if (!state.Is(Kind::kTuple) || state.items.size() < 5 || !state.items[1]->IsText()) {
    return Bad("a dtype's state is not (version, byteorder, subdtype, names, fields, ...)");
  }
  DType dtype = *object.dtype;
  dtype.big_endian = state.items[1]->text == ">";
  if (!state.items[2]->IsNone()) {
    return Bad("a dtype has array elements of arrays, which cannot be read");
  }
  const Value& names = *state.items[3];
  const Value& fields = *state.items[4];
  if (!names.IsNone()) {
    if (!names.Is(Kind::kTuple) || !fields.Is(Kind::kDict) || names.items.size() > kMaxFields ||
        fields.items.size() > 4 * kMaxFields || dtype.kind != 'V') {
      return Bad("a structured dtype's fields are not named by a tuple and described by a dict");
    }
    dtype.fields.clear();
    for (const Value* name : names.items) {
      auto field = ToField(dtype, *name, fields);
      if (!field) return Fail(std::move(field.error()));
      dtype.fields.push_back(*field);
    }
  }
  // A new type in its place: arrays made with the old one keep it.
  object.dtype = document.KeepDType(std::move(dtype));
  if (object.dtype == nullptr) return BudgetSpent();
  return {};
}

}  // namespace

Status SetState(Document& document, Value& object, const Value& state) {
  switch (object.kind) {
    case Kind::kArray:
      return SetArrayState(document, object, state);
    case Kind::kDType:
      return SetDTypeState(document, object, state);
    case Kind::kObject:
      object.state = &state;
      return {};
    case Kind::kDict:  // OrderedDict and defaultdict subclasses carry an empty __dict__ at most
    case Kind::kSet:
      return {};
    default:
      return Bad("the pickle gives state to " + Describe(object) + ", which takes none");
  }
}

}  // namespace plinth::sklearn
