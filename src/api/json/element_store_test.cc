#include "api/json/element_store.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace plinth::api {
namespace {

TEST(ElementStoreTest, TheFirstRoomIsSmallWhateverTheSignaturePromises) {
  ElementStore store(DType::kFp64);
  store.Grow(1'000'000, 64'000'000);
  EXPECT_EQ(store.capacity(), ElementStore::kFirstElements);
  ElementStore small(DType::kFp64);
  small.Grow(100, 64'000'000);
  EXPECT_EQ(small.capacity(), 100U);
}

TEST(ElementStoreTest, ThereIsNoRoomForMoreThanTheTextCanHold) {
  ElementStore store(DType::kFp64);
  store.Grow(1'000, 20);
  EXPECT_EQ(store.capacity(), 11U);
}

// Reads elements of `width` bytes of text each out of `size` bytes; gives the largest capacity in
// units of the elements that had been read when it was taken.
double WorstGrowth(std::size_t width, std::size_t elements, std::size_t size) {
  ElementStore store(DType::kFp32);
  double worst = 0;
  for (std::size_t i = 0; i < elements; ++i) {
    if (store.full()) {
      store.Grow(1, size - i * width);
      if (i > 0)
        worst = std::max(worst, static_cast<double>(store.capacity()) / static_cast<double>(i));
    }
    store.Put(1.0F);
  }
  return worst;
}

TEST(ElementStoreTest, GrowsByWhatHasCome) {
  // A dense beginning, as it would be with blanks behind it, promises a hundred million elements.
  EXPECT_LE(WorstGrowth(2, 100'000, 200'000'000), 4);
  EXPECT_GE(WorstGrowth(2, 100'000, 200'000'000), 3);
}

TEST(ElementStoreTest, EndsWithWhatTheRestWillHold) {
  ElementStore store(DType::kFp32);
  constexpr std::size_t kElements = 150'528;
  constexpr std::size_t kWidth = 9;
  for (std::size_t i = 0; i < kElements; ++i) {
    if (store.full()) store.Grow(kElements, (kElements - i) * kWidth);
    store.Put(1.0F);
  }
  EXPECT_LE(store.capacity(), kElements + kElements / 10);
}

TEST(ElementStoreTest, KeepsWhatItHeldWhenItGrows) {
  ElementStore store(DType::kInt32);
  for (std::int32_t i = 0; i < 5'000; ++i) {
    if (store.full()) store.Grow(1, 100'000);
    store.Put(i);
  }
  const auto tensor = store.Finish({5'000});
  ASSERT_TRUE(tensor.has_value()) << tensor.error().message;
  for (std::int32_t i = 0; i < 5'000; ++i) {
    ASSERT_EQ(tensor->values<std::int32_t>()[static_cast<std::size_t>(i)], i);
  }
}

TEST(ElementStoreTest, TheShapeMustHaveAsManyElements) {
  ElementStore store(DType::kInt32);
  store.Grow(1, 2);
  store.Put(std::int32_t{7});
  EXPECT_FALSE(store.Finish({2}).has_value());
}

}  // namespace
}  // namespace plinth::api
