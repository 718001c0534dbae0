#include "cli/foreign_flags.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/log.h"

namespace plinth::cli {
namespace {

constexpr const char* kFlags[] = {
    // Triton
    "--allow-grpc",
    "--allow-http",
    "--allow-metrics",
    "--backend-config",
    "--buffer-manager-thread-count",
    "--cache-config",
    "--cuda-memory-pool-byte-size",
    "--disable-auto-complete-config",
    "--exit-on-error",
    "--grpc-infer-allocation-pool-size",
    "--http-thread-count",
    "--id",
    "--log-error",
    "--log-info",
    "--log-verbose",
    "--log-warning",
    "--min-supported-compute-capability",
    "--model-load-thread-count",
    "--pinned-memory-pool-byte-size",
    "--rate-limit",
    "--strict-model-config",
    "--strict-readiness",
    // TF Serving
    "--allow_version_labels_for_unavailable_models",
    "--enable_grpc_healthcheck_service",
    "--enable_model_warmup",
    "--enable_profiler",
    "--enable_serialization_as_tensor_content",
    "--enable_signature_method_name_check",
    "--flush_filesystem_caches",
    "--grpc_channel_arguments",
    "--grpc_max_threads",
    "--load_retry_interval_micros",
    "--max_num_load_retries",
    "--model_platform",
    "--num_load_threads",
    "--num_unload_threads",
    "--per_process_gpu_memory_fraction",
    "--rest_api_num_threads",
    "--rest_api_timeout_in_ms",
    "--tensorflow_inter_op_parallelism",
    "--tensorflow_intra_op_parallelism",
    "--tensorflow_session_parallelism",
};

}  // namespace

std::vector<const CLI::Option*> AddForeignFlags(CLI::App& app) {
  std::vector<const CLI::Option*> flags;
  for (const char* name : kFlags) flags.push_back(app.add_option(name)->expected(0, 1)->group(""));
  return flags;
}

void WarnOfForeignFlags(const std::vector<const CLI::Option*>& flags) {
  for (const CLI::Option* flag : flags) {
    if (flag->count() > 0)
      LogWarning(fmt::format("--{} has no effect", flag->get_lnames().front()));
  }
}

}  // namespace plinth::cli
