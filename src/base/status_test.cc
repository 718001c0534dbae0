#include "base/status.h"

#include <set>

#include <gtest/gtest.h>

namespace plinth {
namespace {

TEST(StatusTest, EveryCodeHasItsOwnNameAndAnErrorStatus) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Code::kInternal); ++i) {
    const CodeInfo& info = InfoOf(static_cast<Code>(i));
    EXPECT_EQ(static_cast<int>(info.code), i);
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_GE(info.http_status, 400);
    EXPECT_LT(info.http_status, 600);
    EXPECT_GE(info.grpc_status, 1);
    EXPECT_LE(info.grpc_status, 16);
  }
}

TEST(StatusTest, AnnotateSaysWhereAndKeepsTheCode) {
  const Error error = Error{Code::kNotFound, "no such file"}.Annotate("model.json");
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_EQ(error.message, "model.json: no such file");
}

}  // namespace
}  // namespace plinth
