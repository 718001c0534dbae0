#include "repository/fingerprint.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file_descriptor.h"
#include "base/temp_folder.h"
#include "repository/model_files.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::vector<std::string> FilesOf(const fs::path& path) {
  std::vector<std::string> files;
  WalkModelFiles(path, [&](const ModelFile& file) {
    if (file.kind == ModelFile::Kind::kFile) files.emplace_back(file.relative);
    return true;
  });
  return files;
}

TEST(ModelFilesTest, AreThoseBelowAFolder) {
  const TempFolder folder;
  folder.Write("net/saved_model.pb");
  folder.Write("net/variables/data");
  folder.Write("net/.saved_model.pb.Xy12z");
  folder.Write("net/.cache/index");
  folder.Write("net/saved_model.pb~");
  folder.Write("elsewhere/vocabulary");
  fs::create_directory_symlink(folder / "elsewhere", folder / "net/assets");
  fs::create_directory_symlink("..", folder / "net/variables/loop");
  fs::create_symlink("nothing", folder / "net/dangling");
  ASSERT_EQ(::mkfifo((folder / "net/pipe").c_str(), 0600), 0);
  EXPECT_THAT(FilesOf(folder / "net"),
              UnorderedElementsAre("saved_model.pb", "variables/data", "assets/vocabulary"));
  EXPECT_EQ(FilesOf((folder / "net").string() + "/").size(), 3U);
}

TEST(ModelFilesTest, AreThoseBesideAFileThatBelongToIt) {
  const TempFolder folder;
  folder.Write("net.xml");
  folder.Write("net.bin");
  folder.Write("big.onnx");
  folder.Write("big.onnx.data");
  folder.Write("other.onnx");
  EXPECT_THAT(FilesOf(folder / "net.xml"), ElementsAre("net.xml", "net.bin"));
  EXPECT_THAT(FilesOf(folder / "big.onnx"), ElementsAre("big.onnx", "big.onnx.data"));
  folder.Write("model.json");
  EXPECT_THAT(FilesOf(folder / "other.onnx"), ElementsAre("other.onnx", "model.json"));
  EXPECT_THAT(FilesOf(folder / "nothing"), ElementsAre("model.json"));
}

TEST(ModelFilesTest, TellWhileSomebodyWrites) {
  const TempFolder folder;
  folder.Write("net/model.onnx");
  folder.Write("net/weights/part1");
  EXPECT_FALSE(IsBeingWritten(folder / "net"));
  const FileDescriptor reader(::open((folder / "net/model.onnx").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(IsBeingWritten(folder / "net"));
  FileDescriptor writer(::open((folder / "net/weights/part1").c_str(), O_WRONLY | O_CLOEXEC));
  EXPECT_TRUE(IsBeingWritten(folder / "net"));
  EXPECT_FALSE(IsBeingWritten(folder / "net/model.onnx"));
  writer.Reset();
  EXPECT_FALSE(IsBeingWritten(folder / "net"));
  EXPECT_FALSE(IsBeingWritten(folder / "nothing"));
}

class FingerprintTest : public testing::Test {
 public:
  FingerprintTest() {
    folder_.Write("net/model.onnx", "one");
    folder_.Write("net/data/weights", "two");
    before_ = FingerprintOf(net());
  }

 protected:
  fs::path net() const { return folder_ / "net"; }
  bool Changed() const { return FingerprintOf(net()) != before_; }

  TempFolder folder_;
  Fingerprint before_;
};

TEST_F(FingerprintTest, StaysWhileNothingChanges) {
  EXPECT_FALSE(Changed());
  EXPECT_EQ(before_.files, 2U);
  std::ifstream(net() / "model.onnx").get();
  EXPECT_FALSE(Changed());
  folder_.Write("net/.model.onnx.rsync");
  folder_.Write("net/model.onnx~");
  fs::create_directory(net() / "empty");
  EXPECT_FALSE(Changed());
}

TEST_F(FingerprintTest, ChangesWithEveryChangeOfAFile) {
  const auto change = [this](auto step) {
    step();
    const bool changed = Changed();
    before_ = FingerprintOf(net());
    return changed;
  };
  EXPECT_TRUE(change([&] { folder_.Write("net/model.onnx", "longer"); }));
  EXPECT_TRUE(change([&] { folder_.Write("net/another"); }));
  EXPECT_TRUE(change([&] { fs::rename(net() / "another", net() / "renamed"); }));
  EXPECT_TRUE(change([&] { fs::remove(net() / "data/weights"); }));
  EXPECT_TRUE(change([&] { folder_.Write("net/plinth.json", "{}"); }));
  EXPECT_EQ(before_.files, 2U);
  EXPECT_TRUE(change([&] { fs::remove_all(net()); }));
  EXPECT_EQ(before_.files, 0U);
}

TEST_F(FingerprintTest, ChangesWhereSizeAndTimeAreKept) {
  const fs::path file = net() / "model.onnx";
  const auto time = fs::last_write_time(file);
  folder_.Write("net/new", "two");
  fs::last_write_time(net() / "new", time);
  fs::rename(net() / "new", file);
  EXPECT_TRUE(Changed());
}

TEST_F(FingerprintTest, FollowsLinks) {
  folder_.Write("one/model.onnx", "one");
  folder_.Write("two/model.onnx", "two");
  fs::create_directory_symlink("one", folder_ / "current");
  fs::create_symlink("../current/model.onnx", net() / "linked.onnx");
  before_ = FingerprintOf(net());
  EXPECT_EQ(before_.files, 3U);
  fs::create_directory_symlink("two", folder_ / "next");
  fs::rename(folder_ / "next", folder_ / "current");
  EXPECT_TRUE(Changed());
}

}  // namespace
}  // namespace plinth
