#include "pytorch/torch_error.h"

namespace plinth::pytorch {
namespace {

// The line of `text` that names what was raised: "RuntimeError: …", "builtins.ValueError: …".
// Nothing if there is none.
std::string_view RaisedLine(std::string_view text) {
  const std::size_t error = text.rfind("Error: ");
  if (error == std::string_view::npos) return {};
  const std::size_t begin = text.rfind('\n', error);
  return text.substr(begin == std::string_view::npos ? 0 : begin + 1);
}

}  // namespace

std::string CleanMessage(std::string_view message) {
  const std::size_t stack = message.find("\nException raised from ");
  if (stack != std::string_view::npos) message = message.substr(0, stack);
  if (message.find("Traceback of TorchScript") != std::string_view::npos) {
    const std::string_view raised = RaisedLine(message);
    if (!raised.empty()) message = raised;
  }
  std::string text;
  for (const char c : message) {
    if (c != '\n') {
      text += c;
    } else if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace plinth::pytorch
