#include "serving/demands.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"

namespace plinth {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

TensorSpec Spec(const std::string& name, DType type, Shape shape, bool optional = false) {
  return {.name = name, .dtype = type, .shape = shape, .batch_axis = -1, .optional = optional};
}

std::string Refusal(LoadDemands demands, const Signature& signature) {
  demands.declared_in = "config.pbtxt";
  const auto checked = CheckSignature(demands, signature);
  return checked ? "" : checked.error().message;
}

TEST(DemandsTest, ADeclaredSignatureMustFitTheModels) {
  Signature model;
  model.inputs = {Spec("x", DType::kFp32, {-1, 64}), Spec("maybe", DType::kInt8, {1}, true)};
  model.outputs = {Spec("y", DType::kFp32, {-1, 10}), Spec("z", DType::kInt64, {-1})};
  EXPECT_EQ(Refusal({}, model), "");
  EXPECT_EQ(Refusal({.inputs = {Spec("x", DType::kFp32, {-1, -1})}}, model), "");
  EXPECT_EQ(Refusal({.outputs = {Spec("z", DType::kAny, {-1})}}, model), "");
  EXPECT_EQ(Refusal({.inputs = {Spec("X", DType::kFp32, {-1, 64})}}, model),
            "config.pbtxt declares the input 'X', but the model's inputs are 'x', 'maybe'");
  EXPECT_EQ(Refusal({.inputs = {Spec("x", DType::kFp64, {-1, 64})}}, model),
            "config.pbtxt declares the input 'x' as FP64 [-1,64], but the model has FP32 [-1,64]");
  EXPECT_THAT(Refusal({.inputs = {Spec("x", DType::kFp32, {64})}}, model), HasSubstr("FP32 [64]"));
  EXPECT_THAT(Refusal({.outputs = {Spec("y", DType::kFp32, {-1, 9})}}, model),
              HasSubstr("the output 'y' as FP32 [-1,9]"));
  EXPECT_THAT(Refusal({.inputs = {Spec("maybe", DType::kInt8, {1})}}, model),
              HasSubstr("does not declare the model's input 'x', FP32 [-1,64]"));
}

TEST(DemandsTest, InputsToWarmUpWith) {
  TempFolder folder;
  folder.Write("row", std::string("\1\0\0\0\2\0\0\0", 8));
  folder.Write("strings", std::string("\2\0\0\0ab\0\0\0\0", 10));
  using Data = WarmupInput::Data;
  const std::string row = folder / "row";
  const auto made = MakeWarmupInputs(
      {.name = "w",
       .rows = 2,
       .inputs = {
           {.name = "zero", .dtype = DType::kFp64, .shape = {3}},
           {.name = "random", .dtype = DType::kFp16, .shape = {50}, .data = Data::kRandom},
           {.name = "flags", .dtype = DType::kBool, .shape = {50}, .data = Data::kRandom},
           {.name = "file", .dtype = DType::kInt32, .shape = {2}, .data = Data::kFile, .file = row},
           {.name = "strings",
            .dtype = DType::kBytes,
            .shape = {2},
            .data = Data::kFile,
            .file = folder / "strings"}}});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)[0].tensor.shape(), (Shape{2, 3}));
  EXPECT_THAT((*made)[0].tensor.values<double>(), Each(0));
  for (const std::uint16_t bits : (*made)[1].tensor.values<std::uint16_t>())
    EXPECT_LE(Fp16ToFloat(bits), 1);
  for (const std::uint8_t flag : (*made)[2].tensor.values<std::uint8_t>()) EXPECT_LE(flag, 1);
  EXPECT_THAT((*made)[3].tensor.values<std::int32_t>(), ElementsAre(1, 2, 1, 2));
  EXPECT_EQ((*made)[4].tensor.string_at(2), "ab");
  EXPECT_EQ((*made)[4].tensor.string_at(3), "");

  const auto refusal = [&](DType type, std::int64_t size, const std::string& file) {
    const auto none = MakeWarmupInputs({.name = "w",
                                        .inputs = {{.name = "x",
                                                    .dtype = type,
                                                    .shape = {size},
                                                    .data = Data::kFile,
                                                    .file = folder / file}}});
    return none ? "" : none.error().message;
  };
  EXPECT_EQ(refusal(DType::kInt32, 2, "row"), "");
  EXPECT_THAT(refusal(DType::kInt32, 3, "row"), HasSubstr("should hold 12 bytes for 'x'"));
  EXPECT_THAT(refusal(DType::kBytes, 1, "strings"), HasSubstr("does not hold the strings of 'x'"));
  EXPECT_THAT(refusal(DType::kBytes, 3, "strings"), HasSubstr("does not hold the strings of 'x'"));
  EXPECT_NE(refusal(DType::kInt32, 2, "missing"), "");
}

}  // namespace
}  // namespace plinth
