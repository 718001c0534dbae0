// The engine of pipelines: it is part of the server, and loads models whose work is done by others.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "model/backend.h"
#include "pipeline/host.h"

namespace plinth::pipeline {

// Options: "pipeline", its JSON, instead of that in the file.
class PipelineBackend final : public Backend {
 public:
  // `host` outlives what is loaded; without one nothing can be.
  explicit PipelineBackend(Host* host) : host_(host) {}

  std::string_view name() const override { return "pipeline"; }
  std::string_view version() const override { return ""; }
  std::string_view runtime() const override { return ""; }
  std::string_view frameworks() const override { return "pipeline"; }
  const std::string& path() const override { return path_; }

  bool Probe(const std::string& /*model_path*/) const override { return false; }
  Result<std::unique_ptr<LoadedModel>> Load(const std::string& model_path,
                                            const ModelConfig& config, const std::string& name,
                                            Members& members) override;

 private:
  Host* const host_;
  const std::string path_;
};

}  // namespace plinth::pipeline
