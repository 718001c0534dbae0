#include "api/tfserving/data_type.h"

#include <iterator>

namespace plinth::api::tfserving {
namespace {

struct Row {
  DType type;
  int number;
  std::string_view name;
  std::string_view word;
};

constexpr Row kRows[] = {
    {DType::kFp32, 1, "DT_FLOAT", "float"},      {DType::kFp64, 2, "DT_DOUBLE", "double"},
    {DType::kInt32, 3, "DT_INT32", "int32"},     {DType::kUint8, 4, "DT_UINT8", "uint8"},
    {DType::kInt16, 5, "DT_INT16", "int16"},     {DType::kInt8, 6, "DT_INT8", "int8"},
    {DType::kBytes, 7, "DT_STRING", "string"},   {DType::kInt64, 9, "DT_INT64", "int64"},
    {DType::kBool, 10, "DT_BOOL", "bool"},       {DType::kBf16, 14, "DT_BFLOAT16", "bfloat16"},
    {DType::kUint16, 17, "DT_UINT16", "uint16"}, {DType::kFp16, 19, "DT_HALF", "half"},
    {DType::kUint32, 22, "DT_UINT32", "uint32"}, {DType::kUint64, 23, "DT_UINT64", "uint64"},
    {DType::kAny, 0, "DT_INVALID", "INVALID"},
};

const Row& RowOf(DType type) {
  for (const Row& row : kRows) {
    if (row.type == type) return row;
  }
  return kRows[std::size(kRows) - 1];
}

}  // namespace

int DataTypeOf(DType type) { return RowOf(type).number; }
std::string_view DataTypeName(DType type) { return RowOf(type).name; }
std::string_view DataTypeWord(DType type) { return RowOf(type).word; }

std::optional<DType> DTypeOf(int data_type) {
  for (const Row& row : kRows) {
    if (row.number == data_type && row.type != DType::kAny) return row.type;
  }
  return std::nullopt;
}

}  // namespace plinth::api::tfserving
