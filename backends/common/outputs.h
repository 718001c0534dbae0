// The outputs of one execute(): memory that the backend owns until the host gives it back.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plinth/backend.h"

namespace plinth::kit {

// Strings as the ABI lays them out: contents one behind the other, and where each begins.
struct Strings {
  std::string data;
  std::vector<std::uint64_t> offsets{0};

  void Add(std::string_view text) {
    data += text;
    offsets.push_back(data.size());
  }
};

// Fills a response front to back. What was added is released again unless Commit() is called, so a
// call that fails half way leaves nothing behind.
class OutputWriter {
 public:
  explicit OutputWriter(plinth_execute_response* response) : outputs_(response->outputs) {}
  OutputWriter(const OutputWriter&) = delete;
  OutputWriter& operator=(const OutputWriter&) = delete;
  ~OutputWriter();

  // Adds the next output without a copy. `name` must live as long as the model; `data` (and
  // `offsets`, for strings) as long as `owner`, which may be moved: they must not point into the
  // object itself.
  template <typename Owner>
  void Add(const char* name, plinth_dtype dtype, std::span<const std::int64_t> shape,
           const void* data, std::size_t byte_size, Owner owner,
           const std::uint64_t* offsets = nullptr) {
    auto held = std::make_unique<Held<Owner>>(shape, std::move(owner));
    const std::int64_t* dims = held->shape.data();
    Put(name, dtype, shape.size(), dims, data, byte_size, offsets, held.release(),
        &Held<Owner>::Release);
  }

  // Adds numbers that the output takes over.
  template <typename T>
  void AddVector(const char* name, plinth_dtype dtype, std::span<const std::int64_t> shape,
                 std::vector<T> values) {
    const void* data = values.data();
    const std::size_t byte_size = values.size() * sizeof(T);
    Add(name, dtype, shape, data, byte_size, std::move(values));
  }

  // Adds strings that the output takes over.
  void AddStrings(const char* name, std::span<const std::int64_t> shape, Strings strings);

  // From here on the outputs are the host's.
  void Commit() { count_ = 0; }

 private:
  template <typename Owner>
  struct Held {
    std::array<std::int64_t, PLINTH_MAX_RANK> shape;
    Owner owner;

    // Of a shape with more dimensions than the ABI has, which the host refuses by its rank, only
    // the first are kept.
    Held(std::span<const std::int64_t> s, Owner o) : owner(std::move(o)) {
      std::ranges::copy(s.first(std::min(s.size(), shape.size())), shape.begin());
    }
    static void Release(void* self) { delete static_cast<Held*>(self); }
  };

  void Put(const char* name, plinth_dtype dtype, std::size_t rank, const std::int64_t* shape,
           const void* data, std::size_t byte_size, const std::uint64_t* offsets, void* context,
           void (*release)(void*));

  plinth_output* outputs_;
  std::size_t count_ = 0;  // how many have been added and are still ours
};

}  // namespace plinth::kit
