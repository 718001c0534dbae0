// The text form of protocol buffers, in which Triton and TF Serving are configured:
//
//   name: "resnet"  max_batch_size: 8            # comments
//   input [ { name: "x" dims: [ 3, 224, 224 ] }, { name: "y" dims: 1 } ]
//   dynamic_batching { max_queue_delay_microseconds: 100; }
//
// The whole grammar is read, without a schema: what fields there may be, and of what type, is known
// to whoever reads the values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace plinth::text_proto {

inline constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxFields = 100'000;
inline constexpr int kMaxDepth = 64;

// Line 0: nowhere in particular, as for what was not read from this form.
struct Position {
  int line = 1;
  int column = 1;
};

// One value of a field: a field that is repeated, by its name or as a list, is there once for each.
struct Field {
  enum class Kind {
    kNumber,   // `text` is the number as it was written, its sign in front
    kWord,     // a name of an enumeration, true, inf, ...; it may have a sign, too
    kString,   // `text` are its bytes, all parts joined and without escapes
    kQuoted,   // a string of the JSON form, where names and large numbers are strings, too
    kMessage,  // `fields` are those in it
  };

  std::string name;  // "[type.googleapis.com/x.Y]" for an extension or a packed message
  Position at;       // of the name; in a list, of the value
  Kind kind = Kind::kWord;
  std::string text;
  std::vector<Field> fields;

  // The errors say where: "3:7: 'count' is \"x\", expected ...".
  [[nodiscard]] std::unexpected<Error> Refuse(std::string_view expected) const;
  Result<std::int64_t> Integer(std::int64_t least, std::int64_t most) const;
  Result<double> Number() const;  // any number, also inf and nan
  Result<bool> Boolean() const;
  Result<std::string> Text() const;
  Result<std::string> Word() const;  // of an enumeration; a number is given as it was written
  // OK if it is a message.
  Status Message() const;
};

// INVALID_ARGUMENT: "LINE:COLUMN: what was wrong, what was expected", also for text that is larger,
// deeper or of more fields than the bounds above.
Result<std::vector<Field>> Parse(std::string_view text);

// "3:7: message", the form of all errors about a place in a text. Nowhere adds nothing.
std::string At(Position at, std::string_view message);

}  // namespace plinth::text_proto
