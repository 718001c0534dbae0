// Any bytes as an ONNX model whose files are looked for: it must end in names or an error, and
// never in a name outside the model's folder.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "common/onnx_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = memfd_create("model", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) abort();
  const auto files = plinth::kit::ExternalFiles(path);
  if (!files) return 0;
  const std::string folder = std::filesystem::canonical("/proc/self/fd").string() + "/";
  for (const auto& [name, found] : *files) {
    if (!found.starts_with(folder)) abort();
  }
  return 0;
}
