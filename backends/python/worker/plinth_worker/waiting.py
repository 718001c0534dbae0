"""Programs may be written with async functions: these run in one event loop of the model's."""

import asyncio
import inspect

from .failures import Stopped


class Waiter:
    def __init__(self):
        self._loop = None
        self.task = None  # what is run just now
        self._cancelled = None  # a task that stop() has cancelled

    def __call__(self, result):
        """The result itself, or what it comes to if it is to be awaited."""
        if not inspect.isawaitable(result):
            return result
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        try:
            return self._run(result)
        except Stopped:
            self._cancel_tasks()
            raise

    def _run(self, result):
        self.task = task = asyncio.ensure_future(result, loop=self._loop)
        try:
            return self._loop.run_until_complete(task)
        except asyncio.CancelledError:
            if self._cancelled is not task:
                raise
            raise Stopped("the call is not wanted any more") from None
        finally:
            self.task = self._cancelled = None

    def stop(self, task):
        """From another thread: cancels what run at that time, and leaves the loop as it should be, which an exception from outside might
        not."""
        self._cancelled = task
        self._loop.call_soon_threadsafe(task.cancel)

    def close(self):
        if self._loop is not None and not self._loop.is_running():
            self._loop.close()

    def _cancel_tasks(self):
        """What the call has begun ends with it."""
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        if not tasks:
            return  # gather() of nothing asks for the loop of the thread, which may have none
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
