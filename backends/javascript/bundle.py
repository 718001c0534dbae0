#!/usr/bin/env python3
"""Makes the C++ source that holds the backend's own scripts.

    bundle.py SUCRASE_DIST OUTPUT.cc

TransformerSource() is sucrase, its modules joined into one script, with transformer.js in front; PreludeSource() is prelude/*.js as
the body of one function. Each is an expression whose value is a function.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


# sucrase's parser is made to say where the operand of each `await` ends.
AWAIT = "function parseAwait() {\n  parseMaybeUnary();\n}"
NOTED_AWAIT = """function parseAwait() {
  const token = _base.state.tokens[_base.state.tokens.length - 1];
  parseMaybeUnary();
  token.operandEnd = _base.state.tokens[_base.state.tokens.length - 1].end;
}"""


def transformer(dist: Path) -> str:
    modules = []
    for path in sorted(dist.rglob("*.js")):
        name = path.relative_to(dist).with_suffix("").as_posix()
        text = path.read_text()
        if name == "parser/traverser/expression":
            assert text.count(AWAIT) == 1, f"{path} is of another version than this script knows"
            text = text.replace(AWAIT, NOTED_AWAIT)
        modules.append(f'"{name}": function (exports, require) {{{text}\n}}')
    own = (HERE / "transformer.js").read_text()
    return f"(function () {{\nconst modules = {{{','.join(modules)}}};\n{own}\n}})()"


def prelude() -> str:
    parts = "\n".join(path.read_text() for path in sorted((HERE / "prelude").glob("*.js")))
    return f'(function (native) {{\n"use strict";\n{parts}\n}})'


def literal(name: str, text: str) -> str:
    return (
        f"std::string_view {name}() {{\n"
        f'  static constexpr char kText[] = R"script({text})script";\n'
        "  return {kText, sizeof kText - 1};\n}\n"
    )


def main(dist: str, output: str) -> None:
    sources = literal("TransformerSource", transformer(Path(dist))) + "\n" + literal("PreludeSource", prelude())
    head = '#include "javascript/sources.h"\n\nnamespace plinth::javascript {\n\n'
    Path(output).write_text(f"{head}{sources}\n}}  // namespace plinth::javascript\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
