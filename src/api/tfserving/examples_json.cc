#include "api/tfserving/examples_json.h"

#include <string_view>
#include <utility>

#include <simdjson.h>

#include "api/json/body_document.h"
#include "api/json/tensor_reader.h"
#include "api/tfserving/example_batch.h"
#include "api/tfserving/json_refusal.h"
#include "base/base64.h"

namespace plinth::api::tfserving {
namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

// One body. It is gone through twice, since the context may stand behind the examples.
class Decoder {
 public:
  Decoder(const JsonBody& body, const Signature& signature) : body_(body), batch_(signature) {}

  Result<ExamplesJson> Decode() {
    if (auto read = Pass(&Decoder::ReadBefore); !read) return Fail(std::move(read.error()));
    body_.document.rewind();
    if (auto read = Pass(&Decoder::ReadExamples); !read) return Fail(std::move(read.error()));
    if (batch_.count() == 0) return Invalid("'examples' must be a list of at least one example");
    auto inputs = batch_.Finish();
    if (!inputs) return Fail(std::move(inputs.error()));
    return ExamplesJson{*std::move(inputs), batch_.count(), std::move(signature_name_)};
  }

 private:
  using Read = Status (Decoder::*)(std::string_view key, ondemand::value value);

  Status Pass(Read read) {
    ondemand::object object;
    if (const auto failed = body_.document.get_object().get(object)) return Malformed(failed);
    auto done = body_.ForEachMember(object, [&](std::string_view key, ondemand::value value) {
      return (this->*read)(key, value);
    });
    if (!done) return done;
    return body_.AtEnd() ? Status() : Invalid("the body goes on behind the JSON object");
  }

  // What decides on the examples.
  Status ReadBefore(std::string_view key, ondemand::value value) {
    if (key == "signature_name") {
      std::string_view name;
      if (value.get_string().get(name) != simdjson::SUCCESS)
        return Invalid("'signature_name' key must be a string value.");
      signature_name_ = name;
    }
    if (key != "context") return {};
    batch_.BeginContext();
    if (auto read = ReadFeatures(value); !read) return read;
    batch_.EndContext();
    return {};
  }

  Status ReadExamples(std::string_view key, ondemand::value value) {
    if (key != "examples") return {};
    ondemand::array array;
    if (const auto failed = value.get_array().get(array)) return Malformed(failed);
    for (auto element : array) {
      ondemand::value example;
      if (const auto failed = element.get(example)) return Malformed(failed);
      if (auto read = ReadFeatures(example); !read) return read;
      if (auto ended = batch_.EndExample(); !ended) return ended;
    }
    return {};
  }

  Status ReadFeatures(ondemand::value example) {
    ondemand::object object;
    if (const auto failed = example.get_object().get(object)) return Malformed(failed);
    return body_.ForEachMember(object, [this](std::string_view name, ondemand::value value) {
      if (auto begun = batch_.BeginFeature(name); !begun) return begun;
      if (auto read = ReadFeature(value); !read) return read;
      return batch_.EndFeature();
    });
  }

  Status ReadFeature(ondemand::value value) {
    json_type type = json_type::null;
    if (value.type().get(type) != simdjson::SUCCESS || type != json_type::array)
      return ReadElement(value);
    ondemand::array array;
    if (const auto failed = value.get_array().get(array)) return Malformed(failed);
    for (auto element : array) {
      ondemand::value inner;
      if (const auto failed = element.get(inner)) return Malformed(failed);
      if (auto read = ReadElement(inner); !read) return read;
    }
    return {};
  }

  Status ReadElement(ondemand::value value) {
    json_type type = json_type::null;
    if (value.type().get(type) != simdjson::SUCCESS) return ReadNonFinite(value);
    if (type == json_type::number) return ReadNumber(value);
    if (type == json_type::boolean) {
      bool truth = false;
      if (const auto failed = value.get_bool().get(truth)) return Malformed(failed);
      return batch_.AddInteger(truth ? 1 : 0);
    }
    if (type == json_type::object) return ReadBase64(value);
    std::string_view text;
    if (const auto failed = value.get_string().get(text)) return Malformed(failed);
    return batch_.AddBytes(text);
  }

  Status ReadNumber(ondemand::value value) {
    std::int64_t whole = 0;
    if (value.get_int64().get(whole) == simdjson::SUCCESS) return batch_.AddInteger(whole);
    double real = 0;
    if (value.get_double().get(real) != simdjson::SUCCESS) return ReadNonFinite(value);
    return batch_.AddFloat(real);
  }

  Status ReadNonFinite(ondemand::value value) {
    const auto number = NonFiniteNumber(value.raw_json_token());
    return number ? batch_.AddFloat(*number) : Malformed(simdjson::NUMBER_ERROR);
  }

  Status ReadBase64(ondemand::value value) {
    ondemand::object object;
    std::string_view text;
    if (const auto failed = value.get_object().get(object)) return Malformed(failed);
    if (object["b64"].get_string().get(text) != simdjson::SUCCESS)
      return Invalid("a feature's value is an object, expected {\"b64\": \"...\"}");
    std::string bytes(Base64DecodedBound(text.size()), '\0');
    const auto size = DecodeBase64(text, bytes.data());
    if (!size) return Invalid("Unable to base64 decode");
    return batch_.AddBytes(std::string_view(bytes).substr(0, *size));
  }

  std::unexpected<Error> Malformed(simdjson::error_code code) const {
    return Fail(body_.Malformed(code));
  }

  const JsonBody& body_;
  ExampleBatch batch_;
  std::string signature_name_;
};

}  // namespace

Result<ExamplesJson> DecodeExamplesJson(const Buffer& body, const Signature& signature) {
  if (body.empty()) return Invalid("JSON Parse error: The document is empty");
  auto decoded = [&]() -> Result<ExamplesJson> {
    auto document = BodyDocument::Parse(body);
    if (!document) return Fail(std::move(document.error()));
    const JsonBody json = document->body();
    return Decoder(json, signature).Decode();
  }();
  if (decoded || decoded.error().code != Code::kInvalidArgument) return decoded;
  if (auto refusal = ExplainExamplesRefusal({body.As<char>(), body.size()}))
    return Fail(*std::move(refusal));
  return decoded;
}

}  // namespace plinth::api::tfserving
