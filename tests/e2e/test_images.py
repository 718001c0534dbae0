"""Image steps against Pillow: the same pixels of the same files."""

import base64
import io

import numpy as np
import pytest
from PIL import Image, ImageOps

MODES = {"rgb": "RGB", "gray": "L"}
FILTERS = {"bilinear": Image.BILINEAR, "nearest": Image.NEAREST, "area": Image.BOX}


def picture(height, width, channels):
    """Soft shapes with some noise, the same in every run."""
    random = np.random.default_rng(height * width + channels)
    coarse = random.integers(0, 256, (9, 11, channels), dtype=np.uint8)
    image = Image.fromarray(coarse if channels > 1 else coarse[:, :, 0])
    soft = np.asarray(image.resize((width, height), Image.BICUBIC)).astype(int)
    return Image.fromarray(np.clip(soft + random.integers(-8, 9, soft.shape), 0, 255).astype(np.uint8))


def encode(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


FILES = {
    "baseline": encode(picture(150, 200, 3), "JPEG", quality=85),
    "progressive": encode(picture(300, 170, 3), "JPEG", progressive=True),
    "without subsampling": encode(picture(97, 61, 3), "JPEG", subsampling=0),
    "gray jpeg": encode(picture(120, 90, 1), "JPEG"),
    "cmyk": encode(picture(64, 80, 3).convert("CMYK"), "JPEG"),
    "png": encode(picture(150, 200, 3), "PNG"),
    "gray png": encode(picture(33, 250, 1), "PNG"),
    "alpha": encode(picture(80, 90, 4), "PNG"),
    "palette": encode(picture(70, 70, 3).quantize(19), "PNG"),
    "two colors": encode(picture(50, 77, 1).convert("1"), "PNG"),
    "turned": encode(picture(40, 60, 3), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"),
}


@pytest.fixture
def step(start_server, tmp_path):
    (tmp_path / "any.file").write_text("not looked at")
    client = start_server(roots=[tmp_path]).client()

    def run(*files, **options):
        client.deploy("step", "any.file", engine="image", config={"options": {"operation": "decode", "orient": "false", **options}})
        answer = client.predict("step", {"image": [{"b64": base64.b64encode(file).decode()} for file in files]})
        assert answer.status == 200, answer.body.decode()
        client.delete("/models/step")
        return np.asarray(answer.outputs)

    run.client = client
    return run


def pixels(image):
    array = np.asarray(image).astype(int)
    return array if array.ndim == 3 else array[:, :, None]


@pytest.mark.parametrize("file", FILES)
def test_equals_pillow(step, file):
    image = Image.open(io.BytesIO(FILES[file]))
    for color, mode in MODES.items():
        wanted = image.convert(mode)
        assert np.array_equal(step(FILES[file], color=color)[0], pixels(wanted))
        for interpolation, by in FILTERS.items():
            given = step(FILES[file], color=color, size="56x72", scaled_decoding="false", interpolation=interpolation)[0]
            assert np.abs(given - pixels(wanted.resize((72, 56), by))).max() <= 1, (color, interpolation)


def test_pads_and_turns_like_pillow(step):
    image = Image.open(io.BytesIO(FILES["baseline"]))
    given = step(FILES["baseline"], size="64x64", scaled_decoding="false", fit="pad", pad_value=114)[0]
    assert np.abs(given - pixels(ImageOps.pad(image, (64, 64), Image.BILINEAR, color=(114,) * 3))).max() <= 1
    image = Image.open(io.BytesIO(FILES["turned"]))
    assert np.array_equal(step(FILES["turned"])[0], pixels(image))
    assert np.array_equal(step(FILES["turned"], orient="true")[0], pixels(ImageOps.exif_transpose(image)))


def test_whole_preprocessing_of_many(step):
    names = ["baseline", "png", "alpha"]
    given = step(*(FILES[name] for name in names), size="32x32", scaled_decoding="false", fit="crop", shorter_side=40, layout="chw",
                 scale="1/255", mean="[0.485, 0.456, 0.406]", std="[0.229, 0.224, 0.225]")
    for got, name in zip(given, names, strict=True):
        image = Image.open(io.BytesIO(FILES[name])).convert("RGB")
        shorter = min(image.size)
        image = image.resize(tuple(int(40 * side / shorter) for side in image.size), Image.BILINEAR)
        left, top = (round((side - 32) / 2) for side in image.size)
        wanted = np.asarray(image.crop((left, top, left + 32, top + 32))) / 255
        wanted = (wanted - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        assert np.abs(got - wanted.transpose(2, 0, 1)).max() <= 1.01 / 255 / 0.224


def test_refusals_say_which_image_and_why(step):
    step.client.deploy("step", "any.file", engine="image", config={"options": {"operation": "decode"}})
    cut = FILES["png"][:-200]
    for files, words in [([FILES["png"], cut], "image 1: it is a PNG file that cannot be decoded"), ([FILES["png"], FILES["palette"]], "'size'"), ([b"GIF89a"], "neither a JPEG nor a PNG file")]:
        answer = step.client.predict("step", {"image": [{"b64": base64.b64encode(file).decode()} for file in files]})
        assert answer.status == 400 and words in answer.error["message"]
    answer = step.client.try_deploy("other", "any.file", engine="image", config={"options": {"operation": "rotate"}})
    assert answer.status == 400 and "decode, resize, normalize" in answer.error["message"]
