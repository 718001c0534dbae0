// OneHotEncoder: a column of 0 and 1 for each category.
#include <algorithm>
#include <utility>

#include "estimators/families.h"
#include "estimators/preprocessing/categories.h"

namespace plinth::sklearn {
namespace {

// Where the 1 of one column goes.
struct Places {
  static constexpr std::int32_t kNowhere = -1;
  static constexpr std::int32_t kRefused = -2;

  std::vector<std::int32_t> of_category;  // columns of the result, or kNowhere
  std::int32_t of_unknown = kRefused;     // the same, or kRefused
};

class OneHotEncoder final : public BatchEstimator {
 public:
  // `places`: one for each of the columns.
  OneHotEncoder(Traits traits, CategoryColumns columns, std::vector<Places> places)
      : BatchEstimator(std::move(traits)),
        columns_(std::move(columns)),
        places_(std::move(places)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const Result<const std::int32_t*> places = Encode(batch, frame);
    if (!places) return Fail(places.error());
    if (out.values == nullptr) return {};
    const std::size_t n = batch.count();
    const std::size_t width = traits().outputs;
    std::fill_n(out.values, n * width, 0.0);
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      for (std::size_t i = 0; i < n; ++i) {
        const std::int32_t place = (*places)[j * n + i];
        if (place >= 0) out.values[i * width + static_cast<std::size_t>(place)] = 1;
      }
    }
    return {};
  }

  Status TransformSparse(const Batch& batch, SparseMatrix& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const Result<const std::int32_t*> places = Encode(batch, frame);
    if (!places) return Fail(places.error());
    const std::size_t n = batch.count();
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < columns_.size(); ++j) {
        const std::int32_t place = (*places)[j * n + i];
        if (place >= 0) out.Add(static_cast<std::size_t>(place), 1);
      }
      out.EndRow();
    }
    return {};
  }

 private:
  // The places of all cells, column by column.
  Result<const std::int32_t*> Encode(const Batch& batch, Scratch::Frame& frame) const {
    const std::size_t n = batch.count();
    auto* cells = frame.Take<std::int32_t>(n * columns_.size());
    const Table table = ToTable(batch, frame);
    if (Status found = columns_.Find(table, cells); !found) {
      return Fail(found.error().Annotate(traits().name));
    }
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      const Places& places = places_[j];
      std::int32_t* column = cells + j * n;
      for (std::size_t i = 0; i < n; ++i) {
        column[i] = column[i] < 0 ? places.of_unknown
                                  : places.of_category[static_cast<std::size_t>(column[i])];
        if (column[i] != Places::kRefused) continue;
        return Fail(UnknownCategory(traits().name, table, i, j).error());
      }
    }
    return cells;
  }

  CategoryColumns columns_;
  std::vector<Places> places_;
};

// The code that is dropped of each column; kNowhere for none. By drop_idx_ up to 1.1, which had no
// groups then.
std::vector<std::int32_t> ReadDropped(Fitted& fitted, std::size_t columns) {
  std::vector<std::int32_t> dropped(columns, Places::kNowhere);
  const std::string_view name =
      fitted.Find("_drop_idx_after_grouping") ? "_drop_idx_after_grouping" : "drop_idx_";
  if (!fitted.Has(name)) return dropped;
  const Array* array = fitted.Require(name)->array;
  if (array == nullptr || array->count != columns) {
    fitted.FailFor(name, "does not have an entry for each column");
    return dropped;
  }
  if (array->dtype->kind != 'O') {
    std::ranges::transform(fitted.Ints(name), dropped.begin(),
                           [](std::int64_t code) { return static_cast<std::int32_t>(code); });
    return dropped;
  }
  for (std::size_t j = 0; j < columns; ++j) {
    const Value& code = *array->objects[j];
    if (code.IsNone()) continue;
    if (!code.Is(Kind::kInt)) fitted.FailFor(name, "holds " + Describe(code));
    dropped[j] = static_cast<std::int32_t>(code.integer);
  }
  return dropped;
}

// The places of one column, whose first is `first`; adds how many columns it gives to it.
Places PlacesOf(const Categories& categories, const Grouping& grouping, std::int32_t dropped,
                std::string_view handle_unknown, std::size_t& first) {
  const auto place = [&](std::int32_t code) {
    if (code == dropped) return Places::kNowhere;
    const bool behind = dropped >= 0 && code > dropped;
    return static_cast<std::int32_t>(first) + code - (behind ? 1 : 0);
  };
  Places places;
  for (std::size_t i = 0; i < categories.size(); ++i) {
    places.of_category.push_back(place(grouping.Code(i)));
  }
  if (handle_unknown != "error") {
    const bool to_infrequent =
        handle_unknown != "ignore" && grouping.infrequent != Categories::kUnknown;
    places.of_unknown = to_infrequent ? place(grouping.infrequent) : Places::kNowhere;
  }
  const bool drops = dropped >= 0 && static_cast<std::size_t>(dropped) < grouping.codes;
  first += grouping.codes - (drops ? 1 : 0);
  return places;
}

EstimatorPtr ReadOneHotEncoder(Fitted& fitted) {
  CategoryColumns columns = CategoryColumns::Read(fitted);
  const std::size_t inputs = fitted.Inputs(columns.size());
  if (!fitted.ok()) return nullptr;
  const std::vector<Grouping> groupings = ReadGroupings(fitted, columns);
  const std::vector<std::int32_t> dropped = ReadDropped(fitted, inputs);
  const std::string_view handle_unknown = fitted.Text("handle_unknown", "error");
  if (!fitted.ok()) return nullptr;
  std::vector<Places> places;
  std::size_t width = 0;
  for (std::size_t j = 0; j < inputs; ++j) {
    places.push_back(PlacesOf(columns[j], groupings[j], dropped[j], handle_unknown, width));
  }
  if (width > ReadLimits::kMaxColumns) fitted.Fail("it gives more columns than are supported");
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.input_types = columns.types();
  traits.outputs = width;
  // The parameter had another name up to 1.1.
  // Up to 1.1 `sparse`; 1.2 and 1.3 have both, and the old one is then "deprecated".
  traits.sparse = fitted.Flag(fitted.Has("sparse_output") ? "sparse_output" : "sparse", true);
  if (!fitted.ok()) return nullptr;
  return std::make_unique<OneHotEncoder>(std::move(traits), std::move(columns), std::move(places));
}

}  // namespace

std::span<const RegistryEntry> OneHotEncoders() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.preprocessing.OneHotEncoder", ReadOneHotEncoder}};
  return kEntries;
}

}  // namespace plinth::sklearn
