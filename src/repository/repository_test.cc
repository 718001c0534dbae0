#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "repository/model_folder.h"
#include "repository/model_format.h"
#include "repository/model_roots.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RepositoryTest : public testing::Test {
 public:
  RepositoryTest() {
    fs::create_directories(root());
    fs::create_directories(base_ / "outside");
    Write("root/a.onnx");
    Write("outside/secret.onnx");
  }

 protected:
  fs::path root() const { return base_ / "root"; }
  void Write(const std::string& relative, const std::string& text = "x") {
    base_.Write(relative, text);
  }
  Code RefusalOf(const std::string& path) {
    const auto result = ModelRoots({root()}).Resolve(path);
    EXPECT_FALSE(result) << path << " gave " << result.value_or("");
    return result ? Code::kInternal : result.error().code;
  }

  TempFolder base_;
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

TEST_F(RepositoryTest, CodeMayLieInItsOwnFoldersOnly) {
  Write("root/code/model.py");
  Write("root/code-2/model.py");
  const ModelRoots none({root()});
  EXPECT_EQ(none.CheckCode(root() / "code/model.py").error().code, Code::kPermissionDenied);
  const ModelRoots roots({root()}, {root() / "code"});
  EXPECT_TRUE(roots.CheckCode(root() / "code/model.py"));
  EXPECT_TRUE(roots.CheckCode(root() / "code"));
  EXPECT_FALSE(roots.CheckCode(root()));
  EXPECT_FALSE(roots.CheckCode(root() / "code-2/model.py"));
  EXPECT_FALSE(roots.CheckCode(root() / "code/missing.py"));
  fs::create_symlink(root() / "code-2/model.py", root() / "code/link.py");
  EXPECT_FALSE(roots.CheckCode(root() / "code/link.py"));
  fs::create_symlink(root() / "code/model.py", root() / "code-2/link.py");
  EXPECT_TRUE(roots.CheckCode(root() / "code-2/link.py"));
  Write("root/code/.plinth/uploads/m/1/model.py");
  EXPECT_FALSE(roots.CheckCode(root() / "code/.plinth/uploads/m/1/model.py"));
}

TEST_F(RepositoryTest, FoldersForCodeAreModelRoots) {
  const ModelRoots roots({}, {root()});
  EXPECT_EQ(roots.Resolve("a.onnx").value(), root() / "a.onnx");
}

TEST_F(RepositoryTest, FormatsByNameAndContent) {
  Write("f/one.onnx");
  Write("f/net.bin", std::string("\x1c\0\0\0TFL3....", 12));
  Write("f/model", std::string("\x80\x04\x95....", 7));
  Write("f/old.pb");
  Write("sm/saved_model.pb");
  Write("k/net.keras");
  Write("x/model.json", "{ \"learner\": {}}");
  Write("x/notes.txt", "about this");
  Write("x/package.json", "{}");
  Write("f/model.bst", std::string("{L\0\0\0\0\0\0\0\x07learner{", 18));
  Write("l/model.txt", "tree\nversion=v4\n");
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
  EXPECT_EQ(framework("x"), "xgboost");
  EXPECT_EQ(framework("f/model.bst"), "xgboost");
  EXPECT_EQ(framework("l"), "lightgbm");
  Write("js/model.ts", "export {}");
  Write("js/helper.ts");
  Write("js/types.d.ts");
  EXPECT_EQ(DetectModel(base_ / "js")->path, base_ / "js/model.ts");
  EXPECT_EQ(framework("js"), "javascript");
  EXPECT_EQ(framework("js/types.d.ts"), "none");
  Write("js/model.onnx");
  EXPECT_THAT(framework("js"), HasSubstr("several models (model.onnx, model.ts)"));
  EXPECT_EQ(DetectModel(base_ / "js", "javascript")->path, base_ / "js/model.ts");
  Write("index/index.mjs");
  EXPECT_EQ(framework("index"), "javascript");
  Write("steps/net.onnx");
  Write("steps/before.js");
  Write("steps/after.mjs");
  EXPECT_EQ(framework("steps"), "onnx");
  Write("f/scripted.ts", "PK\x03\x04");
  EXPECT_EQ(framework("f/scripted.ts"), "pytorch");
  EXPECT_EQ(CanonicalFramework("typescript"), "javascript");
  EXPECT_THAT(framework("k/net.keras"), HasSubstr("model.export"));
  EXPECT_THAT(framework("f"), HasSubstr("several models (old.pb, one.onnx, scripted.ts)"));
  EXPECT_EQ(DetectModel(base_ / "root")->path, root() / "a.onnx");
  EXPECT_EQ(CanonicalFramework("Scikit-Learn"), "sklearn");
  EXPECT_EQ(CanonicalFramework("lgbm"), "lightgbm");
  EXPECT_EQ(CanonicalFramework("caffe"), "caffe");
}

TEST_F(RepositoryTest, ProgramsInFoldersAreCalledModel) {
  Write("alone/model.py");
  Write("alone/helpers.py");
  Write("helpers/helpers.py");
  Write("both/model.py");
  Write("both/weights.onnx");
  EXPECT_EQ(DetectModel(base_ / "alone")->path, base_ / "alone" / "model.py");
  EXPECT_EQ(DetectModel(base_ / "helpers")->format, nullptr);
  EXPECT_EQ(DetectModel(base_ / "helpers" / "helpers.py")->format->framework, "python");
  EXPECT_FALSE(DetectModel(base_ / "both"));
  EXPECT_FALSE(DetectModel(base_ / "both", "onnx"));
  EXPECT_EQ(DetectModel(base_ / "both", "python")->path, base_ / "both" / "model.py");
}

class ModelFolderTest : public RepositoryTest {
 protected:
  ModelFolder Scan() const {
    auto folder = ScanModelFolder(base_ / "models");
    EXPECT_TRUE(folder);
    return folder ? *std::move(folder) : ModelFolder{};
  }
  static std::vector<std::string> NamesOf(const ModelFolder& folder) {
    std::vector<std::string> names;
    for (const FolderModel& model : folder.models)
      names.push_back(model.spec.name + "/" + model.spec.version);
    return names;
  }
};

TEST_F(ModelFolderTest, FindsFoldersAndFiles) {
  Write("models/single.onnx");
  Write("models/single.pt");
  Write("models/notes.txt");
  Write("models/make_models.py");
  Write("models/plain/model.onnx");
  Write("models/many/v2/model.pt");
  Write("models/many/v10/model.pt");
  Write("models/many/plinth.json", R"({"framework": "pytorch", "config": {"batch_size": 4}})");
  Write("models/many/v10/plinth.json", R"({"config": {"timeout_ms": 7}})");
  Write("models/bad name/model.onnx");
  Write("models/.hidden/model.onnx");
  Write("models/backup~/model.onnx");
  const ModelFolder folder = Scan();
  EXPECT_THAT(NamesOf(folder), ElementsAre("many/v10", "many/v2", "plain/v1", "single/v1"));
  EXPECT_EQ(folder.models[0].spec.framework, "pytorch");
  EXPECT_EQ(folder.models[0].spec.config.batch_size, 32);
  EXPECT_EQ(folder.models[0].spec.config.timeout_ms, 7);
  EXPECT_EQ(folder.models[1].spec.config.batch_size, 4);
  EXPECT_THAT(folder.skipped,
              ElementsAre(HasSubstr("cannot be a model's name"), HasSubstr("already")));
  EXPECT_FALSE(ScanModelFolder(base_ / "nothing"));
}

TEST_F(ModelFolderTest, KeepsWhatCannotBeDeployedWithTheReason) {
  Write("models/bad/model.onnx");
  Write("models/bad/plinth.json", R"({"frame": "onnx"})");
  Write("models/net.h5");
  Write("models/other.keras");
  Write("models/other.onnx");
  const ModelFolder folder = Scan();
  EXPECT_THAT(NamesOf(folder), ElementsAre("bad/v1", "other/v1", "net/v1"));
  ASSERT_TRUE(folder.models[0].problem);
  EXPECT_THAT(folder.models[0].problem->message,
              HasSubstr("bad/plinth.json: plinth.json key 'frame' is unknown"));
  EXPECT_EQ(folder.models[1].spec.path, base_ / "models/other.onnx");
}

TEST_F(ModelFolderTest, WaitsForFiles) {
  fs::create_directories(base_ / "models/empty");
  fs::create_directories(base_ / "models/many/2");
  Write("models/many/1/model.onnx");
  Write("models/configured/plinth.json", "{}");
  ASSERT_EQ(::mkfifo((base_ / "models/pipe.onnx").c_str(), 0600), 0);
  EXPECT_THAT(NamesOf(Scan()), ElementsAre("many/1"));
  Write("models/configured/model.onnx");
  EXPECT_THAT(NamesOf(Scan()), ElementsAre("configured/v1", "many/1"));
}

TEST_F(ModelFolderTest, FingerprintsTellWhichVersionChanged) {
  Write("models/many/1/model.onnx");
  Write("models/many/2/model.onnx");
  Write("models/single.onnx");
  const ModelFolder before = Scan();
  const auto changed = [&] {
    const ModelFolder after = Scan();
    std::vector<std::string> names;
    for (std::size_t i = 0; i < before.models.size(); ++i) {
      if (before.models.at(i).fingerprint != after.models.at(i).fingerprint)
        names.push_back(NamesOf(after)[i]);
    }
    return names;
  };
  EXPECT_THAT(changed(), IsEmpty());
  Write("models/many/2/model.onnx", "longer");
  EXPECT_THAT(changed(), ElementsAre("many/2"));
  Write("models/single.onnx.data");
  EXPECT_THAT(changed(), ElementsAre("many/2", "single/v1"));
  Write("models/many/plinth.json", "{}");
  EXPECT_THAT(changed(), ElementsAre("many/1", "many/2", "single/v1"));
}

}  // namespace
}  // namespace plinth
