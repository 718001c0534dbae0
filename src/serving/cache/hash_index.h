// Finds nodes by their keys: an open hash table of pointers that touches one cache line for most
// look-ups.
//
// A Node has a member `key` of type Hash128, which does not change while the node is in the index.
// The index owns no node. Keys are random already, so their bits are positions: `key.low` picks the
// slot and is kept beside the pointer, so that a node is only looked at when it is almost surely
// the right one. Slots are searched one after the other; an erased one is filled from behind (no
// tombstones).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/hash128.h"

namespace plinth {

template <typename Node>
class HashIndex {
 public:
  // nullptr if there is none.
  Node* Find(const Hash128& key) const {
    if (slots_.empty()) return nullptr;
    for (std::size_t i = Home(key.low);; i = Next(i)) {
      const Slot& slot = slots_[i];
      if (slot.node == nullptr) return nullptr;
      if (slot.low == key.low && slot.node->key == key) return slot.node;
    }
  }

  // Requires that no node with this key is in the index. Throws std::bad_alloc and has then changed
  // nothing.
  void Insert(Node& node) {
    if ((size_ + 1) * 4 > slots_.size() * 3) Grow();
    Place({node.key.low, &node});
    ++size_;
  }

  // Requires that it is in the index.
  void Erase(const Node& node) {
    std::size_t hole = Home(node.key.low);
    while (slots_[hole].node != &node) hole = Next(hole);
    for (std::size_t i = Next(hole); slots_[i].node != nullptr; i = Next(i)) {
      // What stands at i may move to the hole unless its home lies behind the hole.
      if (Distance(Home(slots_[i].low), i) < Distance(hole, i)) continue;
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole] = {};
    --size_;
  }

  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.node != nullptr) visit(*slot.node);
    }
  }

 private:
  static constexpr std::size_t kFirstSlots = 16;

  struct Slot {
    std::uint64_t low = 0;
    Node* node = nullptr;
  };

  std::size_t Home(std::uint64_t low) const { return low & (slots_.size() - 1); }
  std::size_t Next(std::size_t i) const { return (i + 1) & (slots_.size() - 1); }
  std::size_t Distance(std::size_t from, std::size_t to) const {
    return (to - from) & (slots_.size() - 1);
  }

  void Place(Slot slot) {
    std::size_t i = Home(slot.low);
    while (slots_[i].node != nullptr) i = Next(i);
    slots_[i] = slot;
  }

  void Grow() {
    std::vector<Slot> old(slots_.empty() ? kFirstSlots : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.node != nullptr) Place(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two
  std::size_t size_ = 0;
};

}  // namespace plinth
