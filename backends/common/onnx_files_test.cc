#include "common/onnx_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace plinth::kit {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A length-delimited field of a protobuf message.
std::string Field(unsigned number, const std::string& content) {
  std::string text;
  for (unsigned value : {number << 3 | 2, static_cast<unsigned>(content.size())}) {
    for (; value >= 0x80; value >>= 7) text += static_cast<char>(value | 0x80);
    text += static_cast<char>(value);
  }
  return text + content;
}

std::string Tensor(const std::string& location) {
  return Field(13, Field(1, "location") + Field(2, location)) +
         Field(13, Field(1, "offset") + Field(2, "16"));
}

class OnnxFilesTest : public ::testing::Test {
 protected:
  OnnxFilesTest()
      : folder_(fs::canonical(fs::temp_directory_path()) /
                ("plinth-onnx-files-" + std::to_string(getpid()))) {
    fs::create_directories(folder_ / "sub");
    std::ofstream(folder_ / "weights") << "w";
    std::ofstream(folder_ / "sub/weights") << "w";
  }
  ~OnnxFilesTest() override { fs::remove_all(folder_); }

  Result<std::map<std::string, std::string>> FilesOf(const std::string& model) const {
    std::ofstream(folder_ / "m.onnx", std::ios::binary) << model;
    return ExternalFiles(folder_ / "m.onnx");
  }

  const fs::path folder_;
};

TEST_F(OnnxFilesTest, FindsTensorsWhereverTheyAre) {
  const std::string tensor = Tensor("weights");
  const std::string attribute = Field(5, tensor);
  const std::string node = Field(5, attribute);
  const std::string graph = Field(5, tensor);
  for (const std::string& model : {
           Field(7, graph),                                  // an initializer
           Field(7, Field(15, Field(1, tensor))),            // a sparse one's values
           Field(7, Field(1, node)),                         // an attribute
           Field(7, Field(1, Field(5, Field(10, tensor)))),  // a list in one
           Field(7, Field(1, Field(5, Field(6, graph)))),    // a graph in one
           Field(7, Field(1, Field(5, Field(11, graph)))),   // several
           Field(25, Field(7, node)),                        // a function's node
           Field(25, Field(11, attribute)),                  // its defaults
           Field(6, std::string(100'000, 'd')) + Field(7, graph),
       }) {
    const auto files = FilesOf(model);
    ASSERT_TRUE(files) << files.error().message;
    ASSERT_EQ(files->size(), 1U);
    EXPECT_EQ(files->at("weights"), folder_ / "weights");
  }
  EXPECT_EQ(FilesOf(Field(7, graph + Field(5, Tensor("./sub/weights"))))->size(), 2U);
  EXPECT_THAT(*FilesOf(Field(7, Field(5, Field(9, "raw")))), IsEmpty());
  EXPECT_THAT(*FilesOf(""), IsEmpty());
}

TEST_F(OnnxFilesTest, RefusesFilesOutsideTheFolder) {
  std::ofstream(folder_.string() + ".outside") << "secret";
  fs::create_symlink(folder_.string() + ".outside", folder_ / "link");
  for (const std::string& location :
       {"../" + folder_.filename().string() + ".outside", std::string("link"), std::string("none"),
        std::string("/etc/passwd"), std::string("."), std::string("sub"), std::string()}) {
    const auto files = FilesOf(Field(7, Field(5, Tensor(location))));
    ASSERT_FALSE(files) << location;
    EXPECT_EQ(files.error().status, PLINTH_INVALID_MODEL);
    EXPECT_THAT(files.error().message, HasSubstr("'" + location + "'"));
  }
  fs::remove(folder_.string() + ".outside");
}

TEST_F(OnnxFilesTest, RefusesWhatBreaksOffAndWhatIsTooDeep) {
  const std::string model = Field(7, Field(5, Tensor("weights")));
  for (std::size_t size = 1; size < model.size(); ++size) {
    EXPECT_FALSE(FilesOf(model.substr(0, size))) << size;
  }
  std::string deep = Tensor("weights");
  for (int i = 0; i < 1000; ++i) deep = Field(1, Field(5, Field(6, deep)));
  EXPECT_FALSE(FilesOf(Field(7, deep)));
  EXPECT_FALSE(FilesOf("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
  EXPECT_EQ(ExternalFiles(folder_ / "nothing").error().status, PLINTH_NOT_FOUND);
}

}  // namespace
}  // namespace plinth::kit
