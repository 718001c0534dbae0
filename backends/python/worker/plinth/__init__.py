"""What a Python model may use of the server that runs it."""


class InvalidInput(Exception):
    """Raised by a model that cannot work on its inputs: the client is told so (HTTP 400), and nothing is logged."""
