"""Support vector machines and what else is made of kernels."""

from .case import case


_SVC = [
    case("iris"),
    case("iris", kernel="linear", C=10.0),
    case("iris", kernel="poly", degree=2, coef0=1.5, gamma="auto"),
    case("wine", kernel="sigmoid", gamma=1e-5),
    case("cancer"),
    case("cancer", kernel="poly"),
    case("digits", gamma=0.001),
    case("digits", decision_function_shape="ovo"),
    case("digits", break_ties=True, C=0.01),
    case("iris_names", probability=True, random_state=0),
    case("cancer", probability=True, random_state=0),
    case("digits", probability=True, random_state=0),
    case("square_kernel", kernel="precomputed"),
    case("iris_csr"),
    case("digits_csr", kernel="linear", probability=True, random_state=0),
    case("iris_bool", kernel="poly", degree=0, coef0=1.0),
]

CASES = {
    "SVC": _SVC,
    "NuSVC": [case("iris", nu=0.3), case("digits", nu=0.1, kernel="linear"), case("cancer", nu=0.1)],
    "SVR": [
        case("diabetes"),
        case("diabetes", C=100.0, epsilon=1.0),
        case("diabetes", kernel="linear", C=10.0),
        case("diabetes", kernel="poly", degree=3, coef0=1.0, gamma=2.0),
        case("diabetes", kernel="sigmoid"),
        case("diabetes", epsilon=1e6),
    ],
    "NuSVR": [case("diabetes"), case("diabetes", nu=0.8, C=50.0, gamma="auto")],
    "KernelRidge": [
        case("diabetes"),
        case("diabetes", kernel="rbf", gamma=0.5),
        case("diabetes", kernel="poly", degree=2, coef0=0.5),
        case("diabetes", kernel="laplacian", alpha=0.1),
        case("diabetes", kernel="sigmoid", gamma=0.1),
        case("iris", kernel="cosine"),
        case("iris", kernel="chi2", gamma=0.2),
        case("iris", kernel="additive_chi2", alpha=10.0),
        case("diabetes_two", kernel="rbf"),
        case("square_kernel", kernel="precomputed"),
        case("iris_csr", kernel="rbf"),
    ],
    "KernelPCA": [
        case("iris", n_components=3),
        case("iris", kernel="rbf", gamma=0.1, n_components=5),
        case("iris", kernel="poly", n_components=3),
        case("iris", kernel="sigmoid", gamma=0.01, n_components=2),
        case("iris", kernel="cosine", n_components=2),
        case("digits", kernel="rbf", n_components=8),
        case("square_kernel", kernel="precomputed", n_components=3),
        case("iris_csr", kernel="rbf", n_components=3),
    ],
    "KernelCenterer": [case("square_kernel")],
    "Nystroem": [
        case("iris", n_components=20, random_state=0),
        case("iris", n_components=10, kernel="polynomial", gamma=0.5, degree=2, coef0=1, random_state=0),
        case("iris", n_components=10, kernel="laplacian", random_state=0),
        case("iris", n_components=10, kernel="chi2", random_state=0),
        case("iris", n_components=10, kernel="cosine", random_state=0),
        case("digits", n_components=30, gamma=0.001, random_state=0),
    ],
    "RBFSampler": [case("iris", random_state=0), case("digits", gamma=0.01, n_components=30, random_state=1)],
    "SkewedChi2Sampler": [case("iris", random_state=0), case("digits", skewedness=0.1, n_components=20, random_state=0)],
    "AdditiveChi2Sampler": [
        case("iris"),
        case("digits", sample_steps=1),
        case("iris", sample_steps=3),
        case("iris", sample_steps=4, sample_interval=0.3),
    ],
    "PolynomialCountSketch": [
        case("iris", random_state=0),
        case("iris", degree=3, gamma=0.5, coef0=2.0, n_components=17, random_state=0),
        case("digits", n_components=50, degree=1, random_state=0),
    ],
}
CASES["SVC"] += [
    case("texts", lambda sk: sk.make_pipeline(sk.TfidfVectorizer(), sk.SVC(C=10.0)), options={"label": "texts, rbf"}),
    case("texts", lambda sk: sk.make_pipeline(sk.TfidfVectorizer(), sk.SVC(kernel="linear")), options={"label": "texts, linear"}),
    case("texts", lambda sk: sk.make_pipeline(sk.TfidfVectorizer(), sk.SVC(kernel="poly", coef0=1.0)), options={"label": "texts, poly"}),
    case("iris", lambda sk: sk.make_pipeline(sk.KBinsDiscretizer(), sk.SVC()), options={"label": "sparse columns, rbf"}),
    case("iris", lambda sk: sk.make_pipeline(sk.KBinsDiscretizer(), sk.SVC(kernel="linear")), options={"label": "sparse columns, linear"}),
]
