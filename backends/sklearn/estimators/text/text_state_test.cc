// Vectorizers whose parts do not agree, or that would have to run Python: each is refused when it
// is read, with what is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "test_pickle.h"
#include "test_refusal.h"

namespace plinth::sklearn {
namespace {

using pickled::Dict;
using pickled::Int;
using pickled::List;
using pickled::Object;
using pickled::Str;
using pickled::Tuple;
using testing::HasSubstr;

std::string Counts(pickled::Attributes attributes) {
  attributes.emplace_back("token_pattern", Str("\\w+"));
  return Object("sklearn.feature_extraction.text", "CountVectorizer", attributes);
}

std::string ErrorOfVocabulary(const std::string& vocabulary) {
  return ErrorOf(Counts({{"vocabulary_", vocabulary}}));
}

TEST(TextStateTest, EachTermHasAColumnOfItsOwn) {
  EXPECT_EQ(ErrorOfVocabulary(Dict({{"a", Int(1)}, {"b", Int(0)}})), "");
  EXPECT_EQ(ErrorOf(Counts({{"vocabulary", List({Str("a"), Str("b")})}})), "");
  EXPECT_THAT(ErrorOfVocabulary(Dict({{"a", Int(1)}})), HasSubstr("without gaps"));
  EXPECT_THAT(ErrorOfVocabulary(Dict({{"a", Int(-1)}})), HasSubstr("without gaps"));
  EXPECT_THAT(ErrorOfVocabulary(Dict({{"a", Int(0)}, {"b", Int(0)}})), HasSubstr("without gaps"));
  EXPECT_THAT(ErrorOfVocabulary(Dict({})), HasSubstr("empty"));
  EXPECT_THAT(ErrorOfVocabulary(Int(3)), HasSubstr("terms were expected"));
  EXPECT_THAT(ErrorOf(Counts({})), HasSubstr("there is no 'vocabulary_'"));
}

TEST(TextStateTest, WeightsFitTheVocabulary) {
  const auto weighted = [](const std::vector<double>& idf) {
    const auto size = static_cast<std::int64_t>(idf.size());
    const std::string weights = Object("sklearn.feature_extraction.text", "TfidfTransformer",
                                       {{"idf_", pickled::Doubles({size}, idf)}});
    return ErrorOf(Object("sklearn.feature_extraction.text", "TfidfVectorizer",
                          {{"vocabulary_", Dict({{"a", Int(0)}})},
                           {"token_pattern", Str("\\w+")},
                           {"_tfidf", weights}}));
  };
  EXPECT_EQ(weighted({1}), "");
  EXPECT_THAT(weighted({1, 2}), HasSubstr("'idf_' has 2 numbers; 1 were expected"));
}

TEST(TextStateTest, FunctionsOfPythonAreRefusedByName) {
  const std::string function = pickled::Global("__main__", "mine");
  for (const char* name : {"tokenizer", "preprocessor", "analyzer", "strip_accents"}) {
    EXPECT_THAT(ErrorOf(Counts({{"vocabulary_", Dict({{"a", Int(0)}})}, {name, function}})),
                HasSubstr(std::string("'") + name + "' is the name __main__.mine, a function"));
  }
  EXPECT_THAT(ErrorOf(Counts({{"input", Str("filename")}})), HasSubstr("only texts themselves"));
}

TEST(TextStateTest, ParametersAreChecked) {
  const auto with = [](const char* name, const std::string& value) {
    return ErrorOf(Counts({{"vocabulary_", Dict({{"a", Int(0)}})}, {name, value}}));
  };
  EXPECT_THAT(with("ngram_range", Tuple({Int(0), Int(1)})), HasSubstr("ngram_range"));
  EXPECT_THAT(with("ngram_range", Tuple({Int(2), Int(1)})), HasSubstr("ngram_range"));
  EXPECT_THAT(with("stop_words", Str("german")), HasSubstr("'english' or a list"));
  const auto hashed = [](const std::string& width) {
    return ErrorOf(
        Object("sklearn.feature_extraction._hash", "FeatureHasher", {{"n_features", width}}));
  };
  EXPECT_EQ(hashed(Int(8)), "");
  EXPECT_THAT(hashed(Int(0)), HasSubstr("n_features"));
  EXPECT_THAT(hashed(Int(INT64_MAX)), HasSubstr("n_features"));
  EXPECT_THAT(hashed(pickled::Float(std::numeric_limits<double>::quiet_NaN())),
              HasSubstr("n_features"));
}

}  // namespace
}  // namespace plinth::sklearn
