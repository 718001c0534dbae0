#include "store/state_store.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <new>
#include <optional>
#include <set>

#include "base/utc_time.h"
#include "store/sqlite.h"
#include "store/state_file.h"
#include "store/state_format.h"

namespace plinth {
namespace {

// The beginning of a message, cut between characters.
std::string_view Shortened(std::string_view message) {
  if (message.size() <= StateStore::kMaxEventMessage) return message;
  std::size_t size = StateStore::kMaxEventMessage;
  while (size > 0 && (static_cast<unsigned char>(message[size]) & 0xc0) == 0x80) --size;
  return message.substr(0, size);
}

}  // namespace

struct StateStore::Impl {
  explicit Impl(std::unique_ptr<sqlite::Database> d, bool only_read)
      : database(std::move(d)), read_only(only_read) {}

  Status PrepareStatements();
  Status Apply(const StateChange& change);
  Status ApplyEvents(const std::vector<Event>& events);
  Status TrimEvents(const std::vector<Event>& added);

  const std::unique_ptr<sqlite::Database> database;
  const bool read_only;
  std::string path;

  std::mutex mutex;              // guards all that follows, and the connection
  std::int64_t events_kept = 0;  // in the table, with those of the transaction that runs
  std::optional<sqlite::Statement> put, remove, release, forget, add_event, trim_model, trim_all,
      all_versions, all_models, events_of;
};

Status StateStore::Impl::PrepareStatements() {
  const std::pair<std::optional<sqlite::Statement>*, std::string_view> statements[] = {
      {&put,
       "INSERT INTO versions (model, version, spec) VALUES (?1, ?2, ?3)"
       " ON CONFLICT (model, version) DO UPDATE SET spec = excluded.spec"},
      {&remove, "DELETE FROM versions WHERE model = ?1 AND version = ?2"},
      {&release,
       "INSERT INTO models (model, release) VALUES (?1, ?2)"
       " ON CONFLICT (model) DO UPDATE SET release = excluded.release"},
      {&forget, "DELETE FROM models WHERE model = ?1"},
      {&add_event,
       "INSERT INTO events (time_ms, model, version, kind, message) VALUES (?1, ?2, ?3, ?4, ?5)"},
      {&trim_model,
       "DELETE FROM events WHERE model = ?1 AND id <= (SELECT id FROM events WHERE model = ?1"
       " ORDER BY id DESC LIMIT 1 OFFSET ?2)"},
      {&trim_all, "DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY id LIMIT ?1)"},
      {&all_versions, "SELECT model, version, spec FROM versions ORDER BY seq"},
      {&all_models, "SELECT model, release FROM models ORDER BY model"},
      {&events_of,
       "SELECT id, time_ms, model, version, kind, message FROM events"
       " WHERE model = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = database->Prepare(sql);
    if (!prepared) return Fail(prepared.error());
    *statement = std::move(*prepared);
  }
  auto count = database->Prepare("SELECT count(*) FROM events");
  if (!count) return Fail(count.error());
  return count->ForEach([this](const sqlite::Statement& row) { events_kept = row.Integer(0); });
}

Status StateStore::Impl::Apply(const StateChange& change) {
  for (const auto& [model, version] : change.removed) {
    if (auto done = remove->Run(model, version); !done) return done;
  }
  for (const std::string& model : change.forgotten) {
    if (auto done = forget->Run(model); !done) return done;
  }
  for (const StoredVersion& v : change.put) {
    if (auto done = put->Run(v.model, v.version, v.spec); !done) return done;
  }
  for (const StoredModel& m : change.release) {
    if (auto done = release->Run(m.model, m.release); !done) return done;
  }
  if (auto done = ApplyEvents(change.events); !done) return done;
  return TrimEvents(change.events);
}

Status StateStore::Impl::ApplyEvents(const std::vector<Event>& events) {
  const std::int64_t now = NowMs();
  for (const Event& event : events) {
    const std::int64_t time = event.time_ms != 0 ? event.time_ms : now;
    if (auto done =
            add_event->Run(time, event.model, event.version, event.kind, Shortened(event.message));
        !done) {
      return done;
    }
    ++events_kept;
  }
  return {};
}

Status StateStore::Impl::TrimEvents(const std::vector<Event>& added) {
  std::set<std::string_view> models;
  for (const Event& event : added) models.insert(event.model);
  for (const std::string_view model : models) {
    if (auto done = trim_model->Run(model, std::int64_t{kMaxEventsOfModel}); !done) return done;
    events_kept -= database->changes();
  }
  const std::int64_t excess = events_kept - std::int64_t{kMaxEvents};
  if (excess <= 0) return {};
  if (auto done = trim_all->Run(excess); !done) return done;
  events_kept -= database->changes();
  return {};
}

StateStore::StateStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StateStore::~StateStore() = default;

Result<std::unique_ptr<StateStore>> StateStore::Open(const std::string& path) {
  const auto file = PrepareStateFile(path);
  if (!file) return Fail(file.error());
  auto database = sqlite::Database::Open(file->path, file->read_only);
  if (!database) return Fail(database.error());
  if (auto ready = PrepareFormat(**database, file->path, file->read_only); !ready) {
    return Fail(ready.error());
  }
  auto impl = std::make_unique<Impl>(*std::move(database), file->read_only);
  impl->path = file->path;
  if (auto ready = impl->PrepareStatements(); !ready) return Fail(ready.error());
  return std::unique_ptr<StateStore>(new StateStore(std::move(impl)));
}

std::unique_ptr<StateStore> StateStore::InMemory() {
  auto database = sqlite::Database::Open("", false);
  if (!database || !PrepareFormat(**database, "", false)) throw std::bad_alloc();
  auto impl = std::make_unique<Impl>(*std::move(database), false);
  if (!impl->PrepareStatements()) throw std::bad_alloc();
  return std::unique_ptr<StateStore>(new StateStore(std::move(impl)));
}

Status StateStore::Commit(const StateChange& change) {
  if (change.empty()) return {};
  const std::lock_guard lock(impl_->mutex);
  sqlite::Database& database = *impl_->database;
  if (impl_->read_only) return Fail(database.ErrorOf(SQLITE_READONLY));
  if (database.moved()) return Fail(database.ErrorOf(SQLITE_READONLY_DBMOVED));
  const std::int64_t events_before = impl_->events_kept;
  const auto apply = [&]() -> Status {
    sqlite::Transaction transaction(database);
    if (auto begun = transaction.Begin(); !begun) return begun;
    if (auto applied = impl_->Apply(change); !applied) return applied;
    return transaction.Commit();
  };
  Status done = apply();
  if (!done) impl_->events_kept = events_before;
  return done;
}

Result<StoredState> StateStore::Load() {
  const std::lock_guard lock(impl_->mutex);
  StoredState state;
  auto versions = impl_->all_versions->ForEach([&](const sqlite::Statement& row) {
    state.versions.push_back({row.Text(0), row.Text(1), row.Text(2)});
  });
  if (!versions) return Fail(versions.error());
  auto models = impl_->all_models->ForEach([&](const sqlite::Statement& row) {
    state.models.push_back({row.Text(0), row.Text(1)});
  });
  if (!models) return Fail(models.error());
  return state;
}

Result<std::vector<Event>> StateStore::Events(std::string_view model, std::size_t limit,
                                              std::int64_t before_id) {
  const std::lock_guard lock(impl_->mutex);
  const auto most = static_cast<std::int64_t>(std::min(limit, kMaxEventsOfModel));
  const std::int64_t before = before_id != 0 ? before_id : std::numeric_limits<std::int64_t>::max();
  std::vector<Event> events;
  auto found = impl_->events_of->ForEach(
      [&](const sqlite::Statement& row) {
        events.push_back({.id = row.Integer(0),
                          .time_ms = row.Integer(1),
                          .model = row.Text(2),
                          .version = row.Text(3),
                          .kind = row.Text(4),
                          .message = row.Text(5)});
      },
      model, before, most);
  if (!found) return Fail(found.error());
  return events;
}

bool StateStore::read_only() const { return impl_->read_only; }

const std::string& StateStore::path() const { return impl_->path; }

}  // namespace plinth
