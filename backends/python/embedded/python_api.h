// What we call of CPython: functions of its stable ABI as 3.11 has it, found in whatever library is
// there at run time. Nothing of Python is needed to build this, and one build serves all later
// versions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/failure.h"

namespace plinth::python {

struct PyObject;       // only Python knows what is in it
struct PyThreadState;  // likewise

// Py_ssize_t and the structures that cross, as the stable ABI fixes them.
using PySize = std::ptrdiff_t;

struct PyBuffer {  // Py_buffer
  void* buf = nullptr;
  PyObject* obj = nullptr;
  PySize len = 0;
  PySize itemsize = 0;
  int readonly = 0;
  int ndim = 0;
  char* format = nullptr;
  PySize* shape = nullptr;
  PySize* strides = nullptr;
  PySize* suboffsets = nullptr;
  void* internal = nullptr;
};

struct PyMethod {  // PyMethodDef
  const char* name;
  PyObject* (*function)(PyObject* self, PyObject* arguments);
  int flags;
  const char* doc;
};

inline constexpr int kPyMethodTakesTuple = 1;  // METH_VARARGS
inline constexpr int kPyReadOnly = 0x100;      // PyBUF_READ
inline constexpr int kPySimpleBuffer = 0;      // PyBUF_SIMPLE

// Each is what its name says with Py in front: list_new is PyList_New.
struct PythonApi {
  void (*set_program_name)(const wchar_t* name) = nullptr;
  void (*initialize)(int with_signal_handlers) = nullptr;
  int (*is_initialized)() = nullptr;
  wchar_t* (*decode_locale)(const char* text, std::size_t* size) = nullptr;
  int* utf8_mode = nullptr;  // Py_UTF8Mode; may be missing

  PyThreadState* (*save_thread)() = nullptr;
  void (*restore_thread)(PyThreadState* state) = nullptr;
  int (*gil_ensure)() = nullptr;
  void (*gil_release)(int state) = nullptr;
  unsigned long (*thread_ident)() = nullptr;
  int (*set_async_exception)(unsigned long thread, PyObject* exception) = nullptr;

  void (*inc_ref)(PyObject* object) = nullptr;
  void (*dec_ref)(PyObject* object) = nullptr;
  PyObject* none = nullptr;
  PyObject* (*get_attribute)(PyObject* object, const char* name) = nullptr;
  PyObject* (*call)(PyObject* callable, PyObject* arguments) = nullptr;
  PyObject* (*str)(PyObject* object) = nullptr;
  PyObject* (*import_module)(const char* name) = nullptr;
  PyObject* (*sys_object)(const char* name) = nullptr;
  PyObject* (*function_new)(PyMethod* method, PyObject* self, PyObject* module) = nullptr;

  PyObject* (*long_from)(long long value) = nullptr;
  long long (*long_as)(PyObject* number) = nullptr;
  PyObject* (*bytes_from)(const char* data, PySize size) = nullptr;
  int (*bytes_as)(PyObject* bytes, char** data, PySize* size) = nullptr;
  PyObject* (*text_from)(const char* data, PySize size, const char* errors) = nullptr;
  const char* (*text_as)(PyObject* text, PySize* size) = nullptr;
  PyObject* (*tuple_new)(PySize size) = nullptr;
  PySize (*tuple_size)(PyObject* tuple) = nullptr;
  PyObject* (*tuple_get)(PyObject* tuple, PySize index) = nullptr;
  int (*tuple_set)(PyObject* tuple, PySize index, PyObject* item) = nullptr;
  PyObject* (*list_new)(PySize size) = nullptr;
  int (*list_set)(PyObject* list, PySize index, PyObject* item) = nullptr;
  int (*list_insert)(PyObject* list, PySize index, PyObject* item) = nullptr;
  PyObject* (*capsule_new)(void* pointer, const char* name, void (*destroy)(PyObject*)) = nullptr;
  void* (*capsule_get)(PyObject* capsule, const char* name) = nullptr;
  PyObject* (*memory_view)(char* data, PySize size, int flags) = nullptr;
  int (*get_buffer)(PyObject* object, PyBuffer* buffer, int flags) = nullptr;
  void (*release_buffer)(PyBuffer* buffer) = nullptr;

  PyObject* (*error_occurred)() = nullptr;
  void (*error_fetch)(PyObject** type, PyObject** value, PyObject** traceback) = nullptr;
  void (*error_clear)() = nullptr;
  void (*error_set)(PyObject* type, const char* message) = nullptr;
  PyObject** runtime_error = nullptr;

  // Opens the library, for good. UNAVAILABLE: it is not there or is no such Python.
  static kit::Result<PythonApi> Open(const std::string& library);
};

}  // namespace plinth::python
