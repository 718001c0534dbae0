"""Models of several versions of the test backend, requests to them in the background, and how a rollout of them goes."""

from harness.askers import Askers
from harness.backend import write
from harness.server import wait_for

NEVER = 3600  # seconds: a step that no test sees the end of


def deploy(client, folder, version, config=None, name="m", **settings):
    """A version of its own file, y = 2 x unless `settings` say otherwise."""
    return client.deploy(name, write(folder, f"{name}-{version}", **settings), version=version, config=config or {})


def version_of(client, name="m", value=1.0):
    """Which version answers now; fails the test if none does."""
    answer = client.predict(name, [[value]])
    assert answer.status == 200, answer.body
    return answer.json["version"]


class Traffic(Askers):
    """Clients that ask all the time. `failed` are the answers that are no 200, by clients whose requests must not fail."""

    def __init__(self, server, name="m", value=1.0, clients=2):
        super().__init__(server, clients)
        self.answers = []  # (status, version)
        self._name, self._value = name, value

    def ask(self, client):
        answer = client.predict(self._name, [[self._value]])
        self.answers.append((answer.status, answer.json.get("version")))
        return True

    @property
    def failed(self):
        return [answer for answer in self.answers if answer[0] != 200]


def rollout_of(client, name="m"):
    answer = client.get(f"/models/{name}/rollout")
    assert answer.status == 200, answer.body
    return answer.json


def wait_for_state(client, state, name="m"):
    """The rollout once it is in that state; fails at once if it ends in another."""

    def reached():
        rollout = rollout_of(client, name)
        assert rollout["state"] in ("running", state), rollout
        return rollout if rollout["state"] == state else None

    return wait_for(reached, f"the rollout to be {state}")


def events_of(client, name="m"):
    """Kinds and messages, the oldest first."""
    answer = client.get(f"/models/{name}/events")
    assert answer.status == 200, answer.body
    return [(event["kind"], event["message"]) for event in reversed(answer.json["events"])]


def figures_of(client, version, name="m"):
    answer = client.get(f"/models/{name}/version/{version}")
    assert answer.status == 200, answer.body
    return answer.json


def wait_for_shadow(client, requests, version="v2", name="m"):
    """The shadow's figures once it has answered so many copies."""

    def reached():
        shadow = figures_of(client, version, name).get("shadow")
        return shadow if shadow and shadow["requests"] >= requests else None

    return wait_for(reached, f"{requests} copies to be answered")
