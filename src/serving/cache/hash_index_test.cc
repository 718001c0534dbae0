#include "serving/cache/hash_index.h"

#include <map>
#include <memory>
#include <random>

#include <gtest/gtest.h>

namespace plinth {
namespace {

struct Item {
  Hash128 key;
};

// Few distinct low bits, so that runs of slots form, wrap around and are closed again.
Hash128 CrowdedKey(std::mt19937_64& random) {
  return {random() % 8 << 60 | (random() % 4) * 13, random() % 3};
}

TEST(HashIndexTest, AgreesWithAMapWhateverTheCollisions) {
  std::mt19937_64 random(5);
  HashIndex<Item> index;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::unique_ptr<Item>> all;
  for (int step = 0; step < 100'000; ++step) {
    const Hash128 key = CrowdedKey(random);
    auto& item = all[{key.low, key.high}];
    ASSERT_EQ(index.Find(key), item.get());
    if (item == nullptr) {
      item = std::make_unique<Item>(Item{key});
      index.Insert(*item);
    } else {
      index.Erase(*item);
      item.reset();
    }
  }
  for (const auto& [key, item] : all) ASSERT_EQ(index.Find({key.first, key.second}), item.get());
}

TEST(HashIndexTest, VisitsEachOnce) {
  std::vector<Item> items(1'000);
  HashIndex<Item> index;
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].key = {i * 0x9E3779B97F4A7C15u, i};
    index.Insert(items[i]);
  }
  std::map<const Item*, int> visits;
  index.ForEach([&](const Item& item) { ++visits[&item]; });
  EXPECT_EQ(visits.size(), items.size());
  for (const auto& [item, count] : visits) EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace plinth
