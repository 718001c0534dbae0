#include "javascript/engine.h"

#include <ctime>

#include "javascript/context_groups.h"
#include "javascript/js_value.h"

// Exported by the library, declared by none of its public headers.
extern "C" {
using JSShouldTerminateCallback = bool (*)(JSContextRef context, void* data);
void JSContextGroupSetExecutionTimeLimit(JSContextGroupRef group, double limit,
                                         JSShouldTerminateCallback callback, void* data);
JSObjectRef JSGetMemoryUsageStatistics(JSContextRef context);
void JSSynchronousGarbageCollectForDebugging(JSContextRef context);
// Of its other API, whose headers need GLib's.
int jsc_options_set_boolean(const char* option, int value);
}

namespace plinth::javascript {
namespace {

constexpr double kTickSeconds = 0.01;
// To measure the heap takes 0.2 ms, and 50 ns more for each object in it: while a script runs a
// fifth of the time at most goes into that, and between calls a hundredth.
constexpr std::int64_t kShareWhileRunning = 4;
constexpr std::int64_t kShareBetweenCalls = 100;

}  // namespace

std::int64_t Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

void ConfigureRuntime() {
  // Scripts look for requests to end in their loops, instead of being interrupted by signals.
  jsc_options_set_boolean("usePollingTraps", 1);
  // A function that another one returns has to be seen in the stack of an error.
  jsc_options_set_boolean("useTailCalls", 0);
  // WebAssembly would bring a handler of SIGSEGV into the process.
  jsc_options_set_boolean("useWasm", 0);
}

Engine::Engine(std::size_t memory_limit)
    : memory_limit_(memory_limit),
      group_(MakeContextGroup()),
      context_(JSGlobalContextCreateInGroup(group_, nullptr)) {
  JSContextGroupSetExecutionTimeLimit(group_, kTickSeconds, &Engine::Tick, this);
}

Engine::~Engine() {
  ReleasePending();
  JSGlobalContextRelease(context_);
  JSContextGroupRelease(group_);
}

bool Engine::Tick(JSContextRef, void* self) {
  auto* engine = static_cast<Engine*>(self);
  engine->Check();
  // A limit holds once. Set for the next tick as the last thing here, lest that comes during this.
  JSContextGroupSetExecutionTimeLimit(engine->group_, kTickSeconds, &Engine::Tick, engine);
  return engine->ended();
}

bool Engine::Check() {
  if (!Look() && IsTooLarge(kShareWhileRunning)) ended_ = PLINTH_RESOURCE_EXHAUSTED;
  return ended();
}

bool Engine::IsTooLarge(std::int64_t share) {
  const std::int64_t start = Now();
  if (memory_limit_ == 0 || start < next_measure_ns_) return false;
  const bool large = HeapBytes() > memory_limit_;
  const std::int64_t end = Now();
  next_measure_ns_ = end + share * (end - start);
  return large;
}

bool Engine::Look() {
  if (ended()) return true;
  if (stopped_.load(std::memory_order_acquire)) {
    ended_ = PLINTH_CANCELLED;
  } else if (deadline_ns_ != 0 && Now() >= deadline_ns_) {
    ended_ = PLINTH_DEADLINE_EXCEEDED;
  }
  return ended();
}

JSValueRef Engine::Evaluate(JSStringRef source, std::string_view name, JSValueRef* exception) {
  const JsString url(name);
  return JSEvaluateScript(context_, source, nullptr, url.get(), 1, exception);
}

JSValueRef Engine::Call(JSValueRef function, JSObjectRef self,
                        std::initializer_list<JSValueRef> arguments, JSValueRef* exception) {
  if (!JSValueIsObject(context_, function)) return nullptr;
  return JSObjectCallAsFunction(context_, const_cast<JSObjectRef>(function), self, arguments.size(),
                                arguments.begin(), exception);
}

void Engine::SetDeadline(std::int64_t deadline_ns) {
  // What was ended while promises were settled still ends the next call.
  if (ended()) Evaluate(JsString("0").get(), "plinth:end", nullptr);
  deadline_ns_ = deadline_ns;
  stopped_.store(false, std::memory_order_release);
  ended_ = PLINTH_OK;
}

kit::Failure Engine::EndedFailure() const {
  switch (ended_) {
    case PLINTH_CANCELLED:
      return kit::FailStopped().error();
    case PLINTH_DEADLINE_EXCEEDED:
      return {ended_, "the model's code was ended because the time for it was over"};
    default:
      return {ended_, "the model's code needs more than the " +
                          std::to_string(memory_limit_ >> 20) +
                          " MB that \"memory_mb\" in \"options\" allows"};
  }
}

std::size_t Engine::HeapBytes() const {
  JSObjectRef statistics = JSGetMemoryUsageStatistics(context_);
  return static_cast<std::size_t>(NumberOf(context_, Get(context_, statistics, "heapSize")));
}

void Engine::CollectGarbage() { JSSynchronousGarbageCollectForDebugging(context_); }

bool Engine::OutgrewMemory() {
  if (ended_ != PLINTH_RESOURCE_EXHAUSTED && !IsTooLarge(kShareBetweenCalls)) return false;
  CollectGarbage();
  return HeapBytes() > memory_limit_;
}

void Engine::Release(JSValueRef value) {
  const std::lock_guard lock(mutex_);
  released_.push_back(value);
}

void Engine::ReleasePending() {
  std::vector<JSValueRef> values;
  {
    const std::lock_guard lock(mutex_);
    values.swap(released_);
  }
  for (JSValueRef value : values) JSValueUnprotect(context_, value);
}

}  // namespace plinth::javascript
