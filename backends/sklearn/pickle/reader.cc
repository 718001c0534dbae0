#include "pickle/reader.h"

#include <utility>

#include "pickle/machine.h"
#include "pickle/stream.h"

namespace plinth::sklearn {

Status ReadPickle(Document& document) {
  Stream stream(document.bytes());
  auto root = Machine(document, stream, true).Run();
  if (!root) return plinth::Fail(std::move(root.error()));
  document.set_root(*root);
  return {};
}

}  // namespace plinth::sklearn
