#include "python/log_lines.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "python/host.h"

namespace plinth::python {
namespace {

constexpr std::size_t kMaxLine = 16 * 1024;  // longer ones are written in parts
constexpr std::size_t kMaxLast = 300;
constexpr int kMaxReads = 64;

// Control characters would let a model's output write over the terminal.
void Sanitize(std::string& line) {
  std::ranges::replace_if(
      line, [](unsigned char c) { return c < 0x20 && c != '\t'; }, ' ');
}

}  // namespace

bool LogLines::ReadFrom(int file) {
  std::array<char, 8192> buffer;
  // One that never stops writing must not keep the caller from all else.
  for (int reads = 0; reads < kMaxReads; ++reads) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return false;
    Add({buffer.data(), static_cast<std::size_t>(got)});
  }
  return true;
}

void LogLines::Add(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view part = text.substr(0, std::min(end, kMaxLine - line_.size()));
    line_ += part;
    text.remove_prefix(part.size());
    if (text.starts_with('\n')) {
      text.remove_prefix(1);
      Write();
    } else if (line_.size() == kMaxLine) {
      Write();
    }
  }
}

void LogLines::Finish() {
  if (!line_.empty()) Write();
}

void LogLines::Write() {
  Sanitize(line_);
  while (line_.ends_with(' ')) line_.pop_back();
  if (!line_.empty()) {
    last_ = line_.substr(0, kMaxLast);
    Log(PLINTH_LOG_INFO, name_ + ": " + line_);
  }
  line_.clear();
}

}  // namespace plinth::python
