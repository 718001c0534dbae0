#include "repository/upload_store.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string Text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(UploadOfTest, TakesVersionAndPathApart) {
  const auto file = UploadOf("1/model.savedmodel/variables/v.index");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->version, "1");
  EXPECT_EQ(file->path, "model.savedmodel/variables/v.index");
}

TEST(UploadOfTest, RefusesWhatIsNoPlainPath) {
  for (const char* name : {"", "1", "1/", "/model.onnx", "1//m", "1/../m", "../1/m", "1/.hidden",
                           ".plinth/m", "1/a b", "1/m\n", "1/a/b/c/d/e/f/g/h", "1/\xc3\xbc"}) {
    const auto file = UploadOf(name);
    ASSERT_FALSE(file) << name;
    EXPECT_EQ(file.error().code, Code::kInvalidArgument);
  }
  EXPECT_FALSE(UploadOf("1/" + std::string(256, 'a')));
}

TEST(UploadStoreTest, KeepsFilesUntilNobodyUsesThem) {
  const TempFolder root;
  UploadStore store(root.path());
  const auto first =
      store.Put("m", {{"1", "model.onnx", "one"}, {"2", "a/b", std::string(1, '\0')}});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(Text(fs::path(*first) / "1" / "model.onnx"), "one");
  EXPECT_EQ(Text(fs::path(*first) / "2" / "a" / "b"), std::string(1, '\0'));
  const auto second = store.Put("m", {{"1", "model.onnx", "two"}});
  ASSERT_TRUE(second);
  EXPECT_NE(*first, *second);

  store.Sweep("m", [](const std::string&) { return false; });
  EXPECT_TRUE(fs::exists(*first)) << "it is about to be used";
  store.Release(*first);
  store.Release(*second);
  store.Sweep("m", [&](const std::string& folder) { return folder == *second; });
  EXPECT_FALSE(fs::exists(*first));
  EXPECT_TRUE(fs::exists(*second));
  store.Sweep("", [](const std::string&) { return false; });
  EXPECT_FALSE(fs::exists(*second));
  EXPECT_FALSE(fs::exists(root / ".plinth/uploads/m"));
}

TEST(UploadStoreTest, RefusesWhatCannotBeKept) {
  const TempFolder root;
  UploadStore store(root.path());
  EXPECT_FALSE(store.Put("m", {}));
  const auto twice = store.Put("m", {{"1", "f", "a"}, {"1", "f", "b"}});
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("given twice"));
  EXPECT_TRUE(fs::is_empty(root / ".plinth/uploads/m")) << "nothing is left of it";

  UploadStore other(root.path());
  const auto locked = other.Put("m", {{"1", "f", "a"}});
  ASSERT_FALSE(locked);
  EXPECT_THAT(locked.error().message, HasSubstr("another server uses it"));
  EXPECT_EQ(UploadStore("").Put("m", {{"1", "f", "a"}}).error().code, Code::kFailedPrecondition);
}

// A file of the name of a folder that another file lies in.
TEST(UploadStoreTest, RefusesAFileThatIsAFolder) {
  const TempFolder root;
  UploadStore store(root.path());
  EXPECT_FALSE(store.Put("m", {{"1", "a", "x"}, {"1", "a/b", "y"}}));
  EXPECT_FALSE(store.Put("m", {{"1", "a/b", "x"}, {"1", "a", "y"}}));
  EXPECT_TRUE(fs::is_empty(root / ".plinth/uploads/m"));
}

}  // namespace
}  // namespace plinth
