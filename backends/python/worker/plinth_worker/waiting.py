"""Programs may be written with async functions: these run in one event loop of the main thread."""

import asyncio
import inspect

from .failures import Stopped


class Waiter:
    def __init__(self):
        self._loop = None

    def __call__(self, result):
        """The result itself, or what it comes to if it is to be awaited."""
        if not inspect.isawaitable(result):
            return result
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        try:
            return self._loop.run_until_complete(result)
        except Stopped:
            self._cancel_tasks()
            raise

    def wake(self):
        """Has the loop look around, from another thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: None)

    def close(self):
        if self._loop is not None and not self._loop.is_running():
            self._loop.close()

    def _cancel_tasks(self):
        """What the call has begun ends with it."""
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
