// Python's objects as C++ values, and the lock that all of Python is used under.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "python/embedded/python_api.h"

namespace plinth::python {

// What was opened. The runtime sets it once, before anything else of this folder is used.
const PythonApi& Python();
void SetPython(const PythonApi& api);

// Holds the global lock. Any thread.
class Gil {
 public:
  Gil() : state_(Python().gil_ensure()) {}
  Gil(const Gil&) = delete;
  Gil& operator=(const Gil&) = delete;
  ~Gil() { Python().gil_release(state_); }

 private:
  const int state_;
};

// Lets the lock go for a while, on a thread that holds it.
class WithoutGil {
 public:
  WithoutGil() : state_(Python().save_thread()) {}
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;
  ~WithoutGil() { Python().restore_thread(state_); }

 private:
  PyThreadState* const state_;
};

// Python's own state of the calling thread lives as long as the thread from here on: without it,
// each Gil makes one and ends it. Not under the lock.
void KeepThreadState();

// A reference that we own, or nullptr. Used under the lock, its end too.
class Ref {
 public:
  Ref() = default;
  explicit Ref(PyObject* owned) : object_(owned) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) Python().dec_ref(object_);
  }

  static Ref Borrow(PyObject* object) {
    Python().inc_ref(object);
    return Ref(object);
  }

  PyObject* get() const { return object_; }
  PyObject* release() { return std::exchange(object_, nullptr); }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

// What is not valid UTF-8 is replaced.
inline Ref TextOf(std::string_view text) {
  return Ref(Python().text_from(text.data(), static_cast<PySize>(text.size()), "replace"));
}
inline Ref BytesOf(const void* data, std::size_t size) {
  return Ref(Python().bytes_from(static_cast<const char*>(data), static_cast<PySize>(size)));
}
inline Ref NumberOf(std::int64_t number) { return Ref(Python().long_from(number)); }
inline Ref None() { return Ref::Borrow(Python().none); }

// A tuple of what it is given; nullptr if any of that is.
template <typename... Refs>
Ref TupleOf(Refs... items) {
  if (!(static_cast<bool>(items) && ...)) return {};
  Ref tuple(Python().tuple_new(sizeof...(items)));
  PySize at = 0;
  if (tuple) (Python().tuple_set(tuple.get(), at++, items.release()), ...);
  return tuple;
}

// callable(*arguments); nullptr if it raised, or if `arguments` is.
inline Ref Call(PyObject* callable, const Ref& arguments) {
  return Ref(arguments ? Python().call(callable, arguments.get()) : nullptr);
}

// The bytes of a bytes object, valid as long as it is; empty if it is none.
std::string_view BytesIn(PyObject* object);

// A str as UTF-8; empty if it is none.
std::string TextIn(PyObject* object);

// The exception that is being raised, as a text; it is raised no longer.
std::string TakeError();

}  // namespace plinth::python
