// What the frames between the server and a worker hold. worker/plinth_worker/wire.py is the other
// side of it.
//
//   texts:    u32 count, and for each u32 bytes, the bytes
//   specs:    u32 count, and for each text name, u8 dtype, i32 rank (-1: unknown), i64 dimensions,
//             i32 batch axis, u8 optional
//   tensor:   u32 index in the signature, u8 dtype, u8 rank, u8 place, u8 0, u64 bytes, u64 offset
//             in the half of the shared memory (0 if inline), i64 dimensions; if inline, the bytes
//             follow at the next multiple of 16 of the frame
//             The bytes of strings: u64 offsets, one more than there are strings and counted from
//             the end of the offsets, and the contents.
//
//   kLoad     texts (key, value, key, ...), specs of the declared inputs, and of the outputs
//   kLoaded   specs of the inputs, specs of the outputs, u8 stateful, u8 decoupled
//   kExecute  u32 count and u64 offsets of outputs that are free again, u32 count and u32 indices
//             of the wanted outputs, text id and text parameters of the request (as of
//             plinth_execute_request, "": none), u32 count and tensors
//   kResult   u32 count and tensors, as they were wanted; of a decoupled model none
//   kPart     one answer of a decoupled model: u8 last, u32 count and tensors, as they were wanted
//   kFree     to the worker of a decoupled model, which reads while it executes: u32 count and u64
//             offsets of outputs that are free again
//   kFailed   u32 plinth_status, text
//   kUnload   nothing
//   kCall     text model, text version ("": any), texts of the wanted outputs (none: all), u8
//             whether several answers are taken, text id and text parameters of the request, u32
//             count and for each input text name, tensor; the frame's call is the worker's number
//             for it
//   kAnswerPart  one of several answers to a kCall, as a kAnswer, which ends them, without outputs
//   kTaken       the kAnswerPart of that call has been read: the next may come, over its memory
//   kAnswer   to a kCall, with its number: u32 count and u64 offsets of outputs that are free
//             again, u32 plinth_status, text code, text message, u32 count and for each output text
//             name, tensor
//
// The first eight bytes of the server's half are the number of the call that a SIGINT is meant for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/failure.h"
#include "common/signature.h"
#include "plinth/backend.h"
#include "python/frame.h"

namespace plinth::python {

// Where a tensor's bytes are.
enum class Place : std::uint8_t { kInline = 0, kInput = 1, kOutput = 2 };

// Tensors up to this size travel in the frame: for them that costs less than a block of memory.
inline constexpr std::size_t kInlineBytes = 4096;

// A tensor as a frame describes it. Nothing but its form has been checked.
struct TensorEntry {
  std::uint32_t index = 0;
  plinth_dtype dtype = PLINTH_DTYPE_ANY;
  std::uint8_t rank = 0;
  std::array<std::int64_t, PLINTH_MAX_RANK> dims{};
  Place place = Place::kInline;
  std::uint64_t size = 0;
  std::uint64_t at = 0;
  std::span<const std::byte> bytes{};  // if inline

  std::span<const std::int64_t> shape() const { return {dims.data(), rank}; }
};

// Without the bytes of one that is inline, which have to follow.
void WriteTensor(FrameWriter& writer, const TensorEntry& tensor);
// Not ok() if it has no such form.
bool ReadTensor(FrameReader& reader, TensorEntry& tensor);

// A count and the numbers.
void WriteNumbers(FrameWriter& writer, std::span<const std::uint64_t> numbers);
void WriteTexts(FrameWriter& writer,
                std::span<const std::pair<std::string, std::string>> keys_and_values);
void WriteSpecs(FrameWriter& writer, std::span<const kit::Spec> specs);

// What a worker says of the model that it has loaded.
struct Loaded {
  std::vector<kit::Spec> inputs;
  std::vector<kit::Spec> outputs;
  bool stateful = false;
  bool decoupled = false;
};

// INTERNAL: what the worker sent cannot be read.
kit::Result<Loaded> ReadLoaded(FrameReader body);

// Why a worker says that it failed.
kit::Failure ReadFailure(FrameReader body);

std::unexpected<kit::Failure> Garbled();

}  // namespace plinth::python
