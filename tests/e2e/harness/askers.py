"""Clients in the background."""

import threading
from abc import ABC, abstractmethod


class Askers(ABC):
    """Clients that ask, each on a thread and with a connection of its own, for as long as the block lasts."""

    def __init__(self, server, clients):
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(server.client(),)) for _ in range(clients)]

    @abstractmethod
    def ask(self, client):
        """One request. Whether this client goes on."""

    def _run(self, client):
        while not self._stop.is_set() and self.ask(client):
            pass

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()
