#include "common/outputs.h"

namespace plinth::kit {

OutputWriter::~OutputWriter() {
  for (std::size_t i = 0; i < count_; ++i) {
    outputs_[i].release(outputs_[i].release_context);
    outputs_[i] = {};
  }
}

void OutputWriter::AddStrings(const char* name, std::span<const std::int64_t> shape,
                              Strings strings) {
  // On the heap before the pointers are taken: a short std::string keeps its text inside itself.
  auto owner = std::make_unique<Strings>(std::move(strings));
  const Strings& kept = *owner;
  Add(name, PLINTH_BYTES, shape, kept.data.data(), kept.data.size(), std::move(owner),
      kept.offsets.data());
}

void OutputWriter::Put(const char* name, plinth_dtype dtype, std::size_t rank,
                       const std::int64_t* shape, const void* data, std::size_t byte_size,
                       const std::uint64_t* offsets, void* context, void (*release)(void*)) {
  outputs_[count_++] = {
      {name, dtype, static_cast<std::uint32_t>(rank), shape, data, byte_size, offsets},
      context,
      release};
}

}  // namespace plinth::kit
