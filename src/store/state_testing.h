// What the tests of the store share.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/state_store.h"

namespace plinth {

// A folder of the test's own, and the state file in it.
class StateTest : public testing::Test {
 public:
  ~StateTest() override { std::filesystem::remove_all(folder); }

 protected:
  StateTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "plinth_state.XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    path = (folder / "state.db").string();
  }

  std::unique_ptr<StateStore> OpenStore() const {
    auto store = StateStore::Open(path);
    if (!store) ADD_FAILURE() << store.error().message;
    return store ? *std::move(store) : nullptr;
  }

  std::filesystem::path folder;
  std::string path;
};

inline StateChange Put(std::string model, std::string version, std::string spec = "{}") {
  StateChange change;
  change.put.push_back({std::move(model), std::move(version), std::move(spec)});
  return change;
}

inline StateChange Happened(std::string model, std::string message) {
  StateChange change;
  change.events.push_back(
      {.model = std::move(model), .kind = "test", .message = std::move(message)});
  return change;
}

inline StoredState Loaded(StateStore& store) {
  auto state = store.Load();
  if (!state) ADD_FAILURE() << state.error().message;
  return state.value_or(StoredState{});
}

inline std::vector<Event> EventsOf(StateStore& store, std::string_view model,
                                   std::size_t limit = 100, std::int64_t before = 0) {
  auto events = store.Events(model, limit, before);
  if (!events) ADD_FAILURE() << events.error().message;
  return events.value_or(std::vector<Event>{});
}

// EXPECT_THAT(store.Commit(...), Refused(Code::kUnavailable, "no space"));
MATCHER_P2(Refused, code, words, "") {
  if (arg.has_value()) {
    *result_listener << "which succeeded";
    return false;
  }
  *result_listener << arg.error().message;
  return arg.error().code == code && arg.error().message.find(words) != std::string::npos;
}

inline bool Succeeded(const Status& status) {
  if (!status) ADD_FAILURE() << status.error().message;
  return status.has_value();
}

}  // namespace plinth
