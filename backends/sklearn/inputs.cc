#include "inputs.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace plinth::sklearn {
namespace {

constexpr std::string_view kMatrixName = "X";

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

// Whether the columns had names at fit() and each can be the name of an input.
bool HasColumnNames(const Traits& traits) {
  const std::set<std::string_view> unique(traits.names.begin(), traits.names.end());
  return unique.size() == traits.inputs && traits.names.size() == traits.inputs &&
         std::ranges::none_of(unique, [](std::string_view name) {
           return name.empty() || name.find('\0') != std::string_view::npos;
         });
}

std::vector<std::string> ColumnNames(const Traits& traits) {
  if (HasColumnNames(traits)) return traits.names;
  std::vector<std::string> names;
  for (std::size_t j = 0; j < traits.inputs; ++j) {
    names.emplace_back("x").append(std::to_string(j));
  }
  return names;
}

// The rows of a tensor with `width` elements a row, of rank 2 or, for one element, also 1.
// -1 if it has another shape, or other bytes than that.
std::int64_t RowsOf(const plinth_tensor& tensor, std::size_t width) {
  const bool fits = tensor.rank == 2 ? tensor.shape[1] == static_cast<std::int64_t>(width)
                                     : tensor.rank == 1 && width == 1;
  if (!fits || tensor.shape[0] < 0) return -1;
  const auto rows = static_cast<std::size_t>(tensor.shape[0]);
  if (tensor.dtype != PLINTH_FP64) return tensor.shape[0];
  const bool whole = width == 0 ? tensor.byte_size == 0
                                : tensor.byte_size % (width * sizeof(double)) == 0 &&
                                      tensor.byte_size / (width * sizeof(double)) == rows;
  return whole ? tensor.shape[0] : -1;
}

// The element of index `i` of a tensor of strings.
std::string_view TextOf(const plinth_tensor& tensor, std::size_t i) {
  const std::uint64_t begin = tensor.offsets[i];
  const std::uint64_t end = tensor.offsets[i + 1];
  if (begin == end) return "";  // not missing, even where the tensor has no data at all
  const std::string_view text(static_cast<const char*>(tensor.data) + (begin - tensor.offsets[0]),
                              end - begin);
  return text == kMissingText ? std::string_view() : text;
}

std::string ShapeOf(const plinth_tensor& tensor) {
  std::string shape = "[";
  for (std::uint32_t i = 0; i < tensor.rank; ++i) {
    shape.append(i == 0 ? "" : ", ").append(std::to_string(tensor.shape[i]));
  }
  return shape + "]";
}

}  // namespace

InputReader::InputReader(const Traits& traits, bool by_column) : traits_(traits) {
  const auto texts =
      static_cast<std::size_t>(std::ranges::count(traits.input_types, ColumnType::kText));
  const bool only_texts = texts > 0 && texts == traits.inputs;
  if (by_column || (texts > 0 && !(only_texts && traits.names.empty()))) {
    form_ = Form::kColumns;
  } else if (only_texts) {
    form_ = Form::kTexts;
  }
  const std::size_t count = form_ == Form::kColumns ? traits.inputs : 1;
  names_ = form_ == Form::kColumns ? ColumnNames(traits)
                                   : std::vector<std::string>{std::string(kMatrixName)};
  shapes_.resize(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t width = form_ == Form::kColumns ? 1 : traits.inputs;
    shapes_[2 * i] = -1;
    shapes_[2 * i + 1] = static_cast<std::int64_t>(width);
    plinth_tensor_spec spec = {names_[i].c_str(), PLINTH_FP64, 2, &shapes_[2 * i], 0, 0};
    const ColumnType type = traits.InputType(form_ == Form::kColumns ? i : 0);
    if (form_ != Form::kNumbers && type == ColumnType::kText) spec.dtype = PLINTH_BYTES;
    if (form_ != Form::kNumbers && width == 1) spec.rank = 1;
    if (form_ == Form::kColumns && type == ColumnType::kUnused) {
      spec.dtype = PLINTH_DTYPE_ANY;
      spec.optional = 1;
    }
    specs_.push_back(spec);
    flags_.push_back(1);
  }
  const bool named = form_ == Form::kNumbers && HasColumnNames(traits);
  if (!named || std::ranges::find(traits.names, kMatrixName) != traits.names.end()) return;
  for (std::size_t j = 0; j < traits.inputs; ++j) {
    columns_.push_back(traits.names[j].c_str());
    unused_.push_back(traits.InputType(j) == ColumnType::kUnused ? 1 : 0);
  }
}

Result<Batch> InputReader::Read(std::span<const plinth_tensor> inputs,
                                Scratch::Frame& frame) const {
  if (form_ == Form::kColumns) return ReadColumns(inputs, frame);
  if (inputs.size() != 1 || inputs[0].name != kMatrixName) {
    return Invalid(
        "the input 'X' is missing, or there are others; exactly one, named 'X', was expected");
  }
  return form_ == Form::kNumbers ? ReadNumbers(inputs[0]) : ReadTexts(inputs[0], frame);
}

Result<Batch> InputReader::ReadNumbers(const plinth_tensor& x) const {
  if (x.dtype != PLINTH_FP64) return Invalid("input 'X' has another type; FP64 was expected");
  const std::int64_t rows = x.rank == 2 ? RowsOf(x, traits_.inputs) : -1;
  if (rows < 0) {
    const std::string columns =
        x.rank == 2 ? std::to_string(x.shape[1]) + " features" : "rank " + std::to_string(x.rank);
    return Invalid("input 'X' has " + columns + " and " + std::to_string(x.byte_size) +
                   " bytes; shape [rows, " + std::to_string(traits_.inputs) + "] was expected by " +
                   traits_.name);
  }
  return Batch(
      Rows{static_cast<const double*>(x.data), static_cast<std::size_t>(rows), traits_.inputs, 0});
}

Result<Batch> InputReader::ReadTexts(const plinth_tensor& x, Scratch::Frame& frame) const {
  const std::int64_t rows = RowsOf(x, traits_.inputs);
  if (x.dtype != PLINTH_BYTES || rows < 0) {
    return Invalid("input 'X' has shape " + ShapeOf(x) + "; BYTES of shape [rows" +
                   (traits_.inputs == 1 ? "" : ", " + std::to_string(traits_.inputs)) +
                   "] were expected by " + traits_.name);
  }
  const auto n = static_cast<std::size_t>(rows);
  auto* columns = frame.Take<Column>(traits_.inputs);
  for (std::size_t j = 0; j < traits_.inputs; ++j) {
    auto* texts = frame.Take<std::string_view>(n);
    for (std::size_t i = 0; i < n; ++i) texts[i] = TextOf(x, i * traits_.inputs + j);
    columns[j] = Column{.texts = texts};
  }
  return Batch(Table{{columns, traits_.inputs}, n, 0});
}

Result<Batch> InputReader::ReadColumns(std::span<const plinth_tensor> inputs,
                                       Scratch::Frame& frame) const {
  static constexpr double kUnused = std::numeric_limits<double>::quiet_NaN();
  auto* columns = frame.Take<Column>(traits_.inputs);
  std::size_t next = 0;  // inputs come in the order of the signature
  std::int64_t rows = -1;
  for (std::size_t j = 0; j < traits_.inputs; ++j) {
    const bool given = next < inputs.size() && inputs[next].name == names_[j];
    if (!given && !specs_[j].optional) return Invalid("input '" + names_[j] + "' is missing");
    columns[j] = Column{.numbers = &kUnused, .stride = 0};
    if (!given) continue;
    const plinth_tensor& input = inputs[next++];
    if (specs_[j].optional) continue;
    const std::int64_t n = RowsOf(input, 1);
    if (input.dtype != specs_[j].dtype || n < 0 || (rows >= 0 && n != rows)) {
      return Invalid(
          "input '" + names_[j] + "' has shape " + ShapeOf(input) +
          (rows < 0 ? std::string()
                    : ", where the inputs before it have " + std::to_string(rows) + " rows,") +
          " or another type than " + traits_.name + " takes");
    }
    rows = n;
    const auto count = static_cast<std::size_t>(n);
    if (input.dtype == PLINTH_FP64) {
      columns[j] = Column{.numbers = static_cast<const double*>(input.data), .stride = 1};
      continue;
    }
    auto* texts = frame.Take<std::string_view>(count);
    for (std::size_t i = 0; i < count; ++i) texts[i] = TextOf(input, i);
    columns[j] = Column{.texts = texts};
  }
  if (next < inputs.size()) {
    return Invalid("input '" + std::string(inputs[next].name) + "' is not one of the model's");
  }
  return Batch(Table{
      {columns, traits_.inputs}, static_cast<std::size_t>(std::max<std::int64_t>(rows, 0)), 0});
}

}  // namespace plinth::sklearn
