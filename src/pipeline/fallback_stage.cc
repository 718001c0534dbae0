#include "pipeline/fallback_stage.h"

#include <memory>
#include <vector>

#include "pipeline/branch.h"

namespace plinth::pipeline {

void FallbackStage::Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
                          const StageContext& context, ModelCallDone done) const {
  struct Second {
    std::shared_ptr<const FallbackStage> stage;
    std::vector<NamedTensor> inputs;
    std::vector<std::uint32_t> wanted;
    StageContext context;
    ModelCallDone done;
  };
  auto second = std::make_unique<Second>(
      Second{std::static_pointer_cast<const FallbackStage>(shared_from_this()), inputs, wanted,
             context, std::move(done)});
  StartBranch(*first_, signature(), std::move(inputs), wanted, context,
              [second = std::move(second)](Result<ModelAnswer> answer) mutable {
                if (answer || answer.error().code == Code::kCancelled) {
                  return second->done(std::move(answer));
                }
                StartBranch(
                    *second->stage->second_, second->stage->signature(), std::move(second->inputs),
                    second->wanted, second->context,
                    [done = std::move(second->done),
                     why = std::move(answer.error().message)](Result<ModelAnswer> other) mutable {
                      if (other) return done(std::move(other));
                      other.error().message += " (it answers because of: " + why + ")";
                      done(std::move(other));
                    });
              });
}

}  // namespace plinth::pipeline
