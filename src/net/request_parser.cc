#include "net/request_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include "net/header_text.h"

namespace plinth::net {
namespace {

namespace http = boost::beast::http;
using BeastError = boost::beast::error_code;

// What a body of announced length gets before its first byte; untouched pages of it cost nothing.
constexpr std::size_t kFirstReservation = 1024 * 1024;
// What a chunked body gets first.
constexpr std::size_t kFirstChunkReservation = 16 * 1024;
// By how much the reservation grows each time it has been filled.
constexpr std::size_t kGrowth = 4;

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

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

// Beast's grammar of one request. It reports views into the bytes it was given; a complete header
// block is always given in one piece, so they hold until RequestParser has copied the block.
class RequestParser::Grammar {
 public:
  explicit Grammar(RequestParser* parser) : parser_(parser) {}

  // Begins a new request.
  void Start() {
    beast_.emplace(this);
    beast_->header_limit(static_cast<std::uint32_t>(parser_->limits_.header_bytes));
    beast_->body_limit(parser_->limits_.body_bytes);
    beast_->eager(false);
    fields_.clear();
    hosts_ = 0;
    http11_ = true;
    header_done_ = false;
    expects_continue_ = false;
    unknown_coding_ = false;
    too_many_fields_ = false;
  }

  std::size_t Put(std::span<const char> bytes, BeastError& error) {
    input_ = bytes;
    return beast_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  }

  bool done() const { return beast_->is_done(); }
  bool chunked() const { return beast_->chunked(); }
  std::optional<std::uint64_t> content_length() const {
    const auto length = beast_->content_length();
    return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
  }
  bool keep_alive() const { return beast_->keep_alive(); }
  bool http11() const { return http11_; }
  Verb verb() const { return verb_; }
  std::string_view target() const { return target_; }
  std::vector<Header>& fields() { return fields_; }
  int hosts() const { return hosts_; }
  bool expects_continue() const { return expects_continue_ && http11_; }
  bool unknown_coding() const { return unknown_coding_; }
  bool too_many_fields() const { return too_many_fields_; }

 private:
  class Beast final : public http::basic_parser<true> {
   public:
    explicit Beast(Grammar* grammar) : grammar_(*grammar) {}

   private:
    void on_request_impl(http::verb verb, boost::beast::string_view,
                         boost::beast::string_view target, int version, BeastError&) override {
      grammar_.verb_ = VerbOf(verb);
      grammar_.target_ = View(target);
      grammar_.http11_ = version >= 11;
    }
    void on_response_impl(int, boost::beast::string_view, int, BeastError&) override {}
    void on_field_impl(http::field field, boost::beast::string_view name,
                       boost::beast::string_view value, BeastError& error) override {
      grammar_.OnField(field, View(name), View(value), error);
    }
    void on_header_impl(BeastError&) override { grammar_.header_done_ = true; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, BeastError&) override {}
    std::size_t on_body_impl(boost::beast::string_view body, BeastError&) override {
      return body.size();
    }
    void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, BeastError&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body,
                                   BeastError& error) override {
      if (!grammar_.parser_->AppendBody(View(body))) error = http::error::buffer_overflow;
      return body.size();
    }
    void on_finish_impl(BeastError&) override {}

    Grammar& grammar_;
  };

  void OnField(http::field field, std::string_view name, std::string_view value,
               BeastError& error) {
    if (header_done_) return;  // a trailer: nobody asks for those
    // A folded line: its value is put together elsewhere, or begins behind a line end.
    const char* const behind_name = name.data() + name.size();
    if (value.data() < behind_name || value.data() > input_.data() + input_.size() ||
        std::memchr(behind_name, '\r', static_cast<std::size_t>(value.data() - behind_name)) !=
            nullptr) {
      error = http::error::bad_field;
      return;
    }
    if (fields_.size() == parser_->limits_.header_fields) {
      too_many_fields_ = true;
      error = http::error::header_limit;
      return;
    }
    fields_.push_back({name, value});
    if (field == http::field::host) ++hosts_;
    if (field == http::field::expect) expects_continue_ = EqualsIgnoringCase(value, "100-continue");
    if (field == http::field::transfer_encoding && !EqualsIgnoringCase(value, "chunked")) {
      unknown_coding_ = true;
      error = http::error::bad_transfer_encoding;
    }
  }

  RequestParser* const parser_;
  std::optional<Beast> beast_;
  std::span<const char> input_;
  Verb verb_ = Verb::kOther;
  std::string_view target_;
  std::vector<Header> fields_;
  int hosts_ = 0;
  bool http11_ = true;
  bool header_done_ = false;
  bool expects_continue_ = false;
  bool unknown_coding_ = false;
  bool too_many_fields_ = false;
};

RequestParser::RequestParser(const ParserLimits& limits)
    : limits_(limits), grammar_(std::make_unique<Grammar>(this)) {}

RequestParser::~RequestParser() = default;

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
  // An incomplete block is read again from its start, but only when another line end has come.
  const bool worth_it =
      scanned_ == 0 || bytes.size() >= limits_.header_bytes ||
      std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_) != nullptr;
  scanned_ = bytes.size();
  if (!worth_it) return skipped;

  BeastError error;
  grammar_->Start();
  const std::size_t consumed = grammar_->Put(bytes, error);
  if (error == http::error::need_more) return skipped;
  if (error) {
    FailGrammar(error.value(), bytes);
    return skipped;
  }
  if (!AcceptHeader(bytes.first(consumed))) return skipped;
  return skipped + consumed;
}

// Turns a complete header block into the request's head, and says whether it may go on.
bool RequestParser::AcceptHeader(std::span<const char> block) {
  if (grammar_->http11() && grammar_->hosts() == 0) {
    Fail(Code::kInvalidArgument, "an HTTP/1.1 request needs a Host header");
    return false;
  }
  if (grammar_->hosts() > 1) {
    Fail(Code::kInvalidArgument, "more than one Host header; send one");
    return false;
  }
  chunked_ = grammar_->chunked();
  if (chunked_ && !grammar_->http11()) {
    Fail(Code::kInvalidArgument,
         "Transfer-Encoding in an HTTP/1.0 request; use HTTP/1.1 or Content-Length");
    return false;
  }
  const std::optional<std::uint64_t> length = grammar_->content_length();
  if (!AcceptTarget(grammar_->target())) return false;

  // The views move from the caller's bytes to a copy that the request owns.
  auto copy = std::make_shared_for_overwrite<char[]>(block.size());
  std::memcpy(copy.get(), block.data(), block.size());
  const auto moved = [&](std::string_view view) {
    return view.empty() ? std::string_view()
                        : std::string_view(copy.get() + (view.data() - block.data()), view.size());
  };
  HttpRequest& request = parsed_.request;
  request.verb = grammar_->verb();
  request.path = request.path == "/" ? std::string_view("/") : moved(request.path);
  request.query = moved(request.query);
  request.headers.reserve(grammar_->fields().size());
  for (const Header& field : grammar_->fields()) {
    request.headers.push_back({moved(field.name), moved(field.value)});
  }
  request.has_body = chunked_ || length.has_value();
  request.storage = std::move(copy);
  parsed_.http11 = grammar_->http11();
  parsed_.keep_alive = grammar_->keep_alive();

  state_ = State::kBody;
  expects_continue_ = grammar_->expects_continue() && (chunked_ || length.value_or(0) > 0);
  content_length_ = static_cast<std::size_t>(length.value_or(0));
  if (!chunked_) {
    if (!ReserveBody(std::min(content_length_, kFirstReservation))) return false;
    if (content_length_ == 0) Finish();
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
    Fail(Code::kInvalidArgument, "the request target must begin with '/'");
    return false;
  }
  const std::size_t mark = target.find('?');
  parsed_.request.path = target.substr(0, mark);
  parsed_.request.query =
      mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  return true;
}

std::size_t RequestParser::ParseBody(std::span<const char> bytes) {
  if (chunked_) return ParseChunks(bytes);
  const std::size_t take = std::min(bytes.size(), content_length_ - body_size_);
  if (!AppendBody({bytes.data(), take})) return 0;
  if (body_size_ == content_length_) Finish();
  return take;
}

std::size_t RequestParser::ParseChunks(std::span<const char> bytes) {
  std::size_t consumed = 0;
  while (consumed < bytes.size()) {
    BeastError error;
    const std::span<const char> rest = bytes.subspan(consumed);
    consumed += grammar_->Put(rest, error);
    if (state_ == State::kFailed) return consumed;
    if (error == http::error::need_more) {
      // A chunk's size line or the trailer is incomplete; it may not grow without end either.
      if (bytes.size() - consumed >= limits_.header_bytes) {
        Fail(Code::kHeadersTooLarge, "a chunk extension or trailer is over the limit of " +
                                         std::to_string(limits_.header_bytes) + " bytes");
      }
      return consumed;
    }
    if (error) {
      FailGrammar(error.value(), rest);
      return consumed;
    }
    if (grammar_->done()) {
      Finish();
      return consumed;
    }
  }
  return consumed;
}

std::span<std::byte> RequestParser::BodySpace() {
  if (state_ != State::kBody || chunked_) return {};
  if (body_size_ == body_capacity_ &&
      !ReserveBody(std::min(content_length_, body_capacity_ * kGrowth)))
    return {};
  return {body_.mutable_data() + body_size_, body_capacity_ - body_size_};
}

void RequestParser::BodyReceived(std::size_t n) {
  body_size_ += n;
  if (body_size_ == content_length_) Finish();
}

bool RequestParser::TakeExpectsContinue() { return std::exchange(expects_continue_, false); }

ParsedRequest RequestParser::Take() {
  ParsedRequest result = std::move(parsed_);
  Reset();
  return result;
}

// Makes room for `size` bytes in all and the padding, keeping what is there.
bool RequestParser::ReserveBody(std::size_t size) {
  if (size <= body_capacity_) return true;
  try {
    Buffer grown = Buffer::Allocate(size + HttpRequest::kBodyPadding);
    if (body_size_ > 0) std::memcpy(grown.mutable_data(), body_.data(), body_size_);
    body_ = std::move(grown);
  } catch (const std::bad_alloc&) {
    Fail(Code::kOutOfMemory,
         "no memory for a body of " + std::to_string(size) + " bytes; try again later");
    return false;
  }
  body_capacity_ = size;
  return true;
}

bool RequestParser::AppendBody(std::string_view bytes) {
  if (bytes.empty()) return true;
  expects_continue_ = false;  // the client did not wait
  const std::size_t needed = body_size_ + bytes.size();
  if (needed > body_capacity_) {
    const std::size_t most = chunked_ ? limits_.body_bytes : content_length_;
    const std::size_t grown = std::max({needed, body_capacity_ * kGrowth, kFirstChunkReservation});
    if (!ReserveBody(std::min(grown, most))) return false;
  }
  std::memcpy(body_.mutable_data() + body_size_, bytes.data(), bytes.size());
  body_size_ = needed;
  return true;
}

void RequestParser::Finish() {
  if (body_size_ > 0) {
    // The padding is read by parsers that look ahead; they shall not see what the memory held
    // before.
    std::memset(body_.mutable_data() + body_size_, 0, HttpRequest::kBodyPadding);
    parsed_.request.body = body_.Slice(0, body_size_);
  }
  body_ = Buffer();
  expects_continue_ = false;
  state_ = State::kComplete;
}

void RequestParser::FailGrammar(int beast_error, std::span<const char> bytes) {
  switch (static_cast<http::error>(beast_error)) {
    case http::error::header_limit:
      if (grammar_->too_many_fields()) {
        return Fail(Code::kHeadersTooLarge,
                    "more than " + std::to_string(limits_.header_fields) + " header fields");
      }
      return Fail(Code::kHeadersTooLarge, "the request line and headers are over the limit of " +
                                              std::to_string(limits_.header_bytes) + " bytes");
    case http::error::body_limit:
      return Fail(Code::kPayloadTooLarge,
                  "the body is over the limit of " + std::to_string(limits_.body_bytes) + " bytes");
    case http::error::bad_version:
      if (NamesAnotherVersion({bytes.data(), bytes.size()})) {
        Fail(Code::kUnimplemented, "this HTTP version is not spoken here; use HTTP/1.1");
        refusal_.status = 505;
        return;
      }
      return Fail(Code::kInvalidArgument,
                  "malformed request line; expected 'METHOD /path HTTP/1.1'");
    case http::error::bad_method:
    case http::error::bad_target:
      return Fail(Code::kInvalidArgument,
                  "malformed request line; expected 'METHOD /path HTTP/1.1'");
    case http::error::bad_transfer_encoding:
      if (grammar_->unknown_coding()) {
        return Fail(Code::kUnimplemented, "only 'Transfer-Encoding: chunked' is supported");
      }
      return Fail(Code::kInvalidArgument,
                  "Transfer-Encoding may be given once, and not together with Content-Length");
    case http::error::bad_content_length:
    case http::error::multiple_content_length:
      return Fail(
          Code::kInvalidArgument,
          "Content-Length must be one number, and not come together with Transfer-Encoding");
    case http::error::bad_chunk:
    case http::error::bad_chunk_extension:
      return Fail(Code::kInvalidArgument, "malformed chunk in the body");
    case http::error::bad_field:
      return Fail(Code::kInvalidArgument,
                  "malformed header field; expected 'Name: value' on one line");
    case http::error::bad_value:
      return Fail(Code::kInvalidArgument, "a header value holds a character that is not allowed");
    case http::error::bad_line_ending:
      return Fail(Code::kInvalidArgument, "lines must end in CR LF");
    default:
      return Fail(Code::kInvalidArgument, "malformed request");
  }
}

void RequestParser::Fail(Code code, std::string message) {
  state_ = State::kFailed;
  expects_continue_ = false;
  body_ = Buffer();
  parsed_ = {};
  refusal_ = {InfoOf(code).http_status, Error{code, std::move(message)}};
}

void RequestParser::Reset() {
  state_ = State::kIdle;
  parsed_ = {};
  body_ = Buffer();
  body_capacity_ = 0;
  body_size_ = 0;
  content_length_ = 0;
  scanned_ = 0;
  chunked_ = false;
}

}  // namespace plinth::net
