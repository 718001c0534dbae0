#include "text/pattern.h"

#include <algorithm>
#include <utility>

namespace plinth::sklearn {
namespace {

bool IsAsciiWord(char32_t c) { return c < 0x80 && IsWordCharacter(c); }

// The character that ends at `at` > 0.
char32_t CharacterBefore(std::string_view text, std::size_t at) {
  do --at;
  while ((static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
  return NextCharacter(text, at);
}

}  // namespace

std::size_t Pattern::size() const {
  return program_.size() * sizeof(Instruction) + sets_.size() * sizeof(CharacterSet);
}

bool Pattern::Holds(Instruction::Place place, std::string_view text, std::size_t at) const {
  using Place = Instruction::Place;
  const auto is_word = ascii_ ? IsAsciiWord : IsWordCharacter;
  const auto at_boundary = [&] {
    std::size_t next = at;
    const bool before = at > 0 && is_word(CharacterBefore(text, at));
    const bool behind = at < text.size() && is_word(NextCharacter(text, next));
    return before != behind;
  };
  switch (place) {
    case Place::kTextStart:
      return at == 0;
    case Place::kTextEnd:
      return at == text.size();
    case Place::kLineStart:
      return at == 0 || text[at - 1] == '\n';
    case Place::kLineEnd:
      return at == text.size() || text[at] == '\n';
    case Place::kBeforeLastNewline:
      return at == text.size() || (at + 1 == text.size() && text[at] == '\n');
    case Place::kBoundary:
      return at_boundary();
    case Place::kInside:  // Python: not a boundary; before 3.14 there is none in an empty text
      return !text.empty() && !at_boundary();
  }
  return false;
}

void Pattern::Machine::Follow(const Pattern& pattern, std::string_view text, std::size_t at,
                              const Thread& first, std::vector<Thread>& threads) {
  using Op = Instruction::Op;
  pending_.assign(1, first);
  while (!pending_.empty()) {
    Thread thread = pending_.back();
    pending_.pop_back();
    // A way that comes to an instruction after another one did is the less preferred.
    if (seen_[thread.at] == step_) continue;
    seen_[thread.at] = step_;
    const Instruction& instruction = pattern.program_[thread.at];
    switch (instruction.op) {
      case Op::kSet:
      case Op::kMatch:
        threads.push_back(thread);
        break;
      case Op::kSplit: {
        Thread other = thread;
        other.at = instruction.otherwise;
        thread.at = instruction.at;
        pending_.push_back(other);
        pending_.push_back(thread);
        break;
      }
      case Op::kSave:
        thread.group[instruction.at] = at;
        ++thread.at;
        pending_.push_back(thread);
        break;
      case Op::kAssert:
        if (!pattern.Holds(instruction.place, text, at)) break;
        ++thread.at;
        pending_.push_back(thread);
        break;
    }
  }
}

bool Pattern::Find(std::string_view text, std::size_t from, bool advance, Machine& machine,
                   Match& match) const {
  using Thread = Machine::Thread;
  std::vector<Thread>& now = machine.now_;
  std::vector<Thread>& next = machine.next_;
  machine.seen_.resize(std::max(machine.seen_.size(), program_.size()));
  now.clear();
  ++machine.step_;
  bool found = false;
  for (std::size_t at = from;;) {
    if (now.empty() && found) return true;
    if (now.empty()) {
      const std::size_t first = SkipToFirst(text, at);
      // What was reached and led nowhere before may lead somewhere in another place.
      if (first != at) ++machine.step_;
      at = first;
    }
    // The least preferred is to begin here; once there is a match, it is too late to.
    if (!found) machine.Follow(*this, text, at, Thread{.begin = at}, now);
    std::size_t behind = at;
    const bool at_end = at == text.size();
    const char32_t c = at_end ? 0 : NextCharacter(text, behind);
    ++machine.step_;
    next.clear();
    for (const Thread& thread : now) {
      const Instruction& instruction = program_[thread.at];
      if (instruction.op == Instruction::Op::kMatch) {
        if (advance && at == from && thread.begin == at) continue;
        match = {thread.begin, at, PartOf(text, thread, at)};
        found = true;
        break;
      }
      if (at_end || !sets_[instruction.at].Has(c)) continue;
      Thread moved = thread;
      ++moved.at;
      machine.Follow(*this, text, behind, moved, next);
    }
    std::swap(now, next);
    if (at_end) return found;
    at = behind;
  }
}

std::string_view Pattern::PartOf(std::string_view text, const Machine::Thread& thread,
                                 std::size_t end) const {
  if (!has_group_) return text.substr(thread.begin, end - thread.begin);
  const auto [from, to] = thread.group;
  // A group that no text went through is empty to findall.
  if (from == Machine::kNowhere || to == Machine::kNowhere || to < from) return {};
  return text.substr(from, to - from);
}

std::size_t Pattern::SkipToFirst(std::string_view text, std::size_t at) const {
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= first_.size() || first_[byte]) break;
    ++at;
  }
  return at;
}

}  // namespace plinth::sklearn
