#include "api/tfserving/grpc/tensor_proto.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

#include "api/tfserving/data_type.h"

namespace plinth::api::tfserving {
namespace {

using protozero::pbf_writer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A TensorProto of that type and shape; `fill` adds the rest.
template <typename Fill>
std::string Proto(DType type, const std::vector<std::int64_t>& dims, Fill fill) {
  std::string text;
  pbf_writer writer(text);
  writer.add_enum(1, DataTypeOf(type));
  {
    pbf_writer shape(writer, 2);
    for (const std::int64_t size : dims) {
      pbf_writer dim(shape, 2);
      dim.add_int64(1, size);
      dim.add_string(2, "name");
    }
  }
  fill(writer);
  return text;
}

Result<Tensor> Decode(const std::string& proto, std::size_t budget = kMostFilledBytes) {
  const Buffer message = Buffer::Copy(std::as_bytes(std::span(proto)));
  try {
    return DecodeTensorProto({message.As<char>(), message.size()}, message, budget);
  } catch (const protozero::exception&) {
    return Fail(Code::kInternal, "no protobuf");
  }
}

template <typename T>
std::vector<T> Values(const Result<Tensor>& tensor) {
  if (!tensor) {
    ADD_FAILURE() << tensor.error().message;
    return {};
  }
  const auto values = tensor->values<T>();
  return {values.begin(), values.end()};
}

std::vector<std::string> Texts(const Result<Tensor>& tensor) {
  if (!tensor) {
    ADD_FAILURE() << tensor.error().message;
    return {};
  }
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < static_cast<std::size_t>(tensor->element_count()); ++i)
    texts.emplace_back(tensor->string_at(i));
  return texts;
}

std::string ErrorOf(const std::string& proto, std::size_t budget = kMostFilledBytes) {
  const auto tensor = Decode(proto, budget);
  return tensor ? "was accepted" : tensor.error().message;
}

TEST(TensorProtoTest, ReadsEveryList) {
  const auto floats = [](pbf_writer& w) {
    const std::vector<float> values = {1, 2.5};
    w.add_packed_float(5, values.begin(), values.end());
  };
  EXPECT_THAT(Values<float>(Decode(Proto(DType::kFp32, {2}, floats))), ElementsAre(1, 2.5));
  const auto doubles = [](pbf_writer& w) {
    w.add_double(6, 1.5);
    w.add_double(6, -2);
  };
  EXPECT_THAT(Values<double>(Decode(Proto(DType::kFp64, {2}, doubles))), ElementsAre(1.5, -2));
  const auto ints = [](pbf_writer& w) {
    w.add_int32(7, -1);
    const std::vector<std::int32_t> values = {200};
    w.add_packed_int32(7, values.begin(), values.end());
  };
  EXPECT_THAT(Values<std::int32_t>(Decode(Proto(DType::kInt32, {2}, ints))), ElementsAre(-1, 200));
  EXPECT_THAT(Values<std::int16_t>(Decode(Proto(DType::kInt16, {2}, ints))), ElementsAre(-1, 200));
  EXPECT_THAT(Values<std::int8_t>(Decode(Proto(DType::kInt8, {2}, ints))), ElementsAre(-1, -56));
  EXPECT_THAT(Values<std::uint8_t>(Decode(Proto(DType::kUint8, {2}, ints))), ElementsAre(255, 200));
  EXPECT_THAT(Values<std::uint16_t>(Decode(Proto(DType::kUint16, {2}, ints))),
              ElementsAre(65535, 200));
  const auto longs = [](pbf_writer& w) { w.add_int64(10, -5'000'000'000); };
  EXPECT_THAT(Values<std::int64_t>(Decode(Proto(DType::kInt64, {1}, longs))),
              ElementsAre(-5'000'000'000));
  const auto truths = [](pbf_writer& w) {
    w.add_bool(11, true);
    w.add_bool(11, false);
  };
  EXPECT_THAT(Values<std::uint8_t>(Decode(Proto(DType::kBool, {2}, truths))), ElementsAre(1, 0));
  const auto halves = [](pbf_writer& w) { w.add_int32(13, 0x3C00); };
  EXPECT_THAT(Values<std::uint16_t>(Decode(Proto(DType::kFp16, {1}, halves))), ElementsAre(0x3C00));
  EXPECT_THAT(Values<std::uint16_t>(Decode(Proto(DType::kBf16, {1}, halves))), ElementsAre(0x3C00));
  const auto unsigned_ints = [](pbf_writer& w) { w.add_uint32(16, 4'000'000'000); };
  EXPECT_THAT(Values<std::uint32_t>(Decode(Proto(DType::kUint32, {1}, unsigned_ints))),
              ElementsAre(4'000'000'000));
  const auto unsigned_longs = [](pbf_writer& w) { w.add_uint64(17, UINT64_MAX); };
  EXPECT_THAT(Values<std::uint64_t>(Decode(Proto(DType::kUint64, {1}, unsigned_longs))),
              ElementsAre(UINT64_MAX));
  const auto strings = [](pbf_writer& w) {
    w.add_bytes(8, "a");
    w.add_bytes(8, "");
    w.add_bytes(8, "bc");
  };
  EXPECT_THAT(Texts(Decode(Proto(DType::kBytes, {3}, strings))), ElementsAre("a", "", "bc"));
}

TEST(TensorProtoTest, ShortListsAreFilledAndLongOnesCut) {
  const auto one = [](pbf_writer& w) { w.add_float(5, 7); };
  const auto none = [](pbf_writer&) {};
  EXPECT_THAT(Values<float>(Decode(Proto(DType::kFp32, {2, 2}, one))), ElementsAre(7, 7, 7, 7));
  EXPECT_THAT(Values<float>(Decode(Proto(DType::kFp32, {2}, none))), ElementsAre(0, 0));
  EXPECT_THAT(Values<float>(Decode(Proto(DType::kFp32, {}, one))), ElementsAre(7));
  EXPECT_THAT(Values<float>(Decode(Proto(DType::kFp32, {0}, one))), ElementsAre());
  const auto three = [](pbf_writer& w) {
    const std::vector<float> values = {1, 2, 3};
    w.add_packed_float(5, values.begin(), values.end());
  };
  EXPECT_THAT(Values<float>(Decode(Proto(DType::kFp32, {2}, three))), ElementsAre(1, 2));
  EXPECT_THAT(Values<float>(Decode(Proto(DType::kFp32, {4}, three))), ElementsAre(1, 2, 3, 3));
  const auto text = [](pbf_writer& w) { w.add_bytes(8, "x"); };
  EXPECT_THAT(Texts(Decode(Proto(DType::kBytes, {3}, text))), ElementsAre("x", "x", "x"));
  EXPECT_THAT(Texts(Decode(Proto(DType::kBytes, {2}, none))), ElementsAre("", ""));
}

TEST(TensorProtoTest, FillingIsBounded) {
  const auto one = [](pbf_writer& w) { w.add_float(5, 7); };
  const auto text = [](pbf_writer& w) { w.add_bytes(8, std::string(100, 'x')); };
  const char* const refusal = "fewer values than elements";
  EXPECT_THAT(ErrorOf(Proto(DType::kFp32, {1 << 30}, one)), HasSubstr(refusal));
  EXPECT_THAT(ErrorOf(Proto(DType::kFp32, {INT64_MAX}, one)), HasSubstr(refusal));
  EXPECT_THAT(ErrorOf(Proto(DType::kBytes, {1 << 20}, text)), HasSubstr(refusal));
  EXPECT_THAT(ErrorOf(Proto(DType::kBytes, {INT64_MAX}, text)), HasSubstr(refusal));
  EXPECT_THAT(ErrorOf(Proto(DType::kFp32, {26}, one), 100), HasSubstr(refusal));
  EXPECT_EQ(Values<float>(Decode(Proto(DType::kFp32, {25}, one), 100)).size(), 25U);
}

TEST(TensorProtoTest, ContentIsTheTensorsMemory) {
  const auto content = [](const std::string& bytes) {
    return [bytes](pbf_writer& w) { w.add_bytes(4, bytes); };
  };
  const std::string two("\x01\x00\x00\x00\xff\xff\xff\xff", 8);
  EXPECT_THAT(Values<std::int32_t>(Decode(Proto(DType::kInt32, {2}, content(two)))),
              ElementsAre(1, -1));
  EXPECT_THAT(Values<std::uint8_t>(Decode(Proto(DType::kBool, {2}, content("\x02\x01")))),
              ElementsAre(1, 1));
  EXPECT_NE(ErrorOf(Proto(DType::kInt32, {3}, content(two))), "was accepted");
  EXPECT_THAT(Texts(Decode(Proto(DType::kBytes, {2}, content("\x01\x02xyz")))),
              ElementsAre("x", "yz"));
  EXPECT_EQ(ErrorOf(Proto(DType::kBytes, {2}, content("\x01\x03xyz"))),
            "tensor_content is too short");
  EXPECT_EQ(ErrorOf(Proto(DType::kBytes, {2}, content("\x01\x01xyz"))),
            "tensor_content is too long");
  EXPECT_EQ(ErrorOf(Proto(DType::kBytes, {INT64_MAX}, content("\x01x"))),
            "tensor_content is too short");
}

TEST(TensorProtoTest, NothingIsCopiedWhereTheBytesLieRight) {
  // The floats begin at a multiple of four: two bytes of type, six of shape, four in front of it.
  const auto floats = [](pbf_writer& w) {
    const std::vector<float> values = {1, 2, 3, 4};
    w.add_packed_float(5, values.begin(), values.end());
  };
  std::string proto;
  for (std::int32_t version = 0; version < 4; ++version) {
    std::string padding(static_cast<std::size_t>(version), 'x');
    const std::string tried = Proto(DType::kFp32, {4}, [&](pbf_writer& w) {
      w.add_bytes(100, padding);
      floats(w);
    });
    if ((tried.size() - 16) % 4 == 0) proto = tried;
  }
  ASSERT_FALSE(proto.empty());
  const Buffer message = Buffer::Copy(std::as_bytes(std::span(proto)));
  std::size_t budget = 0;
  const auto tensor = DecodeTensorProto({message.As<char>(), message.size()}, message, budget);
  ASSERT_TRUE(tensor);
  EXPECT_EQ(tensor->data().data(), message.data() + message.size() - 16);
}

TEST(TensorProtoTest, RefusesWhatIsNoTensor) {
  const auto none = [](pbf_writer&) {};
  EXPECT_THAT(ErrorOf(Proto(DType::kFp32, {-1}, none)), HasSubstr("negative or too large"));
  EXPECT_THAT(ErrorOf(Proto(DType::kFp32, {INT64_MAX, 4}, none)),
              HasSubstr("negative or too large"));
  EXPECT_THAT(ErrorOf(Proto(DType::kFp32, std::vector<std::int64_t>(Shape::kMaxRank + 1, 1), none)),
              HasSubstr("dimensions"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("type"));
  std::string complex;
  pbf_writer(complex).add_enum(1, 8);
  EXPECT_THAT(ErrorOf(complex), HasSubstr("type"));
  std::string unknown = Proto(DType::kFp32, {}, none);
  {
    pbf_writer writer(unknown);
    pbf_writer shape(writer, 2);
    shape.add_bool(3, true);
  }
  EXPECT_THAT(ErrorOf(unknown), HasSubstr("rank"));
  EXPECT_EQ(ErrorOf("\xff"), "no protobuf");
}

TEST(TensorProtoTest, WhatIsWrittenIsReadBack) {
  const auto back = [](const Tensor& tensor) {
    const TensorProtoPieces pieces = EncodeTensorProto(tensor);
    EXPECT_EQ(pieces.size(), pieces.head.size() + pieces.elements.size());
    return Decode(pieces.head + std::string(pieces.elements.As<char>(), pieces.elements.size()));
  };
  const auto check = [&]<typename T>(DType type, std::vector<T> values) {
    auto tensor = Tensor::Allocate(type, {static_cast<std::int64_t>(values.size())});
    std::ranges::copy(values, tensor->mutable_values<T>().begin());
    EXPECT_EQ(Values<T>(back(*tensor)), values) << NameOf(type);
    EXPECT_EQ(back(*tensor)->dtype(), type);
  };
  check(DType::kFp32, std::vector<float>{1, -2.5});
  check(DType::kFp64, std::vector<double>{1, -2.5});
  check(DType::kInt8, std::vector<std::int8_t>{-128, 127});
  check(DType::kInt16, std::vector<std::int16_t>{-32768, 32767});
  check(DType::kInt32, std::vector<std::int32_t>{INT32_MIN, INT32_MAX});
  check(DType::kInt64, std::vector<std::int64_t>{INT64_MIN, INT64_MAX});
  check(DType::kUint8, std::vector<std::uint8_t>{0, 255});
  check(DType::kUint16, std::vector<std::uint16_t>{0, 65535});
  check(DType::kUint32, std::vector<std::uint32_t>{0, UINT32_MAX});
  check(DType::kUint64, std::vector<std::uint64_t>{0, UINT64_MAX});
  check(DType::kBool, std::vector<std::uint8_t>{0, 1});
  check(DType::kFp16, std::vector<std::uint16_t>{0x3C00, 0xFFFF});
  check(DType::kBf16, std::vector<std::uint16_t>{0x3F80, 0xFFFF});
  check(DType::kFp32, std::vector<float>{});
  const std::vector<std::string> texts = {"a", "", std::string("\0b", 2)};
  EXPECT_EQ(Texts(back(Tensor::OfStrings({3}, texts))), texts);
}

TEST(TensorProtoTest, FloatsAreNotCopiedOnTheirWayOut) {
  const auto tensor = Tensor::Allocate(DType::kFp32, {4});
  EXPECT_EQ(EncodeTensorProto(*tensor).elements.data(), tensor->data().data());
}

}  // namespace
}  // namespace plinth::api::tfserving
