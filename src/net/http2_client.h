// For tests: a blocking HTTP/2 client over a real socket.
#pragma once

#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/raw_client.h"

namespace plinth::net {

// What has come on a stream so far.
struct Http2Answer {
  std::map<std::string, std::string> fields;    // of the head
  std::map<std::string, std::string> trailers;  // behind the data
  std::string body;
  bool headed = false;
  bool closed = false;
  std::uint32_t error = 0;  // of the RST_STREAM, if that has closed it

  std::string status() const { return Of(fields, ":status"); }
  std::string grpc_status() const {
    return trailers.empty() ? Of(fields, "grpc-status") : Of(trailers, "grpc-status");
  }
  std::string grpc_message() const {
    return trailers.empty() ? Of(fields, "grpc-message") : Of(trailers, "grpc-message");
  }

 private:
  static std::string Of(const std::map<std::string, std::string>& all, const std::string& name) {
    const auto found = all.find(name);
    return found == all.end() ? "" : found->second;
  }
};

class Http2Client {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  explicit Http2Client(std::uint16_t port, bool auto_window = true) : raw_(port) {
    const int on = 1;
    ::setsockopt(raw_.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    nghttp2_option* options = nullptr;
    nghttp2_option_new(&options);
    nghttp2_option_set_no_auto_window_update(options, auto_window ? 0 : 1);
    nghttp2_session_client_new2(&session_, callbacks, this, options);
    nghttp2_option_del(options);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Http2Client() { nghttp2_session_del(session_); }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  // Sends a request; the body too if it is `complete`, else Write() sends it.
  std::int32_t Begin(const Fields& fields, std::string body = {}, bool complete = true) {
    std::vector<nghttp2_nv> all;
    for (const auto& [name, value] : fields) {
      all.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                     reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                     value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    auto outgoing = std::make_unique<Outgoing>(Outgoing{std::move(body), complete});
    nghttp2_data_provider provider{{.ptr = outgoing.get()}, Read};
    const bool empty = complete && outgoing->bytes.empty();
    const std::int32_t id = nghttp2_submit_request(session_, nullptr, all.data(), all.size(),
                                                   empty ? nullptr : &provider, nullptr);
    outgoing_[id] = std::move(outgoing);
    Flush();
    return id;
  }

  void Write(std::int32_t id, std::string_view bytes, bool complete) {
    Outgoing& outgoing = *outgoing_[id];
    outgoing.bytes += bytes;
    outgoing.complete = complete;
    nghttp2_session_resume_data(session_, id);
    Flush();
  }

  void Cancel(std::int32_t id) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    Flush();
  }

  // Reads until `enough`; false if the connection ended before.
  template <typename Enough>
  bool ReadUntil(Enough enough) {
    while (!enough()) {
      const std::string bytes = raw_.ReadSome();
      if (bytes.empty()) return false;
      if (nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                   bytes.size()) < 0) {
        return false;
      }
      Flush();
    }
    return true;
  }

  // The whole answer.
  Http2Answer Finish(std::int32_t id) {
    ReadUntil([&] { return answers_[id].closed; });
    return answers_[id];
  }
  Http2Answer Ask(const Fields& fields, std::string body = {}) {
    return Finish(Begin(fields, std::move(body)));
  }
  Http2Answer& answer(std::int32_t id) { return answers_[id]; }

  bool goaway() const { return goaway_; }
  std::uint32_t goaway_error() const { return goaway_error_; }
  std::size_t pings_answered() const { return pings_answered_; }

  // For what no well-behaved client does. Everything queued is sent first.
  RawClient& raw() { return raw_; }
  nghttp2_session* session() { return session_; }

  bool Flush() {
    for (;;) {
      const std::uint8_t* bytes = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
      if (size <= 0) return size == 0;
      if (!raw_.Send({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)}))
        return false;
    }
  }

 private:
  struct Outgoing {
    std::string bytes;
    bool complete;
    std::size_t sent = 0;
  };

  static Http2Client& Self(void* self) { return *static_cast<Http2Client*>(self); }

  static ssize_t Read(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t most,
                      std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& outgoing = *static_cast<Outgoing*>(source->ptr);
    const std::size_t size = outgoing.bytes.copy(reinterpret_cast<char*>(to), most, outgoing.sent);
    outgoing.sent += size;
    if (outgoing.sent == outgoing.bytes.size() && outgoing.complete) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    } else if (size == 0) {
      return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(size);
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                      std::uint8_t, void* self) {
    Http2Answer& answer = Self(self).answers_[frame->hd.stream_id];
    auto& fields = answer.headed ? answer.trailers : answer.fields;
    fields[{reinterpret_cast<const char*>(name), name_size}] =
        std::string(reinterpret_cast<const char*>(value), value_size);
    return 0;
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    Http2Client& client = Self(self);
    if (frame->hd.type == NGHTTP2_HEADERS) client.answers_[frame->hd.stream_id].headed = true;
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0)
      ++client.pings_answered_;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      client.goaway_ = true;
      client.goaway_error_ = frame->goaway.error_code;
    }
    return 0;
  }

  static int OnData(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                    std::size_t size, void* self) {
    Self(self).answers_[id].body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }

  static int OnClose(nghttp2_session*, std::int32_t id, std::uint32_t error, void* self) {
    Http2Answer& answer = Self(self).answers_[id];
    answer.closed = true;
    answer.error = error;
    return 0;
  }

  RawClient raw_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, std::unique_ptr<Outgoing>> outgoing_;
  std::map<std::int32_t, Http2Answer> answers_;
  bool goaway_ = false;
  std::uint32_t goaway_error_ = 0;
  std::size_t pings_answered_ = 0;
};

// The head of a request.
inline Http2Client::Fields Head(const std::string& method, const std::string& path,
                                const Http2Client::Fields& more = {}) {
  Http2Client::Fields fields = {
      {":method", method}, {":scheme", "http"}, {":path", path}, {":authority", "test"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

}  // namespace plinth::net
