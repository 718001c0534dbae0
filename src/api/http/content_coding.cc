#include "api/http/content_coding.h"

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/forwarding_sink.h"
#include "api/http/header_lists.h"
#include "base/log.h"
#include "net/deflate.h"
#include "net/header_text.h"

namespace plinth::api {
namespace {

using net::Coding;
using net::HttpRequest;
using net::HttpResponse;
using net::Inflater;
using net::Responder;

// Answers up to this size are not worth it.
constexpr std::size_t kWorthIt = 1024;
constexpr int kErrorStatus = 400;
// What is compressed at once, some 1 ms of work.
constexpr std::size_t kDeflateHere = 64UZ * 1024;
// How far a body is decompressed at once, some 1 ms of work; and in one step elsewhere.
constexpr std::size_t kInflateHere = 256UZ * 1024;
constexpr std::size_t kInflateStep = 4UZ * 1024 * 1024;
// Bodies that may wait for a thread elsewhere.
constexpr int kMostWaiting = 1024;

std::optional<Coding> CodingNamed(std::string_view name) {
  if (net::EqualsIgnoringCase(name, "gzip") || net::EqualsIgnoringCase(name, "x-gzip"))
    return Coding::kGzip;
  if (net::EqualsIgnoringCase(name, "deflate")) return Coding::kDeflate;
  if (net::EqualsIgnoringCase(name, "identity")) return Coding::kIdentity;
  return std::nullopt;
}

HttpResponse Compressed(HttpResponse response, Coding coding) {
  std::vector<Buffer> pieces;
  pieces.push_back(Buffer::FromString(std::move(response.body)));
  for (Buffer& slice : response.tail) pieces.push_back(std::move(slice));
  response.tail.clear();
  response.body.clear();
  if (auto compressed = net::Deflate(coding, pieces)) {
    response.body = *std::move(compressed);
    response.headers.emplace_back("Content-Encoding", coding == Coding::kGzip ? "gzip" : "deflate");
  } else {
    response.tail = std::move(pieces);
  }
  return response;
}

class Coder;

class CompressingSink final : public ForwardingSink {
 public:
  CompressingSink(Responder to, Coding coding, std::shared_ptr<const Coder> coder)
      : ForwardingSink(std::move(to)), coding_(coding), coder_(std::move(coder)) {}

  void Send(HttpResponse response) override;

 private:
  const Coding coding_;
  const std::shared_ptr<const Coder> coder_;
};

// What the handler that is given out does, shared with what it has under way.
class Coder : public std::enable_shared_from_this<Coder> {
 public:
  Coder(net::HttpHandler inner, CodingErrors errors, CodingOptions options)
      : inner_(std::move(inner)), errors_(std::move(errors)), options_(std::move(options)) {}

  void Handle(HttpRequest request, Responder responder) const {
    const bool may_compress = options_.compresses == nullptr || options_.compresses(request);
    if (options_.compress_answers && may_compress) {
      const Coding coding = CodingOfAnswer(request);
      if (coding != Coding::kIdentity) {
        return Decode(std::move(request), Responder(std::make_shared<CompressingSink>(
                                              std::move(responder), coding, shared_from_this())));
      }
    }
    Decode(std::move(request), std::move(responder));
  }

  // False if too many wait already; then the task is gone.
  bool RunElsewhere(std::move_only_function<void()> task) const {
    if (waiting_.fetch_add(1, std::memory_order_relaxed) >= kMostWaiting) {
      waiting_.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    options_.run_elsewhere([self = shared_from_this(), task = std::move(task)]() mutable {
      self->waiting_.fetch_sub(1, std::memory_order_relaxed);
      // As on an I/O thread: what throws has dropped its Responder, which answers 500.
      try {
        task();
      } catch (const std::exception& error) {
        LogError(std::string("a request handler threw: ") + error.what());
      }
    });
    return true;
  }

 private:
  void Decode(HttpRequest request, Responder responder) const {
    const std::optional<Coding> coding = CodingOfBody(request);
    if (coding == Coding::kIdentity || request.body.empty())
      return inner_(std::move(request), std::move(responder));
    if (!coding) return Refuse(std::move(responder), errors_.unknown);
    auto inflater =
        Inflater::Create(*coding, request.body.bytes(), options_.body_bytes, options_.budget);
    if (!inflater) return Refuse(std::move(responder), inflater.error());
    const Result<bool> done = inflater->Advance(kInflateHere);
    if (!done) return Refuse(std::move(responder), done.error());
    if (*done) return Hand(std::move(request), inflater->Take(), std::move(responder));
    DecodeElsewhere(std::move(request), std::move(responder), *std::move(inflater));
  }

  void DecodeElsewhere(HttpRequest request, Responder responder, Inflater inflater) const {
    // Shared, so that it is still here if the task is not taken.
    auto answer = std::make_shared<Responder>(std::move(responder));
    const bool taken =
        RunElsewhere([self = shared_from_this(), answer, request = std::move(request),
                      inflater = std::move(inflater)]() mutable {
          Result<bool> done = false;
          while (done && !*done) {
            if (answer->cancelled()) return;
            done = inflater.Advance(kInflateStep);
          }
          if (!done) return self->Refuse(std::move(*answer), done.error());
          self->Hand(std::move(request), inflater.Take(), std::move(*answer));
        });
    if (!taken) {
      Refuse(std::move(*answer), {Code::kResourceExhausted,
                                  "too many compressed bodies wait to be read; try again later"});
    }
  }

  void Hand(HttpRequest request, Buffer body, Responder responder) const {
    std::erase_if(request.headers, [](const net::Header& header) {
      return net::EqualsIgnoringCase(header.name, "Content-Encoding");
    });
    request.body = std::move(body);
    inner_(std::move(request), std::move(responder));
  }

  void Refuse(Responder responder, const Error& error) const {
    HttpResponse response = errors_.write(error);
    response.headers.emplace_back("Accept-Encoding", "gzip, deflate");
    responder.Send(std::move(response));
  }

  const net::HttpHandler inner_;
  const CodingErrors errors_;
  const CodingOptions options_;
  mutable std::atomic<int> waiting_ = 0;  // for threads elsewhere
};

void CompressingSink::Send(HttpResponse response) {
  const std::size_t size = response.BodySize();
  if (size <= kWorthIt || response.status >= kErrorStatus)
    return ForwardingSink::Send(std::move(response));
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (size <= kDeflateHere) return ForwardingSink::Send(Compressed(std::move(response), coding_));
  auto kept = std::make_shared<HttpResponse>(std::move(response));
  auto to = std::make_shared<Responder>(std::move(to_));
  const bool taken = coder_->RunElsewhere([kept, to, coding = coding_] {
    if (to->cancelled()) return;
    to->Send(Compressed(std::move(*kept), coding));
  });
  if (!taken) to->Send(std::move(*kept));
}

}  // namespace

std::optional<Coding> CodingOfBody(const HttpRequest& request) {
  std::optional<Coding> coding = Coding::kIdentity;
  ForEachElement(request, "Content-Encoding", [&](std::string_view name) {
    // One after the other is not understood, but for those that change nothing.
    const bool first = coding == Coding::kIdentity;
    const std::optional<Coding> named = CodingNamed(name);
    if (named == Coding::kIdentity) return;
    coding = first ? named : std::nullopt;
  });
  return coding;
}

Coding CodingOfAnswer(const HttpRequest& request) {
  std::optional<double> gzip;
  std::optional<double> deflate;
  std::optional<double> identity;
  std::optional<double> others;
  ForEachElement(request, "Accept-Encoding", [&](std::string_view element) {
    const std::string_view name = TakePart(element, ';');
    const double weight = WeightOf(element);
    const std::optional<Coding> coding = CodingNamed(name);
    if (name == "*") others = weight;
    if (coding == Coding::kGzip) gzip = weight;
    if (coding == Coding::kDeflate) deflate = weight;
    if (coding == Coding::kIdentity) identity = weight;
  });
  const double for_gzip = gzip.value_or(others.value_or(0));
  const double for_deflate = deflate.value_or(others.value_or(0));
  // What is not mentioned is acceptable, but nobody has asked for it.
  const double for_identity = identity.value_or(0);
  if (for_gzip > 0 && for_gzip >= for_deflate && for_gzip >= for_identity) return Coding::kGzip;
  if (for_deflate > 0 && for_deflate >= for_identity) return Coding::kDeflate;
  return Coding::kIdentity;
}

net::HttpHandler WithContentCoding(net::HttpHandler inner, CodingErrors errors,
                                   CodingOptions options) {
  auto coder =
      std::make_shared<const Coder>(std::move(inner), std::move(errors), std::move(options));
  return [coder = std::move(coder)](HttpRequest request, Responder responder) {
    coder->Handle(std::move(request), std::move(responder));
  };
}

}  // namespace plinth::api
