#include "pickle/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "pickle/array.h"
#include "pickle/load.h"
#include "test_pickle.h"

namespace plinth::sklearn {
namespace {

using testing::HasSubstr;

std::unique_ptr<Document> Read(std::string bytes) {
  auto document = ParseDocument(std::move(bytes));
  EXPECT_TRUE(document) << document.error().message;
  return document ? std::move(*document) : nullptr;
}

const Value& Root(const std::unique_ptr<Document>& document) { return *document->root(); }

std::string ErrorOf(std::string bytes) {
  auto document = ParseDocument(std::move(bytes));
  if (document) return "";
  EXPECT_EQ(document.error().code, Code::kInvalidModel);
  return document.error().message;
}

void ExpectInt(const std::string& bytes, std::int64_t expected) {
  const auto document = Read(bytes);
  ASSERT_TRUE(document);
  ASSERT_EQ(Root(document).kind, Kind::kInt);
  EXPECT_EQ(Root(document).integer, expected);
}

TEST(ReaderTest, ReadsIntegersOfAllProtocols) {
  using namespace std::string_literals;
  ExpectInt("I42\n.", 42);
  ExpectInt("I-7\n.", -7);
  ExpectInt("L123456789012L\n.", 123456789012);
  ExpectInt("K\xff.", 255);
  ExpectInt("M\x01\x02.", 513);
  ExpectInt("J\xfe\xff\xff\xff.", -2);
  ExpectInt("\x80\x02\x8a\x00."s, 0);
  ExpectInt("\x80\x02\x8a\x01\xff.", -1);
  ExpectInt("\x80\x02\x8a\x02\xff\x00."s, 255);
  ExpectInt("\x80\x02\x8b\x03\x00\x00\x00\x00\x00\x80."s, -8388608);
  ExpectInt(pickled::Int(INT64_MIN) + ".", INT64_MIN);
}

TEST(ReaderTest, KeepsIntegersBeyond64BitsAsSuch) {
  EXPECT_EQ(Root(Read("L123456789012345678901234567890L\n.")).kind, Kind::kBigInt);
  EXPECT_EQ(Root(Read("\x8a\x09" + std::string(9, 'x') + ".")).kind, Kind::kBigInt);
}

TEST(ReaderTest, ReadsBooleansNoneAndFloats) {
  EXPECT_EQ(Root(Read("I01\n.")).kind, Kind::kBool);
  EXPECT_EQ(Root(Read("I00\n.")).integer, 0);
  EXPECT_EQ(Root(Read("\x88.")).integer, 1);
  EXPECT_TRUE(Root(Read("N.")).IsNone());
  EXPECT_EQ(Root(Read("F-1.5e3\n.")).real, -1500);
  EXPECT_TRUE(std::isnan(Root(Read("Fnan\n.")).real));
  EXPECT_EQ(Root(Read(pickled::Float(0.1) + ".")).real, 0.1);
}

TEST(ReaderTest, ReadsTextOfAllProtocols) {
  using namespace std::string_literals;
  EXPECT_EQ(Root(Read("S'a\\x41\\n\\'\\101'\n.")).text, "aA\n'A");
  EXPECT_EQ(Root(Read("Vgr\\u00fcn \xe9\n.")).text, "gr\xc3\xbcn \xc3\xa9");
  EXPECT_EQ(Root(Read("V\\U0001f600\n.")).text, "\xf0\x9f\x98\x80");
  EXPECT_EQ(Root(Read("U\x03"
                      "abc."))
                .text,
            "abc");
  EXPECT_EQ(Root(Read("T\x03\x00\x00\x00"
                      "abc."s))
                .text,
            "abc");
  EXPECT_EQ(Root(Read("X\x03\x00\x00\x00"
                      "abc."s))
                .text,
            "abc");
  EXPECT_EQ(Root(Read("\x8c\x03"
                      "abc."))
                .text,
            "abc");
  EXPECT_EQ(Root(Read("\x8d\x03\x00\x00\x00\x00\x00\x00\x00"
                      "abc."s))
                .text,
            "abc");
  EXPECT_EQ(Root(Read("C\x02"
                      "ab."))
                .kind,
            Kind::kBytes);
  EXPECT_EQ(Root(Read("\x96\x02\x00\x00\x00\x00\x00\x00\x00"
                      "ab."s))
                .text,
            "ab");
}

TEST(ReaderTest, ReadsBytesAsOldProtocolsWriteThem) {
  const auto document = Read(pickled::Call(pickled::Global("_codecs", "encode"),
                                           {pickled::Str("a\xc3\xbf"), pickled::Str("latin1")}) +
                             ".");
  EXPECT_EQ(Root(document).kind, Kind::kBytes);
  EXPECT_EQ(Root(document).text, "a\xff");
}

TEST(ReaderTest, ReadsContainers) {
  const auto list = Read(
      "]q\x01(K\x01K\x02"
      "eK\x03"
      "a.");
  ASSERT_EQ(Root(list).items.size(), 3u);
  EXPECT_EQ(Root(list).items[2]->integer, 3);
  const auto old_list = Read("(lp0\nI1\naI2\na.");
  EXPECT_EQ(Root(old_list).items.size(), 2u);
  EXPECT_EQ(Root(Read("(K\x01K\x02l.")).kind, Kind::kList);
  EXPECT_EQ(Root(Read("K\x01K\x02K\x03\x87.")).items.size(), 3u);
  EXPECT_EQ(Root(Read("\x8f(K\x01K\x02\x90.")).kind, Kind::kSet);
  EXPECT_EQ(Root(Read("(K\x01\x91.")).items.size(), 1u);
  const auto dict = Read(
      "(U\x01"
      "aK\x01U\x01"
      "bK\x02"
      "dU\x01"
      "aK\x05s.");
  ASSERT_TRUE(Root(dict).Get("a"));
  EXPECT_EQ(Root(dict).Get("a")->integer, 5);
  EXPECT_EQ(Root(dict).Get("c"), nullptr);
}

TEST(ReaderTest, KeepsTheStackAsPythonDoes) {
  ExpectInt(
      "K\x01K\x02"
      "0.",
      1);
  ExpectInt(
      "K\x01(K\x02K\x03"
      "1.",
      1);
  ExpectInt("K\x01(0.", 1);
  EXPECT_EQ(Root(Read("K\x07"
                      "2\x86."))
                .items.size(),
            2u);
}

TEST(ReaderTest, SharesWhatTheMemoRefersTo) {
  using namespace std::string_literals;
  const auto document = Read("(]\x94h\x00h\x00g0\nt."s);
  const Value& tuple = Root(document);
  ASSERT_EQ(tuple.items.size(), 4u);
  EXPECT_EQ(tuple.items[0], tuple.items[3]);
}

TEST(ReaderTest, ReadsObjectsOfAllProtocols) {
  const std::string state = "(dS'n'\nI5\nsb.";
  const std::vector<std::string> pickles = {
      "ccopy_reg\n_reconstructor\n(csklearn.a\nB\nc__builtin__\nobject\nNtR" + state,
      "(isklearn.a\nB\n" + state,
      "(csklearn.a\nB\no" + state,
      "csklearn.a\nB\n)\x81" + state,
      "csklearn.a\nB\n)}\x92" + state,
      "\x8c\x09sklearn.a\x8c\x01"
      "B\x93)\x81" +
          state,
  };
  for (const std::string& pickle : pickles) {
    const auto document = Read(pickle);
    ASSERT_TRUE(document);
    EXPECT_EQ(Root(document).text, "sklearn.a.B");
    ASSERT_TRUE(Root(document).Attribute("n"));
    EXPECT_EQ(Root(document).Attribute("n")->integer, 5);
    EXPECT_EQ(Root(document).Attribute("m"), nullptr);
  }
}

TEST(ReaderTest, ReadsAttributesOfClassesWithSlots) {
  const auto document =
      Read("csklearn.a\nB\n)\x81" +
           pickled::Tuple({pickled::None(), pickled::Dict({{"n", pickled::Int(3)}})}) + "b.");
  ASSERT_TRUE(Root(document).Attribute("n"));
  EXPECT_EQ(Root(document).Attribute("n")->integer, 3);
}

TEST(ReaderTest, ReadsScalars) {
  using pickled::Bytes;
  using pickled::Call;
  using pickled::DType;
  const auto scalar = [](std::string_view type, std::string_view order, std::string_view bytes) {
    return Call(pickled::Global("numpy.core.multiarray", "scalar"),
                {DType(type, order), Bytes(bytes)}) +
           ".";
  };
  EXPECT_EQ(Root(Read(scalar("i2", "<", {"\x01\x02", 2}))).integer, 0x201);
  EXPECT_EQ(Root(Read(scalar("i2", ">", {"\x01\x02", 2}))).integer, 0x102);
  EXPECT_EQ(Root(Read(scalar("f4", "<", {"\x00\x00\xc0\x3f", 4}))).real, 1.5);
  EXPECT_EQ(Root(Read(scalar("f2", "<", {"\x00\x3e", 2}))).real, 1.5);
  EXPECT_EQ(Root(Read(scalar("b1", "|", {"\x01", 1}))).kind, Kind::kBool);
  EXPECT_EQ(Root(Read(scalar("U2", "<", {"\xfc\x00\x00\x00\x00\x00\x00\x00", 8}))).text,
            "\xc3\xbc");
  EXPECT_THAT(ErrorOf(scalar("f8", "<", "short")), HasSubstr("8 bytes"));
}

TEST(ReaderTest, TurnsColumnMajorArraysIntoRows) {
  const std::vector<double> columns = {1, 4, 2, 5, 3, 6};
  const std::string_view bytes(reinterpret_cast<const char*>(columns.data()), 48);
  const auto document = Read(pickled::Call(pickled::Global("numpy._core.numeric", "_frombuffer"),
                                           {pickled::Bytes(bytes), pickled::DType("f8"),
                                            pickled::Shape({2, 3}), pickled::Str("F")}) +
                             ".");
  ASSERT_TRUE(Root(document).array);
  EXPECT_EQ(*ToDoubles(*Root(document).array), (std::vector<double>{1, 2, 3, 4, 5, 6}));
}

TEST(ReaderTest, AnArrayKeepsTheTypeItWasMadeWith) {
  // The dtype is rebuilt as big-endian after the array was made with it.
  const std::string dtype = pickled::Put(0, pickled::DType("i8"));
  const std::string state = pickled::Tuple(
      {pickled::Int(3), pickled::Str(">"), pickled::None(), pickled::None(), pickled::None()});
  const auto document =
      Read(dtype + "0" +
           pickled::Tuple({pickled::Array(pickled::Get(0), {1}, pickled::Number(5, 8)),
                           pickled::Get(0) + state + "b"}) +
           ".");
  EXPECT_EQ((*ToInts(*Root(document).items[0]->array))[0], 5);
}

// pandas.core.indexes.base._new_Index(class, {"data": ...}).
pickled::Code Index(const pickled::Attributes& content) {
  using namespace pickled;
  return Call(Global("pandas.core.indexes.base", "_new_Index"),
              {Global("pandas", "Index"), Dict(content)});
}

TEST(ReaderTest, TakesAnIndexOfPandasForItsLabels) {
  using namespace pickled;
  EXPECT_EQ(Root(Read(Index({{"data", Ints({3, 1})}, {"name", None()}}) + ".")).kind, Kind::kArray);
  const auto list = Read(Index({{"data", List({Str("age"), Str("city")})}}) + ".");
  ASSERT_EQ(Root(list).kind, Kind::kList);
  EXPECT_EQ(Root(list).items[1]->text, "city");
  // As pandas 3 keeps strings.
  const Code strings = Call(Global("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"),
                            {Global("pandas.arrays", "StringArray"), Int(82904607), None()});
  const Code dtype = Call(Global("pandas", "StringDtype"), {Str("python"), Float(0)});
  const Code filled = strings + Tuple({dtype, Ints({7})}) + "b";
  EXPECT_EQ(Root(Read(Index({{"data", filled}}) + ".")).kind, Kind::kArray);
}

TEST(ReaderTest, KeepsWhatElseIsOfPandasAsAnObject) {
  using namespace pickled;
  EXPECT_EQ(Root(Read(Index({{"start", Int(0)}, {"stop", Int(3)}}) + ".")).kind, Kind::kObject);
  EXPECT_EQ(Root(Read(Index({{"data", Int(3)}}) + ".")).kind, Kind::kObject);
  const Code without = Call(Global("pandas.core.indexes.base", "_new_Index"), {});
  EXPECT_EQ(Root(Read(without + ".")).kind, Kind::kObject);
  const Code of_strings = Call(Global("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"), {});
  EXPECT_EQ(Root(Read(Index({{"data", of_strings}}) + ".")).kind, Kind::kObject);
  const Code text = of_strings + Str("no tuple") + "b";
  EXPECT_EQ(Root(Read(Index({{"data", text}}) + ".")).kind, Kind::kObject);
}

TEST(ReaderTest, SaysWhatToDoAboutColumnsInPyarrow) {
  using namespace pickled;
  EXPECT_THAT(ErrorOf(Call(Global("pyarrow.lib", "_restore_array"), {}) + "."),
              HasSubstr("list(frame.columns)"));
}

TEST(ReaderTest, IgnoresWhatFollowsTheEnd) { ExpectInt("K\x05.garbage", 5); }

}  // namespace
}  // namespace plinth::sklearn
