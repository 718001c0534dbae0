#include "javascript/transformer.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "javascript/engine.h"
#include "javascript/sources.h"

namespace plinth::javascript {
namespace {

constexpr std::int64_t kLongestNs = 20'000'000'000;

// Line `line` of the source, for an error about it.
std::string LineOf(std::string_view source, double line) {
  for (double i = 1; i < line && !source.empty(); ++i) {
    source.remove_prefix(std::min(source.find('\n'), source.size() - 1) + 1);
  }
  const std::string_view text = source.substr(0, source.find('\n'));
  const std::size_t start = text.find_first_not_of(" \t");
  return start == text.npos ? "" : ": " + std::string(text.substr(start, 200));
}

// One engine for the process: it takes longer to start than to transform a file.
class Transformer {
 public:
  static Transformer& Get() {
    static auto* transformer = new Transformer;  // never ends: the library does not survive that
    return *transformer;
  }

  kit::Result<Transformed> Run(std::string_view source, std::string_view name, bool typescript) {
    const std::lock_guard lock(mutex_);
    JSContextRef context = engine_.context();
    engine_.SetDeadline(Now() + kLongestNs);
    JSValueRef exception = nullptr;
    JSValueRef result = engine_.Call(transform_, nullptr,
                                     {MakeString(context, source), MakeString(context, name),
                                      JSValueMakeBoolean(context, typescript)},
                                     &exception);
    if (result == nullptr || exception != nullptr) {
      return kit::Fail(PLINTH_INVALID_MODEL,
                       std::string(name) + " takes too long to read: it is too large or too deep");
    }
    JSValueRef error = Get(context, result, "error");
    if (JSValueIsString(context, error)) {
      const double line = NumberOf(context, Get(context, result, "line"));
      return kit::Fail(PLINTH_INVALID_MODEL, std::string(name) + Position(context, result) +
                                                 ": SyntaxError: " + TextOf(context, error) +
                                                 LineOf(source, line));
    }
    return Transformed{Copy(Get(context, result, "code")), Copy(Get(context, result, "map"))};
  }

 private:
  static constexpr std::size_t kMemory = std::size_t{512} << 20;

  Transformer() : engine_(kMemory) {
    JSValueRef exception = nullptr;
    transform_ =
        engine_.Evaluate(JsString(TransformerSource()).get(), "plinth:transformer", &exception);
    JSValueProtect(engine_.context(), transform_);
  }

  // ":12:5", or "" if nothing says where.
  static std::string Position(JSContextRef context, JSValueRef result) {
    const auto line = static_cast<long>(NumberOf(context, Get(context, result, "line")));
    const auto column = static_cast<long>(NumberOf(context, Get(context, result, "column")));
    return line > 0 ? fmt::format(":{}:{}", line, column) : "";
  }

  static JSValueRef Get(JSContextRef context, JSValueRef object, const char* name) {
    return javascript::Get(context, object, name);
  }

  JsString Copy(JSValueRef value) {
    return JsString(JSValueToStringCopy(engine_.context(), value, nullptr));
  }

  std::mutex mutex_;
  Engine engine_;
  JSValueRef transform_;
};

}  // namespace

kit::Result<Transformed> Transform(std::string_view source, std::string_view name,
                                   bool typescript) {
  return Transformer::Get().Run(source, name, typescript);
}

}  // namespace plinth::javascript
