// What a regular expression of Python's is made of.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/character_set.h"
#include "text/pattern.h"

namespace plinth::sklearn {

struct PatternNode {
  enum class Kind : std::uint8_t {
    kSet,           // one character
    kAssert,        // a place
    kSequence,      // all parts, one behind the other
    kAlternatives,  // one of the parts, the first the most preferred
    kRepeat,        // the one part, `least` to `most` times
    kGroup,         // the one part, whose text is noted
  };
  static constexpr std::uint32_t kNoLimit = 0xffffffff;

  Kind kind = Kind::kSequence;
  std::vector<std::unique_ptr<PatternNode>> parts;
  std::uint32_t set = 0;  // kSet: index into sets
  Instruction::Place place = Instruction::Place::kTextStart;
  std::uint32_t least = 0;
  std::uint32_t most = 0;
  bool greedy = true;
};

struct ParsedPattern {
  std::unique_ptr<PatternNode> root;
  std::vector<CharacterSet> sets;
  std::size_t groups = 0;
  bool ascii = false;  // \b by ASCII's word characters
};

// INVALID_MODEL if the pattern is wrong, or has something that is not supported.
Result<ParsedPattern> ParsePattern(std::string_view pattern);

}  // namespace plinth::sklearn
