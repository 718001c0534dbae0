// For the backends' tests: models by the host's own loader, and the recorded answers of
// tests/fixtures and examples/digits.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/abi_backend.h"

namespace plinth::testing {

// build/backends/libplinth_<name>.so, opened once a process. Ends the test program if it cannot be
// opened.
AbiBackend& OpenBackend(const std::string& name);

// The path of a file of the source tree.
std::string SourcePath(std::string_view relative);

// A model, loaded with "key" = value options. Fails the test and gives nullptr if it cannot be
// loaded.
std::unique_ptr<LoadedModel> LoadModel(std::string_view backend, const std::string& path,
                                       const ModelConfig& config = {});

// Why loading fails; fails the test and gives an empty error if it does not.
Error LoadError(std::string_view backend, const std::string& path, const ModelConfig& config = {});

Result<std::vector<NamedTensor>> Predict(LoadedModel& model,
                                         const std::vector<NamedTensor>& inputs);

// A tensor of the given elements, rounded to the type. Not for BYTES.
NamedTensor Numbers(std::string name, DType type, const Shape& shape,
                    const std::vector<double>& elements);
NamedTensor Strings(std::string name, const Shape& shape, const std::vector<std::string>& elements);

// The elements of a tensor that is not BYTES.
std::vector<double> ElementsOf(const Tensor& tensor);

// Same type, shape and elements; floats may differ by `tolerance` of the larger of 1 and their
// size.
void ExpectSame(const Tensor& actual, const Tensor& expected, double tolerance = 1e-5);

// A recorded call of tests/fixtures/models: see make_models.py there.
struct Case {
  std::string file;  // absolute
  std::string about;
  std::string signature;
  std::vector<NamedTensor> inputs;
  std::vector<NamedTensor> outputs;  // an empty name: the framework gives none
  std::string fails;                 // "load", "run" or empty
};
std::vector<Case> LoadCases(std::string_view framework);

// Loads the case's model, runs it and compares every recorded output that the signature has too, by
// name or, where the framework gives none, by position.
void RunCase(std::string_view backend, const Case& c, const ModelConfig& config = {});

// A model of examples/digits with its answer to the 64 test images.
struct DigitsCase {
  std::string file;  // absolute
  NamedTensor input;
  std::vector<NamedTensor> outputs;
  double tolerance = 1e-5;
};
DigitsCase LoadDigits(std::string_view file);

// Asks a model that takes calls at once for the digits from several threads, and compares every
// answer.
void CallFromManyThreads(LoadedModel& model, const DigitsCase& digits);

// Fails the test unless the backend ends a call on very many digits early once it is cancelled, and
// answers the next call as ever.
void ExpectStopsAndGoesOn(LoadedModel& model, const DigitsCase& digits);

// Loads the model without a compiled-model cache, with an empty one and with what was then kept,
// and expects the same signature and, bit for bit, the same answers of all three, or the same
// failure. Fails the test if nothing was kept.
void ExpectSameFromCache(std::string_view backend, const std::string& path,
                         const std::vector<NamedTensor>& inputs, const ModelConfig& config = {});

// Expects INVALID_MODEL for each of sixteen beginnings of `file`, written to `path` for a moment.
void ExpectTruncatedRefused(std::string_view backend, const std::string& file,
                            const std::string& path);

}  // namespace plinth::testing
