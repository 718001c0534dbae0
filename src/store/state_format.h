// The tables of a state file, and how an older file comes to have them.
#pragma once

#include "base/status.h"
#include "store/sqlite.h"

namespace plinth {

// Locks the file for this process, checks that it is a sound state file and brings it to the
// newest format. A file that can only be read must have that already. FAILED_PRECONDITION (not a
// state file, damaged, of a newer Plinth), UNAVAILABLE (in use, no space).
Status PrepareFormat(sqlite::Database& database, const std::string& path, bool read_only);

}  // namespace plinth
