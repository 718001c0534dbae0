#include "serving/joint_execution.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "serving/batching/batch_join.h"
#include "serving/job_answers.h"
#include "tensor/concat.h"

namespace plinth {
namespace {

using Outputs = std::vector<NamedTensor>;

Error NoMemory() { return {Code::kOutOfMemory, "the request does not fit into memory"}; }

Result<Outputs> ExecuteDecoupled(ModelVersion& version, const Job& job, ExecuteOptions options) {
  JobAnswers answers(job);
  options.answers = &answers;
  if (auto executed = version.Execute(job.inputs, job.wanted, options); !executed) return executed;
  return answers.Finish();
}

Result<Outputs> ExecuteAlone(ModelVersion& version, const Job& job, ExecuteOptions options) {
  options.context = job.context.get();
  try {
    if (version.signature().decoupled) return ExecuteDecoupled(version, job, options);
    return version.Execute(job.inputs, job.wanted, options);
  } catch (const std::bad_alloc&) {
    return Fail(NoMemory());
  }
}

// What at least one of the jobs wants; empty for all.
std::vector<std::uint32_t> WantedByAny(std::span<const Job> jobs) {
  std::vector<std::uint32_t> wanted;
  for (const Job& job : jobs) {
    if (job.wanted.empty()) return {};
    std::vector<std::uint32_t> both;
    std::ranges::set_union(wanted, job.wanted, std::back_inserter(both));
    wanted = std::move(both);
  }
  return wanted;
}

// Takes out what the job does not want of outputs that others wanted too.
void KeepWanted(const Signature& signature, const Job& job, Outputs& outputs) {
  if (job.wanted.empty() || outputs.size() == job.wanted.size()) return;
  std::erase_if(outputs, [&](const NamedTensor& output) {
    const auto index = signature.FindOutput(output.name);
    return !index || !std::ranges::binary_search(job.wanted, static_cast<std::uint32_t>(*index));
  });
}

// Of jobs whose parameters are the same.
RequestContext CommonContext(std::span<const Job> jobs) {
  const Job& first = jobs.front();
  RequestContext common{.parameters = std::string(first.Parameters())};
  const bool same = std::ranges::all_of(jobs, [&first](const Job& job) {
    return job.context && first.context && job.context->id == first.context->id;
  });
  if (same) common.id = first.context->id;
  return common;
}

Result<std::vector<Outputs>> ExecuteJoined(ModelVersion& version, std::span<const Job> jobs,
                                           ExecuteOptions options, JoiningTimes& times) {
  const Clock::time_point begin = Clock::now();
  const Signature& signature = version.signature();
  std::vector<std::span<const NamedTensor>> requests;
  std::vector<std::int64_t> rows;
  requests.reserve(jobs.size());
  rows.reserve(jobs.size());
  for (const Job& job : jobs) {
    requests.emplace_back(job.inputs);
    rows.push_back(job.rows);
  }
  auto joined = JoinInputs(signature, requests);
  if (!joined) return Fail(std::move(joined.error()));
  times.input = Clock::now() - begin;
  const RequestContext context = CommonContext(jobs);
  options.context = &context;
  auto outputs = version.Execute(*joined, WantedByAny(jobs), options);
  if (!outputs) return Fail(std::move(outputs.error()));
  const Clock::time_point computed = Clock::now();
  auto parts = SplitOutputs(signature, *outputs, rows);
  if (!parts) return parts;
  for (std::size_t i = 0; i < jobs.size(); ++i) KeepWanted(signature, jobs[i], (*parts)[i]);
  times.output = Clock::now() - computed;
  return parts;
}

// What the parts of a split request share.
struct Whole {
  Whole(const Signature& model, std::size_t parts) : signature(model), outputs(parts) {}

  const Signature& signature;
  decltype(Job::done) done;
  std::vector<std::optional<Result<Answer>>> outputs;  // each written by the part's own end
  std::atomic<std::size_t> missing{outputs.size()};

  Result<Answer> Join();
};

Result<Answer> Whole::Join() {
  for (auto& part : outputs) {
    if (!*part) return Fail(std::move(part->error()));
  }
  Answer answer;
  const Outputs& first = outputs.front()->value().outputs;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const std::string& name = first[i].name;
    const auto index = signature.FindOutput(name);
    if (!index) return Fail(Code::kInternal, "the model gave an output '" + name + "'");
    std::vector<const Tensor*> parts;
    parts.reserve(outputs.size());
    for (const auto& part : outputs) parts.push_back(&part->value().outputs[i].tensor);
    auto tensor =
        Concatenate(parts, static_cast<std::size_t>(signature.outputs[*index].batch_axis));
    // The model's fault: its outputs' sizes change with the number of rows.
    if (!tensor) return Fail(Code::kInternal, "output '" + name + "': " + tensor.error().message);
    answer.outputs.push_back({name, *std::move(tensor)});
  }
  return answer;
}

void FinishPart(Whole& whole, std::size_t part, Result<Answer> answer) {
  whole.outputs[part].emplace(std::move(answer));
  if (whole.missing.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const auto joined = [&whole]() -> Result<Answer> {
    try {
      return whole.Join();
    } catch (const std::bad_alloc&) {
      return Fail(NoMemory());
    }
  };
  whole.done(joined());
}

}  // namespace

std::vector<Result<Outputs>> ExecuteJobs(ModelVersion& version, std::span<const Job> jobs,
                                         const ExecuteOptions& options, JoiningTimes& times) {
  std::vector<Result<Outputs>> results;
  results.reserve(jobs.size());
  if (jobs.size() > 1) {
    auto together = [&]() -> Result<std::vector<Outputs>> {
      try {
        return ExecuteJoined(version, jobs, options, times);
      } catch (const std::bad_alloc&) {
        return Fail(NoMemory());
      }
    }();
    if (together) {
      times.joined = true;
      for (Outputs& outputs : *together) results.emplace_back(std::move(outputs));
      return results;
    }
    const Code code = together.error().code;
    if (code == Code::kCancelled ||
        code == Code::kDeadlineExceeded) {  // nobody is left to try it for
      for (std::size_t i = 0; i < jobs.size(); ++i) results.emplace_back(Fail(together.error()));
      return results;
    }
  }
  for (const Job& job : jobs) results.push_back(ExecuteAlone(version, job, options));
  return results;
}

std::int64_t RowsOf(std::span<const Job> jobs) {
  std::int64_t rows = 0;
  for (const Job& job : jobs) rows += job.rows;
  return rows;
}

std::vector<Job> SplitJob(const Signature& signature, Job& job, std::int64_t most) {
  std::vector<Job> parts;
  if (job.rows > most) {
    const auto count = static_cast<std::size_t>((job.rows + most - 1) / most);
    auto whole = std::make_shared<Whole>(signature, count);
    parts.reserve(count);
    for (std::int64_t begin = 0; begin < job.rows; begin += most) {
      const std::int64_t rows = std::min(most, job.rows - begin);
      Job& part = parts.emplace_back();
      part.inputs.reserve(job.inputs.size());
      for (const NamedTensor& input : job.inputs) {
        const int axis = signature.FindInput(input.name)->batch_axis;
        part.inputs.push_back(
            {input.name, SliceAxis(input.tensor, static_cast<std::size_t>(axis), begin, rows)});
      }
      part.wanted = job.wanted;
      part.rows = rows;
      part.priority = job.priority;
      part.arrival = job.arrival;
      part.queued = job.queued;
      part.deadline = job.deadline;
      part.cancelled = job.cancelled;
      part.chain = job.chain;
      part.context = job.context;
      part.done = [whole, index = parts.size() - 1](Result<Answer> answer) {
        FinishPart(*whole, index, std::move(answer));
      };
    }
    whole->done = std::move(job.done);
    return parts;
  }
  parts.push_back(std::move(job));
  return parts;
}

}  // namespace plinth
