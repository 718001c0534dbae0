"""Texts, and rows as dictionaries: sklearn.feature_extraction."""

from .case import case

_words = [
    case("texts"),
    case("texts", ngram_range=(1, 3)),
    case("texts", analyzer="char", ngram_range=(2, 3)),
    case("texts", analyzer="char_wb", ngram_range=(3, 4)),
    case("texts", binary=True, stop_words="english"),
    case("texts", strip_accents="unicode", lowercase=False),
    case("texts", strip_accents="ascii", max_features=20),
    case("texts", token_pattern=r"[a-z]+"),
    case("texts", token_pattern=r"(?u)\b\w+\b", min_df=2),
    case("texts", stop_words=["the", "and"], max_df=0.5),
    case("texts", token_pattern=r"\d+|[^\W\d_]{3,}"),
]

_ANALYZERS = [
    dict(),
    dict(ngram_range=(1, 2)),
    dict(ngram_range=(2, 3)),
    dict(lowercase=False),
    dict(binary=True),
    dict(strip_accents="unicode"),
    dict(strip_accents="ascii", lowercase=False),
    dict(stop_words="english"),
    dict(stop_words=["the", "and", "of"], ngram_range=(1, 3)),
    dict(analyzer="char"),
    dict(analyzer="char", ngram_range=(2, 4), strip_accents="unicode"),
    dict(analyzer="char_wb", ngram_range=(1, 3)),
    dict(analyzer="char_wb", ngram_range=(3, 5)),
    dict(analyzer="char_wb", ngram_range=(6, 7)),
]
_PATTERNS = [
    r"(?u)\b\w+\b", r"\w+", r"\b\w{3,}\b", r"[a-zA-Z]+", r"[^\W\d_]+", r"\b[^\d\W]{2,}\b", r"\d+", r"\S+", r"[A-Za-z]+(?:'[a-z]+)?",
    r"(?u)\b[a-z]\w*\b|\d{1,2}", r"([a-z]+)\d*", r"(?:[a-z]{2})+?", r"x*", r"(?a)\w+", r"[\w-]+", r"^\w+|\w+$", r"\w+\B", r"é|\xfc\w*",
    r"(?:(?P<word>\w)\w*)", r"[^\s.,;:!?]+", r"\b(?:the|a|an|rain)\b", r"(?s).{4}", r"[a-cx-z\]]+", r"a.{0,3}e", r"(a|ai|ain)", r"(?:a|ai|ain)n?",
]  # fmt: skip


_ENGLISH = (r"\d+", r"\b(?:the|a|an|rain)\b")  # patterns that find nothing in other languages

CASES = {
    "CountVectorizer": _words
    + [case("languages", **params) for params in _ANALYZERS]
    + [case(data, token_pattern=pattern) for data in ("texts", "languages") for pattern in _PATTERNS if data == "texts" or pattern not in _ENGLISH]
    + [
        case("texts", vocabulary=["rain", "snow", "match", "bread"]),
        case("texts", vocabulary={"wind": 1, "goal": 0, "goals": 2}),
    ],
    "TfidfVectorizer": _words
    + [case("languages", **params) for params in _ANALYZERS]
    + [
        case("texts", sublinear_tf=True, norm="l1"),
        case("texts", use_idf=False),
        case("texts", smooth_idf=False, norm=None),
        case("texts", use_idf=False, norm=None),
    ],
    "TfidfTransformer": [
        case("counts"),
        case("digits_sparse", sublinear_tf=True, norm="l1"),
        case("counts", use_idf=False),
        case("counts", smooth_idf=False),
    ],
    "HashingVectorizer": [
        case("texts", n_features=64),
        case("texts", n_features=50, alternate_sign=False, norm=None),
        case("texts", n_features=97, analyzer="char_wb", ngram_range=(2, 4), norm="l1"),
        case("texts", n_features=64, binary=True),
        case("texts", n_features=7, binary=True, alternate_sign=False, norm=None),
        case("languages", n_features=512, analyzer="char", ngram_range=(1, 3)),
    ],
    "FeatureHasher": [
        case("records", n_features=16),
        case("records", n_features=11, alternate_sign=False),
        case("tokens", n_features=32, input_type="string"),
        case("pairs", n_features=32, input_type="pair"),
    ],
    "DictVectorizer": [
        case("records"),
        case("records", sort=False, sparse=False),
        case("records", separator=":"),
        case("records_lists"),
    ],
    "a pipeline of texts": [
        case("texts", lambda sk: sk.make_pipeline(sk.TfidfVectorizer(), sk.LogisticRegression())),
        case("texts", lambda sk: sk.make_pipeline(sk.CountVectorizer(), sk.TfidfTransformer(), sk.MultinomialNB())),
        case(
            "texts",
            lambda sk: sk.make_pipeline(sk.TfidfVectorizer(), sk.TruncatedSVD(4, random_state=0), sk.LinearSVC(random_state=0)),
        ),
        case(
            "texts",
            lambda sk: sk.make_pipeline(sk.HashingVectorizer(n_features=128), sk.SGDClassifier(loss="log_loss", random_state=0)),
        ),
        case(
            "texts",
            lambda sk: sk.make_pipeline(
                sk.make_union(sk.TfidfVectorizer(), sk.TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3))),
                sk.LogisticRegression(),
            ),
        ),
        case("texts", lambda sk: sk.make_pipeline(sk.TfidfVectorizer(), sk.SVC(probability=False))),
        case("texts", lambda sk: sk.make_pipeline(sk.TfidfVectorizer(), sk.ComplementNB())),
        case("texts", lambda sk: sk.make_pipeline(sk.CountVectorizer(), sk.RandomForestClassifier(5, random_state=0))),
        # With more neighbours, or whole words, texts are equally far, and numpy.argpartition chooses as the processor has it.
        case("texts", lambda sk: sk.make_pipeline(sk.TfidfVectorizer(), sk.KNeighborsClassifier(1))),
        case(
            "texts",
            lambda sk: sk.make_pipeline(sk.TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)), sk.KNeighborsClassifier(3)),
        ),
        case("texts", lambda sk: sk.make_pipeline(sk.TfidfVectorizer(), sk.SelectKBest(sk.chi2, k=10), sk.LogisticRegression())),
        case(
            "texts",
            lambda sk: sk.VotingClassifier(
                [
                    ("a", sk.make_pipeline(sk.TfidfVectorizer(), sk.LogisticRegression())),
                    ("b", sk.make_pipeline(sk.CountVectorizer(), sk.MultinomialNB())),
                ],
                voting="soft",
            ),
        ),
        case(
            "texts",
            lambda sk: sk.GridSearchCV(
                sk.make_pipeline(sk.TfidfVectorizer(), sk.LogisticRegression()), {"logisticregression__C": [1.0, 10.0]}, cv=2
            ),
        ),
        case("records_labelled", lambda sk: sk.make_pipeline(sk.DictVectorizer(), sk.LogisticRegression())),
        case("texts", lambda sk: sk.make_pipeline(sk.TfidfVectorizer(), sk.KMeans(3, n_init=1, random_state=0))),
    ],
}
