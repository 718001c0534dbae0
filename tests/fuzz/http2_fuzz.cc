// Any bytes as what an HTTP/2 client sends: no crash, no read out of bounds, limits kept. The first
// byte says how the bytes are cut, and whether the preface comes before them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzzing.h"
#include "net/grpc_services.h"
#include "net/http2_session.h"
#include "net/http2_upgrade.h"

namespace {

using namespace plinth;
using namespace plinth::fuzzing;
using namespace plinth::net;

class EchoReader final : public GrpcReader {
 public:
  explicit EchoReader(GrpcWriter writer) : writer_(std::move(writer)) {}
  void OnMessage(Buffer message) override { writer_.Send({std::move(message)}); }
  void OnEnd() override { writer_.Finish(); }

 private:
  GrpcWriter writer_;
};

std::vector<GrpcMethod> Methods() {
  return {{"/u", GrpcUnary([](const GrpcCall&, Buffer message, GrpcWriter writer) {
             writer.Reply({std::move(message)});
           })},
          {"/s", GrpcStreaming([](const GrpcCall&, GrpcWriter writer) {
             return std::make_unique<EchoReader>(std::move(writer));
           })}};
}

class Host final : public ConnectionHost, public Http2Session::Owner {
 public:
  explicit Host(EventLoop* event_loop) {
    loop = event_loop;
    options = &options_;
    handler = &handler_;
    grpc = &services_;
    body_budget = std::make_shared<ByteBudget>(options_.body_memory);
  }
  void OnClosed(ClientConnection*) override {}
  void SwitchToHttp2(ClientConnection*, Http2Start) override {}
  void OnOutput() override {}

 private:
  HttpServerOptions options_ = {
      .limits = {.header_bytes = 512, .header_fields = 8, .body_bytes = 1024},
      .max_streams = 4,
      .grpc_message_bytes = 1024,
      .body_memory = 8192};
  HttpHandler handler_ = [](const HttpRequest& request, Responder responder) {
    Require(request.body.size() <= 1024, "the body limit does not hold");
    Require(request.headers.size() <= 8, "the field limit does not hold");
    Require(request.path.starts_with('/'), "a path that does not begin with '/'");
    responder.Send(
        HttpResponse::Text(200, std::string(request.body.As<char>(), request.body.size())));
  };
  const GrpcServices services_{Methods()};
};

void Run(EventLoop& loop, std::string_view bytes, std::size_t piece) {
  Host host(&loop);
  Http2Session session(&host, &host);
  OutputQueue out;
  bool open = true;
  while (open && !bytes.empty()) {
    const std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    open = session.Receive(part);
    session.Produce(out, 4096);
    out.Consume(out.size());
  }
  session.CheckDeadlines(loop.now() + 3'600'000);
  session.Produce(out, 4096);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = (data[0] & 0x40) != 0 ? size : 1 + (data[0] & 0x3f);
  std::string bytes;
  if ((data[0] & 0x80) == 0)
    bytes = std::string(kHttp2Preface) + std::string("\0\0\0\4\0\0\0\0\0", 9);
  bytes.append(reinterpret_cast<const char*>(data + 1), size - 1);

  auto loop = EventLoop::Create();
  if (!loop) return 0;
  // On the loop's own thread, so that answers are given at once.
  (*loop)->mailbox()->Post([&] {
    Run(**loop, bytes, piece);
    (*loop)->Stop();
  });
  (*loop)->Run([] { return EventLoop::kNever; }, {});
  return 0;
}
