// Compressed bodies: whatever comes is bounded, and how it is cut into steps changes nothing.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "net/inflater.h"

namespace {

using plinth::Buffer;
using plinth::Code;
using plinth::Result;
using plinth::net::ByteBudget;
using plinth::net::Coding;
using plinth::net::Inflater;

constexpr std::size_t kLimit = 1UZ * 1024 * 1024;

Result<Buffer> Inflate(Coding coding, std::span<const std::byte> bytes, std::size_t step,
                       const std::shared_ptr<ByteBudget>& budget) {
  auto inflater = Inflater::Create(coding, bytes, kLimit, budget);
  if (!inflater) return plinth::Fail(inflater.error());
  Result<bool> done = false;
  while (done && !*done) done = inflater->Advance(step);
  if (!done) return plinth::Fail(done.error());
  return inflater->Take();
}

void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const Coding coding = (data[0] & 1) != 0 ? Coding::kGzip : Coding::kDeflate;
  const std::size_t step = 1 + (data[0] >> 1) * 100;
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  const auto budget = std::make_shared<ByteBudget>(4 * kLimit);
  {
    const auto whole = Inflate(coding, bytes, kLimit + 1, budget);
    const auto stepwise = Inflate(coding, bytes, step, budget);
    Check(whole.has_value() == stepwise.has_value());
    if (whole) {
      Check(whole->size() <= kLimit && whole->size() == stepwise->size());
      Check(std::ranges::equal(whole->bytes(), stepwise->bytes()));
    }
  }
  Check(budget->used() == 0);
  return 0;
}
