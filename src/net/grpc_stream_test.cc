// gRPC calls as their clients see them, over real sockets.
#include "net/grpc_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/deflate.h"
#include "net/grpc_coding.h"
#include "net/grpc_headers.h"
#include "net/http2_client.h"
#include "net/server_fixture.h"

namespace plinth::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A message as it is framed.
std::string Framed(const std::string& message, char flag = 0) {
  std::string framed(1, flag);
  for (const int shift : {24, 16, 8, 0})
    framed.push_back(static_cast<char>(message.size() >> shift));
  return framed + message;
}

// The messages of a body.
std::vector<std::string> Messages(const std::string& body) {
  std::vector<std::string> messages;
  for (std::size_t at = 0; at + 5 <= body.size();) {
    std::size_t size = 0;
    for (std::size_t i = 1; i < 5; ++i) size = size << 8 | static_cast<unsigned char>(body[at + i]);
    messages.push_back(body.substr(at + 5, size));
    at += 5 + size;
  }
  return messages;
}

std::string TextOf(const Buffer& bytes) { return {bytes.As<char>(), bytes.size()}; }

// Calls that a method has put aside.
class CallShelf {
 public:
  struct Taken {
    GrpcCall call;
    Buffer message;
    GrpcWriter writer;
  };

  void Put(GrpcCall call, Buffer message, GrpcWriter writer) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(call), std::move(message), std::move(writer)});
    changed_.notify_all();
  }
  Taken Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !waiting_.empty(); });
    Taken taken = std::move(waiting_.front());
    waiting_.pop_front();
    return taken;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Taken> waiting_;
};

// Answers every message, and says goodbye.
class ChatReader final : public GrpcReader {
 public:
  ChatReader(GrpcWriter writer, std::atomic<int>& alive)
      : writer_(std::move(writer)), alive_(alive) {
    ++alive_;
  }
  ~ChatReader() override { --alive_; }
  void OnMessage(Buffer message) override {
    if (TextOf(message) == "stop") return writer_.Finish({10, "stopped"});
    writer_.Send({Buffer::FromString("re: "), message});
  }
  void OnEnd() override {
    writer_.Send({Buffer::FromString("bye")});
    writer_.Finish();
  }

 private:
  GrpcWriter writer_;
  std::atomic<int>& alive_;
};

class GrpcStreamTest : public HttpServerTest {
 protected:
  // /t.S/Echo sends the message back, /Fail fails, /Shelf leaves it to the test, /Drop and /Throw
  // do not answer, /Chat is a stream, /Pour sends much.
  void ServeGrpc(HttpServer::Options options = {}) {
    options.threads = 2;
    std::vector<GrpcMethod> methods;
    methods.push_back({"/t.S/Echo", GrpcUnary([](GrpcCall, Buffer message, GrpcWriter writer) {
                         writer.Reply({std::move(message)});
                       })});
    methods.push_back({"/t.S/Fail", GrpcUnary([](GrpcCall, Buffer, GrpcWriter writer) {
                         writer.Finish({5, "no such model: 'ü'\n100%"});
                       })});
    methods.push_back(
        {"/t.S/Shelf", GrpcUnary([this](GrpcCall call, Buffer message, GrpcWriter writer) {
           shelf_calls_.Put(std::move(call), std::move(message), std::move(writer));
         })});
    methods.push_back({"/t.S/Drop", GrpcUnary([](GrpcCall, Buffer, GrpcWriter) {})});
    methods.push_back({"/t.S/Throw", GrpcUnary([](GrpcCall, Buffer, GrpcWriter) {
                         throw std::runtime_error("on purpose");
                       })});
    methods.push_back({"/t.S/Chat", GrpcStreaming([this](GrpcCall, GrpcWriter writer) {
                         return std::make_unique<ChatReader>(std::move(writer), alive_);
                       })});
    auto server = HttpServer::Start(
        options,
        [this](HttpRequest request, Responder responder) {
          Handle(std::move(request), std::move(responder));
        },
        std::move(methods));
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }

  static Http2Client::Fields Call(const std::string& path, const Http2Client::Fields& more = {}) {
    Http2Client::Fields fields = {{"content-type", "application/grpc"}, {"te", "trailers"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return Head("POST", path, fields);
  }

  CallShelf shelf_calls_;
  std::atomic<int> alive_ = 0;
};

TEST_F(GrpcStreamTest, AnswersAUnaryCall) {
  ServeGrpc();
  Http2Client client(server_->port());
  for (const std::string& message :
       {std::string("hello"), std::string(), std::string(3'000'000, 'x')}) {
    const Http2Answer answer = client.Ask(Call("/t.S/Echo"), Framed(message));
    EXPECT_EQ(answer.status(), "200");
    EXPECT_EQ(answer.fields.at("content-type"), "application/grpc");
    EXPECT_TRUE(answer.body == Framed(message));
    EXPECT_EQ(answer.trailers.at("grpc-status"), "0");
    EXPECT_EQ(answer.trailers.count("grpc-message"), 0U);
  }
}

TEST_F(GrpcStreamTest, AFailureIsATrailersOnlyAnswer) {
  ServeGrpc();
  Http2Client client(server_->port());
  const Http2Answer answer = client.Ask(Call("/t.S/Fail"), Framed("x"));
  EXPECT_TRUE(answer.trailers.empty());
  EXPECT_EQ(answer.status(), "200");
  EXPECT_EQ(answer.grpc_status(), "5");
  EXPECT_EQ(answer.grpc_message(), "no such model: '%C3%BC'%0A100%25");
}

TEST_F(GrpcStreamTest, TellsWhatIsNoCallOfAMethod) {
  ServeGrpc();
  Http2Client client(server_->port());
  EXPECT_EQ(client.Ask(Call("/t.S/None"), Framed("x")).grpc_status(), "12");
  EXPECT_EQ(
      client.Ask(Head("POST", "/t.S/Echo", {{"content-type", "application/json"}}), "{}").status(),
      "415");
  EXPECT_EQ(client.Ask(Head("POST", "/t.S/Echo", {{"content-type", "application/grpc-web"}}), "x")
                .status(),
            "415");
  EXPECT_EQ(client.Ask(Head("GET", "/t.S/Echo", {{"content-type", "application/grpc"}})).status(),
            "405");
  // All else is plain HTTP.
  EXPECT_EQ(client.Ask(Head("POST", "/echo"), "plain").body, "plain");
}

TEST_F(GrpcStreamTest, TakesTheContentTypesOfProtobuf) {
  ServeGrpc();
  Http2Client client(server_->port());
  for (const std::string type : {"application/grpc+proto", "application/grpc; charset=utf-8"}) {
    EXPECT_EQ(
        client.Ask(Head("POST", "/t.S/Echo", {{"content-type", type}}), Framed("x")).grpc_status(),
        "0");
  }
}

TEST_F(GrpcStreamTest, MessagesMayComeInPieces) {
  ServeGrpc();
  Http2Client client(server_->port());
  const std::int32_t id = client.Begin(Call("/t.S/Chat"), {}, /*complete=*/false);
  const std::string bytes = Framed("one") + Framed("") + Framed("three");
  for (const char c : bytes) client.Write(id, {&c, 1}, /*complete=*/false);
  client.Write(id, Framed("four") + Framed("five"), /*complete=*/true);
  const Http2Answer answer = client.Finish(id);
  EXPECT_THAT(Messages(answer.body),
              ElementsAre("re: one", "re: ", "re: three", "re: four", "re: five", "bye"));
  EXPECT_EQ(answer.grpc_status(), "0");
  EXPECT_TRUE(Eventually([&] { return alive_ == 0; }));
}

TEST_F(GrpcStreamTest, AMethodMayEndAStreamFromWithin) {
  ServeGrpc();
  Http2Client client(server_->port());
  const std::int32_t id =
      client.Begin(Call("/t.S/Chat"), Framed("x") + Framed("stop") + Framed("y"),
                   /*complete=*/false);
  const Http2Answer answer = client.Finish(id);
  EXPECT_THAT(Messages(answer.body), ElementsAre("re: x"));
  EXPECT_EQ(answer.grpc_status(), "10");
  EXPECT_EQ(answer.grpc_message(), "stopped");
  EXPECT_TRUE(Eventually([&] { return alive_ == 0; }));
}

TEST_F(GrpcStreamTest, BrokenMessagesFailTheCall) {
  ServeGrpc({.grpc_message_bytes = 1000});
  Http2Client client(server_->port());
  EXPECT_EQ(client.Ask(Call("/t.S/Echo"), Framed("x", 2)).grpc_status(), "13");
  EXPECT_EQ(client.Ask(Call("/t.S/Echo"), Framed("x", 1)).grpc_status(), "13");
  EXPECT_EQ(client.Ask(Call("/t.S/Echo"), Framed("x").substr(0, 5)).grpc_status(), "13");
  EXPECT_EQ(client.Ask(Call("/t.S/Echo"), "").grpc_status(), "12");
  EXPECT_EQ(client.Ask(Call("/t.S/Echo"), Framed("x") + Framed("y")).grpc_status(), "12");
  const Http2Answer large = client.Ask(Call("/t.S/Echo"), Framed(std::string(1001, 'x')));
  EXPECT_EQ(large.grpc_status(), "8");
  EXPECT_THAT(large.grpc_message(), HasSubstr("1001 bytes is over the limit of 1000"));
  EXPECT_EQ(client.Ask(Call("/t.S/Echo"), Framed(std::string(1000, 'x'))).grpc_status(), "0");
}

TEST_F(GrpcStreamTest, MessagesTogetherAreLimited) {
  ServeGrpc({.body_memory = 1'000'000});
  Http2Client client(server_->port());
  EXPECT_EQ(client.Ask(Call("/t.S/Echo"), Framed(std::string(2'000'000, 'x'))).grpc_status(), "8");
  EXPECT_EQ(client.Ask(Call("/t.S/Echo"), Framed(std::string(900'000, 'x'))).grpc_status(), "0");
}

TEST_F(GrpcStreamTest, GivesMetadataAndDeadlineToTheMethod) {
  ServeGrpc();
  Http2Client client(server_->port());
  const std::int32_t id = client.Begin(
      Call("/t.S/Shelf", {{"grpc-timeout", "1H"}, {"key", "value"}, {"key-bin", "AAE"}}),
      Framed("x"));
  CallShelf::Taken taken = shelf_calls_.Take();
  EXPECT_EQ(taken.call.path, "/t.S/Shelf");
  EXPECT_EQ(taken.call.Find("key"), "value");
  EXPECT_EQ(taken.call.Find("key-bin"), "AAE");
  EXPECT_EQ(taken.call.Find("te"), "");
  ASSERT_TRUE(taken.call.deadline);
  EXPECT_GT(*taken.call.deadline, steady_clock::now() + std::chrono::minutes(59));
  EXPECT_EQ(TextOf(taken.message), "x");
  taken.writer.Reply({Buffer::FromString("from another thread")});
  EXPECT_THAT(Messages(client.Finish(id).body), ElementsAre("from another thread"));
}

TEST_F(GrpcStreamTest, KeepsDeadlines) {
  ServeGrpc();
  Http2Client client(server_->port());
  const std::int32_t id = client.Begin(Call("/t.S/Shelf", {{"grpc-timeout", "50m"}}), Framed("x"));
  CallShelf::Taken taken = shelf_calls_.Take();
  EXPECT_EQ(client.Finish(id).grpc_status(), "4");
  EXPECT_TRUE(taken.writer.cancelled());
  taken.writer.Reply({Buffer::FromString("too late")});
  EXPECT_EQ(client.Ask(Call("/t.S/Echo", {{"grpc-timeout", "soon"}}), Framed("x")).grpc_status(),
            "3");
}

TEST_F(GrpcStreamTest, ACancelledCallIsCancelled) {
  ServeGrpc();
  Http2Client client(server_->port());
  const std::int32_t unary = client.Begin(Call("/t.S/Shelf"), Framed("x"));
  CallShelf::Taken taken = shelf_calls_.Take();
  const std::int32_t chat = client.Begin(Call("/t.S/Chat"), Framed("x"), /*complete=*/false);
  EXPECT_TRUE(client.ReadUntil([&] { return !client.answer(chat).body.empty(); }));
  client.Cancel(unary);
  client.Cancel(chat);
  EXPECT_TRUE(Eventually([&] { return taken.writer.cancelled() && alive_ == 0; }));
}

TEST_F(GrpcStreamTest, AMethodThatDropsOrThrowsFailsTheCall) {
  ServeGrpc();
  Http2Client client(server_->port());
  EXPECT_EQ(client.Ask(Call("/t.S/Drop"), Framed("x")).grpc_status(), "13");
  EXPECT_EQ(client.Ask(Call("/t.S/Throw"), Framed("x")).grpc_status(), "13");
  EXPECT_EQ(client.Ask(Call("/t.S/Echo"), Framed("x")).grpc_status(), "0");
}

TEST_F(GrpcStreamTest, AClientThatDoesNotTakeAnswersIsHeldUp) {
  ServeGrpc();
  Http2Client client(server_->port(), /*auto_window=*/false);
  const std::int32_t id = client.Begin(Call("/t.S/Chat"), {}, /*complete=*/false);
  const std::string message = Framed(std::string(100'000, 'x'));
  for (int i = 0; i < 100; ++i) client.Write(id, message, /*complete=*/false);
  // It can send about what is answered before it is held up, and one window more.
  EXPECT_TRUE(client.ReadUntil([&] { return client.answer(id).body.size() == 65535; }));
  std::this_thread::sleep_for(milliseconds(100));
  nghttp2_submit_ping(client.session(), NGHTTP2_FLAG_NONE, nullptr);
  client.Flush();
  EXPECT_TRUE(client.ReadUntil([&] { return client.pings_answered() == 1; }));
  EXPECT_LE(nghttp2_session_get_stream_remote_window_size(client.session(), id), 1 << 20);
}

TEST_F(GrpcStreamTest, StreamsAreAnsweredFromOtherThreads) {
  ServeGrpc();
  std::vector<std::thread> clients;
  std::atomic<bool> stop = false;
  std::thread answerer([&] {
    for (;;) {
      CallShelf::Taken taken = shelf_calls_.Take();
      if (TextOf(taken.message) == "stop") return taken.writer.Finish();
      taken.writer.Reply({taken.message, taken.message});
    }
  });
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([this, i] {
      Http2Client client(server_->port());
      for (int round = 0; round < 50; ++round) {
        std::map<std::int32_t, std::string> expected;
        for (int j = 0; j < 8; ++j) {
          const std::string name = std::to_string(i) + "-" + std::to_string(j);
          expected[client.Begin(Call("/t.S/Shelf"), Framed(name))] = name + name;
        }
        for (const auto& [id, text] : expected)
          ASSERT_THAT(Messages(client.Finish(id).body), ElementsAre(text));
      }
    });
  }
  for (std::thread& client : clients) client.join();
  Http2Client stopper(server_->port());
  stopper.Ask(Call("/t.S/Shelf"), Framed("stop"));
  answerer.join();
}

TEST_F(GrpcStreamTest, TakesAndGivesCompressedMessages) {
  ServeGrpc({.grpc_compression = true});
  Http2Client client(server_->port());
  const std::string message(100'000, 'x');
  for (const Coding coding : {Coding::kGzip, Coding::kDeflate}) {
    const std::string name(NameOf(coding));
    const auto packed = Deflate(coding, std::vector<Buffer>{Buffer::FromString(message)});
    ASSERT_TRUE(packed);
    const Http2Answer answer = client.Ask(
        Call("/t.S/Echo", {{"grpc-encoding", name}, {"grpc-accept-encoding", "identity," + name}}),
        Framed(*packed, 1));
    EXPECT_EQ(answer.fields.at("grpc-encoding"), name);
    EXPECT_EQ(answer.body.substr(0, 1), std::string(1, '\1'));
    const Buffer bytes = Buffer::FromString(Messages(answer.body).at(0));
    EXPECT_LT(bytes.size(), message.size());
    const auto unpacked = InflateMessage(coding, bytes, message.size(), nullptr);
    ASSERT_TRUE(unpacked);
    EXPECT_TRUE(TextOf(*unpacked) == message);
    // A client that does not take it, and a message that is marked as it came.
    const Http2Answer plain =
        client.Ask(Call("/t.S/Echo", {{"grpc-encoding", name}}), Framed("plain"));
    EXPECT_EQ(plain.fields.count("grpc-encoding"), 0U);
    EXPECT_EQ(plain.body, Framed("plain"));
  }
}

TEST_F(GrpcStreamTest, RefusesWhatItCannotDecompress) {
  ServeGrpc({.limits = {.header_bytes = 4096, .header_fields = 100, .body_bytes = 1000}});
  Http2Client client(server_->port());
  const Http2Answer unknown =
      client.Ask(Call("/t.S/Echo", {{"grpc-encoding", "snappy"}}), Framed("x"));
  EXPECT_EQ(unknown.grpc_status(), "12");
  EXPECT_EQ(unknown.fields.at("grpc-accept-encoding"), "identity,deflate,gzip");
  const Http2Client::Fields gzip = {{"grpc-encoding", "gzip"}};
  EXPECT_EQ(client.Ask(Call("/t.S/Echo", gzip), Framed("no gzip", 1)).grpc_status(), "3");
  const auto bomb =
      Deflate(Coding::kGzip, std::vector<Buffer>{Buffer::FromString(std::string(100'000, 'x'))});
  EXPECT_EQ(client.Ask(Call("/t.S/Echo", gzip), Framed(*bomb, 1)).grpc_status(), "8");
}

TEST(GrpcHeaders, ReadsTimeouts) {
  using std::chrono::nanoseconds;
  EXPECT_EQ(ParseGrpcTimeout("1H"), std::chrono::hours(1));
  EXPECT_EQ(ParseGrpcTimeout("2M"), std::chrono::minutes(2));
  EXPECT_EQ(ParseGrpcTimeout("3S"), std::chrono::seconds(3));
  EXPECT_EQ(ParseGrpcTimeout("4m"), std::chrono::milliseconds(4));
  EXPECT_EQ(ParseGrpcTimeout("5u"), std::chrono::microseconds(5));
  EXPECT_EQ(ParseGrpcTimeout("99999999n"), nanoseconds(99'999'999));
  EXPECT_GT(ParseGrpcTimeout("99999999H"), nanoseconds(0));
  for (const char* bad : {"", "S", "1", "1x", "-1S", "1.5S", "123456789S", " 1S", "+1S"})
    EXPECT_FALSE(ParseGrpcTimeout(bad)) << bad;
}

TEST(GrpcHeaders, EncodesMessages) {
  EXPECT_EQ(EncodeGrpcMessage("plain text, ~"), "plain text, ~");
  EXPECT_EQ(EncodeGrpcMessage("a%\r\n\x7f"), "a%25%0D%0A%7F");
  const std::string large = EncodeGrpcMessage(std::string(10'000, '\n'));
  EXPECT_LE(large.size(), kMostGrpcMessage + 3);
  EXPECT_THAT(large, ::testing::EndsWith("%0A..."));
}

}  // namespace
}  // namespace plinth::net
