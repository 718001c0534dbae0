#include "skops/schema.h"

#include <utility>

#include "skops/nodes.h"

namespace plinth::sklearn {

Status ReadSkops(Document& document, const ZipArchive& archive) {
  Members members(document, archive);
  const auto text = members.Read("schema.json");
  if (!text) return Fail(text.error());
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(text->data(), text->size()).get(root) != simdjson::SUCCESS) {
    return Fail(Code::kInvalidModel, "schema.json in the skops file is not JSON");
  }
  auto value = NodeReader(document, members).Read(root);
  if (!value) return Fail(std::move(value.error()));
  document.set_root(*value);
  return {};
}

}  // namespace plinth::sklearn
