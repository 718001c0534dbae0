// ColumnTransformer: transformers on columns chosen by position, mask, slice, or by the names seen
// at fit().
#include <algorithm>
#include <optional>
#include <utility>

#include "estimators/composition/side_by_side.h"
#include "estimators/families.h"
#include "pickle/array.h"

namespace plinth::sklearn {
namespace {

using Columns = std::vector<std::size_t>;

// A position as Python counts: negative ones from the end.
std::optional<std::size_t> ToPosition(std::int64_t position, std::size_t inputs) {
  if (position < 0) position += static_cast<std::int64_t>(inputs);
  if (position < 0 || static_cast<std::size_t>(position) >= inputs) return std::nullopt;
  return static_cast<std::size_t>(position);
}

// Turns the column specifications of one ColumnTransformer into positions.
class ColumnResolver {
 public:
  ColumnResolver(Fitted& fitted, std::size_t inputs)
      : fitted_(fitted),
        inputs_(inputs),
        names_(fitted.MakeTraits(Role::kTransformer, inputs).names) {}

  Columns Resolve(const Value& columns);

 private:
  Columns FromSlice(const Value& slice);
  Columns FromMask(const std::vector<std::int64_t>& mask);
  void Add(const Value& column, Columns& to);
  void AddPosition(std::int64_t position, Columns& to);
  void AddName(std::string_view name, Columns& to);
  bool Charge(std::size_t columns);

  Fitted& fitted_;
  std::size_t inputs_;
  std::vector<std::string> names_;  // empty if it was fitted without names
};

bool ColumnResolver::Charge(std::size_t columns) {
  if (fitted_.limits().Charge(columns * sizeof(std::size_t))) return true;
  fitted_.Fail("it chooses far more columns than its file has bytes for");
  return false;
}

void ColumnResolver::AddPosition(std::int64_t position, Columns& to) {
  const std::optional<std::size_t> found = ToPosition(position, inputs_);
  if (!found) {
    return fitted_.Fail("column " + std::to_string(position) + " is not among its " +
                        std::to_string(inputs_));
  }
  if (Charge(1)) to.push_back(*found);
}

void ColumnResolver::AddName(std::string_view name, Columns& to) {
  const auto found = std::ranges::find(names_, name);
  if (found == names_.end()) {
    return fitted_.Fail("the column '" + std::string(name.substr(0, 64)) +
                        "' was not seen at fit()");
  }
  if (Charge(1)) to.push_back(static_cast<std::size_t>(found - names_.begin()));
}

void ColumnResolver::Add(const Value& column, Columns& to) {
  if (column.Is(Kind::kInt)) return AddPosition(column.integer, to);
  if (column.IsText()) return AddName(column.text, to);
  fitted_.Fail("a column is chosen by " + Describe(column) + "; a position or a name was expected");
}

Columns ColumnResolver::FromMask(const std::vector<std::int64_t>& mask) {
  Columns columns;
  if (mask.size() != inputs_) {
    fitted_.Fail("a column mask has " + std::to_string(mask.size()) + " entries; " +
                 std::to_string(inputs_) + " were expected");
  }
  for (std::size_t i = 0; fitted_.ok() && Charge(1) && i < mask.size(); ++i) {
    if (mask[i]) columns.push_back(i);
  }
  return columns;
}

// slice(start, stop, step), of positions or of names (then the stop is included).
Columns ColumnResolver::FromSlice(const Value& slice) {
  Columns columns;
  const Value* args = slice.args;
  if (args == nullptr || args->items.size() != 3) {
    fitted_.Fail("a slice of columns has no start, stop and step");
    return columns;
  }
  const auto size = static_cast<std::int64_t>(inputs_);
  std::int64_t bounds[2] = {0, size};
  for (std::size_t i = 0; i < 2; ++i) {
    const Value& bound = *args->items[i];
    if (bound.IsNone()) continue;
    if (bound.Is(Kind::kInt)) {
      bounds[i] = std::clamp<std::int64_t>(bound.integer < 0 ? bound.integer + size : bound.integer,
                                           0, size);
      continue;
    }
    Columns named;
    Add(bound, named);
    if (!fitted_.ok()) return columns;
    bounds[i] = static_cast<std::int64_t>(named[0] + i);
  }
  const Value& step = *args->items[2];
  if (!step.IsNone() && !(step.Is(Kind::kInt) && step.integer > 0)) {
    fitted_.Fail("a slice of columns has the step " + Describe(step) +
                 "; only positive ones are supported");
    return columns;
  }
  const std::int64_t stride = step.IsNone() ? 1 : std::min(step.integer, size);
  if (!Charge(inputs_)) return columns;
  for (std::int64_t at = bounds[0]; at < bounds[1]; at += stride) {
    columns.push_back(static_cast<std::size_t>(at));
  }
  return columns;
}

Columns ColumnResolver::Resolve(const Value& columns) {
  Columns out;
  if (columns.Is(Kind::kObject) && columns.text == "builtins.slice") return FromSlice(columns);
  if (columns.Is(Kind::kArray) && columns.array) {
    const char kind = columns.array->dtype->kind;
    if (kind == 'O') {
      for (const Value* column : columns.array->objects) Add(*column, out);
      return out;
    }
    if (kind == 'U') {
      auto strings = ToStrings(*columns.array);
      if (!strings) fitted_.Fail("its columns: " + strings.error().message);
      for (std::size_t i = 0; fitted_.ok() && i < strings->size(); ++i) AddName((*strings)[i], out);
      return out;
    }
    auto ints = ToInts(*columns.array);
    if (!ints) {
      fitted_.Fail("its columns: " + ints.error().message);
      return out;
    }
    if (kind == 'b') return FromMask(*ints);
    for (std::int64_t position : *ints) AddPosition(position, out);
    return out;
  }
  if (!columns.IsSequence()) {
    Add(columns, out);
    return out;
  }
  if (!columns.items.empty() &&
      std::ranges::all_of(columns.items, [](const Value* item) { return item->Is(Kind::kBool); })) {
    std::vector<std::int64_t> mask;
    mask.reserve(columns.items.size());
    for (const Value* item : columns.items) mask.push_back(item->integer);
    return FromMask(mask);
  }
  for (const Value* column : columns.items) Add(*column, out);
  return out;
}

// The part of transformers_ that one entry stands for; nothing for what is dropped. A callable that
// chose columns at fit() is resolved by what it chose.
std::optional<Branch> ReadBranch(Fitted& fitted, ColumnResolver& resolver, const Value& entry) {
  if (!entry.IsSequence() || entry.items.size() != 3 || !entry.items[0]->IsText()) {
    fitted.Fail("a transformer is " + Describe(entry) +
                "; (name, transformer, columns) was expected");
    return std::nullopt;
  }
  const Value& transformer = *entry.items[1];
  if (transformer.IsText() && transformer.text == "drop") return std::nullopt;
  const Value* chosen = fitted.Find("_transformer_to_input_indices");
  const Value* columns = chosen ? chosen->Get(entry.items[0]->text) : nullptr;
  Branch branch;
  branch.columns = resolver.Resolve(columns ? *columns : *entry.items[2]);
  if (!fitted.ok() || branch.columns.empty()) return std::nullopt;
  branch.transformer = transformer.IsText() && transformer.text == "passthrough"
                           ? MakeIdentity(branch.columns.size())
                           : fitted.Child(transformer, branch.columns.size());
  if (branch.transformer == nullptr) return std::nullopt;
  if (const Value* weights = fitted.Find("transformer_weights");
      weights && weights->Get(entry.items[0]->text)) {
    const Matrix weight =
        fitted.ReadMatrix(*weights->Get(entry.items[0]->text), "transformer_weights");
    if (weight.data.size() == 1) branch.weight = weight.data[0];
  }
  return branch;
}

EstimatorPtr ReadColumnTransformer(Fitted& fitted) {
  const Value* list = fitted.Require("transformers_");
  // Up to 0.23 the number of columns had another name.
  const auto old_inputs =
      static_cast<std::size_t>(std::clamp(fitted.Number("_n_features", 0), 0.0, 1e7));
  const std::size_t inputs = old_inputs > 0 ? fitted.Inputs(old_inputs) : fitted.Inputs();
  if (!fitted.ok()) return nullptr;
  if (!list->IsSequence()) {
    fitted.Fail("'transformers_' is " + Describe(*list) + "; a list was expected");
    return nullptr;
  }
  ColumnResolver resolver(fitted, inputs);
  std::vector<Branch> branches;
  for (const Value* entry : list->items) {
    std::optional<Branch> branch = ReadBranch(fitted, resolver, *entry);
    if (!fitted.ok()) return nullptr;
    if (branch) branches.push_back(std::move(*branch));
  }
  return MakeSideBySide(fitted, inputs, std::move(branches));
}

}  // namespace

std::span<const RegistryEntry> ColumnTransformers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.compose.ColumnTransformer", ReadColumnTransformer}};
  return kEntries;
}

}  // namespace plinth::sklearn
