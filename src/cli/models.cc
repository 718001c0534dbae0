// plinth models: what a running server has deployed.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/remote.h"

namespace plinth::cli {
namespace {

using simdjson::dom::element;

constexpr std::array kHeads = {"MODEL", "VERSION", "STATE", "FRAMEWORK", "ENGINE", "LOAD"};
using Row = std::array<std::string, kHeads.size()>;

std::string TextOf(element object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

Row RowOf(const std::string& model, element version) {
  double load_ms = 0;
  const bool loaded = version["load_ms"].get(load_ms) == simdjson::SUCCESS && load_ms > 0;
  return {model,
          TextOf(version, "version"),
          TextOf(version, "state"),
          TextOf(version, "framework"),
          TextOf(version, "engine"),
          loaded ? fmt::format("{:.1f} ms", load_ms) : ""};
}

Result<std::vector<Row>> ReadRows(const std::string& json) {
  simdjson::dom::parser parser;
  simdjson::dom::array models;
  if (parser.parse(json)["models"].get(models) != simdjson::SUCCESS) {
    return Fail(Code::kInternal,
                "the server's list of models is not understood; is it a Plinth server?");
  }
  std::vector<Row> rows;
  for (const element model : models) {
    simdjson::dom::array versions;
    if (model["versions"].get(versions) != simdjson::SUCCESS) continue;
    for (const element version : versions) rows.push_back(RowOf(TextOf(model, "name"), version));
  }
  return rows;
}

void PrintRow(const Row& row, const std::array<std::size_t, kHeads.size()>& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}", row[i], widths[i] + 2);
  line.erase(line.find_last_not_of(' ') + 1);
  std::cout << line << '\n';
}

int Models(const RemoteOptions& remote) {
  const auto answer = Ask(remote, {.path = "/models", .content_type = "", .body = ""});
  if (!answer) return Complain(answer.error());
  const auto rows = ReadRows(*answer);
  if (!rows) return Complain(rows.error());
  if (rows->empty()) {
    std::cout << "No model is deployed. Deploy one with POST /models (plinth serve --help has an "
                 "example).\n";
    return EXIT_SUCCESS;
  }
  Row heads;
  std::ranges::copy(kHeads, heads.begin());
  std::array<std::size_t, kHeads.size()> widths{};
  const auto widen = [&widths](const Row& row) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  };
  widen(heads);
  for (const Row& row : *rows) widen(row);
  PrintRow(heads, widths);
  for (const Row& row : *rows) PrintRow(row, widths);
  return EXIT_SUCCESS;
}

}  // namespace

std::function<int()> AddModels(CLI::App& app) {
  const auto remote = AddRemoteOptions(app);
  app.footer("Example:\n  plinth models --server http://localhost:9000");
  return [remote] { return Models(*remote); };
}

}  // namespace plinth::cli
