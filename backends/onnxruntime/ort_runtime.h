// ONNX Runtime's C API, opened at run time: one library and one environment a process, and owning
// handles over its objects.
#pragma once

#include <onnxruntime_c_api.h>

#include <memory>
#include <string>

#include "common/failure.h"
#include "onnxruntime/helper_parking.h"
#include "plinth/backend.h"

namespace plinth::onnx {

// Opens the library and makes the environment. Called once, before anything else here. Its log goes
// to `host`.
kit::Status OpenRuntime(const plinth_host* host);

// The functions; valid after OpenRuntime().
const OrtApi& Api();

OrtEnv* Environment();

// For the calls of sessions on the environment's own pool of threads.
HelperParking& Parking();

// "ONNX Runtime 1.32.0".
const char* RuntimeName();

// Frees with the function of the API that `kRelease` points to.
template <typename T, void (*OrtApi::*kRelease)(T*)>
struct Releaser {
  void operator()(T* object) const { (Api().*kRelease)(object); }
};
template <typename T, void (*OrtApi::*kRelease)(T*)>
using Handle = std::unique_ptr<T, Releaser<T, kRelease>>;

using StatusHandle = Handle<OrtStatus, &OrtApi::ReleaseStatus>;
using ValueHandle = Handle<OrtValue, &OrtApi::ReleaseValue>;
using SessionHandle = Handle<OrtSession, &OrtApi::ReleaseSession>;
using SessionOptionsHandle = Handle<OrtSessionOptions, &OrtApi::ReleaseSessionOptions>;
using RunOptionsHandle = Handle<OrtRunOptions, &OrtApi::ReleaseRunOptions>;
using TypeInfoHandle = Handle<OrtTypeInfo, &OrtApi::ReleaseTypeInfo>;
using MemoryInfoHandle = Handle<OrtMemoryInfo, &OrtApi::ReleaseMemoryInfo>;
using ShapeInfoHandle = Handle<OrtTensorTypeAndShapeInfo, &OrtApi::ReleaseTensorTypeAndShapeInfo>;

// Turns what an API function returned into a Status. INVALID_ARGUMENT and NOT_FOUND where ONNX
// Runtime says so, `otherwise` for the rest; the message is freed of source paths and signatures.
kit::Status Check(OrtStatus* status, plinth_status otherwise = PLINTH_INTERNAL);

// ONNX Runtime's message without "/src/…/file.cc:123 void onnxruntime::F(…)" before the text.
std::string CleanMessage(std::string message);

}  // namespace plinth::onnx
