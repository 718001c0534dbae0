#include <cstdio>
// After <cstdio>: the header needs FILE and does not include it.
#include <jpeglib.h>
#include <png.h>

#include "common/backend_kit.h"
#include "image/image_model.h"

namespace plinth::image {
namespace {

#define PLINTH_TEXT_OF(x) #x
#define PLINTH_TEXT(x) PLINTH_TEXT_OF(x)
constexpr const char* kRuntime =
    "libjpeg-turbo " PLINTH_TEXT(LIBJPEG_TURBO_VERSION) ", libpng " PNG_LIBPNG_VER_STRING;

// It serves no files: pipelines ask for it by name.
int32_t Probe(const char*) { return 0; }

}  // namespace
}  // namespace plinth::image

const plinth_backend* plinth_backend_entry(const plinth_host* host, const char** error) {
  if (host == nullptr || host->abi_version != PLINTH_ABI_VERSION) {
    *error = "the host speaks another version of the backend ABI";
    return nullptr;
  }
  static const plinth_backend table = plinth::kit::TableOf<plinth::image::ImageModel>(
      "image", PLINTH_VERSION, plinth::image::kRuntime, "image", plinth::image::Probe);
  return &table;
}
