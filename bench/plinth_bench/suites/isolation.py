"""A cheap model beside one that takes about 200 ms and never rests: what the slow one does to the other's tail."""

from ..context import Context
from ..load import Figures, Load, in_turns, under_load
from ..models import RESNET, SMALL
from ..table import at_most

SLOW_ROWS = 4  # of a request of the slow model: some 150 to 300 ms
SLOW_CLIENTS = 8
SETTLE_S = 0.5  # until both of the slow model's instances are at work


def run(context: Context) -> None:
    rounds = context.heavy
    with context.server() as server:
        for model in (RESNET, SMALL):
            with model.bare(context.scratch, threads=1) as bare:
                model.serve(server, bare.output)
        slow = context.file("slow", RESNET.request(rows=SLOW_ROWS))
        cheap = context.file("cheap", SMALL.request())

        slow_figures: list[Figures] = []

        def loaded(clients: int) -> Figures:
            background = Load(server, slow, SLOW_CLIENTS, SETTLE_S + rounds.seconds)
            under_load(server, cheap, clients, SETTLE_S)
            figures = under_load(server, cheap, clients, rounds.seconds)
            slow_figures.append(background.figures())
            return figures

        measures = {}
        for clients in (1, 8):
            measures["idle", clients] = lambda clients=clients: under_load(server, cheap, clients, rounds.seconds)
            measures["loaded", clients] = lambda clients=clients: loaded(clients)
        taken = in_turns(measures, rounds.count)
    table = context.table
    table.section(f"A slow model beside a cheap one: {RESNET.title}, {SLOW_ROWS} rows a request, and {SMALL.title}")
    table.add("the slow model, saturated", clients=SLOW_CLIENTS, figures=slow_figures[-1])
    for clients in (1, 8):
        idle, busy = taken["idle", clients], taken["loaded", clients]
        table.add("the cheap one alone", clients=clients, figures=idle)
        table.add(
            "the cheap one beside it",
            clients=clients,
            figures=busy,
            against="p99 alone",
            ratio=busy.p99_us / idle.p99_us,
            target=at_most(2),
        )
