"""Models of the test backend (tests/backend): y = 2 * x, with whatever misbehaviour a test asks for."""

from harness.server import BUILD

TEST_BACKEND = BUILD / "tests" / "backends"


def write(folder, name="m", **settings):
    """Writes the model's file, whose settings tests/backend/test_backend.cc lists; gives its name in the folder."""
    file = f"{name}.testmodel"
    (folder / file).write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    return file
