#include "api/json/json_copy.h"

#include <string>
#include <string_view>

namespace plinth::api {
namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;

class Copier {
 public:
  Copier(const JsonBody& json, JsonWriter& to) : json_(json), to_(to) {}

  Status Copy(ondemand::value value, int depth) {
    json_type type = json_type::null;
    if (const auto failed = value.type().get(type)) return Malformed(failed);
    if (type != json_type::array && type != json_type::object) return CopyScalar(type, value);
    if (depth == kMostCopiedDepth) {
      return Fail(Code::kInvalidArgument, "arrays and objects lie more than " +
                                              std::to_string(kMostCopiedDepth) +
                                              " deep in each other, which is the limit");
    }
    return type == json_type::array ? CopyArray(value, depth + 1) : CopyObject(value, depth + 1);
  }

 private:
  Status CopyArray(ondemand::value value, int depth) {
    ondemand::array array;
    if (const auto failed = value.get_array().get(array)) return Malformed(failed);
    to_.BeginArray();
    for (auto element : array) {
      ondemand::value inner;
      if (const auto failed = element.get(inner)) return Malformed(failed);
      if (auto copied = Copy(inner, depth); !copied) return copied;
    }
    to_.EndArray();
    return {};
  }

  Status CopyObject(ondemand::value value, int depth) {
    ondemand::object object;
    if (const auto failed = value.get_object().get(object)) return Malformed(failed);
    to_.BeginObject();
    auto copied = json_.ForEachMember(object, [&](std::string_view key, ondemand::value inner) {
      to_.Key(key);
      return Copy(inner, depth);
    });
    to_.EndObject();
    return copied;
  }

  Status CopyScalar(json_type type, ondemand::value value) {
    if (type == json_type::string) {
      std::string_view text;
      if (const auto failed = value.get_string().get(text)) return Malformed(failed);
      to_.Value(text);
    } else if (type == json_type::boolean) {
      bool truth = false;
      if (const auto failed = value.get_bool().get(truth)) return Malformed(failed);
      to_.Value(truth);
    } else if (type == json_type::number) {
      ondemand::number number;
      if (const auto failed = value.get_number().get(number)) return Malformed(failed);
      if (number.is_int64()) {
        to_.Value(std::int64_t{number.get_int64()});
      } else if (number.is_uint64()) {
        to_.Value(std::uint64_t{number.get_uint64()});
      } else {
        to_.Value(number.get_double());
      }
    } else {
      bool null = false;
      if (const auto failed = value.is_null().get(null)) return Malformed(failed);
      to_.Null();
    }
    return {};
  }

  std::unexpected<Error> Malformed(simdjson::error_code code) const {
    return Fail(json_.Malformed(code));
  }

  const JsonBody& json_;
  JsonWriter& to_;
};

}  // namespace

Status CopyJson(const JsonBody& json, ondemand::value value, JsonWriter& to) {
  return Copier(json, to).Copy(value, 0);
}

}  // namespace plinth::api
