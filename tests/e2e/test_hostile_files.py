"""Files made to do harm, and files that are merely broken: refused with a reason, and the server lives on."""

import os
import pickle
import shutil
import struct
import time
import zlib

import pytest

from harness.digits import assert_recorded, inputs_for
from harness.server import DIGITS, PATIENCE

ONE = slice(0, 1)


class Call:
    """Pickles to a call of `function`."""

    def __init__(self, function, *arguments):
        self.parts = (function, arguments)

    def __reduce__(self):
        return self.parts


def global_call(module, name, argument):
    """Protocol 0 by hand: the function need not exist here."""
    return f"c{module}\n{name}\n(V{argument}\ntR.".encode()


def deep(opener, levels=1_000_000):
    return b"\x80\x04" + opener * levels + b"."


def billion_laughs():
    """Lists of ten references each to the list before: 10^40 elements if they were ever copied."""
    parts = [b"\x80\x04](K\x01e\x94"]
    for i in range(40):
        parts.append(b"](" + (b"h" + bytes([i])) * 10 + b"e\x94")
    return b"".join(parts) + b"."


def compression_bomb(length=4 << 30):
    """4 GiB of "push nothing, take it away" in a few MB: one compressed block, again and again."""
    squeeze = zlib.compressobj(9)
    start = squeeze.compress(b"\x80\x02") + squeeze.flush(zlib.Z_FULL_FLUSH)
    block = squeeze.compress(b"N0" * (1 << 19)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return start + block * (length >> 20) + squeeze.flush()


def calls(marker):
    """Pickles that would make the file `marker` if anything in them were executed."""
    touch = f"touch {marker}"
    return {
        "os.system": pickle.dumps(Call(os.system, touch)),
        "posix.system in a dict": pickle.dumps({"model": [Call(os.system, touch)]}, protocol=5),
        "eval": pickle.dumps(Call(eval, f"open({str(marker)!r}, 'w')")),
        "exec": pickle.dumps(Call(exec, f"open({str(marker)!r}, 'w')")),
        "builtins.getattr": pickle.dumps(Call(getattr, "x", "upper")),
        "open": pickle.dumps(Call(open, str(marker), "w")),
        "subprocess": global_call("subprocess", "getoutput", touch),
        "protocol 0": global_call("os", "system", touch),
        "protocol 2": pickle.dumps(Call(os.system, touch), protocol=2),
        "nt": global_call("nt", "system", touch),
        "instance opcode": f"(S'{touch}'\nios\nsystem\n.".encode(),
        "object opcode": f"(cos\nsystem\nS'{touch}'\no.".encode(),
        "by the dotted name of a known module": b"\x80\x04\x8c\x05numpy\x8c\x0fos.system.__cal\x93" + pickle.dumps(touch, 4)[2:-1] + b"\x85R.",
        "numpy's own loader": global_call("numpy.lib.npyio", "load", "/etc/passwd"),
        "sklearn name that is no class": global_call("sklearn.utils", "os", touch),
        "build of a callable": b"\x80\x02cos\nsystem\n}b.",
        "persistent id": b"\x80\x02X\x01\x00\x00\x00aQ.",
        "extension registry": b"\x80\x02\x82\x01.",
    }


# Forms that want memory, time or stack; none of these may take either.
EATERS = {
    "deep tuple marks": lambda: deep(b"("),
    "deep lists": lambda: b"\x80\x02" + b"]" * 1_000_000 + b"a" * 999_999 + b".",
    "deep tuples": lambda: b"\x80\x02N" + b"\x85" * 1_000_000 + b".",
    "billion laughs": billion_laughs,
    "list in itself": lambda: b"\x80\x04]\x94h\x00a.",
    "huge string": lambda: b"\x80\x04\x8d" + struct.pack("<Q", 1 << 60) + b"x.",
    "huge bytes": lambda: b"\x80\x04\x8e" + struct.pack("<Q", (1 << 64) - 1) + b"x.",
    "huge integer": lambda: b"\x80\x04\x8b" + struct.pack("<I", 0x7FFFFFFF) + b"\x01.",
    "negative integer length": lambda: b"\x80\x04\x8b" + struct.pack("<i", -5) + b"\x01.",
    "huge frame": lambda: b"\x80\x04\x95" + struct.pack("<Q", 1 << 62) + b"N.",
    "far memo": lambda: b"\x80\x02Nr" + struct.pack("<I", 0xFFFFFFFF) + b".",
    "memo that is not there": lambda: b"\x80\x02h\x07.",
    "empty stack": lambda: b"\x80\x020.",
    "no end": lambda: b"\x80\x02N",
    "protocol 200": lambda: b"\x80\xc8N.",
    "a million dups": lambda: b"\x80\x02]" + b"2" * 1_000_000 + b".",
    "long integer text": lambda: b"I" + b"9" * 1_000_000 + b"\n.",
    "compression bomb": compression_bomb,
    "random bytes": lambda: b"\x80\x04" + bytes(range(256)) * 100,
    "only a header": lambda: b"\x80",
    "nothing": lambda: b"",
}


def refused(client, server, path, suffix=""):
    """The error of a deploy that must fail, in bounded time and memory."""
    before, start = server.resident_kb(), time.monotonic()
    answer = client.try_deploy("hostile", path)
    took = time.monotonic() - start
    assert answer.status in (400, 422), answer.body
    assert answer.error["code"] in ("INVALID_MODEL", "INVALID_ARGUMENT"), answer.error
    assert took < PATIENCE / 2
    assert server.resident_kb() - before < 400_000, "kB more than before"
    server.check()
    return answer.error


@pytest.fixture(autouse=True)
def forget(client):
    yield
    client.delete("/models/hostile")


@pytest.mark.parametrize("case", calls("x"))
def test_nothing_in_a_pickle_is_executed(server, client, root, tmp_path, case):
    marker = tmp_path / "executed"
    for suffix in ("pkl", "joblib"):
        path = root / f"model.{suffix}"
        path.write_bytes(calls(marker)[case])
        refused(client, server, path)
    assert not marker.exists()


def test_refusal_names_the_global(server, client, root):
    (root / "model.pkl").write_bytes(global_call("os", "system", "true"))
    message = refused(client, server, root / "model.pkl")["message"]
    assert "os.system" in message


@pytest.mark.parametrize("case", EATERS)
def test_bounded_time_and_memory(server, client, root, case):
    (root / "model.pkl").write_bytes(EATERS[case]())
    refused(client, server, root / "model.pkl")


def test_a_call_hidden_in_a_real_model(server, client, root, tmp_path):
    """The pipeline's own file with a call put before its end."""
    marker = tmp_path / "executed"
    whole = (DIGITS / "pipeline.pkl").read_bytes()
    assert whole.endswith(b".")
    (root / "model.pkl").write_bytes(whole[:-1] + b"0" + f"cos\nsystem\n(Vtouch {marker}\ntR.".encode())
    refused(client, server, root / "model.pkl")
    assert not marker.exists()


def test_truncated_pickles(server, client, root):
    for file in ("pipeline.pkl", "pipeline.joblib", "forest.joblib"):
        whole = (DIGITS / file).read_bytes()
        for cut in range(0, len(whole) - 1, max(1, len(whole) // 12)):
            (root / file).write_bytes(whole[:cut])
            refused(client, server, root / file)


def corrupt(data, seed):
    """Every 97th byte changed."""
    data = bytearray(data)
    for i in range(seed, len(data), 97):
        data[i] ^= 0x5A
    return bytes(data)


@pytest.mark.parametrize("file", ["cnn.onnx", "cnn.pt", "keras_frozen.pb", "keras_model.tflite", "pipeline.joblib", "forest.pkl"])
def test_broken_file_of_each_kind(server, client, pipeline, root, file):
    """Truncated and overwritten: the runtime's reason, and everything else is still served."""
    whole = (DIGITS / file).read_bytes()
    versions = [whole[:len(whole) // 2], whole[:10], b"", b"\0" * 1000, b"hello world\n" * 100]
    for broken in versions:
        (root / file).write_bytes(broken)
        error = refused(client, server, root / file)
        assert len(error["message"]) > 10
        assert_recorded("pipeline.joblib", client.predict(pipeline, inputs_for("pipeline.joblib", ONE)).outputs, ONE)
    client.deploy("hostile", DIGITS / file, replace=True)


@pytest.mark.parametrize("file", ["cnn.onnx", "cnn.pt", "keras_frozen.pb", "pipeline.joblib", "forest.pkl"])
def test_overwritten_files_do_no_harm(server, client, root, file):
    """Noise in the middle may even load; what it answers is not the point, that the server lives is."""
    for seed in range(5):
        (root / file).write_bytes(corrupt((DIGITS / file).read_bytes(), 40 + seed))
        answer = client.try_deploy("hostile", root / file, replace=True)
        assert answer.status in (201, 400, 422, 503), answer.body
        if answer.status == 201:
            assert client.predict("hostile", inputs_for(file)).status in (200, 400, 500, 503)
        server.check()


def test_saved_model_without_its_variables(server, client, root):
    shutil.copy(DIGITS / "keras_savedmodel" / "saved_model.pb", root / "saved_model.pb")
    refused(client, server, root)


def test_saved_model_that_is_broken(server, client, root):
    shutil.copytree(DIGITS / "keras_savedmodel", root / "m")
    (root / "m" / "saved_model.pb").write_bytes(b"\xff" * 5000)
    refused(client, server, root / "m")


@pytest.mark.parametrize("file, word", [("model.h5", "SavedModel"), ("model.keras", "SavedModel"), ("model.pt2", "torch.jit"),
                                        ("model.safetensors", "ONNX")])
def test_formats_that_are_not_served_say_what_to_do(server, client, root, file, word):
    (root / file).write_bytes(b"whatever")
    assert word in refused(client, server, root / file)["message"]


def test_state_dict_says_what_it_is(server, client):
    assert "TorchScript" in refused(client, server, "models/pytorch/state_dict.pt")["message"]


def test_onnx_weights_outside_the_model_folder(server, client):
    refused(client, server, "models/onnx/external_escape.onnx")
