#include "python/embedded/python_api.h"

#include <dlfcn.h>

namespace plinth::python {
namespace {

class Finder {
 public:
  explicit Finder(void* library) : library_(library) {}

  template <typename T>
  void Find(const char* name, T*& target) {
    target = reinterpret_cast<T*>(dlsym(library_, name));
    if (target == nullptr && missing_.empty()) missing_ = name;
  }
  template <typename T>
  void FindIfThere(const char* name, T*& target) {
    target = reinterpret_cast<T*>(dlsym(library_, name));
  }

  const std::string& missing() const { return missing_; }

 private:
  void* const library_;
  std::string missing_;
};

void FindAll(Finder& finder, PythonApi& api) {
  finder.Find("Py_SetProgramName", api.set_program_name);
  finder.Find("Py_InitializeEx", api.initialize);
  finder.Find("Py_IsInitialized", api.is_initialized);
  finder.Find("Py_DecodeLocale", api.decode_locale);
  finder.FindIfThere("Py_UTF8Mode", api.utf8_mode);
  finder.Find("PyEval_SaveThread", api.save_thread);
  finder.Find("PyEval_RestoreThread", api.restore_thread);
  finder.Find("PyGILState_Ensure", api.gil_ensure);
  finder.Find("PyGILState_Release", api.gil_release);
  finder.Find("PyThread_get_thread_ident", api.thread_ident);
  finder.Find("PyThreadState_SetAsyncExc", api.set_async_exception);
  finder.Find("Py_IncRef", api.inc_ref);
  finder.Find("Py_DecRef", api.dec_ref);
  finder.Find("_Py_NoneStruct", api.none);
  finder.Find("PyObject_GetAttrString", api.get_attribute);
  finder.Find("PyObject_CallObject", api.call);
  finder.Find("PyObject_Str", api.str);
  finder.Find("PyImport_ImportModule", api.import_module);
  finder.Find("PySys_GetObject", api.sys_object);
  finder.Find("PyCFunction_NewEx", api.function_new);
  finder.Find("PyLong_FromLongLong", api.long_from);
  finder.Find("PyLong_AsLongLong", api.long_as);
  finder.Find("PyBytes_FromStringAndSize", api.bytes_from);
  finder.Find("PyBytes_AsStringAndSize", api.bytes_as);
  finder.Find("PyUnicode_DecodeUTF8", api.text_from);
  finder.Find("PyUnicode_AsUTF8AndSize", api.text_as);
  finder.Find("PyTuple_New", api.tuple_new);
  finder.Find("PyTuple_Size", api.tuple_size);
  finder.Find("PyTuple_GetItem", api.tuple_get);
  finder.Find("PyTuple_SetItem", api.tuple_set);
  finder.Find("PyList_New", api.list_new);
  finder.Find("PyList_SetItem", api.list_set);
  finder.Find("PyList_Insert", api.list_insert);
  finder.Find("PyCapsule_New", api.capsule_new);
  finder.Find("PyCapsule_GetPointer", api.capsule_get);
  finder.Find("PyMemoryView_FromMemory", api.memory_view);
  finder.Find("PyObject_GetBuffer", api.get_buffer);
  finder.Find("PyBuffer_Release", api.release_buffer);
  finder.Find("PyErr_Occurred", api.error_occurred);
  finder.Find("PyErr_Fetch", api.error_fetch);
  finder.Find("PyErr_Clear", api.error_clear);
  finder.Find("PyErr_SetString", api.error_set);
  finder.Find("PyExc_RuntimeError", api.runtime_error);
}

}  // namespace

kit::Result<PythonApi> PythonApi::Open(const std::string& library) {
  // Global: the extension modules of Python look for its functions among those of the process.
  void* const opened = dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (opened == nullptr) {
    const char* const why = dlerror();
    return kit::Fail(PLINTH_UNAVAILABLE, "the library of Python cannot be opened: " +
                                             std::string(why == nullptr ? library : why));
  }
  PythonApi api;
  Finder finder(opened);
  FindAll(finder, api);
  if (!finder.missing().empty()) {
    return kit::Fail(PLINTH_UNAVAILABLE, "the library of Python, " + library + ", has no " +
                                             finder.missing() + "; 3.11 or newer is needed");
  }
  return api;
}

}  // namespace plinth::python
