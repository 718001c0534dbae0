// The requests of one version that wait to be executed.
//
// Those that can be joined into one execution form a group: the same inputs, of the same types and
// of the same sizes but along the batch axes. Within a group, and between groups, requests with a
// higher priority come first and equals in the order of their arrival. Of a model whose calls
// cannot be joined every request is taken alone.
//
// A request that was split into parts is counted, and refused, as one. Not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/signature.h"
#include "serving/job.h"

namespace plinth {

class RequestQueue {
 public:
  // `signature` outlives the queue. `joins`: whether requests may be taken together at all.
  RequestQueue(const Signature& signature, bool joins) : signature_(signature), joins_(joins) {}

  // The parts of one request, or the only one.
  void Push(std::vector<Job> parts);

  bool empty() const { return order_.empty(); }
  // Requests, split ones counted once.
  std::size_t size() const { return size_; }

  // Of the group that is next: its rows, and those of its first request; when it must begin at the
  // latest so that no deadline in it passes (perhaps too early a time, never too late). Require
  // that the queue is not empty.
  std::int64_t next_rows() const { return Next().rows; }
  std::int64_t first_rows() const;
  Clock::time_point next_deadline() const { return Next().deadline; }

  // The first of the group that is next, and those after it as far as they fit into `rows`.
  // Requires that the queue is not empty.
  std::vector<Job> Take(std::int64_t rows);

  // Those whose deadline has passed, or whose client has gone.
  std::vector<Job> TakeDead(Clock::time_point now);

  // The earliest deadline of all.
  Clock::time_point FirstDeadline() const;

 private:
  struct Entry {
    Job job;
    std::uint64_t number;  // in order of arrival
    bool counts;           // of a request's parts the first
  };
  // By priority, then by arrival.
  using Rank = std::pair<Priority, std::uint64_t>;
  struct Group {
    std::array<std::deque<Entry>, kPriorities> waiting;
    std::int64_t rows = 0;
    Clock::time_point deadline = Clock::time_point::max();

    bool empty() const;
    std::deque<Entry>& First();
    const std::deque<Entry>& First() const;
    Rank rank() const;
  };
  using Groups = std::map<std::string, Group>;

  static std::int64_t Counted(const Job& job) { return std::max<std::int64_t>(job.rows, 1); }
  std::string KeyOf(const Job& job) const;
  const Group& Next() const { return order_.begin()->second->second; }
  Entry PopFirst(Group& group);

  const Signature& signature_;
  const bool joins_;
  Groups groups_;                           // none of them empty
  std::map<Rank, Groups::iterator> order_;  // each group by the rank of its first
  std::uint64_t next_number_ = 0;
  std::size_t size_ = 0;
};

}  // namespace plinth
