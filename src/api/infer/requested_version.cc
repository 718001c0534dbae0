#include "api/infer/requested_version.h"

#include <algorithm>
#include <cstddef>

namespace plinth::api {
namespace {

// How much of a sticky key counts.
constexpr std::size_t kLongestKey = 256;

bool IsNumber(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<const Signature*> RequestedVersion::Presumed() {
  if (auto looked = Look(); !looked) return Fail(std::move(looked.error()));
  return &preview_->version->signature();
}

Result<const Signature*> RequestedVersion::Named(std::string_view version) {
  auto lease = service_.Resolve(model_, version);
  if (!lease) {
    refused_ = version;
    return Fail(std::move(lease.error()));
  }
  chosen_ = {*std::move(lease), {}};
  named_ = true;
  return &chosen_.version->signature();
}

Result<const Signature*> RequestedVersion::Numbered(std::string_view version) {
  auto found = Named(version);
  if (found || found.error().code != Code::kNotFound || !IsNumber(version)) return found;
  auto other = Named(std::string("v").append(version));
  if (!other && other.error().code == Code::kNotFound) return found;
  return other;
}

Result<const Signature*> RequestedVersion::Routed(std::optional<std::string_view> key) {
  if (auto looked = Look(); !looked) return Fail(std::move(looked.error()));
  named_ = false;
  if (preview_->settled) {
    chosen_ = {std::move(preview_->version), {}};
    return &chosen_.version->signature();
  }
  auto routed = service_.Route(model_, [&](const StickyKey& sticky) { return Key(sticky, key); });
  if (!routed) return Fail(std::move(routed.error()));
  chosen_ = *std::move(routed);
  return &chosen_.version->signature();
}

std::string_view RequestedVersion::sticky_field() {
  return Look() ? std::string_view(preview_->sticky_field) : std::string_view();
}

const VersionLease* RequestedVersion::ForFailure() {
  if (chosen_.version) return &chosen_.version;
  return Look() ? &preview_->version : nullptr;
}

Status RequestedVersion::Look() {
  if (preview_) return {};
  auto preview = service_.Preview(model_);
  if (!preview) return Fail(std::move(preview.error()));
  preview_ = *std::move(preview);
  return {};
}

// `field` is the value of the field that Look() found to be the sticky one; the policy may have
// changed since.
std::optional<std::string_view> RequestedVersion::Key(const StickyKey& sticky,
                                                      std::optional<std::string_view> field) const {
  std::string_view key;
  if (sticky.source == StickyKey::Source::kHeader) {
    key = header_(sticky.name);
  } else if (field && sticky.name == preview_->sticky_field) {
    key = *field;
  }
  if (key.empty()) return std::nullopt;
  return key.substr(0, kLongestKey);
}

}  // namespace plinth::api
