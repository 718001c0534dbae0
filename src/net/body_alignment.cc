#include "net/body_alignment.h"

#include <charconv>
#include <string_view>
#include <system_error>

#include "base/buffer.h"

namespace plinth::net {

std::size_t BodyLead(const HttpRequest& request) {
  const std::string_view text = request.Find("Inference-Header-Content-Length");
  std::size_t json = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), json);
  if (failed != std::errc() || end != text.data() + text.size()) return 0;
  return (Buffer::kAlignment - json % Buffer::kAlignment) % Buffer::kAlignment;
}

}  // namespace plinth::net
