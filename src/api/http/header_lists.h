// Lists in headers: "gzip;q=0.5, deflate".
#pragma once

#include <algorithm>
#include <string_view>

#include "net/header_text.h"
#include "net/http.h"

namespace plinth::api {

// Takes the part up to the next `separator` off the front of `text`, without blanks around it.
std::string_view TakePart(std::string_view& text, char separator);

// The weight of an element's parameters, "level=1;q=0.5": 1 unless there is a q.
double WeightOf(std::string_view parameters);

// Calls `see` with each element of the comma lists in all headers of that name.
template <typename See>
void ForEachElement(const net::HttpRequest& request, std::string_view name, See see) {
  for (const net::Header& header : request.headers) {
    if (!net::EqualsIgnoringCase(header.name, name)) continue;
    for (std::string_view rest = header.value; !rest.empty();) see(TakePart(rest, ','));
  }
}

}  // namespace plinth::api
