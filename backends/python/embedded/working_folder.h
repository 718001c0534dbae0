// The folder in which a model's code finds relative paths, as it would in a process of its own.
//
// A thread may have one of its own (unshare(CLONE_FS)) where the system lets it; some containers do
// not, and then it is that of the server.
#pragma once

#include <string>

#include "base/file_descriptor.h"

namespace plinth::python {

class ModelFolder {
 public:
  explicit ModelFolder(const std::string& path);

  // While it lives, the calling thread is in the folder. On threads that others use too.
  class Visit {
   public:
    explicit Visit(const ModelFolder& folder);
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit();

   private:
    const bool moved_;
  };

 private:
  FileDescriptor folder_;
};

}  // namespace plinth::python
