#include "net/request_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <utility>

#include "net/body_alignment.h"
#include "net/header_text.h"

namespace plinth::net {
namespace {

namespace http = boost::beast::http;
using BeastError = boost::beast::error_code;

Verb VerbOf(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Verb::kGet;
    case http::verb::head:
      return Verb::kHead;
    case http::verb::post:
      return Verb::kPost;
    case http::verb::put:
      return Verb::kPut;
    case http::verb::delete_:
      return Verb::kDelete;
    case http::verb::patch:
      return Verb::kPatch;
    case http::verb::options:
      return Verb::kOptions;
    default:
      return Verb::kOther;
  }
}

// Whether the first line is well-formed but for a version that we do not speak.
bool NamesAnotherVersion(std::string_view text) {
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  if (std::ranges::count(line, ' ') != 2) return false;
  const std::string_view version = line.substr(line.rfind(' ') + 1);
  const auto digit = [&](std::size_t i) { return version[i] >= '0' && version[i] <= '9'; };
  return version.size() == 8 && version.starts_with("HTTP/") && digit(5) && version[6] == '.' &&
         digit(7) && version != "HTTP/1.1" && version != "HTTP/1.0";
}

}  // namespace

// Beast's grammar of a header block, for one attempt at reading it. It reports views into the bytes
// that it was given.
class HeaderGrammar final : public http::basic_parser<true> {
 public:
  explicit HeaderGrammar(const ParserLimits& limits) : limits_(limits) {
    header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    skip(true);  // the body is read by RequestParser
  }

  // Returns how many of the bytes the block takes; need_more if it is not all there.
  std::size_t Read(std::span<const char> bytes, BeastError& error) {
    input_ = bytes;
    return put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  }

  Verb verb = Verb::kOther;
  std::string_view target;
  std::vector<Header> fields;
  int hosts = 0;
  bool http11 = true;
  bool expects_continue = false;
  bool unknown_coding = false;
  bool too_many_fields = false;

 private:
  using View = boost::beast::string_view;

  void on_request_impl(http::verb name, View, View text, int version, BeastError&) override {
    verb = VerbOf(name);
    target = {text.data(), text.size()};
    http11 = version >= 11;
  }
  void on_field_impl(http::field field, View name, View value, BeastError& error) override {
    // A folded line: its value is put together elsewhere, or begins behind a line end.
    const char* const behind_name = name.data() + name.size();
    if (value.data() < behind_name || value.data() > input_.data() + input_.size() ||
        std::memchr(behind_name, '\r', static_cast<std::size_t>(value.data() - behind_name)) !=
            nullptr) {
      error = http::error::bad_field;
      return;
    }
    if (fields.size() == limits_.header_fields) {
      too_many_fields = true;
      error = http::error::header_limit;
      return;
    }
    fields.push_back({{name.data(), name.size()}, {value.data(), value.size()}});
    const std::string_view text = fields.back().value;
    if (field == http::field::host) ++hosts;
    if (field == http::field::expect) expects_continue = EqualsIgnoringCase(text, "100-continue");
    if (field == http::field::transfer_encoding && !EqualsIgnoringCase(text, "chunked")) {
      unknown_coding = true;
      error = http::error::bad_transfer_encoding;
    }
  }

  // What comes after a header block does not come here.
  void on_response_impl(int, View, int, BeastError&) override {}
  void on_header_impl(BeastError&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, BeastError&) override {}
  std::size_t on_body_impl(View body, BeastError&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, View, BeastError&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View body, BeastError&) override {
    return body.size();
  }
  void on_finish_impl(BeastError&) override {}

  const ParserLimits& limits_;
  std::span<const char> input_;
};

namespace {

// What is wrong with a header block that Beast does not accept.
Error HeaderError(http::error error, const HeaderGrammar& grammar, const ParserLimits& limits) {
  const char* const request_line = "malformed request line; expected 'METHOD /path HTTP/1.1'";
  switch (error) {
    case http::error::header_limit:
      if (grammar.too_many_fields) {
        return {Code::kHeadersTooLarge,
                "more than " + std::to_string(limits.header_fields) + " header fields"};
      }
      return {Code::kHeadersTooLarge, "the request line and headers are over the limit of " +
                                          std::to_string(limits.header_bytes) + " bytes"};
    case http::error::bad_version:
    case http::error::bad_method:
    case http::error::bad_target:
      return {Code::kInvalidArgument, request_line};
    case http::error::bad_transfer_encoding:
      if (grammar.unknown_coding) {
        return {Code::kUnimplemented, "only 'Transfer-Encoding: chunked' is supported"};
      }
      return {Code::kInvalidArgument,
              "Transfer-Encoding may be given once, and not together with Content-Length"};
    case http::error::bad_content_length:
    case http::error::multiple_content_length:
      return {Code::kInvalidArgument,
              "Content-Length must be one number, and not come together with Transfer-Encoding"};
    case http::error::bad_field:
      return {Code::kInvalidArgument, "malformed header field; expected 'Name: value' on one line"};
    case http::error::bad_value:
      return {Code::kInvalidArgument, "a header value holds a character that is not allowed"};
    case http::error::bad_line_ending:
      return {Code::kInvalidArgument, "lines must end in CR LF"};
    default:
      return {Code::kInvalidArgument, "malformed request"};
  }
}

}  // namespace

std::size_t RequestParser::Parse(std::span<const char> bytes) {
  std::size_t consumed = 0;
  if (state_ == State::kIdle || state_ == State::kHeader) {
    consumed = ParseHeader(bytes);
  }
  if (state_ == State::kBody) {
    consumed += ParseBody(bytes.subspan(consumed));
  }
  return consumed;
}

std::size_t RequestParser::ParseHeader(std::span<const char> bytes) {
  // Empty lines before a request are allowed: old clients send one behind a body.
  std::size_t skipped = 0;
  if (state_ == State::kIdle) {
    while (bytes.size() >= skipped + 2 && bytes[skipped] == '\r' && bytes[skipped + 1] == '\n')
      skipped += 2;
    bytes = bytes.subspan(skipped);
    if (bytes.empty() || (bytes.size() == 1 && bytes[0] == '\r')) return skipped;
    state_ = State::kHeader;
    scanned_ = 0;
  }
  // An incomplete block is read again from its start, but only when another line is complete, and
  // then only its complete lines: so dripping costs little, and the outcome does not depend on how
  // the bytes come. What does not even begin like a request, or is too long, is refused without
  // waiting for a line.
  const bool hopeless = bytes.size() >= limits_.header_bytes || !IsTokenCharacter(bytes[0]);
  const std::string_view fresh(bytes.data() + scanned_, bytes.size() - scanned_);
  const std::size_t line_end = fresh.rfind('\n');
  if (line_end == std::string_view::npos && !hopeless) {
    scanned_ = bytes.size();
    return skipped;
  }
  if (!hopeless) bytes = bytes.first(scanned_ + line_end + 1);
  scanned_ = bytes.size();

  HeaderGrammar grammar(limits_);
  BeastError error;
  const std::size_t size = grammar.Read(bytes, error);
  if (error == http::error::need_more) return skipped;
  if (error == http::error::bad_version && NamesAnotherVersion({bytes.data(), bytes.size()})) {
    Fail({Code::kUnimplemented, "this HTTP version is not spoken here; use HTTP/1.1"});
    refusal_.status = 505;
    return skipped;
  }
  if (error) {
    Fail(HeaderError(static_cast<http::error>(error.value()), grammar, limits_));
    return skipped;
  }
  if (!AcceptHead(grammar, bytes.first(size))) return skipped;
  return skipped + size;
}

// Turns a complete header block into the request's head, and says whether it may go on.
bool RequestParser::AcceptHead(HeaderGrammar& grammar, std::span<const char> block) {
  if (grammar.http11 && grammar.hosts == 0) {
    return Fail({Code::kInvalidArgument, "an HTTP/1.1 request needs a Host header"});
  }
  if (grammar.hosts > 1) {
    return Fail({Code::kInvalidArgument, "more than one Host header; send one"});
  }
  const bool chunked = grammar.chunked();
  if (chunked && !grammar.http11) {
    return Fail({Code::kInvalidArgument,
                 "Transfer-Encoding in an HTTP/1.0 request; use HTTP/1.1 or Content-Length"});
  }
  const auto length = grammar.content_length();
  if (!AcceptTarget(grammar.target)) return false;
  if (length && *length > limits_.body_bytes) return FailBodyTooLarge();

  // The views move from the caller's bytes to a copy that the request owns.
  auto copy = std::make_shared_for_overwrite<char[]>(block.size());
  std::memcpy(copy.get(), block.data(), block.size());
  const auto move = [&](std::string_view& view) {
    view = view.empty() ? std::string_view()
                        : std::string_view(copy.get() + (view.data() - block.data()), view.size());
  };
  HttpRequest& request = parsed_.request;
  if (request.path == "/") {
    request.path = "/";
  } else {
    move(request.path);
  }
  move(request.query);
  for (Header& field : grammar.fields) {
    move(field.name);
    move(field.value);
  }
  request.headers = std::move(grammar.fields);
  request.verb = grammar.verb;
  request.has_body = chunked || length.has_value();
  request.storage = std::move(copy);
  parsed_.http11 = grammar.http11;
  parsed_.keep_alive = grammar.keep_alive();

  state_ = State::kBody;
  body_.LeaveFree(BodyLead(request));
  content_length_ = static_cast<std::size_t>(length.value_or(0));
  expects_continue_ =
      grammar.expects_continue && grammar.http11 && (chunked || content_length_ > 0);
  if (chunked) {
    chunks_.emplace(limits_.body_bytes, limits_.header_bytes);
  } else if (content_length_ == 0) {
    Finish();
  } else {
    Status reserved = body_.Expect(content_length_);
    return reserved || Fail(std::move(reserved).error());
  }
  return true;
}

// Splits the target into path and query, still in the caller's bytes.
bool RequestParser::AcceptTarget(std::string_view target) {
  // The absolute form, as sent to proxies, means the same as the path within it.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() >= scheme.size() &&
        EqualsIgnoringCase(target.substr(0, scheme.size()), scheme)) {
      const std::size_t begin = target.find_first_of("/?", scheme.size());
      target = begin == std::string_view::npos ? std::string_view() : target.substr(begin);
      if (target.empty() || target[0] == '?') {
        parsed_.request.path = "/";
        parsed_.request.query = target.empty() ? target : target.substr(1);
        return true;
      }
      break;
    }
  }
  if (target.empty() || target[0] != '/') {
    return Fail({Code::kInvalidArgument, "the request target must begin with '/'"});
  }
  const std::size_t mark = target.find('?');
  parsed_.request.path = target.substr(0, mark);
  parsed_.request.query =
      mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  return true;
}

std::size_t RequestParser::ParseBody(std::span<const char> bytes) {
  if (chunks_) return ParseChunks(bytes);
  const std::size_t take = std::min(bytes.size(), content_length_ - body_.size());
  if (!AppendBody(bytes.first(take))) return 0;
  if (body_.size() == content_length_) Finish();
  return take;
}

std::size_t RequestParser::ParseChunks(std::span<const char> bytes) {
  std::span<const char> rest = bytes;
  while (state_ == State::kBody) {
    std::span<const char> data;
    switch (chunks_->Next(rest, &data)) {
      case ChunkDecoder::Step::kData:
        AppendBody(data);
        break;
      case ChunkDecoder::Step::kNeedMore:
        return bytes.size();
      case ChunkDecoder::Step::kDone:
        Finish();
        break;
      case ChunkDecoder::Step::kMalformed:
        Fail({Code::kInvalidArgument, "malformed chunk in the body"});
        break;
      case ChunkDecoder::Step::kBodyTooLarge:
        FailBodyTooLarge();
        break;
      case ChunkDecoder::Step::kOverheadTooLarge:
        Fail({Code::kHeadersTooLarge, "chunk extensions and trailers are over the limit of " +
                                          std::to_string(limits_.header_bytes) + " bytes"});
        break;
    }
  }
  return bytes.size() - rest.size();
}

std::span<std::byte> RequestParser::BodySpace() {
  if (state_ != State::kBody || chunks_) return {};
  auto space = body_.Space(content_length_);
  if (space) return *space;
  Fail(std::move(space).error());
  return {};
}

void RequestParser::BodyReceived(std::size_t n) {
  if (Status received = body_.Received(n); !received) {
    Fail(std::move(received).error());
  } else if (body_.size() == content_length_) {
    Finish();
  }
}

bool RequestParser::TakeExpectsContinue() { return std::exchange(expects_continue_, false); }

ParsedRequest RequestParser::Take() {
  ParsedRequest result = std::move(parsed_);
  Reset();
  return result;
}

bool RequestParser::AppendBody(std::span<const char> bytes) {
  if (bytes.empty()) return true;
  expects_continue_ = false;  // the client did not wait
  Status added = body_.Append(std::as_bytes(bytes), chunks_ ? limits_.body_bytes : content_length_);
  return added || Fail(std::move(added).error());
}

void RequestParser::Finish() {
  parsed_.request.body = body_.Take();
  expects_continue_ = false;
  state_ = State::kComplete;
}

bool RequestParser::FailBodyTooLarge() {
  return Fail({Code::kPayloadTooLarge,
               "the body is over the limit of " + std::to_string(limits_.body_bytes) + " bytes"});
}

// Returns false.
bool RequestParser::Fail(Error error) {
  state_ = State::kFailed;
  expects_continue_ = false;
  body_.Clear();
  refusal_ = Refusal{0, std::move(error), std::string(parsed_.request.path)};
  parsed_ = {};
  return false;
}

void RequestParser::Reset() {
  state_ = State::kIdle;
  parsed_ = {};
  body_.Clear();
  content_length_ = 0;
  scanned_ = 0;
  chunks_.reset();
}

}  // namespace plinth::net
