// The version that one request is for: the one that it names, or one by the model's traffic policy.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/infer/version_choice.h"
#include "base/status.h"
#include "serving/service.h"

namespace plinth::api {

class RequestedVersion final : public VersionChoice {
 public:
  // The value of a header of the request; "" if there is none.
  using HeaderLookup = std::function<std::string_view(std::string_view name)>;

  // `service` and `model` outlive it.
  RequestedVersion(const Service& service, const std::string& model, HeaderLookup header)
      : service_(service), model_(model), header_(std::move(header)) {}

  Result<const Signature*> Presumed() override;
  Result<const Signature*> Named(std::string_view version) override;
  Result<const Signature*> Routed(std::optional<std::string_view> key) override;
  std::string_view sticky_field() override;

  // For protocols whose versions are numbers: like Named(), but "3" is "v3" if there is no version
  // "3".
  Result<const Signature*> Numbered(std::string_view version);

  // What the last of these calls has chosen.
  const plinth::Routed& chosen() const { return chosen_; }
  const Signature& signature() const { return chosen_.version->signature(); }
  bool named() const { return named_; }
  plinth::Routed Take() && { return std::move(chosen_); }

  // The version that was named without success; empty for one that was to be routed.
  const std::string& refused() const { return refused_; }

  // Whose failure it is if the request goes no further: that of the version that was chosen, else
  // of the newest one. nullptr if there is none. Not after Take().
  const VersionLease* ForFailure();

 private:
  Status Look();
  std::optional<std::string_view> Key(const StickyKey& sticky,
                                      std::optional<std::string_view> field) const;

  const Service& service_;
  const std::string& model_;
  const HeaderLookup header_;
  std::optional<RoutePreview> preview_;
  plinth::Routed chosen_;
  bool named_ = false;
  std::string refused_;
};

}  // namespace plinth::api
