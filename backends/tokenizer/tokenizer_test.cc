// Texts as Hugging Face's tokenizers split them: tests/fixtures/tokenizer/make_tokens.py.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/temp_folder.h"
#include "common/testing.h"

namespace plinth::testing {
namespace {

using simdjson::dom::element;

const std::string kVocabulary = SourcePath("tests/fixtures/tokenizer/vocab.txt");

std::vector<std::int64_t> Row(const Tensor& tensor, std::size_t row) {
  const auto values = tensor.values<std::int64_t>();
  const auto width = static_cast<std::size_t>(tensor.shape()[1]);
  return {values.begin() + static_cast<std::ptrdiff_t>(row * width),
          values.begin() + static_cast<std::ptrdiff_t>((row + 1) * width)};
}

TEST(Tokenizer, SplitsAsRecorded) {
  simdjson::dom::parser parser;
  const element recorded = parser.load(SourcePath("tests/fixtures/tokenizer/tokens.json")).value();
  std::vector<std::string> texts;
  for (const element text : recorded["texts"].get_array())
    texts.emplace_back(std::string_view(text));
  int compared = 0;
  for (const element c : recorded["cases"].get_array()) {
    ModelConfig config;
    for (const auto& [key, value] : c["options"].get_object())
      config.options[std::string(key)] = simdjson::minify(value);
    SCOPED_TRACE(simdjson::minify(c["options"]));
    const auto model = LoadModel("tokenizer", kVocabulary, config);
    ASSERT_NE(model, nullptr);
    const auto outputs =
        Predict(*model, {Strings("text", Shape({static_cast<std::int64_t>(texts.size())}), texts)});
    ASSERT_TRUE(outputs) << outputs.error().message;
    std::size_t row = 0;
    for (const element ids : c["ids"].get_array()) {
      std::vector<std::int64_t> expected;
      for (const element id : ids.get_array()) expected.push_back(std::int64_t(id));
      std::vector<std::int64_t> given = Row((*outputs)[0].tensor, row);
      const std::vector<std::int64_t> mask = Row((*outputs)[1].tensor, row);
      const auto size = static_cast<std::size_t>(std::ranges::count(mask, 1));
      EXPECT_TRUE(std::all_of(given.begin() + static_cast<std::ptrdiff_t>(size), given.end(),
                              [](std::int64_t id) { return id == 0; }));
      given.resize(size);
      EXPECT_EQ(given, expected) << "text " << row << ": " << texts[row].substr(0, 100);
      ++row;
      ++compared;
    }
  }
  EXPECT_GT(compared, 900);
}

TEST(Tokenizer, PadsToTheLongestOrToTheLengthThatWasAsked) {
  const std::vector<std::string> texts = {"the dog", "the quick brown fox"};
  const auto longest = LoadModel("tokenizer", kVocabulary);
  const auto outputs = Predict(*longest, {Strings("text", Shape({2}), texts)}).value();
  EXPECT_EQ(outputs[0].tensor.shape(), outputs[1].tensor.shape());
  EXPECT_EQ(Row(outputs[1].tensor, 1), std::vector<std::int64_t>(6, 1));
  EXPECT_EQ(Row(outputs[2].tensor, 0), std::vector<std::int64_t>(6, 0));

  ModelConfig config;
  config.options = {{"padding", "max_length"}, {"max_length", "9"}};
  const auto full = LoadModel("tokenizer", kVocabulary, config);
  EXPECT_EQ(full->signature().outputs[0].shape, (Shape{-1, 9}));
  EXPECT_EQ(Predict(*full, {Strings("text", Shape({2}), texts)}).value()[0].tensor.shape(),
            (Shape{2, 9}));
  EXPECT_EQ(Predict(*full, {Strings("text", Shape({0}), {})}).value()[0].tensor.shape(),
            (Shape{0, 9}));
}

TEST(Tokenizer, TakesBytesThatAreNoText) {
  const auto model = LoadModel("tokenizer", kVocabulary);
  const std::vector<std::string> texts = {"\xff\xfe the \xc3", "\xf0\x9f", "the"};
  const auto outputs = Predict(*model, {Strings("text", Shape({3}), texts)}).value();
  EXPECT_EQ(Row(outputs[0].tensor, 0), Row(outputs[0].tensor, 2));
}

TEST(Tokenizer, RefusesWhatItCannotUse) {
  const TempFolder folder;
  const auto written = [&](std::string_view text) {
    const std::string path = folder.path() / "vocab.txt";
    std::ofstream(path) << text;
    return path;
  };
  EXPECT_EQ(LoadError("tokenizer", written("the\ndog\n")).code, Code::kInvalidModel);
  EXPECT_EQ(LoadError("tokenizer", written("")).code, Code::kInvalidModel);
  EXPECT_EQ(LoadError("tokenizer", folder.path() / "none.txt").code, Code::kNotFound);
  for (const auto& [key, value] : {std::pair{"max_length", "1"}, std::pair{"padding", "left"},
                                   std::pair{"lowercase", "yes"}, std::pair{"vocabulary", "x"}}) {
    ModelConfig config;
    config.options = {{key, value}};
    EXPECT_EQ(LoadError("tokenizer", kVocabulary, config).code, Code::kInvalidArgument) << key;
  }
  const auto model = LoadModel("tokenizer", kVocabulary);
  const std::vector<std::string> many(40'000, "a");
  std::vector<std::string> long_one = many;
  for (int i = 0; i < 600; ++i) long_one.back() += " the";
  EXPECT_TRUE(Predict(*model, {Strings("text", Shape({40'000}), many)}));
  const auto refused = Predict(*model, {Strings("text", Shape({40'000}), long_one)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace plinth::testing
