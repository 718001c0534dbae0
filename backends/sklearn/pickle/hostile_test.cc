// Pickles that mean harm: each must be refused, or read, within bounded time and memory, and run
// nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "pickle/compress.h"
#include "pickle/load.h"
#include "pickle/reader.h"
#include "test_pickle.h"

namespace plinth::sklearn {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

const std::string kFixtures = std::string(PLINTH_SOURCE_DIR) + "/tests/fixtures/sklearn";

std::string ErrorOf(std::string bytes) {
  auto document = ParseDocument(std::move(bytes));
  return document ? "" : document.error().message;
}

// A class of that name, asked for in each of the ways that pickles have.
void ExpectRefused(const std::string& module, const std::string& name) {
  SCOPED_TRACE(module + "." + name);
  const std::string protocol_0 =
      "c" + module + "\n" + name + "\n(S'touch /tmp/plinth_pickle_ran'\ntR.";
  EXPECT_THAT(ErrorOf(protocol_0), HasSubstr("the pickle names '" + module + "." + name + "'"));
  EXPECT_THAT(ErrorOf(protocol_0), HasSubstr("nothing was executed"));
  const std::string protocol_4 = pickled::Str(module) + pickled::Str(name) + "\x93" +
                                 pickled::Tuple({pickled::Str("id")}) + "R.";
  EXPECT_THAT(ErrorOf(protocol_4), HasSubstr("nothing was executed"));
  const std::string inst = "(S'id'\ni" + module + "\n" + name + "\n.";
  EXPECT_THAT(ErrorOf(inst), HasSubstr("nothing was executed"));
}

TEST(HostilePickleTest, NamesAreRefusedAndNothingIsCalled) {
  const std::pair<std::string, std::string> names[] = {
      {"os", "system"},
      {"posix", "system"},
      {"nt", "system"},
      {"subprocess", "Popen"},
      {"builtins", "eval"},
      {"builtins", "exec"},
      {"builtins", "getattr"},
      {"builtins", "__import__"},
      {"builtins", "open"},
      {"builtins", "compile"},
      {"importlib", "import_module"},
      {"runpy", "run_path"},
      {"pickle", "loads"},
      {"_pickle", "loads"},
      {"joblib", "load"},
      {"numpy", "load"},
      {"operator", "attrgetter"},
      {"functools", "reduce"},
      {"types", "CodeType"},
      {"webbrowser", "open"},
      {"socket", "socket"},
      {"sys", "modules"},
      {"ctypes", "CDLL"},
      {"sklearnx", "A"},
      {"numpy.testing._private.utils", "runstring"},
      {"__main__", "Model"},
      {"sklearn.a", "B C"},
      {"sklearn;os", "system"}};
  for (const auto& [module, name] : names) ExpectRefused(module, name);
}

TEST(HostilePickleTest, AHarmfulNameInsideAModelIsRefused) {
  const std::string model = pickled::Object(
      "sklearn.linear_model", "Ridge",
      {{"coef_", pickled::Call(pickled::Global("os", "system"), {pickled::Str("id")})}});
  EXPECT_THAT(ErrorOf(model + "."), HasSubstr("os.system"));
}

TEST(HostilePickleTest, OnlyClassesAreApplied) {
  EXPECT_THAT(ErrorOf(pickled::Call(pickled::Str("os.system"), {}) + "."),
              HasSubstr("only classes"));
  EXPECT_THAT(ErrorOf(pickled::Call(pickled::Global("numpy", "float64"), {pickled::Int(1)}) + "."),
              HasSubstr("only known as a name"));
  EXPECT_THAT(ErrorOf(pickled::Global("sklearn.a", "B") + "K\x01R."),
              HasSubstr("a tuple was expected"));
  EXPECT_THAT(
      ErrorOf(pickled::Call(pickled::Call(pickled::Global("sklearn.a", "B"), {}), {}) + "."),
      HasSubstr("only classes"));
  EXPECT_THAT(ErrorOf(pickled::Global("numpy", "ndarray") + "K\x01"
                                                            "b."),
              HasSubstr("takes none"));
}

TEST(HostilePickleTest, WhatLiesOutsideThePickleIsRefused) {
  EXPECT_THAT(ErrorOf("Pid\n."), HasSubstr("persistent id"));
  EXPECT_THAT(ErrorOf("NQ."), HasSubstr("persistent id"));
  EXPECT_THAT(ErrorOf("\x82\x01."), HasSubstr("extension registry"));
  EXPECT_THAT(ErrorOf("\x97."), HasSubstr("out-of-band"));
  EXPECT_THAT(ErrorOf("\x80\x06N."), HasSubstr("protocol 6"));
  EXPECT_THAT(ErrorOf("\xff."), HasSubstr("not a pickle opcode"));
}

TEST(HostilePickleTest, LengthsBeyondTheEndAreRefused) {
  for (const std::string op : {"X", "T", "B", "\x8b"}) {
    EXPECT_THAT(ErrorOf(op + "\xff\xff\xff\xff" + "abc."), HasSubstr("ends in the middle"));
  }
  for (const std::string op : {"\x8d", "\x8e", "\x96"}) {
    EXPECT_THAT(ErrorOf(op + std::string(8, '\xff') + "abc."), HasSubstr("ends in the middle"));
  }
  // A frame's length is not relied on.
  EXPECT_EQ(ErrorOf("\x80\x04\x95" + std::string(8, '\xff') + "N."), "");
}

TEST(HostilePickleTest, ArraysMustHaveTheBytesThatTheirShapeAsksFor) {
  const auto array = [](const std::vector<std::int64_t>& shape, std::string_view type,
                        std::string_view bytes) {
    return pickled::Array(pickled::DType(type), shape, bytes) + ".";
  };
  const std::string sixteen(16, 'x');
  EXPECT_EQ(ErrorOf(array({2}, "f8", sixteen)), "");
  EXPECT_EQ(ErrorOf(array({0, 1LL << 40}, "f8", "")), "");
  EXPECT_THAT(ErrorOf(array({3}, "f8", sixteen)), HasSubstr("shape"));
  EXPECT_THAT(ErrorOf(array({-1}, "f8", sixteen)), HasSubstr("dimension"));
  EXPECT_THAT(ErrorOf(array({1LL << 62, 8}, "f8", sixteen)), HasSubstr("shape"));
  EXPECT_THAT(ErrorOf(array({1LL << 32, 1LL << 32, 1LL << 32}, "f8", sixteen)), HasSubstr("shape"));
  EXPECT_THAT(ErrorOf(array({1LL << 39}, "S0", "")), HasSubstr("shape"));
  EXPECT_THAT(ErrorOf(array({2}, "O8", sixteen)), HasSubstr("objects"));
  EXPECT_THAT(ErrorOf(pickled::DType("f99999999999") + "."), HasSubstr("element type"));
  EXPECT_THAT(ErrorOf(pickled::DType("b3") + "."), HasSubstr("element type"));
}

TEST(HostilePickleTest, FieldsMayNotReachPastTheirRecord) {
  const auto record = [](std::int64_t offset) {
    return pickled::Call(pickled::Global("numpy", "dtype"),
                         {pickled::Str("V16"), pickled::Bool(false), pickled::Bool(true)}) +
           pickled::Tuple({pickled::Int(3), pickled::Str("|"), pickled::None(),
                           pickled::Tuple({pickled::Str("a")}),
                           pickled::Dict({{"a", pickled::Tuple({pickled::DType("f8"),
                                                                pickled::Int(offset)})}}),
                           pickled::Int(16), pickled::Int(1), pickled::Int(0)}) +
           "b.";
  };
  EXPECT_EQ(ErrorOf(record(8)), "");
  EXPECT_THAT(ErrorOf(record(9)), HasSubstr("past its end"));
  EXPECT_THAT(ErrorOf(record(INT64_MAX)), HasSubstr("past its end"));
  EXPECT_THAT(ErrorOf(record(-8)), HasSubstr("offset"));
}

TEST(HostilePickleTest, MemoIndicesMustBeHonest) {
  EXPECT_THAT(ErrorOf("Nr\xff\xff\xff\x7f."), HasSubstr("memo index"));
  EXPECT_THAT(ErrorOf("Np4000000000\n."), HasSubstr("memo index"));
  EXPECT_THAT(ErrorOf("Np-1\n."), HasSubstr("memo index"));
  EXPECT_THAT(ErrorOf("h\x05."), HasSubstr("never set"));
}

TEST(HostilePickleTest, TheStackIsNeverTakenBelowItsMark) {
  for (const std::string pickle :
       {"0.", "1.",   "2.",    "a.",     "s.",    "e.",    "u.",    "t.",    "l.",     "d.",
        "R.", "b.",   "\x81.", "\x85.",  "\x87.", "\x93.", "\x94.", "\x90.", "\x91.",  "o.",
        ".",  "N(a.", "N(2.",  "](N(a.", "(e.",   "(u.",   "N(s.",  "(o.",   "](N0Na."}) {
    EXPECT_NE(ErrorOf(pickle), "") << pickle;
  }
  EXPECT_THAT(ErrorOf("(Nd."), HasSubstr("without a value"));
}

TEST(HostilePickleTest, ABillionLaughsCostNothing) {
  // Forty levels of a list of ten of the level below: 10^40 leaves if they were copied.
  std::string pickle = pickled::Put(0, pickled::Str("lol")) + "0";
  for (std::uint32_t level = 1; level <= 40; ++level) {
    pickle +=
        pickled::Put(level, pickled::List(std::vector<std::string>(10, pickled::Get(level - 1)))) +
        "0";
  }
  EXPECT_EQ(ErrorOf(pickle + pickled::Get(40) + "."), "");
}

TEST(HostilePickleTest, NestingAMillionDeepIsNoProblem) {
  constexpr std::size_t kDepth = 300'000;
  std::string pickle(kDepth, ']');
  pickle += std::string(kDepth - 1, 'a') + ".";
  EXPECT_THAT(ErrorOf(pickle), HasSubstr("out of proportion"));
  // Padded by a string to a length that such nesting may have.
  EXPECT_EQ(ErrorOf(pickled::Str(std::string(4'000'000, 'x')) + "0" + pickle), "");
}

TEST(HostilePickleTest, MemoryGrowsWithThePickleOnly) {
  EXPECT_THAT(ErrorOf(std::string(2'000'000, ']') + "."), HasSubstr("out of proportion"));
}

TEST(HostilePickleTest, CopiesOfContainersAreCharged) {
  // tuple(big), again and again: each costs twelve bytes of pickle and copies the whole list.
  const std::string big = pickled::Cat({"](", std::string(100'000, 'N'), "e"});
  std::string pickle =
      pickled::Put(0, big) + "0" + pickled::Put(1, pickled::Global("builtins", "tuple")) + "0(";
  for (int i = 0; i < 20'000; ++i) pickle += pickled::Get(1) + pickled::Get(0) + "\x85R";
  EXPECT_THAT(ErrorOf(pickle + "t."), HasSubstr("out of proportion"));
}

TEST(HostilePickleTest, LongNamesAreRefused) {
  EXPECT_THAT(ErrorOf("csklearn." + std::string(100'000, 'a') + "\nB\n."),
              HasSubstr("512 characters"));
}

TEST(HostilePickleTest, DecompressionBombsAreRefused) {
  const std::string zeros(std::size_t{80} << 20, '\0');
  uLongf size = compressBound(zeros.size());
  std::string bomb(size, '\0');
  ASSERT_EQ(compress(reinterpret_cast<Bytef*>(bomb.data()), &size,
                     reinterpret_cast<const Bytef*>(zeros.data()), zeros.size()),
            Z_OK);
  bomb.resize(size);
  EXPECT_LT(DecompressedLimit(bomb.size()), zeros.size());
  EXPECT_THAT(ErrorOf(bomb), HasSubstr("far larger"));
  // More bytes behind it do not make it honest.
  bomb.append(1 << 20, 'x');
  EXPECT_GT(DecompressedLimit(bomb.size()), zeros.size());
  EXPECT_THAT(ErrorOf(bomb), HasSubstr("far larger"));
}

std::vector<fs::path> SmallFixtures(std::uintmax_t most) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kFixtures)) {
    const bool model = entry.is_regular_file() && entry.path().extension() != ".json" &&
                       entry.path().extension() != ".py";
    if (model && entry.file_size() <= most) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::string Contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(HostilePickleTest, EveryTruncationIsAnError) {
  const std::vector<fs::path> files = SmallFixtures(1500);
  ASSERT_GT(files.size(), 50u);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const fs::path& path = files[i];
    // All kinds of compression, and some of the many plain pickles.
    if (path.string().find(".joblib.") == std::string::npos && i % 8 != 0) continue;
    SCOPED_TRACE(path.string());
    const std::string whole = Contents(path);
    // What is left off may be a checksum that zlib's and bzip2's readers have no need of; a pickle
    // ends with its end mark.
    ASSERT_EQ(ErrorOf(whole), "");
    for (std::size_t size = 0; size < whole.size(); ++size) {
      ASSERT_NE(ErrorOf(whole.substr(0, size)), "") << size;
    }
  }
}

TEST(HostilePickleTest, DamageNeverCrashes) {
  std::mt19937 random(1);
  std::size_t refused = 0;
  for (const fs::path& path : SmallFixtures(3000)) {
    const std::string whole = Contents(path);
    for (int round = 0; round < 30; ++round) {
      std::string damaged = whole;
      for (int i = 0; i < 3; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
      refused += !ErrorOf(damaged).empty();
    }
  }
  EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace plinth::sklearn
