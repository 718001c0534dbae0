#include "python/embedded/python_objects.h"

namespace plinth::python {
namespace {

PythonApi the_api;

class KeptState {
 public:
  KeptState() : state_(Python().gil_ensure()), thread_(Python().save_thread()) {}
  KeptState(const KeptState&) = delete;
  KeptState& operator=(const KeptState&) = delete;
  ~KeptState() {
    Python().restore_thread(thread_);
    Python().gil_release(state_);
  }

 private:
  const int state_;
  PyThreadState* const thread_;
};

}  // namespace

const PythonApi& Python() { return the_api; }

void SetPython(const PythonApi& api) { the_api = api; }

void KeepThreadState() { thread_local const KeptState kept; }

std::string_view BytesIn(PyObject* object) {
  char* data = nullptr;
  PySize size = 0;
  if (Python().bytes_as(object, &data, &size) != 0) {
    Python().error_clear();
    return {};
  }
  return {data, static_cast<std::size_t>(size)};
}

std::string TextIn(PyObject* object) {
  PySize size = 0;
  const char* const text = Python().text_as(object, &size);
  if (text == nullptr) {
    Python().error_clear();
    return {};
  }
  return {text, static_cast<std::size_t>(size)};
}

std::string TakeError() {
  PyObject* parts[3] = {};
  Python().error_fetch(&parts[0], &parts[1], &parts[2]);
  const Ref type(parts[0]), value(parts[1]), traceback(parts[2]);
  if (!value) return type ? "an exception without a value" : "nothing was raised";
  const Ref text(Python().str(value.get()));
  if (text) return TextIn(text.get());
  Python().error_clear();
  return "an exception that cannot be shown";
}

}  // namespace plinth::python
