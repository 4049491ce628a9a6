"""Archives, archives in them and folders become one list of files, within bounds, whatever their bytes."""

import contextlib
import gzip
import io
import tarfile
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.datasets.readers import read_parts
from mlcore.datasets.readers.containers import flat_sources
from mlcore.errors import DatasetError
from tests.mlcore.datasets.readers import data_files as make

RNG = np.random.default_rng(0)
IMAGES = np.zeros((6, 8, 8), np.uint8)
IMAGES[:, 2:6, 2:6] = RNG.integers(20, 256, (6, 4, 4))
LABELS = np.arange(6) % 3
FOLDERS = make.picture_folders(IMAGES, LABELS)
NAMES = {f"img/{label}_{k}.png": make.picture(IMAGES[k]) for k, label in enumerate(LABELS)}
LIST = {f"img/{k}.png": make.picture(IMAGES[k]) for k in range(6)} | {
    "labels.csv": "image,label\n" + "".join(f"{k}.png,{label}\n" for k, label in enumerate(LABELS))
}
GOOD: dict[str, tuple[str, bytes]] = {
    "tar": ("a.tar", make.tar(FOLDERS)),
    "tar.gz": ("a.tar.gz", gzip.compress(make.tar(FOLDERS))),
    "zip in zip": ("a.zip", make.archive({"b.zip": make.archive(FOLDERS)})),
    "tar in zip": ("a.zip", make.archive({"train.tar.gz": gzip.compress(make.tar(FOLDERS))})),
    "idx in tar": ("a.tgz", gzip.compress(make.tar(make.idx_pair(IMAGES, LABELS, pack=True)))),
    "arrays in zip": ("a.zip", make.archive({"a.npz": make.npz(x_train=IMAGES, y_train=LABELS)})),
    "names": ("a.zip", make.archive(NAMES)),
    "list": ("a.zip", make.archive(LIST)),
}


@settings(max_examples=300)
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_an_archive_with_damage_gives_a_data_set_or_a_sentence(kind: str, data: st.DataObject) -> None:
    name, good = GOOD[kind]
    content = bytearray(good)
    for __ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    with contextlib.suppress(DatasetError):
        assert len(
            read_parts({name: bytes(content)}, labels=data.draw(st.sampled_from(["folders", "names"]))).train
        )


@pytest.mark.parametrize("kind", GOOD)
def test_without_damage_it_is_read(kind: str) -> None:
    name, content = GOOD[kind]
    labels = "names" if kind == "names" else "folders"
    assert len(read_parts({name: content}, labels=labels).train) == 6


def test_the_path_of_a_file_has_the_archives_around_it_as_folders() -> None:
    inner = make.archive({"0/a.png": b"", "README.md": b""})
    with flat_sources({"a.zip": make.archive({"x/train.zip": inner}), "b.csv": b"1,2\n"}) as sources:
        assert [source.path for source in sources] == ["a/x/train/0/a.png", "a/x/train/README.md", "b.csv"]
        assert [source.top for source in sources] == ["a.zip", "a.zip", "b.csv"]
        assert [source.kind for source in sources] == ["pictures", "document", "csv"]


def huge(size: int) -> bytes:
    """A tar that announces a file of so many bytes and has none of them."""
    info = tarfile.TarInfo("train.csv")
    info.size = size
    return info.tobuf()


def test_a_tar_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(DatasetError, match="would unpack to 1 files, 5,000 MB in all"):
        read_parts({"a.tar.gz": gzip.compress(huge(5_000_000_000))})


def test_a_tar_of_too_many_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.datasets.readers.limits.MAX_MEMBERS", 3)
    with pytest.raises(DatasetError, match="would unpack to 4 files"):
        read_parts({"a.tar": make.tar(FOLDERS)})


def test_files_of_several_archives_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.datasets.readers.limits.MAX_MEMBERS", 10)
    with pytest.raises(DatasetError, match="would unpack to 12 files"):
        read_parts({"train.zip": make.archive(FOLDERS), "test.zip": make.archive(FOLDERS)})


def test_a_name_of_gigabytes_in_a_tar_is_refused_without_being_read() -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1_000_000_000
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1) as packed:
        packed.write(info.tobuf())
        for _megabyte in range(40):
            packed.write(bytes(1_000_000))
    tracemalloc.start()
    with pytest.raises(DatasetError):
        read_parts({"a.tar.gz": file.getvalue()})
    assert tracemalloc.get_traced_memory()[1] < 60_000_000
    tracemalloc.stop()


def test_an_archive_within_an_archive_is_asked_for_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = make.archive(FOLDERS)
    asked: list[int] = []
    read_parts({"a.zip": make.archive({"b.zip": inner})}, ask=asked.append)
    assert asked[0] == len(inner)
    assert min(asked[1:]) >= len(inner) + IMAGES.nbytes, "What is held is counted to what is asked for next."
    monkeypatch.setattr("mlcore.datasets.readers.limits.MAX_INNER_BYTES", 100)
    with pytest.raises(
        DatasetError, match=r"b\.zip is an archive of 0 MB inside another one.*Unpack the outer"
    ):
        read_parts({"a.zip": make.archive({"b.zip": inner})})


def test_links_and_devices_in_a_tar_are_passed_over() -> None:
    file = io.BytesIO(make.tar(FOLDERS))
    with tarfile.open(fileobj=file, mode="a") as packed:
        for name, kind in (("3/link.png", tarfile.SYMTYPE), ("3/pipe.png", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            packed.addfile(info)
    assert len(read_parts({"a.tar": file.getvalue()}).train) == 6
