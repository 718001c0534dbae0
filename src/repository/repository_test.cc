#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "repository/model_folder.h"
#include "repository/model_format.h"
#include "repository/model_roots.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class RepositoryTest : public testing::Test {
 public:
  RepositoryTest() {
    base_ = fs::canonical(fs::temp_directory_path()) /
            ("plinth-repository-" + std::to_string(getpid()));
    fs::create_directories(root());
    fs::create_directories(base_ / "outside");
    Write("root/a.onnx");
    Write("outside/secret.onnx");
  }
  ~RepositoryTest() override { fs::remove_all(base_); }

 protected:
  fs::path root() const { return base_ / "root"; }
  void Write(const std::string& relative, const std::string& text = "x") {
    fs::create_directories((base_ / relative).parent_path());
    std::ofstream(base_ / relative, std::ios::binary) << text;
  }
  Code RefusalOf(const std::string& path) {
    const auto result = ModelRoots({root()}).Resolve(path);
    EXPECT_FALSE(result) << path << " gave " << result.value_or("");
    return result ? Code::kInternal : result.error().code;
  }

  fs::path base_;
};

TEST_F(RepositoryTest, FindsWhatIsInsideTheRoots) {
  const ModelRoots roots({"/no/such/root", root()});
  EXPECT_EQ(roots.Resolve("a.onnx").value(), root() / "a.onnx");
  EXPECT_EQ(roots.Resolve("./a.onnx").value(), root() / "a.onnx");
  EXPECT_EQ(roots.Resolve(root() / "a.onnx").value(), root() / "a.onnx");
  fs::create_symlink("a.onnx", root() / "link.onnx");
  EXPECT_EQ(roots.Resolve("link.onnx").value(), root() / "a.onnx");
}

TEST_F(RepositoryTest, NothingOutsideIsReached) {
  EXPECT_EQ(RefusalOf("../outside/secret.onnx"), Code::kPermissionDenied);
  EXPECT_EQ(RefusalOf("x/../../outside/secret.onnx"), Code::kPermissionDenied);
  EXPECT_EQ(RefusalOf(base_ / "outside/secret.onnx"), Code::kPermissionDenied);
  EXPECT_EQ(RefusalOf(base_ / "outside/not-there"), Code::kPermissionDenied);
  EXPECT_EQ(RefusalOf(root().string() + "-sibling/x"), Code::kPermissionDenied);
  EXPECT_EQ(RefusalOf("/etc/passwd"), Code::kPermissionDenied);
  EXPECT_EQ(RefusalOf("missing.onnx"), Code::kNotFound);
  EXPECT_EQ(RefusalOf(""), Code::kInvalidArgument);
  EXPECT_EQ(RefusalOf(std::string("a\0b", 3)), Code::kInvalidArgument);
}

TEST_F(RepositoryTest, LinksLeadNowhereOutside) {
  fs::create_symlink(base_ / "outside/secret.onnx", root() / "out.onnx");
  EXPECT_EQ(RefusalOf("out.onnx"), Code::kPermissionDenied);
  fs::create_directory_symlink(base_ / "outside", root() / "dir");
  EXPECT_EQ(RefusalOf("dir/secret.onnx"), Code::kPermissionDenied);
  Write("root/folder/model.onnx");
  EXPECT_TRUE(ModelRoots({root()}).Resolve("folder"));
  fs::create_symlink(base_ / "outside/secret.onnx", root() / "folder/weights.data");
  EXPECT_EQ(RefusalOf("folder"), Code::kPermissionDenied);
}

TEST_F(RepositoryTest, FormatsByNameAndContent) {
  Write("f/one.onnx");
  Write("f/net.bin", std::string("\x1c\0\0\0TFL3....", 12));
  Write("f/model", std::string("\x80\x04\x95....", 7));
  Write("f/old.pb");
  Write("sm/saved_model.pb");
  Write("k/net.keras");
  Write("n/README.md");
  const auto framework = [&](const std::string& path) -> std::string {
    const auto model = DetectModel(base_ / path);
    if (!model) return model.error().message;
    return model->format ? std::string(model->format->framework) : "none";
  };
  EXPECT_EQ(framework("f/one.onnx"), "onnx");
  EXPECT_EQ(framework("f/net.bin"), "tensorflow");
  EXPECT_EQ(framework("f/model"), "sklearn");
  EXPECT_EQ(framework("f/old.pb"), "tensorflow");
  EXPECT_EQ(framework("sm"), "tensorflow");
  EXPECT_EQ(framework("n"), "none");
  EXPECT_THAT(framework("k/net.keras"), HasSubstr("model.export"));
  EXPECT_THAT(framework("f"), HasSubstr("several models (old.pb, one.onnx)"));
  EXPECT_EQ(DetectModel(base_ / "root")->path, root() / "a.onnx");
  EXPECT_EQ(CanonicalFramework("Scikit-Learn"), "sklearn");
  EXPECT_EQ(CanonicalFramework("caffe"), "caffe");
}

TEST_F(RepositoryTest, AFolderOfModels) {
  Write("models/single.onnx");
  Write("models/single.pt");
  Write("models/notes.txt");
  Write("models/plain/model.onnx");
  Write("models/many/v2/model.pt");
  Write("models/many/v10/model.pt");
  Write("models/many/plinth.json", R"({"framework": "pytorch", "config": {"batch_size": 4}})");
  Write("models/bad/model.onnx");
  Write("models/bad/plinth.json", R"({"frame": "onnx"})");
  Write("models/bad name/model.onnx");
  const auto folder = ScanModelFolder(base_ / "models");
  ASSERT_TRUE(folder);
  std::vector<std::string> found;
  for (const auto& spec : folder->models) found.push_back(spec.name + "/" + spec.version);
  EXPECT_THAT(found, ElementsAre("many/v10", "many/v2", "plain/v1", "single/v1"));
  EXPECT_EQ(folder->models[0].framework, "pytorch");
  EXPECT_EQ(folder->models[0].config.batch_size, 4);
  ASSERT_EQ(folder->skipped.size(), 3u);
  EXPECT_THAT(folder->skipped[0], HasSubstr("plinth.json key 'frame' is unknown"));
  EXPECT_THAT(folder->skipped[1], HasSubstr("cannot be a model's name"));
  EXPECT_THAT(folder->skipped[2], HasSubstr("already"));
  EXPECT_FALSE(ScanModelFolder(base_ / "nothing"));
}

TEST(NameTest, OnlyPlainNames) {
  for (const char* good : {"a", "resnet50", "my-model_v1.2", "7"})
    EXPECT_TRUE(IsName(good)) << good;
  for (const char* bad : {"", ".", "..", ".hidden", "a/b", "a b", "a\nb", "\xc3\xa4"})
    EXPECT_FALSE(IsName(bad)) << bad;
  EXPECT_TRUE(IsName(std::string(128, 'a')));
  EXPECT_FALSE(IsName(std::string(129, 'a')));
}

}  // namespace
}  // namespace plinth
