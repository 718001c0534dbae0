// Hears from the kernel (inotify) that something may have changed in a folder or below it.
#pragma once

#include <set>
#include <string>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace plinth {

class TreeWatch {
 public:
  // RESOURCE_EXHAUSTED if the system gives no inotify instance.
  static Result<TreeWatch> Create(const std::string& root);

  // Watches the folders that are there now, links to folders included, and no others: to be called
  // again after events and before the folder is looked at, so that no change falls between.
  // NOT_FOUND if the root is not there: its return is heard of all the same where the folder above
  // it is. RESOURCE_EXHAUSTED if the system allows no more watches.
  Status Watch();

  // Readable when there are events.
  int fd() const { return inotify_.get(); }

  // Takes the events that have come. Whether there was any, or more than the kernel kept.
  bool TakeEvents();

 private:
  TreeWatch(FileDescriptor inotify, const std::string& root);
  bool IsOfAnother(int watch, const char* name) const;

  FileDescriptor inotify_;
  std::string root_;   // absolute, without a slash at the end
  std::string above_;  // the folder that it is in
  std::string name_;   // and its name there
  int above_watch_ = -1;
  std::set<int> watches_;
};

}  // namespace plinth
