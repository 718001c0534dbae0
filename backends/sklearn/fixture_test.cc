// Every model under tests/fixtures/sklearn and boosting, through the C ABI, against what the
// library that made it answered.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "test_host.h"
#include "test_json.h"

namespace plinth::sklearn {
namespace {

namespace fs = std::filesystem;
using simdjson::dom::element;

const std::string kFolder = std::string(PLINTH_SOURCE_DIR) + "/tests/fixtures";

// Runs a model on all rows at once, and on each row alone: both must give the recorded answer.
void Check(const std::string& path, element record, const std::string& answer,
           const std::string& method) {
  SCOPED_TRACE(answer);
  TestModel model(path, {{"method", method}});
  ASSERT_EQ(model.error(), "");
  const element x = record["X"];
  const std::vector<double> rows = Flatten(x);
  const std::vector<std::int64_t> shape = ShapeOf(x);
  TestOutput all = model.Execute(rows, shape, answer);
  ASSERT_EQ(model.error(), "");
  const double tolerance = record["tolerance"].get_double();
  ExpectAnswer(record[answer], tolerance, all);

  TestOutput joined;
  const auto width = static_cast<std::size_t>(shape[1]);
  for (std::size_t at = 0; at < rows.size(); at += width) {
    const std::vector<double> row(rows.begin() + static_cast<std::ptrdiff_t>(at),
                                  rows.begin() + static_cast<std::ptrdiff_t>(at + width));
    joined.Append(model.Execute(row, {1, shape[1]}, answer));
    ASSERT_EQ(model.error(), "");
  }
  ExpectAnswer(record[answer], tolerance, joined);
}

std::vector<std::string> Cases() {
  std::vector<std::string> cases;
  for (const char* library : {"sklearn", "boosting"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(kFolder) / library)) {
      const bool model = entry.path().stem().extension() == ".model";
      if (entry.path().extension() == ".json" && !model) {
        cases.push_back(fs::relative(entry.path(), kFolder).string());
      }
    }
  }
  std::ranges::sort(cases);
  return cases;
}

class Fixture : public testing::TestWithParam<std::string> {};

TEST_P(Fixture, GivesTheRecordedAnswers) {
  const fs::path path = fs::path(kFolder) / GetParam();
  simdjson::dom::parser parser;
  const element record = parser.load(path.string());
  for (element file : record["files"].get_array()) {
    const std::string model = path.parent_path() / std::string(file.get_string().value());
    SCOPED_TRACE(model);
    int answers = 0;
    const std::pair<const char*, const char*> kAnswers[] = {{"label", "predict"},
                                                            {"probabilities", "predict_proba"},
                                                            {"decision", "decision_function"},
                                                            {"prediction", "predict"},
                                                            {"transformed", "transform"}};
    for (const auto& [answer, method] : kAnswers) {
      if (record[answer].error() != simdjson::SUCCESS) continue;
      ++answers;
      Check(model, record, answer, method);
      // What is served when no method is asked for.
      if (std::string(answer) != "decision") Check(model, record, answer, "");
    }
    EXPECT_GT(answers, 0);
  }
}

std::string TestName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param.substr(0, info.param.size() - 5);
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Sklearn, Fixture, testing::ValuesIn(Cases()), TestName);

TEST(Fixtures, AreThere) { EXPECT_GT(Cases().size(), 200u); }

}  // namespace
}  // namespace plinth::sklearn
