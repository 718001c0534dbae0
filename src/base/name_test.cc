#include "base/name.h"

#include <string>

#include <gtest/gtest.h>

namespace plinth {
namespace {

TEST(NameTest, OnlyPlainNames) {
  for (const char* good : {"a", "resnet50", "my-model_v1.2", "7"})
    EXPECT_TRUE(IsName(good)) << good;
  for (const char* bad : {"", ".", "..", ".hidden", "a/b", "a b", "a\nb", "\xc3\xa4"})
    EXPECT_FALSE(IsName(bad)) << bad;
  EXPECT_TRUE(IsName(std::string(128, 'a')));
  EXPECT_FALSE(IsName(std::string(129, 'a')));
}

}  // namespace
}  // namespace plinth
