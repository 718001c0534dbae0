#include "pickle/machine.h"

#include <charconv>

#include "pickle/construct.h"
#include "pickle/joblib.h"

namespace plinth::sklearn {

Result<Value*> Machine::Run() {
  for (;;) {
    const std::size_t at = stream_.position();
    const auto byte = stream_.TakeNumber(1);
    if (!byte) {
      return plinth::Fail(Code::kInvalidModel,
                          "the pickle ends without its end mark; it was not saved or copied whole");
    }
    const Op op = static_cast<Op>(*byte);
    if (op == Op::kStop) break;
    if (!Step(op)) {
      error_.message += " (at byte " + std::to_string(at) + ")";
      return plinth::Fail(std::move(error_));
    }
  }
  if (stack_.empty()) return plinth::Fail(Code::kInvalidModel, "the pickle ends without a value");
  return stack_.back();
}

bool Machine::Push(Value* value) {
  if (value == nullptr) return Fail(std::move(BudgetSpent().error()));
  if (stack_.size() == stack_.capacity() &&
      !document_.Charge((stack_.size() + 8) * sizeof(Value*))) {
    return Fail(std::move(BudgetSpent().error()));
  }
  stack_.push_back(value);
  return true;
}

bool Machine::PopMark(std::size_t& first) {
  if (marks_.empty()) return Fail("the pickle looks for a mark that was never set");
  first = marks_.back();
  marks_.pop_back();
  return true;
}

bool Machine::Step(Op op) {
  switch (op) {
    case Op::kProto: {
      const auto protocol = stream_.TakeNumber(1);
      if (!protocol) return Truncated();
      return *protocol <= 5 ||
             Fail("pickle protocol " + std::to_string(*protocol) + " is not known; 0 to 5 are");
    }
    case Op::kFrame:
      return stream_.TakeNumber(8) ? true : Truncated();
    case Op::kMark:
      if (!document_.Charge(sizeof(std::size_t))) return Push(nullptr);
      marks_.push_back(stack_.size());
      return true;
    case Op::kPop:
      if (Has(1)) {
        stack_.pop_back();
        return true;
      }
      if (marks_.empty()) return Underflow();
      marks_.pop_back();
      return true;
    case Op::kPopMark: {
      std::size_t first = 0;
      if (!PopMark(first)) return false;
      stack_.resize(first);
      return true;
    }
    case Op::kDup:
      return Has(1) ? Push(stack_.back()) : Underflow();
    case Op::kNone:
      return Push(document_.None());
    case Op::kNewTrue:
      return Push(document_.Bool(true));
    case Op::kNewFalse:
      return Push(document_.Bool(false));
    case Op::kPut:
    case Op::kBinPut:
    case Op::kLongBinPut:
    case Op::kMemoize:
    case Op::kGet:
    case Op::kBinGet:
    case Op::kLongBinGet:
      return Memo(op);
    case Op::kPersId:
    case Op::kBinPersId:
      return Fail(
          "the pickle refers to an object outside itself (a persistent id), which cannot be read");
    case Op::kExt1:
    case Op::kExt2:
    case Op::kExt4:
      return Fail("the pickle uses the extension registry, which cannot be read");
    case Op::kNextBuffer:
    case Op::kReadonlyBuffer:
      return Fail(
          "the pickle keeps buffers outside itself (protocol 5 out-of-band), which cannot be read");
    default:
      return PushNumber(op);
  }
}

bool Machine::PushContainer(Op op) {
  std::size_t first = 0;
  switch (op) {
    case Op::kEmptyList:
      return Push(document_.New(Kind::kList));
    case Op::kEmptyDict:
      return Push(document_.New(Kind::kDict));
    case Op::kEmptySet:
      return Push(document_.New(Kind::kSet));
    case Op::kEmptyTuple:
      return Push(document_.New(Kind::kTuple));
    case Op::kTuple1:
      return Has(1) ? PushTuple(stack_.size() - 1) : Underflow();
    case Op::kTuple2:
      return Has(2) ? PushTuple(stack_.size() - 2) : Underflow();
    case Op::kTuple3:
      return Has(3) ? PushTuple(stack_.size() - 3) : Underflow();
    case Op::kTuple:
      return PopMark(first) && PushTuple(first);
    case Op::kList: {
      if (!PopMark(first) || !PushTuple(first)) return false;
      stack_.back()->kind = Kind::kList;
      return true;
    }
    case Op::kFrozenSet: {
      if (!PopMark(first) || !PushTuple(first)) return false;
      stack_.back()->kind = Kind::kSet;
      return true;
    }
    case Op::kDict:
      return PopMark(first) && PushPairs(first);
    default:
      return Extend(op);
  }
}

// Replaces the values from `first` up by one tuple of them.
bool Machine::PushTuple(std::size_t first) {
  Value* tuple = document_.New(Kind::kTuple);
  const std::size_t count = stack_.size() - first;
  if (tuple == nullptr || !document_.Charge(count * sizeof(Value*))) return Push(nullptr);
  tuple->items.assign(stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end());
  stack_.resize(first);
  return Push(tuple);
}

bool Machine::PushPairs(std::size_t first) {
  if ((stack_.size() - first) % 2 != 0) {
    return Fail("the pickle has a dict with a key without a value");
  }
  if (!PushTuple(first)) return false;
  stack_.back()->kind = Kind::kDict;
  return true;
}

bool Machine::Extend(Op op) {
  std::size_t first = 0;
  switch (op) {
    case Op::kAppend:
      return Has(2) ? AppendFrom(stack_.size() - 1) : Underflow();
    case Op::kAppends:
    case Op::kAddItems:
      return PopMark(first) && AppendFrom(first);
    case Op::kSetItem:
      return Has(3) ? SetItemsFrom(stack_.size() - 2) : Underflow();
    case Op::kSetItems:
      return PopMark(first) && SetItemsFrom(first);
    default:
      return Construct(op);
  }
}

bool Machine::AppendFrom(std::size_t first) {
  if (first == 0 || !(marks_.empty() || marks_.back() < first)) return Underflow();
  Value& target = *stack_[first - 1];
  const bool takes = target.Is(Kind::kList) || target.Is(Kind::kSet) ||
                     (target.Is(Kind::kObject) && !target.pairs);
  if (!takes) return Fail("the pickle appends to " + Describe(target));
  if (!document_.Charge(2 * (stack_.size() - first) * sizeof(Value*))) return Push(nullptr);
  target.items.insert(target.items.end(), stack_.begin() + static_cast<std::ptrdiff_t>(first),
                      stack_.end());
  stack_.resize(first);
  return true;
}

bool Machine::SetItemsFrom(std::size_t first) {
  if (first == 0 || !(marks_.empty() || marks_.back() < first)) return Underflow();
  Value& target = *stack_[first - 1];
  const bool takes = target.Is(Kind::kDict) ||
                     (target.Is(Kind::kObject) && (target.pairs || target.items.empty()));
  if (!takes) return Fail("the pickle sets items of " + Describe(target));
  if ((stack_.size() - first) % 2 != 0) {
    return Fail("the pickle has a dict with a key without a value");
  }
  if (!document_.Charge(2 * (stack_.size() - first) * sizeof(Value*))) return Push(nullptr);
  target.pairs = target.Is(Kind::kObject);
  target.items.insert(target.items.end(), stack_.begin() + static_cast<std::ptrdiff_t>(first),
                      stack_.end());
  stack_.resize(first);
  return true;
}

bool Machine::Construct(Op op) {
  switch (op) {
    case Op::kGlobal: {
      const auto module = stream_.TakeLine();
      const auto name = module ? stream_.TakeLine() : std::nullopt;
      return name ? PushGlobal(*module, *name) : Truncated();
    }
    case Op::kStackGlobal: {
      if (!Has(2)) return Underflow();
      const Value& name = *stack_.back();
      const Value& module = **(stack_.end() - 2);
      if (!name.Is(Kind::kString) || !module.Is(Kind::kString)) {
        return Fail("the pickle names a class by something other than text");
      }
      stack_.resize(stack_.size() - 2);
      return PushGlobal(module.text, name.text);
    }
    case Op::kReduce:
      return Reduce();
    case Op::kNewObj:
      return NewObject(false);
    case Op::kNewObjEx:
      return NewObject(true);
    case Op::kInst:
    case Op::kObj:
      return Instance(op);
    case Op::kBuild:
      return Build();
    default:
      return Fail("byte " + std::to_string(static_cast<int>(op)) +
                  " is not a pickle opcode; this is not a pickle, or it is damaged");
  }
}

bool Machine::PushGlobal(std::string_view module, std::string_view name) {
  return Push(NameValue(document_, module, name));
}

bool Machine::Reduce() {
  if (!Has(2)) return Underflow();
  const Value& args = *stack_.back();
  const Value& callable = **(stack_.end() - 2);
  stack_.resize(stack_.size() - 2);
  return Push(Apply(document_, callable, args));
}

bool Machine::NewObject(bool with_keywords) {
  if (with_keywords) {
    if (!Has(3)) return Underflow();
    const Value& keywords = *stack_.back();
    if (!keywords.Is(Kind::kDict) || !keywords.items.empty()) {
      return Fail("the pickle makes an object with keyword arguments");
    }
    stack_.pop_back();
  }
  return Reduce();
}

// INST: mark, arguments, then "module\nname\n". OBJ: mark, class, arguments.
bool Machine::Instance(Op op) {
  std::size_t first = 0;
  if (!PopMark(first)) return false;
  if (op == Op::kInst) {
    if (!PushTuple(first)) return false;
    Value* args = stack_.back();
    stack_.pop_back();
    if (!Construct(Op::kGlobal)) return false;
    return Push(args) && Reduce();
  }
  if (first >= stack_.size()) return Underflow();
  return PushTuple(first + 1) && Reduce();
}

bool Machine::Build() {
  if (!Has(2)) return Underflow();
  const Value& state = *stack_.back();
  Value& object = **(stack_.end() - 2);
  stack_.pop_back();
  if (const Status status = SetState(document_, object, state); !status) {
    return Fail(status.error());
  }
  if (!arrays_follow_ || !object.Is(Kind::kObject) ||
      object.text != "joblib.numpy_pickle.NumpyArrayWrapper") {
    return true;
  }
  stack_.pop_back();
  return ReplaceByArray(object);
}

bool Machine::ReplaceByArray(const Value& wrapper) {
  const auto note = ReadArrayNote(wrapper);
  if (!note) return Fail(note.error());
  if (note->dtype->kind == 'O') {
    // A pickle of its own, with a memo of its own, in which no arrays follow: this goes one level
    // deep only.
    return Push(Machine(document_, stream_, false).Run());
  }
  auto array = TakeArray(*note, stream_);
  if (!array) return Fail(std::move(array.error()));
  return Push(document_.NewArray(std::move(*array)));
}

bool Machine::Memo(Op op) {
  switch (op) {
    case Op::kMemoize:
      return Put(memo_count_);
    case Op::kBinPut:
    case Op::kLongBinPut: {
      const auto index = stream_.TakeNumber(op == Op::kBinPut ? 1 : 4);
      return index ? Put(*index) : Truncated();
    }
    case Op::kBinGet:
    case Op::kLongBinGet: {
      const auto index = stream_.TakeNumber(op == Op::kBinGet ? 1 : 4);
      return index ? Get(*index) : Truncated();
    }
    default:
      break;
  }
  const auto line = stream_.TakeLine();
  if (!line) return Truncated();
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(line->data(), line->data() + line->size(), index);
  if (end != line->data() + line->size() || error != std::errc()) return Broken("memo index");
  return op == Op::kPut ? Put(index) : Get(index);
}

bool Machine::Put(std::uint64_t index) {
  if (!Has(1)) return Underflow();
  // Python numbers them one after the other, each costing at least a byte: a larger index is no
  // honest one.
  if (index >= stream_.position()) {
    return Fail("the pickle has a memo index that is larger than the pickle");
  }
  if (index >= memo_.size()) {
    if (!document_.Charge(2 * (index + 1 - memo_.size()) * sizeof(Value*))) return Push(nullptr);
    memo_.resize(index + 1, nullptr);
  }
  if (memo_[index] == nullptr) ++memo_count_;
  memo_[index] = stack_.back();
  return true;
}

bool Machine::Get(std::uint64_t index) {
  if (index >= memo_.size() || memo_[index] == nullptr) {
    return Fail("the pickle refers to memo " + std::to_string(index) + ", which was never set");
  }
  return Push(memo_[index]);
}

}  // namespace plinth::sklearn
