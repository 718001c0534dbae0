#include "estimators/registry.h"

#include <algorithm>
#include <map>
#include <vector>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

using Family = std::span<const RegistryEntry> (*)();

constexpr std::array kFamilies = {
    Vectorizers,
    TfidfTransformers,
    HashingVectorizers,
    FeatureHashers,
    DictVectorizers,
    LinearRegressors,
    LinearClassifiers,
    Scalers,
    Normalizers,
    Decompositions,
    Imputers,
    Trees,
    Forests,
    GradientBoosters,
    HistGradientBoosters,
    AdaBoostClassifiers,
    AdaBoostRegressors,
    Bags,
    Voters,
    Stacks,
    IsolationForests,
    TreeEmbeddings,
    Dummies,
    GaussianNaiveBayesFamily,
    DiscreteNaiveBayes,
    CategoricalNaiveBayesFamily,
    LinearDiscriminants,
    QuadraticDiscriminants,
    CrossDecompositions,
    Isotonic,
    Mlps,
    OneVersusRestFamily,
    OneVersusOneFamily,
    OutputCodes,
    Delegates,
    MultiOutputs,
    Chains,
    CalibratedClassifiers,
    Thresholds,
    TransformedTargets,
    ModelSelectors,
    Pipelines,
    FeatureUnions,
    ColumnTransformers,
    FunctionTransformers,
    OneHotEncoders,
    CategoryEncoders,
    LabelEncoders,
    Binnings,
    FeatureSelectors,
    PolynomialExpansions,
    PowerTransformers,
    QuantileTransformers,
    SplineTransformers,
    SvmClassifiers,
    SvmRegressors,
    KernelModels,
    KernelSamplers,
    CountSketches,
    IterativeImputers,
    KnnImputers,
    CentreClusterers,
    BisectingClusterers,
    FeatureAgglomerations,
    Mixtures,
    EllipticEnvelopes,
    SvmOutliers,
    NeighborClassifiers,
    NeighborRegressors,
    NeighborGraphs,
    LocalOutliers,
    GaussianProcesses,
    NearestCentroids,
    KernelDensities,
    LabelSpreaders,
    Manifolds,
    TopicModels,
    NonNegativeFactorizations,
    Dictionaries,
    XgboostModels,
    LightgbmModels,
};

const std::map<std::string_view, ReadFunction>& Readers() {
  static const std::map<std::string_view, ReadFunction> table = [] {
    std::map<std::string_view, ReadFunction> entries;
    for (Family family : kFamilies) {
      for (const RegistryEntry& entry : family()) entries.emplace(entry.public_name, entry.read);
    }
    return entries;
  }();
  return table;
}

std::string UnknownClass(std::string_view name) {
  std::string message = std::string(name.substr(0, 200)) + " is not supported yet; supported are";
  for (std::string_view known : SupportedEstimators()) {
    message.append(" ").append(known.substr(known.rfind('.') + 1));
  }
  return message;
}

}  // namespace

std::string PublicName(std::string_view class_path) {
  const std::size_t name = class_path.rfind('.');
  const std::size_t package = class_path.find('.');
  if (name == std::string_view::npos || package == name) return std::string(class_path);
  const std::size_t module = std::min(class_path.find('.', package + 1), name);
  return std::string(class_path.substr(0, module)) + std::string(class_path.substr(name));
}

Result<EstimatorPtr> ReadEstimator(const Value& object, ReadLimits& limits, std::size_t width,
                                   int depth) {
  // What one operator costs at least, so that a file cannot make a million of them out of one.
  constexpr std::size_t kOperatorCost = 512;
  if (!object.Is(Kind::kObject)) {
    return Fail(Code::kInvalidModel, "the file holds " + Describe(object) +
                                         "; a fitted scikit-learn estimator was expected");
  }
  if (depth > ReadLimits::kMaxDepth) {
    return Fail(Code::kInvalidModel, "estimators are nested more than " +
                                         std::to_string(ReadLimits::kMaxDepth) + " deep");
  }
  if (!limits.Charge(kOperatorCost)) {
    return Fail(Code::kInvalidModel,
                "the file describes far more estimators than it has bytes for");
  }
  const std::string name = PublicName(object.text);
  const auto found = Readers().find(name);
  if (found == Readers().end()) return Fail(Code::kInvalidModel, UnknownClass(name));
  Fitted fitted(object, limits, width, depth);
  EstimatorPtr estimator = found->second(fitted);
  if (!fitted.ok()) return Fail(fitted.error());
  if (estimator == nullptr) return Fail(Code::kInternal, name + " could not be read");
  return estimator;
}

std::span<const std::string_view> SupportedEstimators() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> keys;
    for (const auto& [name, read] : Readers()) keys.push_back(name);
    return keys;
  }();
  return names;
}

}  // namespace plinth::sklearn
