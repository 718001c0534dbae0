#include "api/json/row_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/nearest.h"

namespace plinth::api {
namespace {

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

std::string Member(std::int64_t row, std::string_view name) {
  return "inputs[" + std::to_string(row) + "]." + std::string(name);
}

}  // namespace

std::unexpected<Error> UnknownInput(std::span<const TensorSpec> specs, std::string_view name) {
  std::vector<std::string_view> names;
  std::string list;
  names.reserve(specs.size());
  for (const TensorSpec& spec : specs) {
    names.push_back(spec.name);
    list.append(list.empty() ? "'" : ", '").append(spec.name).append("'");
  }
  std::string message = "input '" + std::string(name.substr(0, 100)) + "' is unknown";
  message += DidYouMean(name, names);
  message += message.ends_with('?') ? " The model's inputs are " : "; the model's inputs are ";
  return Invalid(message + list);
}

Status RowReader::Read(std::string_view name, simdjson::ondemand::value value) {
  // Rows mostly list their members in one order, so the next reader is the likely one.
  if (next_ >= readers_.size()) next_ = 0;
  if (next_ >= readers_.size() || readers_[next_].spec().name != name) {
    const auto it =
        std::ranges::find(readers_, name, [](const TensorReader& r) { return r.spec().name; });
    next_ = static_cast<std::size_t>(it - readers_.begin());
  }
  if (next_ == readers_.size()) {
    if (auto added = Add(name); !added) return added;
  }
  TensorReader& reader = readers_[next_++];
  if (reader.rows() > count_) return Invalid(Member(count_, name) + " is given twice");
  return reader.ReadRow(value);
}

Status RowReader::EndRow() {
  for (const TensorReader& reader : readers_) {
    if (reader.rows() == count_) return Invalid(Member(count_, reader.spec().name) + " is missing");
  }
  next_ = 0;
  ++count_;
  return {};
}

Status RowReader::Finish(std::vector<NamedTensor>& inputs) {
  for (TensorReader& reader : readers_) {
    auto tensor = reader.FinishRows();
    if (!tensor) return Fail(std::move(tensor.error()));
    inputs.push_back({reader.spec().name, *std::move(tensor)});
  }
  return {};
}

Status RowReader::Add(std::string_view name) {
  if (readers_.empty()) specs_ = signature_.FormOf(name);
  const TensorSpec* const spec = FindSpec(specs_, name);
  if (spec == nullptr) return UnknownInput(specs_, name);
  if (count_ > 0) {
    return Invalid(Member(count_, name) +
                   " is missing in the rows before it; every row must have the same inputs");
  }
  if (spec->batch_axis != 0 && spec->shape) {
    return Invalid("input '" + spec->name +
                   "' has no batch dimension to stack rows along (its shape is " +
                   spec->shape->ToString() + "); give the inputs as one object by name");
  }
  readers_.emplace_back(*spec, body_, TensorReader::Form::kRows, rules_);
  return {};
}

}  // namespace plinth::api
