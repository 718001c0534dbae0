#include "net/body_alignment.h"

#include <gtest/gtest.h>

namespace plinth::net {
namespace {

std::size_t LeadFor(std::string_view length) {
  HttpRequest request;
  request.headers = {{"Host", "x"}, {"inference-header-content-length", length}};
  return BodyLead(request);
}

TEST(BodyAlignmentTest, AlignsWhatStandsBehindTheJson) {
  EXPECT_EQ(LeadFor("0"), 0U);
  EXPECT_EQ(LeadFor("1"), 63U);
  EXPECT_EQ(LeadFor("64"), 0U);
  EXPECT_EQ(LeadFor("130"), 62U);
}

TEST(BodyAlignmentTest, LeavesOtherRequestsAlone) {
  EXPECT_EQ(BodyLead(HttpRequest()), 0U);
  EXPECT_EQ(LeadFor("-1"), 0U);
  EXPECT_EQ(LeadFor("12 "), 0U);
  EXPECT_EQ(LeadFor("99999999999999999999999"), 0U);
}

}  // namespace
}  // namespace plinth::net
