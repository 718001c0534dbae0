// What a worker writes, line by line into the server's log.
#pragma once

#include <string>
#include <string_view>

namespace plinth::python {

class LogLines {
 public:
  // Each line gets `name` in front.
  explicit LogLines(std::string name) : name_(std::move(name)) {}

  // Reads what there is in a descriptor that does not block. False if nothing more will come.
  bool ReadFrom(int file);
  void Add(std::string_view text);

  // What was written without an end of line.
  void Finish();

  // The last line that was not empty; "" if there was none. At most 300 bytes of it.
  const std::string& last() const { return last_; }

 private:
  void Write();

  const std::string name_;
  std::string line_;  // what came since the last end of line
  std::string last_;
};

}  // namespace plinth::python
