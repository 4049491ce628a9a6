"""Pictures of every format that is read become grey levels, or are refused with what to do."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from mlcore.errors import DatasetError
from mlcore.images.picture_file import read_picture


def heic(pixels: np.ndarray) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "HEIF", quality=100)
    return file.getvalue()


def test_a_heic_picture_is_read_where_its_package_is_installed() -> None:
    pixels = np.zeros((16, 16), np.uint8)
    pixels[4:12, 4:12] = 255
    np.testing.assert_allclose(read_picture("a.heic", heic(pixels), 256).astype(int), pixels, atol=3)


def test_without_its_package_a_heic_picture_is_refused_with_the_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = heic(np.zeros((16, 16), np.uint8))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(DatasetError, match=r"a\.heic is a HEIC picture.*PNG or JPEG, or install pillow-heif"):
        read_picture("a.heic", content, 256)
