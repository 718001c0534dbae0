"""What joining requests brings under load, and that it costs a single client nothing."""

from ..context import Context
from ..load import in_turns, under_load
from ..models import CNN
from ..table import at_least, at_most


def run(context: Context) -> None:
    rounds = context.fast
    with context.server() as server:
        CNN.serve(server, served_as="single", batch_size=1)
        CNN.serve(server, served_as="joined")
        requests = {name: context.file(name, CNN.request(served_as=name)) for name in ("single", "joined")}
        taken = {}
        for clients, turns in ((1, 2 * rounds.count), (32, rounds.count)):  # with one client five per cent are to be seen
            measures = {
                (name, clients): lambda path=path, clients=clients: under_load(server, path, clients, rounds.seconds)
                for name, path in requests.items()
            }
            taken |= in_turns(measures, turns)
    table = context.table
    table.section(f"Batching: {CNN.title}")
    for clients in (1, 32):
        single, joined = taken["single", clients], taken["joined", clients]
        if clients == 1:
            compared = {"against": "p50 without", "ratio": joined.p50_us / single.p50_us, "target": at_most(1.05)}
        else:
            ratio = joined.requests_per_s / single.requests_per_s
            compared = {"against": "requests/s without", "ratio": ratio, "target": at_least(1.5)}
        table.add("batch_size 1", clients=clients, figures=single)
        table.add("batching as by default", clients=clients, figures=joined, **compared)
