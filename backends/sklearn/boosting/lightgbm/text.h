// LightGBM's model files: lines of key=value, first of the model, then of one tree after another.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "estimators/fitted.h"

namespace plinth::sklearn::lightgbm {

// A part's lines: views into the file.
class Section {
 public:
  void Add(std::string_view line);
  bool Has(std::string_view key) const { return Find(key).data() != nullptr; }
  // A line's value; without data() if there is no such line.
  std::string_view Find(std::string_view key) const;

  // Numbers, separated by spaces. Fail in `fitted` if they are not that, or not `size` of them; no
  // line is no numbers.
  std::vector<double> Numbers(Fitted& fitted, std::string_view key, std::size_t size) const;
  std::vector<std::int32_t> Ints(Fitted& fitted, std::string_view key, std::size_t size) const;
  std::vector<std::uint32_t> Words(Fitted& fitted, std::string_view key, std::size_t size) const;
  // A whole number from 0 to `most`; `otherwise` if there is no such line.
  std::size_t Count(Fitted& fitted, std::string_view key, std::size_t most,
                    std::size_t otherwise) const;

 private:
  std::vector<std::pair<std::string_view, std::string_view>> lines_;
};

struct ModelText {
  Section header;
  std::vector<Section> trees;
};

// Fails in `fitted` if it is not such a file, or not whole.
ModelText SplitModel(Fitted& fitted, std::string_view text);

// The next piece of `text` up to `separator`, which both are taken off it.
std::string_view TakeUpTo(std::string_view& text, char separator);

}  // namespace plinth::sklearn::lightgbm
