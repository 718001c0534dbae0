"""A cheap model beside one that takes about 200 ms and never rests: what the slow one does to the other's tail."""

from dataclasses import replace

from ..context import Context
from ..load import Figures, Load, in_turns, under_load
from ..models import RESNET, SMALL
from ..table import at_most

SLOW_ROWS = 4  # of a request of the slow model: some 150 to 300 ms
SLOW_CLIENTS = 8
SETTLE_S = 0.5  # until all of the slow model's instances are at work
# Clients and requests a second of the cheap model (0: as fast as it goes). The last is the most that clients and server get out of
# the machine: what the slow model takes of it is missing then, whoever schedules. It shows how the processors are shared, and is
# left out of the quick run.
CHEAP = ((8, 1000), (1, 0), (8, 0))


def run(context: Context) -> None:
    rounds = context.heavy
    slow_figures: list[Figures] = []
    with context.server() as server:
        for model in (RESNET, SMALL):
            with model.bare(context.scratch, threads=1) as bare:
                model.serve(server, bare.output)
        slow = context.file("slow", RESNET.request(rows=SLOW_ROWS))
        cheap = context.file("cheap", SMALL.request())

        def loaded(clients: int, rate: int) -> Figures:
            background = Load(server, slow, SLOW_CLIENTS, SETTLE_S + rounds.seconds)
            under_load(server, cheap, clients, SETTLE_S, rate)
            figures = under_load(server, cheap, clients, rounds.seconds, rate)
            slow_figures.append(background.figures())
            return replace(figures, cpu_us=None)  # most of the process's time is the slow model's

        cases = CHEAP[:2] if context.quick else CHEAP
        measures = {}
        for case in cases:
            measures["idle", case] = lambda case=case: under_load(server, cheap, case[0], rounds.seconds, case[1])
            measures["loaded", case] = lambda case=case: loaded(*case)
        taken = in_turns(measures, rounds.count)
    table = context.table
    table.section(f"A slow model beside a cheap one: {RESNET.title}, {SLOW_ROWS} rows a request, and {SMALL.title}")
    table.add("the slow model, saturated", clients=SLOW_CLIENTS, figures=slow_figures[0])
    for case in cases:
        clients, rate = case
        pace = f"{rate:,} requests/s" if rate else "as fast as it goes"
        idle, busy = taken["idle", case], taken["loaded", case]
        table.add(f"the cheap one alone, {pace}", clients=clients, figures=idle)
        target = None if case == CHEAP[-1] else at_most(2)
        ratio = busy.p99_us / idle.p99_us
        table.add(f"the cheap one beside it, {pace}", clients=clients, figures=busy, against="p99 alone", ratio=ratio, target=target)
