// The models of examples/digits against what scikit-learn answered for the 64 test images.
#include <gtest/gtest.h>
#include <simdjson.h>

#include "test_host.h"
#include "test_json.h"

namespace plinth::sklearn {
namespace {

using simdjson::dom::element;

const std::string kFolder = std::string(PLINTH_SOURCE_DIR) + "/examples/digits/";

TEST(DigitsTest, GivesTheRecordedAnswers) {
  simdjson::dom::parser image_parser;
  const element file = image_parser.load(kFolder + "test_images.json");
  const std::vector<double> images = Flatten(file["images"]);
  ASSERT_EQ(images.size(), 64u * 64u);
  simdjson::dom::parser parser;
  const element expected = parser.load(kFolder + "expected.json");
  int models = 0;
  for (const auto [name, record] : expected["models"].get_object()) {
    if (record["framework"].get_string().value() != "sklearn") continue;
    SCOPED_TRACE(name);
    ++models;
    TestModel model(kFolder + std::string(name));
    ASSERT_EQ(model.error(), "");
    for (element output : record["outputs"].get_array()) {
      const TestOutput actual =
          model.Execute(images, {64, 64}, std::string(output["name"].get_string().value()));
      ASSERT_EQ(model.error(), "");
      ExpectAnswer(output["data"], record["tolerance"].get_double(), actual);
    }
  }
  EXPECT_GE(models, 5);
}

}  // namespace
}  // namespace plinth::sklearn
