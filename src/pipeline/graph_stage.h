// Steps with tensors between them, run as soon as what they need is there.
//
// Invariants:
// - A step depends on steps before it in the list only, so there is no cycle.
// - Only steps that the wanted outputs need are run. Those that do not need each other run side by
//   side.
// - A tensor is let go once the last step that needs it has been started.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/stage.h"

namespace plinth::pipeline {

// A tensor on its way into a step.
struct Edge {
  std::string port;  // the step's input
  std::uint32_t slot;
  DType cast = DType::kAny;  // what it is converted to; kAny: nothing
};

struct GraphStep {
  std::string name;
  StagePtr stage;
  bool takes_request =
      false;  // something of it comes from the request, perhaps by way of built-in steps
  std::vector<Edge> edges;
  std::vector<std::uint32_t> wanted;  // outputs that are used,
  std::vector<std::uint32_t> slots;   // and where each of them goes
  std::vector<std::uint32_t> needs;   // steps that fill the edges' slots; each once
  std::vector<std::uint32_t> feeds;   // steps that need this one
};

struct Graph {
  Signature signature;
  std::vector<GraphStep> steps;
  std::size_t slots = 0;                // the first are the inputs, in the signature's order
  std::vector<std::uint32_t> outputs;   // slot of each output
  std::vector<std::uint32_t> producer;  // step of each slot; kNoStep: it is an input
  static constexpr std::uint32_t kNoStep = UINT32_MAX;
};

class GraphStage final : public Stage {
 public:
  explicit GraphStage(Graph graph) : Stage(graph.signature), graph_(std::move(graph)) {}

  const Graph& graph() const { return graph_; }
  void Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
             const StageContext& context, ModelCallDone done) const override;

 private:
  const Graph graph_;
};

}  // namespace plinth::pipeline
