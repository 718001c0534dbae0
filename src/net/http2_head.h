// The header block of an HTTP/2 request.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"
#include "net/request_parser.h"

namespace plinth::net {

// The views point into memory that `storage` keeps alive. Absent pseudo-header fields are empty.
struct Http2Head {
  std::string_view method;
  std::string_view path;  // with the query
  std::string_view authority;
  std::vector<Header> fields;  // the others, names in lower case
  bool too_large = false;      // over a limit: then it is not complete
  std::shared_ptr<const void> storage;

  std::string_view Find(std::string_view name) const;
};

// Gathers header blocks, one after the other, in memory of its own. A block costs no more than the
// limits, however much of it is received.
class Http2HeadReader {
 public:
  explicit Http2HeadReader(const ParserLimits& limits) : limits_(limits) {}

  void Begin();
  void Add(std::string_view name, std::string_view value);
  Http2Head Take();

 private:
  struct Field {
    std::size_t name;  // bytes of each; they stand one behind the other in text_
    std::size_t value;
  };

  const ParserLimits& limits_;
  std::string text_;
  std::vector<Field> fields_;
  bool too_large_ = false;
};

}  // namespace plinth::net
