#include "api/json/json_parser.h"

#include <cstddef>
#include <string>

namespace plinth::api {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t kShortText = std::size_t{256} * 1024;

// The calling thread's parser; nullptr if there is no memory for it.
ondemand::parser* KeptParser() {
  thread_local std::unique_ptr<ondemand::parser> kept;
  if (kept == nullptr) {
    auto parser = std::make_unique<ondemand::parser>();
    // All of it at once, so that bodies of growing sizes do not reallocate; pages that are not used
    // take no memory.
    if (parser->allocate(kShortText) != simdjson::SUCCESS) return nullptr;
    kept = std::move(parser);
  }
  return kept.get();
}

}  // namespace

Result<ondemand::document> JsonParser::Iterate(std::string_view text) {
  ondemand::parser* parser = text.size() <= kShortText ? KeptParser() : nullptr;
  if (parser == nullptr) {
    own_ = std::make_unique<ondemand::parser>();
    parser = own_.get();
  }
  ondemand::document document;
  const simdjson::padded_string_view padded(text.data(), text.size(), text.size() + kPadding);
  const auto failed = parser->iterate(padded).get(document);
  if (!failed) return document;
  if (failed == simdjson::MEMALLOC)
    return Fail(Code::kOutOfMemory, "there is no memory to read the body");
  return Fail(Code::kInvalidArgument,
              std::string("the body is not valid JSON: ") + simdjson::error_message(failed));
}

}  // namespace plinth::api
