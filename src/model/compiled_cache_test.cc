#include "model/compiled_cache.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kAtOnce{0};

Signature OneOutput(const std::string& name = "y") {
  Signature signature;
  signature.outputs.push_back({name, DType::kFp32, Shape{1, 2}, -1, false});
  return signature;
}

class CompiledCacheTest : public testing::Test {
 protected:
  CompiledCacheTest() { temp_.Write("m/model", "weights"); }

  static std::string TextOf(const plinth_compiled_file& file) {
    return {static_cast<const char*>(file.data), file.size};
  }

  CompiledCache Cache(std::uint64_t max_bytes = 1 << 20,
                      std::chrono::milliseconds worthwhile = kAtOnce) const {
    return CompiledCache(Dir(), max_bytes, worthwhile);
  }
  std::string Dir() const { return temp_ / ".plinth/compiled"; }

  // What a backend does that makes `text` of the model, or finds it made already. Returns what it
  // found.
  std::string Load(CompiledCache& cache, const std::string& text = "compiled",
                   const std::string& option = "") {
    StableHasher settings;
    settings.Text(option);
    CompiledLoad load(cache, settings, Model());
    const plinth_compiled& view = *load.view();
    const std::string path = Model();
    const char* paths[] = {path.c_str()};
    const plinth_compiled_file* files = nullptr;
    std::string found;
    if (view.find(view.context, 1, paths, &files) == 1) {
      found = TextOf(files[0]);
    } else if (const char* folder = view.folder(view.context)) {
      std::ofstream(fs::path(folder) / "form") << text;
    }
    EXPECT_FALSE(load.ToBlame(&signature_));
    last_ = load.Finish(signature_);
    return found;
  }

  std::string Model() const { return temp_ / "m/model"; }

  // The folders of kept forms.
  std::vector<fs::path> Entries() const {
    std::vector<fs::path> entries;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(Dir(), error)) entries.push_back(entry.path());
    return entries;
  }

  TempFolder temp_;
  Signature signature_ = OneOutput();
  CompiledUse last_ = CompiledUse::kNone;
};

TEST_F(CompiledCacheTest, SecondLoadFindsWhatTheFirstKept) {
  CompiledCache cache = Cache();
  EXPECT_EQ(Load(cache), "");
  EXPECT_EQ(last_, CompiledUse::kStored);
  EXPECT_EQ(Load(cache), "compiled");
  EXPECT_EQ(last_, CompiledUse::kHit);
  CompiledCache next_start = Cache();
  EXPECT_EQ(Load(next_start), "compiled");
}

TEST_F(CompiledCacheTest, OtherFilesOrSettingsAreOtherForms) {
  CompiledCache cache = Cache();
  Load(cache);
  EXPECT_EQ(Load(cache, "other", "option"), "");
  temp_.Write("m/model", "weightz");
  EXPECT_EQ(Load(cache), "");
  EXPECT_EQ(Entries().size(), 3);
}

TEST_F(CompiledCacheTest, ModelMayLieElsewhere) {
  CompiledCache cache = Cache();
  Load(cache);
  fs::rename(temp_ / "m", temp_ / "n");
  fs::create_symlink(temp_ / "n", temp_ / "m");
  EXPECT_EQ(Load(cache), "compiled");
}

TEST_F(CompiledCacheTest, QuickLoadsAreNotKept) {
  CompiledCache cache = Cache(1 << 20, std::chrono::hours(1));
  Load(cache);
  EXPECT_EQ(last_, CompiledUse::kNone);
  EXPECT_THAT(Entries(), testing::IsEmpty());
}

TEST_F(CompiledCacheTest, ModelThatChangedWhileItWasLoadedIsNotKept) {
  CompiledCache cache = Cache();
  CompiledLoad load(cache, StableHasher(), Model());
  const std::string path = Model();
  const char* paths[] = {path.c_str()};
  const plinth_compiled_file* files = nullptr;
  EXPECT_EQ(load.view()->find(load.view()->context, 1, paths, &files), 0);
  std::ofstream(fs::path(load.view()->folder(load.view()->context)) / "form") << "of the new one";
  temp_.Write("m/model", "new");
  EXPECT_EQ(load.Finish(signature_), CompiledUse::kNone);
}

TEST_F(CompiledCacheTest, WhateverIsWrongWithAFormItIsMadeAgain) {
  const std::vector<std::function<void(const fs::path&)>> damages = {
      [](const fs::path& form) { std::ofstream(form / "form") << "COMPILED"; },
      [](const fs::path& form) { fs::resize_file(form / "form", 3); },
      [](const fs::path& form) { std::ofstream(form / "form", std::ios::app) << "more"; },
      [](const fs::path& form) { fs::remove(form / "form"); },
      [](const fs::path& form) { fs::resize_file(form / "plinth-index", 20); },
      [](const fs::path& form) { fs::resize_file(form / "plinth-index", 0); },
      [](const fs::path& form) { std::ofstream(form / "plinth-index") << "plinth-compiled 9\n"; },
      [](const fs::path& form) {
        fs::remove(form / "form");
        fs::create_directory(form / "form");
      },
  };
  for (const auto& damage : damages) {
    CompiledCache cache = Cache();
    Load(cache);
    ASSERT_EQ(Entries().size(), 1);
    damage(Entries().front());
    EXPECT_EQ(Load(cache), "");
    EXPECT_EQ(last_, CompiledUse::kStored);
    EXPECT_EQ(Load(cache), "compiled");
    fs::remove_all(Dir());
  }
}

TEST_F(CompiledCacheTest, FormOfAnotherSignatureIsToBlame) {
  CompiledCache cache = Cache();
  Load(cache);
  StableHasher settings;
  settings.Text("");
  CompiledLoad load(cache, settings, Model());
  const std::string path = Model();
  const char* paths[] = {path.c_str()};
  const plinth_compiled_file* files = nullptr;
  ASSERT_EQ(load.view()->find(load.view()->context, 1, paths, &files), 1);
  const Signature other = OneOutput("z");
  EXPECT_TRUE(load.ToBlame(&other));
  EXPECT_TRUE(load.ToBlame(nullptr));
  load.Discard();
  EXPECT_THAT(Entries(), testing::IsEmpty());
  EXPECT_EQ(TextOf(files[0]), "compiled");  // in memory, whatever becomes of the files
}

TEST_F(CompiledCacheTest, LeastRecentlyUsedGo) {
  CompiledCache cache = Cache(1000);
  const std::string large(300, 'x');
  Load(cache, large, "a");
  Load(cache, large, "b");
  // Ages are those of the file system, which may not tell apart what happens at once.
  for (const auto& entry : Entries()) {
    fs::last_write_time(entry, fs::file_time_type::clock::now() - std::chrono::minutes(1));
  }
  EXPECT_EQ(Load(cache, large, "a"), large);
  Load(cache, large, "c");
  EXPECT_EQ(Entries().size(), 2);
  EXPECT_EQ(Load(cache, large, "a"), large);
  EXPECT_EQ(Load(cache, large, "c"), large);
  EXPECT_EQ(Load(cache, std::string(2000, 'x'), "too large"), "");
  EXPECT_EQ(last_, CompiledUse::kNone);
}

TEST_F(CompiledCacheTest, ManyWritersAtOnce) {
  CompiledCache cache = Cache();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this] {
      CompiledCache own = Cache();
      for (int round = 0; round < 50; ++round) {
        const std::string option = std::to_string(round);
        StableHasher settings;
        settings.Text(option);
        CompiledLoad load(own, settings, Model());
        const std::string path = Model();
        const char* paths[] = {path.c_str()};
        const plinth_compiled_file* files = nullptr;
        if (load.view()->find(load.view()->context, 1, paths, &files) == 1) {
          EXPECT_EQ(TextOf(files[0]), option);
        } else {
          std::ofstream(fs::path(load.view()->folder(load.view()->context)) / "form") << option;
        }
        EXPECT_NE(load.Finish(signature_), CompiledUse::kNone);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Entries().size(), 50);  // and nothing unfinished beside them
}

TEST_F(CompiledCacheTest, SweepsOnlyWhatIsOldAndItsOwn) {
  temp_.Write(".plinth/compiled/.unfinished-abcdef/form");
  temp_.Write(".plinth/compiled/.unfinished-young1/form");
  temp_.Write(".plinth/compiled/README");
  fs::last_write_time(Dir() + "/.unfinished-abcdef",
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  const CompiledCache cache = Cache();
  EXPECT_THAT(Entries(), testing::UnorderedElementsAre(fs::path(Dir()) / ".unfinished-young1",
                                                       fs::path(Dir()) / "README"));
}

TEST_F(CompiledCacheTest, FolderThatCannotBeMadeIsNoHindrance) {
  temp_.Write(".plinth", "a file where the folder should be");
  CompiledCache cache = Cache();
  EXPECT_EQ(Load(cache), "");
  EXPECT_EQ(Load(cache), "");
  EXPECT_EQ(last_, CompiledUse::kNone);
}

TEST_F(CompiledCacheTest, FullDiskIsNoHindrance) {
  CompiledCache cache = Cache();
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit none{0, 0};
    setrlimit(RLIMIT_FSIZE, &none);
    Load(cache);
    _exit(last_ == CompiledUse::kNone ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(Entries(), testing::IsEmpty());
  Load(cache);
  EXPECT_EQ(last_, CompiledUse::kStored);
}

TEST_F(CompiledCacheTest, ModelThatCannotBeReadHasNoForm) {
  CompiledCache cache = Cache();
  CompiledLoad load(cache, StableHasher(), Model());
  const std::string path = temp_ / "m/nothing";
  const char* paths[] = {path.c_str()};
  const plinth_compiled_file* files = nullptr;
  EXPECT_EQ(load.view()->find(load.view()->context, 1, paths, &files), 0);
  EXPECT_EQ(load.view()->folder(load.view()->context), nullptr);
  EXPECT_FALSE(load.ToBlame(nullptr));
}

}  // namespace
}  // namespace plinth
