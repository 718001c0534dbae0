#include "store/state_format.h"

#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace plinth {
namespace {

// Tells our files from other SQLite files: "Plin".
constexpr std::int64_t kApplicationId = 0x506c696e;

// What brings a file from format n to n + 1; a file's format is its user_version. Never change one
// that was released: add another.
constexpr std::array kMigrations = {
    std::string_view(R"(
CREATE TABLE versions (
  seq INTEGER PRIMARY KEY,  -- rises in the order of first deployment
  model TEXT NOT NULL CHECK (model <> ''),
  version TEXT NOT NULL CHECK (version <> ''),
  spec TEXT NOT NULL,
  UNIQUE (model, version)
) STRICT;
CREATE TABLE models (
  model TEXT PRIMARY KEY CHECK (model <> ''),
  release TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  model TEXT NOT NULL CHECK (model <> ''),
  version TEXT NOT NULL,
  kind TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_model ON events (model, id);
)"),
};

Result<std::int64_t> Number(sqlite::Database& database, const std::string& sql) {
  const auto text = database.Look(sql);
  if (!text) return Fail(text.error());
  std::int64_t number = 0;
  std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

// Without WAL there is one file to copy or to mount read-only. With this locking mode the lock is
// kept from the first use to the end; a write lock is asked for here, so that two processes find
// out now and not at their first change.
Status Lock(sqlite::Database& database, bool read_only) {
  if (auto set = database.Execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;"
                                  "PRAGMA cell_size_check = ON");
      !set) {
    return set;
  }
  return database.Execute(read_only ? "BEGIN; SELECT count(*) FROM sqlite_schema; COMMIT"
                                    : "BEGIN EXCLUSIVE; COMMIT; PRAGMA journal_mode = DELETE");
}

// Whether it is ours, and its format; 0: an empty file.
Result<std::size_t> FormatOf(sqlite::Database& database, const std::string& path) {
  const auto application = Number(database, "PRAGMA application_id");
  if (!application) return Fail(application.error());
  const auto format = Number(database, "PRAGMA user_version");
  if (!format) return Fail(format.error());
  const auto entries = Number(database, "SELECT count(*) FROM sqlite_schema");
  if (!entries) return Fail(entries.error());
  const bool empty = *application == 0 && *format == 0 && *entries == 0;
  if (!empty && (*application != kApplicationId || *format < 1)) {
    return Fail(database.ErrorOf(SQLITE_NOTADB));
  }
  if (*format > static_cast<std::int64_t>(kMigrations.size())) {
    return Fail(Code::kFailedPrecondition,
                fmt::format("the state file {} is of a newer Plinth (format {}, this one knows up "
                            "to {}); use that one, or name another file with --state",
                            path, *format, kMigrations.size()));
  }
  return static_cast<std::size_t>(*format);
}

Status CheckSoundness(sqlite::Database& database, const std::string& path) {
  const auto found = database.Look("PRAGMA quick_check(1)");
  if (!found) return Fail(found.error());
  if (*found == "ok") return {};
  return Fail(Code::kFailedPrecondition,
              "the state file " + path + " is damaged (" + *found +
                  "); put a copy in its place or move it away, or start with --no-state");
}

}  // namespace

Status PrepareFormat(sqlite::Database& database, const std::string& path, bool read_only) {
  if (auto locked = Lock(database, read_only); !locked) return locked;
  const auto format = FormatOf(database, path);
  if (!format) return Fail(format.error());
  if (auto sound = CheckSoundness(database, path); !sound) return sound;
  if (*format == kMigrations.size()) return {};
  if (read_only) {
    return Fail(Code::kFailedPrecondition,
                fmt::format("the state file {} is {} and cannot be written; make it and its folder "
                            "writable, or start with --no-state",
                            path, *format == 0 ? "empty" : "of an older format"));
  }
  sqlite::Transaction transaction(database);
  if (auto begun = transaction.Begin(); !begun) return begun;
  for (std::size_t i = *format; i < kMigrations.size(); ++i) {
    if (auto done = database.Execute(std::string(kMigrations[i])); !done) return done;
  }
  const auto marks = fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                 kApplicationId, kMigrations.size());
  if (auto marked = database.Execute(marks); !marked) return marked;
  return transaction.Commit();
}

}  // namespace plinth
