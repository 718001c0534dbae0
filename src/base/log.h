// The server's log: one line an event on standard error, written with one system call so that lines
// of several threads never mix.
//
//   2026-01-31T12:00:00.123Z INFO  model 'digits' v1 is ready
#pragma once

#include <string_view>

namespace plinth {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Lines below this level are dropped. Default kInfo. Any thread.
void SetLogLevel(LogLevel level);

// Whether lines of just this level are written, whatever is with the others. Any thread.
void SetLogged(LogLevel level, bool logged);
bool IsLogged(LogLevel level);

// Control characters in the message, a newline among them, are written escaped: what a client or a
// model file made up cannot forge a line. Any thread.
void Log(LogLevel level, std::string_view message);

inline void LogDebug(std::string_view message) { Log(LogLevel::kDebug, message); }
inline void LogInfo(std::string_view message) { Log(LogLevel::kInfo, message); }
inline void LogWarning(std::string_view message) { Log(LogLevel::kWarning, message); }
inline void LogError(std::string_view message) { Log(LogLevel::kError, message); }

}  // namespace plinth
