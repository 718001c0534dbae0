#include "pickle/load.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "pickle/compress.h"
#include "pickle/reader.h"
#include "skops/schema.h"
#include "skops/zip.h"

namespace plinth::sklearn {
namespace {

Result<std::unique_ptr<Document>> ParseSkops(std::string bytes) {
  // The archive is opened twice, for its views must be of the document's own bytes: once to learn
  // what it becomes, which decides the budget.
  const auto claimed = ZipArchive::Open(bytes);
  if (!claimed) return Fail(claimed.error());
  const std::size_t budget = Document::BudgetFor(std::max(bytes.size(), claimed->content_size()));
  auto document = std::make_unique<Document>(std::move(bytes), budget);
  const auto archive = ZipArchive::Open(document->bytes());
  if (!archive) return Fail(archive.error());
  if (Status status = ReadSkops(*document, *archive); !status) {
    return Fail(std::move(status.error()));
  }
  return document;
}

}  // namespace

Result<std::string> ReadWholeFile(const std::string& path) {
  constexpr std::streamoff kMaxFile = std::streamoff{16} << 30;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file ? static_cast<std::streamoff>(file.tellg()) : -1;
  if (size < 0) return Fail(Code::kNotFound, "the file " + path + " cannot be read");
  if (size > kMaxFile) {
    return Fail(Code::kResourceExhausted, "the file " + path + " is larger than 16 GiB");
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  file.seekg(0);
  if (!file.read(bytes.data(), size)) {
    return Fail(Code::kNotFound, "the file " + path + " cannot be read whole");
  }
  return bytes;
}

Result<std::unique_ptr<Document>> ParseDocument(std::string bytes) {
  if (bytes.empty()) {
    return Fail(Code::kInvalidModel,
                "the file is empty; a pickle, joblib or skops file was expected");
  }
  if (bytes.starts_with("ZF")) {
    return Fail(Code::kInvalidModel,
                "the file was compressed by joblib older than 0.10; load it in Python and save it "
                "again with a current joblib");
  }
  if (ZipArchive::LooksLikeOne(bytes)) return ParseSkops(std::move(bytes));
  auto plain = Decompress(std::move(bytes));
  if (!plain) return Fail(std::move(plain.error()));
  const std::size_t budget = Document::BudgetFor(plain->size());
  auto document = std::make_unique<Document>(std::move(*plain), budget);
  if (Status status = ReadPickle(*document); !status) return Fail(std::move(status.error()));
  return document;
}

}  // namespace plinth::sklearn
