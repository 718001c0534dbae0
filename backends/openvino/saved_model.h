// The part of a TensorFlow SavedModel that OpenVINO does not let one choose: which signature is
// served.
#pragma once

#include <string>
#include <vector>

#include "common/failure.h"

namespace plinth::openvino {

inline constexpr const char* kDefaultSignature = "serving_default";

// What saved_model.pb says of its callable signatures.
struct SavedModelInfo {
  std::vector<std::string> signatures;  // sorted; of the graph tagged "serve", or of the first
  bool several_graphs = false;
};

// INVALID_MODEL if `folder`/saved_model.pb is missing or is no SavedModel.
kit::Result<SavedModelInfo> ReadSavedModel(const std::string& folder);

// The signature to serve: `asked`; if empty serving_default or the only one. INVALID_ARGUMENT lists
// what there is.
kit::Result<std::string> ChooseSignature(const SavedModelInfo& info, const std::string& asked);

// A folder that is removed with this object.
class TemporaryFolder {
 public:
  static kit::Result<TemporaryFolder> Make();
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

// The same model in a folder of its own, where `signature` is the one and only and is called
// serving_default. Variables and assets are links into `folder`.
kit::Result<TemporaryFolder> WithSignatureAsDefault(const std::string& folder,
                                                    const std::string& signature);

}  // namespace plinth::openvino
