"""Estimators without anything to serve, and why: they do not count among those that can be served."""

_ONLY_FITS = "has fit_predict or fit_transform alone: it has no answer for rows that it was not fitted on"
_COVARIANCE = "estimates a covariance; it has no predict and no transform"

UNSERVED = {
    "AgglomerativeClustering": _ONLY_FITS,
    "ClassicalMDS": _ONLY_FITS,
    "DBSCAN": _ONLY_FITS,
    "HDBSCAN": _ONLY_FITS,
    "MDS": _ONLY_FITS,
    "OPTICS": _ONLY_FITS,
    "SpectralBiclustering": _ONLY_FITS,
    "SpectralClustering": _ONLY_FITS,
    "SpectralCoclustering": _ONLY_FITS,
    "SpectralEmbedding": _ONLY_FITS,
    "TSNE": _ONLY_FITS,
    "EmpiricalCovariance": _COVARIANCE,
    "GraphicalLasso": _COVARIANCE,
    "GraphicalLassoCV": _COVARIANCE,
    "LedoitWolf": _COVARIANCE,
    "MinCovDet": _COVARIANCE,
    "OAS": _COVARIANCE,
    "ShrunkCovariance": _COVARIANCE,
    "NearestNeighbors": "has kneighbors alone, which gives indices of training rows",
    "PatchExtractor": "cuts images into patches: the number of rows changes, and nothing is learnt",
}

# What must be known of an estimator that is served.
REMARKS = {
    "BernoulliRBM": "score_samples draws at random and is not served",
    "DummyClassifier": "the strategies stratified and uniform draw at random and are refused",
}
