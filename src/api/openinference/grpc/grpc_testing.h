// What the tests of the gRPC service share: messages as clients write them, and a call that keeps
// what is sent back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/buffer.h"
#include "net/grpc.h"

namespace plinth::api::openinference {

// A call's end as the transport has it, kept.
class CaughtCall final : public net::GrpcWriter::Sink {
 public:
  void Send(net::GrpcMessage message) override {
    std::string text;
    for (const Buffer& piece : message) text.append(piece.As<char>(), piece.size());
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(text));
    changed_.notify_all();
  }
  void Finish(net::GrpcStatus status) override {
    const std::lock_guard lock(mutex_);
    EXPECT_FALSE(status_) << "the call ends twice";
    status_ = std::move(status);
    changed_.notify_all();
  }
  bool cancelled() const override { return false; }

  // Waits for the end.
  net::GrpcStatus Status() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kLong, [this] { return status_.has_value(); }));
    return status_.value_or(net::GrpcStatus{-1, "the call has not ended"});
  }
  // Waits for so many messages.
  std::vector<std::string> Messages(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kLong, [&] { return messages_.size() >= count; }));
    return messages_;
  }
  bool ended() const {
    const std::lock_guard lock(mutex_);
    return status_.has_value();
  }

 private:
  static constexpr std::chrono::seconds kLong{60};
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<std::string> messages_;
  std::optional<net::GrpcStatus> status_;
};

// The bytes as the transport gives them, with padding that must not be read as part of them.
inline Buffer MessageOf(std::string_view bytes) {
  std::string text(bytes);
  text.append(net::HttpRequest::kBodyPadding, '\x0a');
  return Buffer::FromString(std::move(text)).Slice(0, bytes.size());
}

// A message that is put together field by field.
class TestMessage {
 public:
  TestMessage& Text(std::uint32_t field, std::string_view text) {
    writer().add_bytes(field, text.data(), text.size());
    return *this;
  }
  TestMessage& Message(std::uint32_t field, const TestMessage& message) {
    return Text(field, message.bytes_);
  }
  TestMessage& Number(std::uint32_t field, std::int64_t number) {
    writer().add_int64(field, number);
    return *this;
  }
  TestMessage& Numbers(std::uint32_t field, std::initializer_list<std::int64_t> numbers) {
    writer().add_packed_int64(field, numbers.begin(), numbers.end());
    return *this;
  }
  TestMessage& Truth(std::uint32_t field, bool truth) {
    writer().add_bool(field, truth);
    return *this;
  }
  TestMessage& Floats(std::uint32_t field, std::initializer_list<float> numbers) {
    writer().add_packed_float(field, numbers.begin(), numbers.end());
    return *this;
  }
  // An entry of a map whose values are messages.
  TestMessage& Entry(std::uint32_t field, std::string_view key, const TestMessage& value) {
    return Message(field, TestMessage().Text(1, key).Message(2, value));
  }

  const std::string& bytes() const { return bytes_; }

 private:
  protozero::pbf_writer writer() { return protozero::pbf_writer(bytes_); }

  std::string bytes_;
};

// All values of a field of strings, bytes or messages.
inline std::vector<std::string> TextsOf(std::string_view message, std::uint32_t field) {
  std::vector<std::string> texts;
  protozero::pbf_reader reader(message.data(), message.size());
  while (reader.next(field)) texts.push_back(reader.get_string());
  return texts;
}

inline std::string TextOf(std::string_view message, std::uint32_t field) {
  const auto texts = TextsOf(message, field);
  return texts.empty() ? "" : texts.back();
}

inline std::uint64_t NumberOf(std::string_view message, std::uint32_t field) {
  protozero::pbf_reader reader(message.data(), message.size());
  std::uint64_t number = 0;
  while (reader.next(field)) number = reader.get_uint64();
  return number;
}

inline std::string BytesOf(std::span<const float> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}
inline std::string BytesOf(std::initializer_list<float> values) {
  return BytesOf(std::span(values.begin(), values.size()));
}

}  // namespace plinth::api::openinference
