// The lists of classes that each file of estimators reads.
#pragma once

#include <span>

#include "estimators/registry.h"

namespace plinth::sklearn {

std::span<const RegistryEntry> LinearRegressors();
std::span<const RegistryEntry> LinearClassifiers();
std::span<const RegistryEntry> Scalers();
std::span<const RegistryEntry> Normalizers();
std::span<const RegistryEntry> Decompositions();
std::span<const RegistryEntry> Imputers();
std::span<const RegistryEntry> Trees();
std::span<const RegistryEntry> Forests();
std::span<const RegistryEntry> GradientBoosters();
std::span<const RegistryEntry> HistGradientBoosters();
std::span<const RegistryEntry> AdaBoostClassifiers();
std::span<const RegistryEntry> AdaBoostRegressors();
std::span<const RegistryEntry> Bags();
std::span<const RegistryEntry> Voters();
std::span<const RegistryEntry> Stacks();
std::span<const RegistryEntry> IsolationForests();
std::span<const RegistryEntry> TreeEmbeddings();
std::span<const RegistryEntry> Dummies();
std::span<const RegistryEntry> GaussianNaiveBayesFamily();
std::span<const RegistryEntry> DiscreteNaiveBayes();
std::span<const RegistryEntry> CategoricalNaiveBayesFamily();
std::span<const RegistryEntry> LinearDiscriminants();
std::span<const RegistryEntry> QuadraticDiscriminants();
std::span<const RegistryEntry> CrossDecompositions();
std::span<const RegistryEntry> Isotonic();
std::span<const RegistryEntry> Mlps();
std::span<const RegistryEntry> OneVersusRestFamily();
std::span<const RegistryEntry> OneVersusOneFamily();
std::span<const RegistryEntry> OutputCodes();
std::span<const RegistryEntry> Delegates();
std::span<const RegistryEntry> MultiOutputs();
std::span<const RegistryEntry> Chains();
std::span<const RegistryEntry> CalibratedClassifiers();
std::span<const RegistryEntry> Thresholds();
std::span<const RegistryEntry> TransformedTargets();
std::span<const RegistryEntry> ModelSelectors();
std::span<const RegistryEntry> Pipelines();
std::span<const RegistryEntry> FeatureUnions();
std::span<const RegistryEntry> ColumnTransformers();
std::span<const RegistryEntry> FunctionTransformers();
std::span<const RegistryEntry> OneHotEncoders();
std::span<const RegistryEntry> CategoryEncoders();
std::span<const RegistryEntry> LabelEncoders();
std::span<const RegistryEntry> Binnings();
std::span<const RegistryEntry> FeatureSelectors();
std::span<const RegistryEntry> PolynomialExpansions();
std::span<const RegistryEntry> PowerTransformers();
std::span<const RegistryEntry> QuantileTransformers();
std::span<const RegistryEntry> SplineTransformers();
std::span<const RegistryEntry> SvmClassifiers();
std::span<const RegistryEntry> SvmRegressors();
std::span<const RegistryEntry> KernelModels();
std::span<const RegistryEntry> KernelSamplers();
std::span<const RegistryEntry> CountSketches();
std::span<const RegistryEntry> IterativeImputers();
std::span<const RegistryEntry> KnnImputers();
std::span<const RegistryEntry> CentreClusterers();
std::span<const RegistryEntry> BisectingClusterers();
std::span<const RegistryEntry> FeatureAgglomerations();
std::span<const RegistryEntry> Mixtures();
std::span<const RegistryEntry> EllipticEnvelopes();
std::span<const RegistryEntry> Vectorizers();
std::span<const RegistryEntry> TfidfTransformers();
std::span<const RegistryEntry> HashingVectorizers();
std::span<const RegistryEntry> FeatureHashers();
std::span<const RegistryEntry> DictVectorizers();
std::span<const RegistryEntry> SvmOutliers();
std::span<const RegistryEntry> NeighborClassifiers();
std::span<const RegistryEntry> NeighborRegressors();
std::span<const RegistryEntry> NeighborGraphs();
std::span<const RegistryEntry> LocalOutliers();
std::span<const RegistryEntry> GaussianProcesses();
std::span<const RegistryEntry> NearestCentroids();
std::span<const RegistryEntry> KernelDensities();
std::span<const RegistryEntry> LabelSpreaders();
std::span<const RegistryEntry> Manifolds();
std::span<const RegistryEntry> TopicModels();
std::span<const RegistryEntry> NonNegativeFactorizations();
std::span<const RegistryEntry> Dictionaries();
std::span<const RegistryEntry> XgboostModels();
std::span<const RegistryEntry> LightgbmModels();

// A transformer that gives its input back.
EstimatorPtr MakeIdentity(std::size_t inputs);

}  // namespace plinth::sklearn
