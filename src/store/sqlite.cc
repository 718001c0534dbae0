#include "store/sqlite.h"

#include <cctype>
#include <cerrno>
#include <system_error>
#include <utility>

namespace plinth::sqlite {
namespace {

// A bound on what a damaged or forged file can make us allocate at once; above every text that is
// kept.
constexpr int kMaxTextBytes = 16 << 20;

// The system's words for an error, as they stand within a sentence.
std::string Text(int error) {
  std::string text = std::generic_category().message(error);
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::string WhyReadOnly(int code) {
  switch (code) {
    case SQLITE_READONLY_ROLLBACK:
      return " is read-only and was left in the middle of a change, which has to be undone first; "
             "make it and its folder writable";
    case SQLITE_READONLY_DBMOVED:
      return " was moved or deleted while in use, so that a change would be lost; restart the "
             "server to begin a new one, or put it back";
    default:
      return " is read-only, so what is deployed cannot be changed";
  }
}

}  // namespace

int Statement::Bind(int index, std::int64_t value) {
  return sqlite3_bind_int64(statement_.get(), index, value);
}

int Statement::Bind(int index, std::string_view text) {
  // A null pointer would be SQL's NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  return sqlite3_bind_text64(statement_.get(), index, data, text.size(), SQLITE_STATIC,
                             SQLITE_UTF8);
}

std::string Statement::Text(int column) const {
  const void* text = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return text == nullptr ? std::string()
                         : std::string(static_cast<const char*>(text), static_cast<size_t>(size));
}

std::int64_t Statement::Integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

Status Statement::Finish(int code) {
  Status status;
  if (code != SQLITE_DONE) status = Fail(database_->ErrorOf(code));
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  return status;
}

Result<std::unique_ptr<Database>> Database::Open(const std::string& path, bool read_only) {
  std::unique_ptr<Database> database(new Database(path));
  const int access = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(path.empty() ? ":memory:" : path.c_str(), &connection,
                                   access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  database->connection_.reset(connection);
  if (code != SQLITE_OK) return Fail(database->ErrorOf(code));
  // The file may come from anywhere: nothing in its schema runs, and its sizes are bounded.
  sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, kMaxTextBytes);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  return database;
}

Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return Fail(ErrorOf(code));
  return {};
}

Result<std::string> Database::Look(const std::string& sql) {
  auto statement = Prepare(sql);
  if (!statement) return Fail(statement.error());
  std::string value;
  auto ran = statement->ForEach([&](const Statement& row) {
    if (value.empty()) value = row.Text(0);
  });
  if (!ran) return Fail(ran.error());
  return value;
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return Fail(ErrorOf(code));
  return Statement(*this, statement);
}

bool Database::moved() const {
  int moved = 0;
  const int code = sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return code == SQLITE_OK && moved != 0;
}

Error Database::ErrorOf(int code) const {
  const std::string file = path_.empty() ? "the state" : "the state file " + path_;
  switch (code & 0xff) {
    case SQLITE_NOTADB:
      return {Code::kFailedPrecondition,
              file + " is not a state file of Plinth; move it away, or start with --no-state"};
    case SQLITE_CORRUPT:
      return {Code::kFailedPrecondition,
              file + " is damaged (" + sqlite3_errmsg(connection_.get()) +
                  "); put a copy in its place or move it away, or start with --no-state"};
    case SQLITE_BUSY:
      return {Code::kUnavailable, file +
                                      " is in use by another process; stop that, or name "
                                      "another file with --state"};
    case SQLITE_READONLY:
      return {Code::kFailedPrecondition, file + WhyReadOnly(code)};
    case SQLITE_FULL:
      return {Code::kUnavailable,
              file + " cannot be written: " + Text(ENOSPC) + "; nothing was changed"};
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR: {
      const int error = sqlite3_system_errno(connection_.get());
      const std::string why = Text(error != 0 ? error : EIO);
      if (code == SQLITE_IOERR_READ) return {Code::kInternal, file + " cannot be read: " + why};
      return {Code::kUnavailable, file + " cannot be written: " + why + "; nothing was changed"};
    }
    case SQLITE_NOMEM:
      return {Code::kOutOfMemory, file + " needs more memory than there is"};
    case SQLITE_CONSTRAINT:
      return {Code::kInvalidArgument,
              file + " does not take such a value: " + sqlite3_errmsg(connection_.get())};
    default:
      return {Code::kInternal, file + ": " + sqlite3_errmsg(connection_.get())};
  }
}

Transaction::~Transaction() {
  if (!database_.in_transaction()) return;
  // If even this fails, SQLite undoes the rest from its journal before the next statement.
  [[maybe_unused]] const auto undone = database_.Execute("ROLLBACK");
}

}  // namespace plinth::sqlite
