#include "skops/npy.h"

#include <string>
#include <utility>

#include "pickle/array.h"
#include "pickle/construct.h"
#include "pickle/stream.h"
#include "skops/literal.h"

namespace plinth::sklearn {
namespace {

std::unexpected<Error> Bad(std::string_view what) {
  return Fail(Code::kInvalidModel, "a NumPy file " + std::string(what));
}

// [(name, type), ...]: fields one behind the other; one without a name is padding.
Result<DType> ReadFields(Document& document, const Value& fields) {
  constexpr std::size_t kMaxFields = 256;
  if (!fields.Is(Kind::kList) || fields.items.empty() || fields.items.size() > kMaxFields) {
    return Bad("has elements of a type that is not described by a name or a list of fields");
  }
  DType whole;
  for (const Value* field : fields.items) {
    const bool simple = field->Is(Kind::kTuple) && field->items.size() == 2 &&
                        field->items[0]->IsText() && field->items[1]->IsText();
    if (!simple) return Bad("has a field that is not (name, type)");
    auto parsed = ParseDType(field->items[1]->text);
    if (!parsed) return Fail(std::move(parsed.error()));
    if (parsed->kind == 'O') return Bad("has a field of Python objects, which cannot be read");
    const DType* type = document.KeepDType(std::move(*parsed));
    if (type == nullptr) return BudgetSpent();
    const std::string_view name = field->items[0]->text;
    if (!name.empty()) whole.fields.push_back({name, type, whole.size});
    whole.size += type->size;
  }
  return whole;
}

Result<const DType*> ReadType(Document& document, const Value& description) {
  auto dtype =
      description.IsText() ? ParseDType(description.text) : ReadFields(document, description);
  if (!dtype) return Fail(std::move(dtype.error()));
  if (dtype->kind == 'O') return Bad("holds Python objects, which cannot be read");
  const DType* kept = document.KeepDType(std::move(*dtype));
  if (kept == nullptr) return BudgetSpent();
  return kept;
}

}  // namespace

Result<Array> ReadNpy(Document& document, std::string_view bytes) {
  Stream stream(bytes);
  if (stream.Take(6) != "\x93NUMPY") return Bad("does not begin as NumPy writes them");
  const auto version = stream.TakeNumber(1);
  const bool known = version && (*version >= 1 && *version <= 3) && stream.Take(1);
  const auto size = known ? stream.TakeNumber(*version == 1 ? 2 : 4) : std::nullopt;
  const auto header = size ? stream.Take(*size) : std::nullopt;
  if (!header) return Bad("ends in its header, or is of an unknown version");
  const auto description = ReadLiteral(document, *header);
  if (!description) return Fail(description.error());
  const Value* type = (*description)->Get("descr");
  const Value* order = (*description)->Get("fortran_order");
  const Value* dims = (*description)->Get("shape");
  if (!type || !order || !order->Is(Kind::kBool) || !dims) {
    return Bad("lacks its type, order or shape");
  }
  auto shape = ToShape(*dims);
  if (!shape) return Fail(std::move(shape.error()));
  const auto dtype = ReadType(document, *type);
  if (!dtype) return Fail(dtype.error());
  const auto contents = stream.Take(stream.left());
  return MakeArray(**dtype, std::move(*shape), order->integer != 0, *contents);
}

}  // namespace plinth::sklearn
