// The pickle machine itself; reader.h tells what it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "pickle/opcodes.h"
#include "pickle/stream.h"
#include "pickle/value.h"

namespace plinth::sklearn {

// One run of the machine. The first error is kept and ends the run: steps return false and leave
// the reason in error_.
class Machine {
 public:
  // `arrays_follow`: joblib's arrays may lie in the stream behind their wrappers.
  Machine(Document& document, Stream& stream, bool arrays_follow)
      : document_(document), stream_(stream), arrays_follow_(arrays_follow) {}

  Result<Value*> Run();

 private:
  bool Step(Op op);
  bool PushNumber(Op op);
  bool PushText(Op op);
  bool PushContainer(Op op);
  bool Extend(Op op);
  bool Construct(Op op);
  bool Memo(Op op);

  bool PushInt(std::optional<std::uint64_t> number) {
    return number ? Push(document_.NewInt(static_cast<std::int64_t>(*number))) : Truncated();
  }
  bool PushTextInt(bool is_long);
  bool PushLong(std::size_t length_width);
  bool PushTextFloat();
  bool PushSized(Kind kind, std::size_t length_width);
  bool PushOwned(Kind kind, std::optional<std::string> decoded);
  bool PushTuple(std::size_t first);
  bool PushPairs(std::size_t first);
  bool AppendFrom(std::size_t first);
  bool SetItemsFrom(std::size_t first);
  bool PushGlobal(std::string_view module, std::string_view name);
  bool Reduce();
  bool NewObject(bool with_keywords);
  bool Instance(Op op);
  bool Build();
  bool ReplaceByArray(const Value& wrapper);
  bool Put(std::uint64_t index);
  bool Get(std::uint64_t index);

  bool Fail(std::string message) { return Fail(Error{Code::kInvalidModel, std::move(message)}); }
  bool Fail(Error error) {
    error_ = std::move(error);
    return false;
  }
  bool Truncated() { return Fail("the pickle ends in the middle"); }
  bool Underflow() { return Fail("the pickle takes more from its stack than it has put there"); }
  bool Broken(std::string_view what) {
    return Fail("the pickle has a broken " + std::string(what));
  }

  // Puts a value on the stack; null stands for a spent budget.
  bool Push(Value* value);
  bool Push(Result<Value*> value) { return value ? Push(*value) : Fail(std::move(value.error())); }
  // How many values lie above the last mark, or in all.
  bool Has(std::size_t count) const {
    return stack_.size() >= count + (marks_.empty() ? 0 : marks_.back());
  }
  // Takes the last mark away; `first` is the index of the first value above it.
  bool PopMark(std::size_t& first);

  Document& document_;
  Stream& stream_;
  bool arrays_follow_;
  std::vector<Value*> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Value*> memo_;
  std::size_t memo_count_ = 0;
  Error error_;
};

}  // namespace plinth::sklearn
