// Regular expressions with the syntax and the meaning of Python's re.findall, without backtracking.
//
// A pattern becomes a program of a few kinds of instructions, which a machine runs for all ways to
// match at once (Pike's algorithm): the time is the length of the text times the length of the
// program, whatever the pattern. What such a machine cannot do (references to groups, looking ahead
// and behind), or would do in another way (ignoring case), is refused when the pattern is read.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/character_set.h"

namespace plinth::sklearn {

struct Instruction {
  enum class Op : std::uint8_t {
    kSet,     // takes one character that is in sets[at]
    kSplit,   // goes on at `at` and, if that leads nowhere, at `otherwise`
    kSave,    // notes the place: 0 and 1 for the group
    kAssert,  // goes on if the place is as it should be
    kMatch,
  };
  enum class Place : std::uint8_t {
    kTextStart,
    kTextEnd,
    kLineStart,
    kLineEnd,
    kBoundary,
    kInside,
    kBeforeLastNewline
  };

  Op op = Op::kMatch;
  Place place = Place::kTextStart;
  std::uint32_t at = 0;  // kSet: index of the set; kSplit: the next instruction; kSave: which
  std::uint32_t otherwise = 0;  // kSplit
};

class Pattern {
 public:
  // INVALID_MODEL, saying what, if the pattern is wrong or cannot be run.
  static Result<Pattern> Compile(std::string_view pattern);

  // Working memory of a search; keeps its memory between searches.
  class Machine {
   private:
    friend class Pattern;
    static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

    struct Thread {
      std::uint32_t at = 0;  // an instruction that takes a character, or ends
      std::size_t begin = 0;
      std::size_t group[2] = {kNowhere, kNowhere};
    };

    // Adds to `threads` what `thread` becomes without taking a character, the most preferred first.
    void Follow(const Pattern& pattern, std::string_view text, std::size_t at, const Thread& thread,
                std::vector<Thread>& threads);

    std::vector<Thread> now_;
    std::vector<Thread> next_;
    std::vector<Thread> pending_;
    std::vector<std::size_t> seen_;  // by instruction: the step in which it was reached last
    std::size_t step_ = 0;
  };

  // Calls found(match) for each match from left to right: the group's text if the pattern has one,
  // else all of it.
  template <typename Found>
  void FindAll(std::string_view text, Machine& machine, Found found) const;

  // Bytes that it takes.
  std::size_t size() const;

 private:
  friend class PatternCompiler;
  struct Match {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string_view part;  // the group or all of it
  };

  // The first match that begins at `from` or behind it. With `advance`, an empty one at `from` does
  // not count.
  bool Find(std::string_view text, std::size_t from, bool advance, Machine& machine,
            Match& match) const;
  std::string_view PartOf(std::string_view text, const Machine::Thread& thread,
                          std::size_t end) const;
  // The next place at which a match may begin.
  std::size_t SkipToFirst(std::string_view text, std::size_t at) const;
  bool Holds(Instruction::Place place, std::string_view text, std::size_t at) const;

  std::vector<Instruction> program_;
  std::vector<CharacterSet> sets_;
  bool has_group_ = false;
  bool ascii_ = false;      // \b by ASCII's word characters
  std::bitset<128> first_;  // ASCII characters that a match may begin with, all if it may be empty
};

template <typename Found>
void Pattern::FindAll(std::string_view text, Machine& machine, Found found) const {
  Match match;
  bool advance = false;
  for (std::size_t from = 0; Find(text, from, advance, machine, match); from = match.end) {
    found(match.part);
    advance = match.begin == match.end;
  }
}

}  // namespace plinth::sklearn
