// skops files that mean harm, or are damaged: each must be refused, or read, within bounded time
// and memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "model.h"
#include "test_pickle.h"

namespace plinth::sklearn {
namespace {

using pickled::Cat;
using pickled::Number;
using testing::HasSubstr;

struct File {
  std::string name;
  std::string contents;
  std::uint64_t size = 0;  // as claimed; 0: as it is
  int method = 0;
};

std::string Zip(const std::vector<File>& files) {
  std::string bytes;
  std::string directory;
  for (const File& file : files) {
    const auto* data = reinterpret_cast<const Bytef*>(file.contents.data());
    const auto size = file.contents.size();
    const std::string common =
        Cat({Number(20, 2), Number(0, 2), Number(static_cast<unsigned>(file.method), 2),
             Number(0, 4), Number(crc32(0, data, static_cast<uInt>(size)), 4), Number(size, 4),
             Number(file.size ? file.size : size, 4), Number(file.name.size(), 2), Number(0, 2)});
    directory += Cat({"PK\x01\x02", Number(20, 2), common, Number(0, 2), Number(0, 2), Number(0, 2),
                      Number(0, 4), Number(bytes.size(), 4), file.name});
    bytes += Cat({"PK\x03\x04", common, file.name, file.contents});
  }
  return Cat({bytes, directory, "PK\x05\x06", Number(0, 4), Number(files.size(), 2),
              Number(files.size(), 2), Number(directory.size(), 4), Number(bytes.size(), 4),
              Number(0, 2)});
}

std::string Npy(std::string_view header, std::string_view contents) {
  return Cat({"\x93NUMPY\x01", std::string(1, '\0'), Number(header.size(), 2), header, contents});
}

std::string Node(std::string_view loader, std::string_view module, std::string_view name,
                 std::string_view rest) {
  return Cat({R"({"__loader__":")", loader, R"(","__module__":")", module, R"(","__class__":")",
              name, "\"", rest, "}"});
}

std::string Dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string content;
  std::string types;
  for (const auto& [key, value] : items) {
    const std::string comma = content.empty() ? "" : ",";
    content += Cat({comma, "\"", key, "\":", value});
    types += comma + Node("TypeNode", "builtins", "str", "");
  }
  return Node("DictNode", "builtins", "dict",
              Cat({R"(,"content":{)", content, R"(},"key_types":{"content":[)", types, "]}"}));
}

std::string Json(std::string_view text) {
  return Node("JsonNode", "builtins", "str", Cat({R"(,"content":")", text, "\""}));
}

std::string Ridge() {
  const std::string coef =
      Node("NdArrayNode", "numpy", "ndarray", R"(,"type":"numpy","file":"1.npy")");
  return Node("ObjectNode", "sklearn.linear_model._ridge", "Ridge",
              R"(,"content":)" + Dict({{"coef_", coef}, {"intercept_", Json("0.5")}}));
}

const std::string kHeader = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n";

std::string Sample() {
  return Zip({{"1.npy", Npy(kHeader, std::string(16, '\0'))}, {"schema.json", Ridge()}});
}

std::string ErrorOf(const std::string& bytes) {
  const auto model = Model::Parse(bytes, {});
  return model ? "" : model.error().message;
}

std::string ErrorOfSchema(const std::string& schema) {
  return ErrorOf(Zip({{"schema.json", schema}}));
}

TEST(HostileSkopsTest, AnHonestFileIsRead) { EXPECT_EQ(ErrorOf(Sample()), ""); }

TEST(HostileSkopsTest, EveryTruncationIsAnError) {
  const std::string whole = Sample();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ASSERT_NE(ErrorOf(whole.substr(0, size)), "") << size;
  }
}

TEST(HostileSkopsTest, DamageNeverCrashes) {
  const std::string whole = Sample();
  std::mt19937 random(1);
  std::size_t refused = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = whole;
    for (int i = 0; i < 2; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    refused += !ErrorOf(damaged).empty();
  }
  EXPECT_GT(refused, 1000u);
}

TEST(HostileSkopsTest, WhatIsNotKnownIsRefusedByName) {
  EXPECT_THAT(ErrorOfSchema(Node("ObjectNode", "__main__", "Mine", "")),
              HasSubstr("'__main__.Mine'"));
  EXPECT_THAT(ErrorOfSchema(Node(
                  "ConstructorFromReduceNode", "os", "system",
                  R"(,"content":)" + Node("TupleNode", "builtins", "tuple", R"(,"content":[])"))),
              HasSubstr("nothing was executed"));
  EXPECT_THAT(ErrorOfSchema(Node("NewNode", "a", "b", "")), HasSubstr("NewNode"));
  EXPECT_THAT(ErrorOfSchema("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(ErrorOfSchema("{"), HasSubstr("not JSON"));
  EXPECT_THAT(ErrorOf(Zip({})), HasSubstr("pickle"));
  EXPECT_THAT(ErrorOf(Zip({{"a", "b"}})), HasSubstr("no 'schema.json'"));
}

TEST(HostileSkopsTest, FilesMustBeThere) {
  EXPECT_THAT(ErrorOf(Zip({{"../1.npy", ""}, {"schema.json", Ridge()}})), HasSubstr("no '1.npy'"));
  const auto with = [](const std::string& header, std::size_t size) {
    return ErrorOf(
        Zip({{"1.npy", Npy(header, std::string(size, '\0'))}, {"schema.json", Ridge()}}));
  };
  EXPECT_EQ(with(kHeader, 16), "");
  EXPECT_THAT(with(kHeader, 15), HasSubstr("not what its shape"));
  EXPECT_THAT(with("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", 16),
              HasSubstr("Python objects"));
  EXPECT_THAT(with("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (2,)}", 16),
              HasSubstr("Python objects"));
  // More elements than 64 bits can count the bytes of.
  EXPECT_NE(with("{'descr': '|V16777216', 'fortran_order': False, 'shape': (1099511627776,)}", 0),
            "");
  EXPECT_THAT(with("((((((((((", 0), HasSubstr("literal"));
}

TEST(HostileSkopsTest, NestingIsBounded) {
  std::string schema;
  for (int i = 0; i < 600; ++i) {
    schema += R"({"__loader__":"ListNode","__class__":"list","__module__":"builtins","content":[)";
  }
  EXPECT_NE(ErrorOfSchema(schema), "");
  for (int i = 0; i < 600; ++i) schema += "]}";
  EXPECT_NE(ErrorOfSchema(schema), "");
}

TEST(HostileSkopsTest, BombsAreRefusedUnread) {
  // Two members that claim four gigabytes each, and one that claims more than it has.
  std::vector<File> files = {{"a", "x", 0xfffffffe, 8}, {"b", "x", 0xfffffffe, 8}};
  EXPECT_THAT(ErrorOf(Zip(files)), HasSubstr("far larger"));
  EXPECT_THAT(ErrorOf(Zip({{"schema.json", "x", 1000, 8}})), HasSubstr("inflated"));
  EXPECT_THAT(ErrorOf(Zip({{"schema.json", "x", 1000, 0}})), HasSubstr("outside"));
  EXPECT_THAT(ErrorOf(Zip({{"schema.json", "x", 0, 14}})), HasSubstr("compression method 14"));
}

}  // namespace
}  // namespace plinth::sklearn
