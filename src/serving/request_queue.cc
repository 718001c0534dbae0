#include "serving/request_queue.h"

#include <algorithm>
#include <utility>

namespace plinth {
namespace {

void AddNumber(std::string& key, std::int64_t number) {
  key.append(reinterpret_cast<const char*>(&number), sizeof number);
}

}  // namespace

// ---- Group

bool RequestQueue::Group::empty() const {
  return std::ranges::all_of(waiting, [](const auto& list) { return list.empty(); });
}

const std::deque<RequestQueue::Entry>& RequestQueue::Group::First() const {
  return *std::ranges::find_if(waiting, [](const auto& list) { return !list.empty(); });
}

std::deque<RequestQueue::Entry>& RequestQueue::Group::First() {
  return *std::ranges::find_if(waiting, [](const auto& list) { return !list.empty(); });
}

RequestQueue::Rank RequestQueue::Group::rank() const {
  const Entry& first = First().front();
  return {first.job.priority, first.number};
}

// ---- RequestQueue

// What must be equal in requests that are joined. Inputs are in the signature's order, so that
// their names need not be compared: which ones are there tells enough.
std::string RequestQueue::KeyOf(const Job& job) const {
  std::string key;
  if (!joins_) return key;
  std::size_t at = 0;
  for (std::size_t i = 0; i < signature_.inputs.size() && at < job.inputs.size(); ++i) {
    const TensorSpec& spec = signature_.inputs[i];
    if (job.inputs[at].name != spec.name) continue;
    const Tensor& tensor = job.inputs[at++].tensor;
    const Shape& shape = tensor.shape();
    AddNumber(key, static_cast<std::int64_t>(i));
    AddNumber(key, static_cast<std::int64_t>(tensor.dtype()));
    AddNumber(key, static_cast<std::int64_t>(shape.rank()));
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
      if (static_cast<int>(axis) != spec.batch_axis) AddNumber(key, shape[axis]);
    }
  }
  key += job.Parameters();
  return key;
}

void RequestQueue::Push(std::vector<Job> parts) {
  bool counts = true;
  for (Job& job : parts) {
    const auto [at, added] = groups_.try_emplace(KeyOf(job));
    Group& group = at->second;
    if (!added) order_.erase(group.rank());
    group.rows += Counted(job);
    group.deadline = std::min(group.deadline, job.deadline);
    auto& list = group.waiting[static_cast<std::size_t>(job.priority)];
    list.push_back({std::move(job), next_number_++, std::exchange(counts, false)});
    order_.emplace(group.rank(), at);
  }
  ++size_;
}

std::int64_t RequestQueue::first_rows() const { return Counted(Next().First().front().job); }

RequestQueue::Entry RequestQueue::PopFirst(Group& group) {
  auto& list = group.First();
  Entry entry = std::move(list.front());
  list.pop_front();
  group.rows -= Counted(entry.job);
  if (entry.counts) --size_;
  return entry;
}

std::vector<Job> RequestQueue::Take(std::int64_t rows) {
  const auto first = order_.begin();
  const auto at = first->second;
  Group& group = at->second;
  order_.erase(first);
  std::vector<Job> taken;
  std::int64_t total = 0;
  do {
    Job job = PopFirst(group).job;
    total += Counted(job);
    taken.push_back(std::move(job));
  } while (joins_ && !group.empty() && total + Counted(group.First().front().job) <= rows);
  if (group.empty()) {
    groups_.erase(at);
  } else {
    order_.emplace(group.rank(), at);
  }
  return taken;
}

std::vector<Job> RequestQueue::TakeDead(Clock::time_point now) {
  std::vector<Job> dead;
  order_.clear();
  for (auto at = groups_.begin(); at != groups_.end();) {
    Group& group = at->second;
    group.deadline = Clock::time_point::max();
    for (auto& list : group.waiting) {
      std::deque<Entry> alive;
      for (Entry& entry : list) {
        if (entry.job.deadline > now && !entry.job.IsCancelled()) {
          group.deadline = std::min(group.deadline, entry.job.deadline);
          alive.push_back(std::move(entry));
          continue;
        }
        group.rows -= Counted(entry.job);
        if (entry.counts) --size_;
        dead.push_back(std::move(entry.job));
      }
      list.swap(alive);
    }
    if (group.empty()) {
      at = groups_.erase(at);
    } else {
      order_.emplace(group.rank(), at);
      ++at;
    }
  }
  return dead;
}

Clock::time_point RequestQueue::FirstDeadline() const {
  Clock::time_point first = Clock::time_point::max();
  for (const auto& [key, group] : groups_) first = std::min(first, group.deadline);
  return first;
}

}  // namespace plinth
