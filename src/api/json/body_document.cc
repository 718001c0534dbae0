#include "api/json/body_document.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "net/http.h"

namespace plinth::api {
namespace {

using simdjson::ondemand::parser;

constexpr std::size_t kPadding = net::HttpRequest::kBodyPadding;
static_assert(kPadding >= simdjson::SIMDJSON_PADDING);

// A parser holds about six bytes for each byte of the largest body that it has seen. Each thread
// keeps one for bodies up to this size; a larger body gets one of its own, so that the memory comes
// back.
constexpr std::size_t kKeptParserSize = std::size_t{256} * 1024;

// The calling thread's parser; nullptr if there is no memory for it.
parser* KeptParser() {
  thread_local std::unique_ptr<parser> kept;
  if (kept == nullptr) {
    auto made = std::make_unique<parser>();
    // All of it at once, so that bodies of growing sizes do not reallocate; pages that are not used
    // take no memory.
    if (made->allocate(kKeptParserSize) != simdjson::SUCCESS) return nullptr;
    kept = std::move(made);
  }
  return kept.get();
}

}  // namespace

Error JsonBody::Malformed(simdjson::error_code code) const {
  std::string message = "the body is not valid JSON: ";
  message += simdjson::error_message(code);
  const char* at = nullptr;
  if (document.current_location().get(at) == simdjson::SUCCESS && at >= text.data() &&
      at <= text.data() + text.size()) {
    message += " Near byte " + std::to_string(at - text.data()) + ".";
  }
  return {Code::kInvalidArgument, std::move(message)};
}

bool JsonBody::AtEnd() const {
  const char* rest = nullptr;
  return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
}

bool JsonBody::IsBase64(const char* brace) const {
  const char* const end = text.data() + text.size();
  std::string_view rest(brace + 1, brace < end ? static_cast<std::size_t>(end - brace - 1) : 0);
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
  return rest.starts_with("\"b64\"");
}

const char* JsonBody::NextToken(simdjson::ondemand::value value) {
  const std::string_view token = value.raw_json_token();
  return token.data() + token.size();
}

Result<BodyDocument> BodyDocument::Parse(const Buffer& body) {
  const std::string_view text(body.As<char>(), body.size());
  std::unique_ptr<Parser> own;
  Parser* parser = text.size() <= kKeptParserSize ? KeptParser() : nullptr;
  if (parser == nullptr) {
    own = std::make_unique<Parser>();
    parser = own.get();
  }
  const simdjson::padded_string_view padded(text.data(), text.size(), text.size() + kPadding);
  simdjson::ondemand::document document;
  if (const auto failed = parser->iterate(padded).get(document)) {
    if (failed == simdjson::MEMALLOC)
      return Fail(Code::kOutOfMemory, "there is no memory to read the body");
    return Fail(Code::kInvalidArgument,
                std::string("the body is not valid JSON: ") + simdjson::error_message(failed));
  }
  return BodyDocument(std::move(own), std::move(document), text);
}

}  // namespace plinth::api
