// Which entries a bounded cache keeps: S3-FIFO (Yang et al., "FIFO queues are all you need for
// cache eviction", SOSP 2023).
//
// Two queues. New keys enter `small`, a tenth of the entries; those asked for again before they
// reach its end move to `main`, the others are evicted, and their keys alone are remembered as
// ghosts: a key that comes back while it is one enters `main` at once. At the end of `main` an
// entry that was asked for since goes round again. So a scan over many keys that are asked for once
// passes through the small queue and leaves what is popular in place, and a hit only counts up to
// three: nothing is moved.
//
// Invariants:
//   - every entry is in index_, in by_age_ (newest value first) and in exactly one of small_ and
//     main_;
//   - the caller keeps size() bounded: EvictOne() before Insert();
//   - a ghost is remembered for as many evictions as there are entries.
// Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/hash128.h"
#include "serving/cache/ghost_keys.h"
#include "serving/cache/hash_index.h"

namespace plinth {

template <typename Value>
class S3Fifo {
 public:
  S3Fifo() = default;
  ~S3Fifo() { Clear(); }
  S3Fifo(const S3Fifo&) = delete;
  S3Fifo& operator=(const S3Fifo&) = delete;

  std::size_t size() const { return small_.size() + main_.size(); }

  // The key's value, counted as asked for; nullptr if there is none. Valid until the next change.
  Value* Find(const Hash128& key) {
    Node* node = index_.Find(key);
    if (node == nullptr) return nullptr;
    if (node->hits < kMostHits) ++node->hits;
    return &node->value;
  }

  // Adds the key, or gives it another value; returns the value that was replaced. Throws
  // std::bad_alloc and has then changed nothing.
  std::optional<Value> Insert(const Hash128& key, Value value) {
    if (Node* node = index_.Find(key)) {
      by_age_.Remove(*node);
      by_age_.PushFront(*node);
      return std::exchange(node->value, std::move(value));
    }
    auto fresh = std::make_unique<Node>(key, std::move(value));
    index_.Insert(*fresh);
    Node& node = *fresh.release();  // from here on the queues own it
    node.in_main = ghosts_.Take(key, size());
    QueueOf(node).PushFront(node);
    by_age_.PushFront(node);
    return std::nullopt;
  }

  // Takes out the entry that is least worth keeping. Nothing if there is none.
  std::optional<Value> EvictOne() {
    if (size() == 0) return std::nullopt;
    while (!small_.empty() && (main_.empty() || small_.size() * kSmallShare >= size())) {
      Node& last = small_.back();
      if (last.hits < kHitsToStay) {
        ghosts_.Add(last.key, size());
        return Take(last);
      }
      small_.Remove(last);
      last.hits = 0;
      last.in_main = true;
      main_.PushFront(last);
    }
    for (int chances = kMostSecondChances; main_.back().hits > 0 && chances > 0; --chances) {
      Node& last = main_.back();
      --last.hits;
      main_.Remove(last);
      main_.PushFront(last);
    }
    return Take(main_.back());
  }

  // Takes the key out without remembering it. Nothing if it is not there.
  std::optional<Value> Remove(const Hash128& key) {
    Node* node = index_.Find(key);
    if (node == nullptr) return std::nullopt;
    return Take(*node);
  }

  // The value that was inserted first of those still there, or nullptr.
  const Value* Oldest() const { return by_age_.empty() ? nullptr : &by_age_.back().value; }
  std::optional<Value> RemoveOldest() {
    if (by_age_.empty()) return std::nullopt;
    return Take(by_age_.back());
  }

  template <typename Visit>
  void ForEach(Visit visit) const {
    index_.ForEach([&visit](const Node& node) { visit(node.value); });
  }

  void Clear() {
    while (RemoveOldest()) {
    }
  }

 private:
  static constexpr std::uint8_t kMostHits = 3;
  static constexpr std::uint8_t kHitsToStay = 1;  // in small, to go on to main
  static constexpr std::size_t kSmallShare = 10;  // small holds a tenth
  static constexpr int kMostSecondChances = 64;   // bounds the time of one eviction

  struct Node;
  struct Links {
    Node* newer = nullptr;
    Node* older = nullptr;
  };
  // What a hit touches comes first and stands together.
  struct Node {
    Node(const Hash128& k, Value v) : key(k), value(std::move(v)) {}

    const Hash128 key;
    Value value;
    std::uint8_t hits = 0;
    bool in_main = false;
    Links queue;
    Links age;
  };

  // A list through the nodes' own links.
  template <Links Node::*links>
  class List {
   public:
    bool empty() const { return last_ == nullptr; }
    std::size_t size() const { return size_; }
    Node& back() const { return *last_; }

    void PushFront(Node& node) {
      (node.*links) = {nullptr, first_};
      (first_ == nullptr ? last_ : (first_->*links).newer) = &node;
      first_ = &node;
      ++size_;
    }
    void Remove(Node& node) {
      const Links at = node.*links;
      (at.newer == nullptr ? first_ : (at.newer->*links).older) = at.older;
      (at.older == nullptr ? last_ : (at.older->*links).newer) = at.newer;
      --size_;
    }

   private:
    Node* first_ = nullptr;
    Node* last_ = nullptr;
    std::size_t size_ = 0;
  };

  List<&Node::queue>& QueueOf(const Node& node) { return node.in_main ? main_ : small_; }

  Value Take(Node& node) {
    index_.Erase(node);
    QueueOf(node).Remove(node);
    by_age_.Remove(node);
    const std::unique_ptr<Node> owned(&node);
    return std::move(owned->value);
  }

  HashIndex<Node> index_;
  GhostKeys ghosts_;
  List<&Node::queue> small_;
  List<&Node::queue> main_;
  List<&Node::age> by_age_;
};

}  // namespace plinth
