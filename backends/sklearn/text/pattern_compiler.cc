// From the parts of a pattern to its program.
#include <utility>

#include "base/utf8.h"
#include "text/pattern.h"
#include "text/pattern_syntax.h"

namespace plinth::sklearn {

class PatternCompiler {
 public:
  Result<Pattern> Compile(ParsedPattern parsed) {
    pattern_.sets_ = std::move(parsed.sets);
    pattern_.ascii_ = parsed.ascii;
    pattern_.has_group_ = parsed.groups > 0;
    Emit(*parsed.root);
    Add({Op::kMatch});
    if (pattern_.program_.size() > kMost) {
      return Fail(Code::kInvalidModel, "a pattern repeats its parts too many times");
    }
    FindFirst(0);
    return std::move(pattern_);
  }

 private:
  using Op = Instruction::Op;
  using Kind = PatternNode::Kind;
  // Beyond that, nothing is added any more and the pattern is refused.
  static constexpr std::size_t kMost = 2'000;

  std::uint32_t Here() const { return static_cast<std::uint32_t>(pattern_.program_.size()); }

  std::uint32_t Add(Instruction instruction) {
    if (pattern_.program_.size() <= kMost) pattern_.program_.push_back(instruction);
    return Here() - 1;
  }

  void Emit(const PatternNode& node) {
    if (pattern_.program_.size() > kMost) return;
    switch (node.kind) {
      case Kind::kSet:
        Add({.op = Op::kSet, .at = node.set});
        break;
      case Kind::kAssert:
        Add({.op = Op::kAssert, .place = node.place});
        break;
      case Kind::kSequence:
        for (const auto& part : node.parts) Emit(*part);
        break;
      case Kind::kAlternatives:
        EmitAlternatives(node);
        break;
      case Kind::kRepeat:
        EmitRepeat(node);
        break;
      case Kind::kGroup:
        Add({.op = Op::kSave, .at = 0});
        Emit(*node.parts[0]);
        Add({.op = Op::kSave, .at = 1});
        break;
    }
  }

  void EmitAlternatives(const PatternNode& node) {
    std::vector<std::uint32_t> ends;
    for (std::size_t i = 0; i + 1 < node.parts.size(); ++i) {
      const std::uint32_t split = Add({.op = Op::kSplit, .at = Here() + 1});
      Emit(*node.parts[i]);
      ends.push_back(Add({.op = Op::kSplit}));
      pattern_.program_[split].otherwise = Here();
    }
    Emit(*node.parts.back());
    for (std::uint32_t end : ends) {
      pattern_.program_[end].at = pattern_.program_[end].otherwise = Here();
    }
  }

  // A split at `split` between `in` and what comes next in the program.
  void Choose(std::uint32_t split, std::uint32_t in, bool greedy) {
    Instruction& instruction = pattern_.program_[split];
    instruction.at = greedy ? in : Here();
    instruction.otherwise = greedy ? Here() : in;
  }

  void EmitRepeat(const PatternNode& node) {
    const PatternNode& part = *node.parts[0];
    std::uint32_t last = Here();
    for (std::uint32_t i = 0; i < node.least && pattern_.program_.size() <= kMost; ++i) {
      last = Here();
      Emit(part);
    }
    if (node.most == PatternNode::kNoLimit && node.least > 0) {
      const std::uint32_t split = Add({.op = Op::kSplit});
      Choose(split, last, node.greedy);
    } else if (node.most == PatternNode::kNoLimit) {
      const std::uint32_t split = Add({.op = Op::kSplit});
      Emit(part);
      Add({.op = Op::kSplit, .at = split, .otherwise = split});
      Choose(split, split + 1, node.greedy);
    } else {
      std::vector<std::uint32_t> splits;
      for (std::uint32_t i = node.least; i < node.most && pattern_.program_.size() <= kMost; ++i) {
        splits.push_back(Add({.op = Op::kSplit}));
        Emit(part);
      }
      for (std::uint32_t split : splits) Choose(split, split + 1, node.greedy);
    }
  }

  // Collects what a match may begin with.
  void FindFirst(std::uint32_t at) {
    std::vector<bool> seen(pattern_.program_.size());
    std::vector<std::uint32_t> pending = {at};
    while (!pending.empty()) {
      at = pending.back();
      pending.pop_back();
      if (seen[at]) continue;
      seen[at] = true;
      const Instruction& instruction = pattern_.program_[at];
      if (instruction.op == Op::kMatch) pattern_.first_.set();
      if (instruction.op == Op::kSet) {
        for (char32_t c = 0; c < pattern_.first_.size(); ++c) {
          if (pattern_.sets_[instruction.at].Has(c)) pattern_.first_.set(c);
        }
      }
      if (instruction.op == Op::kSplit) pending.push_back(instruction.otherwise);
      if (instruction.op == Op::kSplit) pending.push_back(instruction.at);
      if (instruction.op == Op::kSave || instruction.op == Op::kAssert) pending.push_back(at + 1);
    }
  }

  Pattern pattern_;
};

Result<Pattern> Pattern::Compile(std::string_view pattern) {
  if (!IsUtf8(pattern)) return Fail(Code::kInvalidModel, "a pattern is not text");
  auto parsed = ParsePattern(pattern);
  if (!parsed) return Fail(std::move(parsed.error()));
  return PatternCompiler().Compile(std::move(*parsed));
}

}  // namespace plinth::sklearn
