#include "repository/json_lines.h"

#include <vector>

namespace plinth {
namespace {

// Where the string that begins at `at` ends: behind its second quote.
std::size_t EndOfString(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return at + 1 < json.size() ? at + 1 : json.size();
}

}  // namespace

std::map<std::string, int, std::less<>> KeyLines(std::string_view json) {
  std::map<std::string, int, std::less<>> lines;
  std::vector<std::string> within;  // the way to each open bracket; "[" for those in an array
  std::string key;                  // the way to the value that comes next
  int line = 1;
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (c != '"') {
      if (c == '\n') ++line;
      const bool in_array = !within.empty() && within.back() == "[";
      if (c == '{' || c == '[') within.push_back(c == '[' || in_array ? "[" : key);
      if ((c == '}' || c == ']') && !within.empty()) within.pop_back();
      ++at;
      continue;
    }
    const std::size_t end = EndOfString(json, at);
    std::size_t next = end;
    while (next < json.size() && json[next] != ':' && json[next] != ',' && json[next] != '"' &&
           json[next] != '}' && json[next] != ']')
      ++next;
    const bool is_key = next < json.size() && json[next] == ':';
    if (is_key && !within.empty() && within.back() != "[") {
      key = within.back();
      if (!key.empty()) key += '.';
      key += json.substr(at + 1, end - at - 2);
      lines.emplace(key, line);
    }
    at = end;
  }
  return lines;
}

}  // namespace plinth
