#include "boosting/files.h"

#include <algorithm>
#include <utility>

#include "pickle/construct.h"

namespace plinth::sklearn {

namespace {

// JSON, in text or as UBJSON, whose first member is the learner.
bool IsXgboost(std::string_view head) {
  if (!head.starts_with('{')) return false;
  head.remove_prefix(std::min(head.find_first_not_of(" \r\n\t", 1), head.size()));
  if (head.starts_with("\"learner\"")) return true;
  // The key's length stands before it: a type and up to eight bytes.
  constexpr std::size_t kLongest = 9;
  const std::size_t key = head.find("learner");
  return key >= 2 && key <= kLongest && head[key - 1] == 7;
}

}  // namespace

std::string_view ModelFileClass(std::string_view head) {
  if (head.starts_with("tree\n") || head.starts_with("tree\r\n")) return "lightgbm.basic.Booster";
  // The old binary format is XGBoost's too, to be refused by name.
  if (head.starts_with("binf") || IsXgboost(head)) return "xgboost.core.Booster";
  return {};
}

Result<std::unique_ptr<Document>> ReadModelFile(std::string bytes, std::string_view model_class) {
  const std::size_t budget = Document::BudgetFor(bytes.size());
  auto document = std::make_unique<Document>(std::move(bytes), budget);
  Value* root = document->New(Kind::kObject);
  Value* state = document->New(Kind::kDict);
  Value* key = document->NewText(Kind::kString, "handle");
  Value* handle = document->NewText(Kind::kBytes, document->bytes());
  if (!root || !state || !key || !handle) return BudgetSpent();
  state->items = {key, handle};
  root->text = model_class;
  root->state = state;
  document->set_root(root);
  return document;
}

}  // namespace plinth::sklearn
