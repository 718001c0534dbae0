"""The parts of scripts/setup. Standard library only: they run before anything is installed."""


class SetupError(Exception):
    """A setup step failed; the message says what, and what to do."""
