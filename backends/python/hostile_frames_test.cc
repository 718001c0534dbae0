// What a worker sends is read as from a stranger: nothing in it crashes the server, or makes it
// read what is not there.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "common/outputs.h"
#include "common/signature.h"
#include "python/call_tensors.h"
#include "python/channel.h"
#include "python/messages.h"
#include "python/outgoing_calls.h"
#include "python/shared_memory.h"

namespace plinth::python {
namespace {

constexpr std::size_t kHalf = std::size_t{1} << 20;
constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

// A result with one tensor of four floats in the worker's half, and what a test makes of it.
struct Entry {
  std::uint32_t count = 1;
  std::uint32_t index = 0;
  std::uint8_t dtype = PLINTH_FP32;
  std::uint8_t place = static_cast<std::uint8_t>(Place::kOutput);
  std::uint64_t size = 16;
  std::uint64_t at = 64;
  std::vector<std::int64_t> shape = {4};
  std::uint8_t rank = 1;

  std::vector<std::byte> Frame() const {
    FrameWriter frame(FrameKind::kResult, 1);
    frame.Number(count);
    frame.Number(index);
    frame.Number(dtype);
    frame.Number(rank);
    frame.Number(place);
    frame.Number(std::uint8_t{0});
    frame.Number(size);
    frame.Number(at);
    for (const std::int64_t size_of : shape) frame.Number(size_of);
    const auto bytes = frame.Finish();
    return {bytes.begin(), bytes.end()};
  }
};

class HostileFrames : public ::testing::Test {
 protected:
  HostileFrames()
      : memory_(*SharedMemory::Create(kHalf)), signature_({}, {{"y", PLINTH_DTYPE_ANY}}, {}) {}

  // Takes the frame's outputs, and reads every byte of those that are accepted.
  kit::Status Take(const std::vector<std::byte>& frame) {
    const std::uint32_t wanted = 0;
    plinth_execute_request request{};
    request.struct_size = sizeof(request);
    request.output_count = 1;
    request.outputs = &wanted;
    plinth_output output{};
    plinth_execute_response response{sizeof(response), &output};
    FrameReader body(frame);
    body.Bytes(kFrameHeaderSize);
    kit::OutputWriter writer(&response);
    auto taken = TakeOutputs(body, request, signature_, memory_,
                             std::make_shared<InputBlocks>(memory_), writer);
    if (taken) Touch(output.tensor);
    return taken;
  }

  static void Touch(const plinth_tensor& tensor) {
    const auto* bytes = static_cast<const std::byte*>(tensor.data);
    sum_ += static_cast<std::size_t>(std::count(bytes, bytes + tensor.byte_size, std::byte{1}));
    if (tensor.offsets == nullptr) return;
    std::size_t count = 1;
    for (std::uint32_t i = 0; i < tensor.rank; ++i)
      count *= static_cast<std::size_t>(tensor.shape[i]);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_LE(tensor.offsets[i], tensor.offsets[i + 1]);
      ASSERT_LE(tensor.offsets[i + 1], tensor.byte_size);
    }
  }

  // Bytes of the worker's half, as the worker writes them.
  void Write(std::size_t at, const std::vector<std::uint64_t>& numbers) {
    std::memcpy(memory_->At(kHalf + at), numbers.data(), numbers.size() * sizeof(std::uint64_t));
  }

  void ExpectRefused(const std::function<void(Entry&)>& change) {
    Entry entry;
    change(entry);
    const auto taken = Take(entry.Frame());
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().status, PLINTH_INTERNAL);
  }

  static inline std::size_t sum_ = 0;
  std::shared_ptr<SharedMemory> memory_;
  kit::Signature signature_;
};

TEST_F(HostileFrames, ATrueResultIsTaken) {
  ASSERT_TRUE(Take(Entry{}.Frame()));
  EXPECT_EQ(memory_->TakeReleased(), std::vector<std::uint64_t>{64});
}

TEST_F(HostileFrames, PlacesOutsideTheMemory) {
  ExpectRefused([](Entry& e) { e.at = kHalf; });
  ExpectRefused([](Entry& e) { e.at = kHalf - 8; });
  ExpectRefused([](Entry& e) { e.at = kHuge - 7; });
  ExpectRefused([](Entry& e) { e.at = 65; });
  ExpectRefused([](Entry& e) { e.place = 1, e.at = kHalf - 8; });
  ExpectRefused([](Entry& e) { e.place = 1, e.at = 2; });
  ExpectRefused([](Entry& e) { e.place = 0; });  // says it is inline, and the frame ends
  ExpectRefused([](Entry& e) { e.place = 3; });
}

TEST_F(HostileFrames, SizesThatAreNotThoseOfTheShape) {
  ExpectRefused([](Entry& e) { e.size = 12; });
  ExpectRefused([](Entry& e) { e.size = kHuge; });
  ExpectRefused([](Entry& e) { e.shape = {-1}; });
  ExpectRefused([](Entry& e) { e.shape = {std::int64_t{1} << 62}; });
  ExpectRefused([](Entry& e) {
    e.rank = 3;
    e.shape = {std::int64_t{1} << 31, std::int64_t{1} << 31, 4};  // 16 bytes, if it overflows
  });
  ExpectRefused([](Entry& e) { e.rank = 17; });
  ExpectRefused([](Entry& e) { e.rank = 2; });
}

TEST_F(HostileFrames, TypesAndNumbersThatAreNone) {
  ExpectRefused([](Entry& e) { e.dtype = 0; });
  ExpectRefused([](Entry& e) { e.dtype = 15; });
  ExpectRefused([](Entry& e) { e.index = 1; });
  ExpectRefused([](Entry& e) { e.count = 0; });
  ExpectRefused([](Entry& e) { e.count = 2; });
}

TEST_F(HostileFrames, WhatTheSignatureDoesNotSay) {
  const kit::Signature strict({}, {{"y", PLINTH_FP64, std::vector<std::int64_t>{4, -1}}}, {});
  const std::uint32_t wanted = 0;
  plinth_execute_request request{};
  request.output_count = 1;
  request.outputs = &wanted;
  plinth_output output{};
  plinth_execute_response response{sizeof(response), &output};
  for (const auto& [dtype, shape] : std::vector<std::pair<plinth_dtype, std::vector<std::int64_t>>>{
           {PLINTH_FP32, {4, 1}}, {PLINTH_FP64, {4}}, {PLINTH_FP64, {3, 1}}}) {
    Entry entry;
    entry.dtype = static_cast<std::uint8_t>(dtype);
    entry.shape = shape;
    entry.rank = static_cast<std::uint8_t>(shape.size());
    entry.size = dtype == PLINTH_FP32 ? 16 : shape.size() == 1 ? 32 : 24;
    const auto frame = entry.Frame();
    FrameReader body(frame);
    body.Bytes(kFrameHeaderSize);
    kit::OutputWriter writer(&response);
    EXPECT_FALSE(TakeOutputs(body, request, strict, memory_, nullptr, writer));
  }
}

TEST_F(HostileFrames, StringsWithOffsetsThatAreNone) {
  const auto strings = [this](std::vector<std::uint64_t> offsets, std::uint64_t size) {
    Entry entry;
    entry.dtype = PLINTH_BYTES;
    entry.shape = {2};
    entry.size = size;
    Write(64, offsets);
    return Take(entry.Frame()).has_value();
  };
  EXPECT_TRUE(strings({0, 1, 3}, 27));
  EXPECT_FALSE(strings({0, 1, 4}, 27));
  EXPECT_FALSE(strings({1, 1, 3}, 27));
  EXPECT_FALSE(strings({0, 3, 1}, 27));
  EXPECT_FALSE(strings({0, kHuge, 3}, 27));
  EXPECT_FALSE(strings({0, 1, 3}, 23));
  EXPECT_FALSE(strings({0, 1, 3}, 0));
}

TEST_F(HostileFrames, EveryBeginningAndEveryChangeOfAByteIsReadSafely) {
  const auto frame = Entry{}.Frame();
  for (std::size_t size = kFrameHeaderSize; size < frame.size(); ++size)
    EXPECT_FALSE(Take({frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)}));
  std::mt19937 random(7);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto changed = frame;
    for (int changes = 0; changes < 3; ++changes)
      changed[kFrameHeaderSize + random() % (frame.size() - kFrameHeaderSize)] =
          static_cast<std::byte>(random());
    accepted += Take(changed).has_value();
  }
  EXPECT_LT(accepted, 20'000);
}

TEST_F(HostileFrames, CallsOfOtherModels) {
  FrameWriter frame(FrameKind::kCall, 3);
  frame.Text("model");
  frame.Text("");
  frame.Number(std::uint32_t{1});
  frame.Text("y");
  frame.Number(std::uint8_t{0});
  frame.Text("id");
  frame.Text("{}");
  frame.Number(std::uint32_t{1});
  frame.Text("x");
  TensorEntry entry;
  entry.dtype = PLINTH_FP32;
  entry.rank = 1;
  entry.dims[0] = 4;
  entry.place = Place::kOutput;
  entry.size = 16;
  entry.at = 128;
  WriteTensor(frame, entry);
  const auto bytes = frame.Finish();
  const plinth_execute_request request{};
  OutgoingCalls calls(request, memory_, std::make_shared<InputBlocks>(memory_),
                      std::make_shared<const StopEvent>());
  EXPECT_TRUE(calls.Begin({FrameKind::kCall, 3, bytes}));
  EXPECT_EQ(memory_->TakeReleased(), std::vector<std::uint64_t>{128}) << "the input is released";
  for (std::size_t size = kFrameHeaderSize; size < bytes.size(); ++size)
    EXPECT_FALSE(calls.Begin({FrameKind::kCall, 3, bytes.first(size)})) << size;
  std::mt19937 random(7);
  int begun = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::byte> changed(bytes.begin(), bytes.end());
    for (int changes = 0; changes < 3; ++changes) {
      changed[kFrameHeaderSize + random() % (changed.size() - kFrameHeaderSize)] =
          static_cast<std::byte>(random());
    }
    begun += calls.Begin({FrameKind::kCall, 3, changed}).has_value();
  }
  EXPECT_LT(begun, 20'000);
}

TEST(HostileLoaded, CountsAndTypesThatAreNone) {
  const auto read = [](const std::function<void(FrameWriter&)>& write) {
    FrameWriter frame(FrameKind::kLoaded, 0);
    write(frame);
    FrameReader body(frame.Finish());
    body.Bytes(kFrameHeaderSize);
    return ReadLoaded(body).has_value();
  };
  const auto spec = [](FrameWriter& frame, std::uint8_t dtype, std::int32_t rank) {
    frame.Number(std::uint32_t{1});
    frame.Text("x");
    frame.Number(dtype);
    frame.Number(rank);
    frame.Number(std::int32_t{-1});
    frame.Number(std::uint8_t{0});
    frame.Number(std::uint32_t{0});
    frame.Number(std::uint8_t{0});  // stateful
    frame.Number(std::uint8_t{0});  // decoupled
  };
  EXPECT_TRUE(read([&](FrameWriter& frame) { spec(frame, PLINTH_FP32, -1); }));
  EXPECT_FALSE(read([&](FrameWriter& frame) { spec(frame, 15, -1); }));
  EXPECT_FALSE(read([&](FrameWriter& frame) { spec(frame, PLINTH_FP32, 17); }));
  EXPECT_FALSE(read([&](FrameWriter& frame) { spec(frame, PLINTH_FP32, 16); }));
  EXPECT_FALSE(read([](FrameWriter& frame) { frame.Number(~std::uint32_t{0}); }));
  EXPECT_FALSE(read([](FrameWriter& frame) {
    frame.Number(std::uint32_t{1});
    frame.Number(~std::uint32_t{0});  // the length of a name
  }));
  EXPECT_FALSE(read([](FrameWriter&) {}));
}

TEST(HostileFailure, AStatusThatIsNoFailure) {
  const auto read = [](std::uint32_t status) {
    FrameWriter frame(FrameKind::kFailed, 0);
    frame.Number(status);
    frame.Text("why");
    FrameReader body(frame.Finish());
    body.Bytes(kFrameHeaderSize);
    return ReadFailure(body);
  };
  EXPECT_EQ(read(PLINTH_INVALID_MODEL).message, "why");
  EXPECT_EQ(read(PLINTH_OK).status, PLINTH_INTERNAL);
  EXPECT_EQ(read(77).status, PLINTH_INTERNAL);
}

class HostileChannel : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    channel_ = std::make_unique<Channel>(FileDescriptor(ends[0]));
    other_ = FileDescriptor(ends[1]);
  }

  void Write(const void* data, std::size_t size) {
    ASSERT_EQ(::send(other_.get(), data, size, 0), static_cast<ssize_t>(size));
  }
  auto Receive() { return channel_->Receive(Clock::now() + std::chrono::milliseconds(50)); }

  std::unique_ptr<Channel> channel_;
  FileDescriptor other_;
};

TEST_F(HostileChannel, FramesInPiecesAndTogether) {
  FrameWriter frame(FrameKind::kResult, 5);
  frame.Text("hello");
  const auto bytes = frame.Finish();
  for (const std::byte& byte : bytes) Write(&byte, 1);
  Write(bytes.data(), bytes.size());
  for (int i = 0; i < 2; ++i) {
    const auto received = Receive();
    ASSERT_TRUE(received);
    EXPECT_EQ(received->call, 5U);
    EXPECT_EQ(received->Body().Text(), "hello");
  }
  EXPECT_EQ(Receive().error(), NoFrame::kTimeout);
}

TEST_F(HostileChannel, SizesThatAreNone) {
  for (const std::uint32_t size : {0U, 15U, static_cast<std::uint32_t>(kMaxFrame) + 1, ~0U}) {
    Open();
    const FrameHeader header{size, 17, 1};
    Write(&header, sizeof(header));
    EXPECT_EQ(Receive().error(), NoFrame::kBroken);
  }
}

TEST_F(HostileChannel, AnEndInTheMiddle) {
  const FrameHeader header{100, 17, 1};
  Write(&header, sizeof(header));
  EXPECT_EQ(Receive().error(), NoFrame::kTimeout);
  other_.Reset();
  EXPECT_EQ(Receive().error(), NoFrame::kClosed);
}

}  // namespace
}  // namespace plinth::python
