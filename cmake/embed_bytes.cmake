# cmake -DINPUT=<file> -DOUTPUT=<file.cc> -DFUNCTION=<plinth's function> -P embed_bytes.cmake: a source file in which
# plinth::<function>() gives the bytes of the input as a std::string_view.

file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" text "${hex}")
# A string literal may be long, but not a line.
string(REGEX REPLACE "(................................................................................)" "\\1\"\n\"" text "${text}")
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "::[^:]+$" "" namespace "${FUNCTION}")
string(REGEX REPLACE "^.*::" "" name "${FUNCTION}")
file(WRITE ${OUTPUT} "#include <string_view>

namespace plinth::${namespace} {
std::string_view ${name}();
std::string_view ${name}() {
  static constexpr char kBytes[] = \"${text}\";
  return {kBytes, ${size}};
}
}  // namespace plinth::${namespace}
")
