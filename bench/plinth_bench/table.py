"""The one table: rows with figures, what they are compared with, and whether the target is met."""

from dataclasses import asdict, dataclass, field

from .load import Figures


@dataclass(frozen=True)
class Target:
    """A bound on a ratio (no unit) or on a value."""

    bound: float
    at_least: bool
    unit: str = ""

    def met(self, measured: float) -> bool:
        return measured >= self.bound if self.at_least else measured <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.bound:g}{' ' + self.unit if self.unit else ''}"


def at_least(bound: float, unit: str = "") -> Target:
    return Target(bound, True, unit)


def at_most(bound: float, unit: str = "") -> Target:
    return Target(bound, False, unit)


@dataclass
class Row:
    """One line. `measured` is what the target bounds: the ratio to `against`, or `value` where there is nothing to compare with."""

    section: str
    what: str
    clients: int | None = None
    figures: Figures | None = None
    value: float | None = None
    unit: str = ""
    against: str = ""
    ratio: float | None = None
    target: Target | None = None
    met: bool | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        measured = self.ratio if self.ratio is not None else self.value
        if self.target is not None and measured is not None:
            self.met = self.target.met(measured)

    def cells(self) -> list[str]:
        load = self.figures
        return [
            "  " + self.what,
            "" if self.clients is None else str(self.clients),
            "" if load is None else rate(load.requests_per_s),
            "" if load is None else duration(load.p50_us),
            "" if load is None else duration(load.p99_us),
            "" if load is None or load.cpu_us is None else duration(load.cpu_us),
            "" if self.value is None else f"{self.value:.4g} {self.unit}".rstrip(),
            self.against,
            "" if self.ratio is None else f"{self.ratio:.3f}",
            "" if self.target is None else str(self.target),
            "" if self.met is None else "yes" if self.met else "NO",
        ]


HEAD = ["", "clients", "requests/s", "p50", "p99", "CPU each", "value", "against", "ratio", "target", "met"]
LEFT = {0, 7}


class Table:
    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._section = ""

    def section(self, title: str) -> None:
        """The rows that follow belong to it."""
        self._section = title

    def add(self, what: str, **cells: object) -> None:
        """A row of the current section; `cells` are Row's fields."""
        self.rows.append(Row(self._section, what, **cells))

    def text(self) -> str:
        lines: list[list[str]] = [HEAD]
        section = ""
        for row in self.rows:
            if row.section != section:
                section = row.section
                lines += [[], [section]]
            lines.append(row.cells())
        wide = [line for line in lines if len(line) == len(HEAD)]
        widths = [max(len(line[i]) for line in wide) for i in range(len(HEAD))]
        return "\n".join(_line(line, widths) for line in lines)

    def summary(self) -> str:
        """How many targets are met, and which are not."""
        judged = [row for row in self.rows if row.met is not None]
        missed = [row for row in judged if not row.met]
        text = f"{len(judged) - len(missed)} of {len(judged)} targets met"
        return text + "".join(f"\n  missed: {row.section}: {row.what}{_clients(row)}" for row in missed)

    def json(self) -> list[dict]:
        return [asdict(row) for row in self.rows]


def _line(cells: list[str], widths: list[int]) -> str:
    if len(cells) != len(widths):
        return "".join(cells)
    return "  ".join(c.ljust(w) if i in LEFT else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))).rstrip()


def _clients(row: Row) -> str:
    return "" if row.clients is None else f" ({row.clients} client{'s' * (row.clients > 1)})"


def rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 1000 else f"{per_second:.1f}"


def duration(us: float) -> str:
    for scale, unit in ((1, "us"), (1e3, "ms")):
        if us < 1000 * scale:
            return f"{us / scale:.3g} {unit}" if us < 100 * scale else f"{us / scale:.1f} {unit}"
    return f"{us / 1e6:.2f} s"
