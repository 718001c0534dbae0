"""sklearn.decomposition and sklearn.random_projection."""

from .case import case

_sparse_codes = [dict(transform_algorithm=how) for how in ("omp", "lasso_lars", "lasso_cd", "lars", "threshold")]
_learn = dict(n_components=6, max_iter=5, random_state=0)

CASES = {
    "PCA": [
        case("iris"),
        case("digits", n_components=5),
        case("digits", n_components=0.9, whiten=True),
        case("digits", n_components=8, svd_solver="randomized", random_state=0),
        case("iris", n_components=3, whiten=True),
        case("digits", n_components=6, svd_solver="covariance_eigh"),
        case("table"),
    ]
    + [
        case("iris"),
        case("iris", n_components=2, whiten=True),
        case("digits", n_components=0.9),
        case("digits", n_components=5, svd_solver="randomized", random_state=0, whiten=True),
        case("wine", n_components="mle"),
        case("diabetes_float32", n_components=4, options={"tolerance": 1e-6}),
    ],
    "IncrementalPCA": [case("digits", n_components=5), case("iris", whiten=True, batch_size=40)]
    + [case("iris", n_components=2, batch_size=30), case("wine", whiten=True)],
    "TruncatedSVD": [
        case("digits", n_components=5, random_state=0),
        case("digits_sparse", n_components=5, algorithm="arpack", random_state=0),
    ]
    + [
        case("digits", n_components=6, random_state=0),
        case("iris", n_components=3, algorithm="arpack", random_state=0),
        case("texts", lambda sk: sk.make_pipeline(sk.TfidfVectorizer(), sk.TruncatedSVD(4, random_state=0)), options={"label": "texts"}),
    ],
    "SparsePCA": [
        case("iris", n_components=2, random_state=0),
        case("digits_few", n_components=4, max_iter=20, ridge_alpha=0.1, random_state=0),
    ]
    + [
        # For one row alone scikit-learn gives one dimension.
        case("iris", n_components=2, random_state=0, options={"alone": False}),
        case("digits", n_components=4, random_state=0, max_iter=20, ridge_alpha=0.5, options={"alone": False}),
        case("iris", n_components=6, random_state=0, max_iter=20, options={"alone": False}),
    ],
    "MiniBatchSparsePCA": [
        case("iris", n_components=2, random_state=0),
        case("digits_few", n_components=4, max_iter=20, random_state=0),
    ]
    + [
        case("iris", n_components=3, random_state=0, max_iter=20, options={"alone": False}),
        case("digits", n_components=5, random_state=0, max_iter=10, options={"alone": False}),
    ],
    "FactorAnalysis": [
        case("iris", n_components=2),
        case("digits_few", n_components=3),
        case("iris", n_components=2, rotation="varimax"),
    ]
    + [
        case("iris", n_components=2),
        case("digits", n_components=7),
        case("wine", n_components=3, svd_method="lapack", rotation="varimax"),
        case("diabetes", n_components=10),
    ],
    "FastICA": [
        case("iris", n_components=3, random_state=0, whiten="unit-variance"),
        case("digits_few", n_components=4, random_state=0, whiten="arbitrary-variance"),
        case("iris", whiten=False, random_state=0),
        case("iris", fun="cube", random_state=0),
    ]
    + [
        case("iris", random_state=0, n_components=3),
        case("iris", random_state=0, whiten="unit-variance"),
        case("wine", random_state=0, n_components=4, whiten="arbitrary-variance", fun="exp"),
        case("iris", random_state=0, whiten=False),
    ],
    "NMF": [
        case("digits_many", n_components=4, random_state=0, max_iter=60),
        case("digits_many", lambda sk: sk.make_pipeline(sk.MinMaxScaler(), sk.NMF(3, solver="mu", random_state=0))),
        case("digits_few", n_components=4, random_state=0, max_iter=60),
        case("iris", n_components=2, init="nndsvda", solver="mu", max_iter=60),
        case("iris", n_components=2, solver="mu", beta_loss="kullback-leibler", max_iter=60),
        case("digits_few", n_components=3, alpha_W=0.1, l1_ratio=0.5, max_iter=60),
        case("iris", n_components=2, solver="mu", beta_loss="itakura-saito", init="nndsvda", max_iter=40),
    ],
    "MiniBatchNMF": [
        case("digits_many", n_components=4, random_state=0, max_iter=20),
        case("digits_few", n_components=4, random_state=0, max_iter=20),
        case("iris", n_components=2, beta_loss="kullback-leibler", max_iter=20, random_state=0),
    ],
    "LatentDirichletAllocation": [
        case("counts", n_components=3, max_iter=3, random_state=0),
        case("digits_sparse", n_components=4, max_iter=2, learning_method="online", random_state=0),
    ],
    "DictionaryLearning": [case("digits_few", **how, **_learn) for how in _sparse_codes]
    + [case("digits_few", split_sign=True, **_learn)],
    "MiniBatchDictionaryLearning": [case("digits_few", **how, **_learn) for how in _sparse_codes],
    "SparseCoder": [case("iris", lambda sk, how=how: sk.SparseCoder(_DICTIONARY, **how)) for how in _sparse_codes],
    "GaussianRandomProjection": [case("digits", n_components=5, random_state=0)]
    + [case("digits", n_components=6, random_state=0)],
    "SparseRandomProjection": [
        case("digits", n_components=5, random_state=0),
        case("digits_sparse", n_components=5, density=0.3, random_state=0),
    ]
    + [
        case("digits", n_components=6, random_state=0),
        case("digits", n_components=6, random_state=0, density=1.0),
        case("wine", n_components=6, random_state=0, dense_output=True),
    ],
}


def _dictionary():
    import numpy as np

    atoms = np.random.RandomState(0).randn(6, 4)
    return atoms / np.linalg.norm(atoms, axis=1, keepdims=True)


_DICTIONARY = _dictionary()
# NMF stops when the whole call has converged; for one row alone, sparse PCA gives one dimension.
for _name in ("NMF", "MiniBatchNMF", "SparsePCA", "MiniBatchSparsePCA"):
    for _case in CASES[_name]:
        _case.alone = False
