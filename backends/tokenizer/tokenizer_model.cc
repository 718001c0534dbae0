#include "tokenizer/tokenizer_model.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/file_bytes.h"

namespace plinth::tokenizer {
namespace {

constexpr std::size_t kMostVocabularyBytes = std::size_t{64} << 20;
// Of all texts of a call, padding included: 128 MB for each output.
constexpr std::size_t kMostPieces = std::size_t{1} << 24;
constexpr std::int64_t kMaxLength = 65'536;

enum Output : std::uint32_t { kIds, kMask, kTypes };

kit::Result<Settings> ReadSettings(const plinth_load_request& request) {
  const auto options = kit::Options::Read(
      request, {"lowercase", "strip_accents", "max_length", "padding", "threads"});
  if (!options) return kit::Fail(options.error());
  Settings settings;
  const auto lowercase = options->Flag("lowercase", true);
  if (!lowercase) return kit::Fail(lowercase.error());
  const auto strip_accents = options->Flag("strip_accents", *lowercase);
  if (!strip_accents) return kit::Fail(strip_accents.error());
  const auto max_length = options->Number("max_length", 2, kMaxLength, 512);
  if (!max_length) return kit::Fail(max_length.error());
  const auto padding = options->Choice("padding", {"longest", "max_length"}, "longest");
  if (!padding) return kit::Fail(padding.error());
  settings.rules = {.lowercase = *lowercase, .strip_accents = *strip_accents};
  settings.max_length = static_cast<std::size_t>(*max_length);
  settings.full = *padding == "max_length";
  return settings;
}

std::vector<kit::Spec> OutputSpecs(const Settings& settings) {
  // Texts of other requests would make these longer: only what has one length can be joined.
  const std::int64_t length = settings.full ? static_cast<std::int64_t>(settings.max_length) : -1;
  const std::int32_t axis = settings.full ? 0 : -1;
  std::vector<kit::Spec> specs;
  for (const char* name : {"input_ids", "attention_mask", "token_type_ids"})
    specs.push_back({name, PLINTH_INT64, std::vector<std::int64_t>{-1, length}, axis});
  return specs;
}

}  // namespace

kit::Result<std::unique_ptr<TokenizerModel>> TokenizerModel::Load(
    const plinth_load_request& request) {
  const auto settings = ReadSettings(request);
  if (!settings) return kit::Fail(settings.error());
  const auto file = kit::ReadFile(request.path);
  if (!file) return kit::Fail(file.error());
  if (file->size > kMostVocabularyBytes) {
    return kit::Fail(PLINTH_INVALID_MODEL, "the vocabulary is larger than 64 MB");
  }
  auto vocabulary =
      Vocabulary::Read(std::string(static_cast<const char*>(file->data.get()), file->size));
  if (!vocabulary) return kit::Fail(std::move(vocabulary.error()));
  return std::make_unique<TokenizerModel>(WordPieces(*std::move(vocabulary), settings->rules),
                                          *settings);
}

TokenizerModel::TokenizerModel(WordPieces pieces, const Settings& settings)
    : pieces_(std::move(pieces)),
      settings_(settings),
      signature_({{"text", PLINTH_BYTES, std::vector<std::int64_t>{-1}, settings.full ? 0 : -1}},
                 OutputSpecs(settings), {.concurrent = true}) {}

kit::Status TokenizerModel::Execute(const plinth_execute_request& request,
                                    kit::OutputWriter& outputs) {
  const plinth_tensor* const texts = kit::FindInput(request, "text");
  if (texts == nullptr || texts->dtype != PLINTH_BYTES || texts->rank != 1) {
    return kit::Fail(PLINTH_INVALID_ARGUMENT, "input 'text' is missing, or is not BYTES [-1]");
  }
  const auto count = static_cast<std::size_t>(texts->shape[0]);
  const kit::Stopper stopper(request, [] {});
  std::vector<std::vector<std::int64_t>> rows;
  rows.reserve(count);
  std::size_t length = settings_.full ? settings_.max_length : 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (stopper.stopped()) return kit::FailStopped();
    rows.push_back(pieces_.Encode(kit::StringAt(*texts, i), settings_.max_length));
    length = std::max(length, rows.back().size());
    if (count * length > kMostPieces) {
      return kit::Fail(PLINTH_INVALID_ARGUMENT,
                       std::to_string(count) + " texts of " + std::to_string(length) +
                           " pieces, with padding, are more than " + std::to_string(kMostPieces) +
                           "; send fewer at a time");
    }
  }
  const std::int64_t shape[] = {texts->shape[0], static_cast<std::int64_t>(length)};
  for (std::size_t o = 0; o < request.output_count; ++o) {
    const std::uint32_t output = request.outputs[o];
    std::vector<std::int64_t> values(count * length,
                                     output == kIds ? pieces_.special().padding : 0);
    for (std::size_t i = 0; i < count && output != kTypes; ++i) {
      const auto to = values.begin() + static_cast<std::ptrdiff_t>(i * length);
      if (output == kIds) {
        std::ranges::copy(rows[i], to);
      } else {
        std::fill_n(to, rows[i].size(), 1);
      }
    }
    outputs.AddVector(signature_.outputs()[output].name.c_str(), PLINTH_INT64, shape,
                      std::move(values));
  }
  return {};
}

}  // namespace plinth::tokenizer
