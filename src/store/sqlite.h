// A thin layer over SQLite's C interface: a connection, prepared statements and transactions that
// clean up after themselves, and its many result codes as our errors.
//
// One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "base/status.h"

namespace plinth::sqlite {

class Database;

// A prepared statement, to be run any number of times. Lives no longer than its database.
class Statement {
 public:
  // Runs it with `values` (integers and texts) for ?1, ?2, ... and drops what rows it gives.
  template <typename... Values>
  Status Run(const Values&... values) {
    return ForEach([](const Statement&) {}, values...);
  }

  // Runs it and calls `row` for each row, which Text() and Integer() then read.
  template <typename Row, typename... Values>
  Status ForEach(Row row, const Values&... values) {
    int index = 0;
    int code = SQLITE_OK;
    ((code = code == SQLITE_OK ? Bind(++index, values) : code), ...);
    if (code == SQLITE_OK) {
      while ((code = sqlite3_step(statement_.get())) == SQLITE_ROW) row(*this);
    }
    return Finish(code);
  }

  std::string Text(int column) const;
  std::int64_t Integer(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  Statement(const Database& database, sqlite3_stmt* statement)
      : database_(&database), statement_(statement) {}

  int Bind(int index, std::int64_t value);
  int Bind(int index, std::string_view text);  // not copied: must live until the end of the run
  Status Finish(int code);

  const Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  // `path` empty: in memory. What the file holds is not looked at yet.
  static Result<std::unique_ptr<Database>> Open(const std::string& path, bool read_only);

  // Runs statements without parameters; rows are dropped.
  Status Execute(const std::string& sql);
  // The first column of the first row.
  Result<std::string> Look(const std::string& sql);
  Result<Statement> Prepare(std::string_view sql);

  // Rows that the last statement changed.
  std::int64_t changes() const { return sqlite3_changes64(connection_.get()); }
  // Whether the file that is open is no longer the one at its path.
  bool moved() const;
  bool in_transaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

  // What a result code means for the person who runs the server.
  Error ErrorOf(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };

  explicit Database(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  std::unique_ptr<sqlite3, Close> connection_;
};

// Everything between its making and Commit() happens or nothing does: without a Commit() that
// succeeded all is undone.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {}
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  Status Begin() { return database_.Execute("BEGIN IMMEDIATE"); }
  Status Commit() { return database_.Execute("COMMIT"); }

 private:
  Database& database_;
};

}  // namespace plinth::sqlite
