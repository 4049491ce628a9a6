"""Archives laid out as Kaggle and torchvision give them are dropped in one piece and read."""

import gzip

import numpy as np
import pytest

from mlcore.datasets.dataset import Dataset
from mlcore.datasets.readers import Parts, read_parts
from tests.mlcore.datasets.readers import data_files as make

RNG = np.random.default_rng(0)
N, N_TEST = 20, 10


def some(n: int) -> tuple[np.ndarray, np.ndarray]:
    images = np.zeros((n, 8, 8), np.uint8)
    images[:, 2:6, 2:6] = RNG.integers(20, 256, (n, 4, 4))
    return images, np.arange(n) % 5


TRAIN, TEST = some(N), some(N_TEST)
Members = dict[str, bytes | str]


def without_labels(table: str) -> str:
    return "\n".join(line.partition(",")[2] for line in table.splitlines()) + "\n"


def digit_recognizer() -> Members:
    submission = "ImageId,Label\n" + "".join(f"{k + 1},0\n" for k in range(N_TEST))
    return {
        "sample_submission.csv": submission,
        "test.csv": without_labels(make.csv(*TEST)),
        "train.csv": make.csv(*TRAIN),
    }


def mnist_in_csv() -> Members:
    return {"mnist_test.csv": make.csv(*TEST), "mnist_train.csv": make.csv(*TRAIN)}


def fashionmnist() -> Members:
    tables = {"fashion-mnist_test.csv": make.csv(*TEST), "fashion-mnist_train.csv": make.csv(*TRAIN)}
    return tables | dict(make.idx_pair(*TEST, prefix="t10k")) | dict(make.idx_pair(*TRAIN))


def hojjatk() -> Members:
    members: Members = {}
    for prefix, data in (("t10k", TEST), ("train", TRAIN)):
        for name, content in make.idx_pair(*data, prefix=prefix).items():
            members |= {f"{name}/{name}": content, name.replace("-idx", ".idx"): content}
    return members


def pictures(folder: str, data: tuple[np.ndarray, np.ndarray], labelled: bool = True) -> Members:
    return {
        f"{folder}/{folder}/{f'{label}/' if labelled else ''}img_{k}.png": make.picture(image)
        for k, (image, label) in enumerate(zip(*data, strict=True))
    }


def mnistasjpg() -> Members:
    """Pictures in folders, and beside each folder an archive of the same."""
    sample = (TRAIN[0][:10], TRAIN[1][:10])
    folders = {
        "testSample": pictures("testSample", TEST, labelled=False),
        "testSet": pictures("testSet", TEST, labelled=False),
        "trainingSample": pictures("trainingSample", sample),
        "trainingSet": pictures("trainingSet", TRAIN),
    }
    members: Members = {}
    for name, found in folders.items():
        inner = {path.partition("/")[2]: content for path, content in found.items()}
        packed = make.tar(inner)
        members |= (
            {f"{name}.tar.gz": gzip.compress(packed)}
            if "Set" in name
            else {f"{name}.zip": make.archive(inner)}
        )
        members |= found
    return members


def sign_language() -> Members:
    train, test = make.csv(*TRAIN), make.csv(*TEST)
    picture = make.picture(TRAIN[0][0])
    return {
        "amer_sign2.png": picture,
        "american_sign_language.PNG": picture,
        "sign_mnist_test.csv": test,
        "sign_mnist_test/sign_mnist_test.csv": test,
        "sign_mnist_train.csv": train,
        "sign_mnist_train/sign_mnist_train.csv": train,
    }


def torchvision() -> Members:
    members: Members = {}
    for prefix, data in (("t10k", TEST), ("train", TRAIN)):
        for pack in (False, True):
            found = make.idx_pair(*data, prefix=prefix, pack=pack)
            members |= {f"MNIST/raw/{name}": content for name, content in found.items()}
    return members


def repository() -> Members:
    """A repository's zip: texts, figures and code around the data."""
    data = {f"digits-main/data/{path}": c for path, c in make.picture_folders(*TRAIN).items()}
    around = {
        "README.md": "# Digits\n",
        "LICENSE": "As you like.\n",
        "docs/figure.png": make.picture(TRAIN[0][0]),
        "src/train.py": "print('hello')\n",
        "requirements.txt": "numpy\n",
    }
    return {f"digits-main/{path}": content for path, content in around.items()} | data


WITH_TEST = [mnist_in_csv, fashionmnist, hojjatk, sign_language, torchvision]
WITHOUT_TEST = [digit_recognizer, mnistasjpg, repository]


def same(dataset: Dataset | None, data: tuple[np.ndarray, np.ndarray]) -> None:
    assert dataset is not None
    order = np.argsort(data[1], kind="stable")
    found = np.argsort(dataset.labels, kind="stable")
    np.testing.assert_array_equal(dataset.images[found], data[0][order])
    np.testing.assert_array_equal(dataset.labels[found], data[1][order])
    assert dataset.class_names == tuple("01234")


def read(members: Members) -> Parts:
    parts = read_parts({"archive.zip": make.archive(members)})
    for sentence in (*parts.train.notes, *parts.notes):
        assert sentence.endswith((".", ")")), sentence
        assert len(sentence) < 400
    return parts


@pytest.mark.parametrize("layout", WITH_TEST, ids=lambda layout: layout.__name__)
def test_an_archive_with_labelled_test_images_is_read_with_them(layout) -> None:
    parts = read(layout())
    same(parts.train, TRAIN)
    same(parts.test, TEST)
    assert parts.train.name == "archive"


@pytest.mark.parametrize("layout", WITHOUT_TEST, ids=lambda layout: layout.__name__)
def test_an_archive_without_labelled_test_images_gives_its_training_images(layout) -> None:
    parts = read(layout())
    same(parts.train, TRAIN)
    assert parts.test is None


@pytest.mark.parametrize("layout", [digit_recognizer, mnistasjpg], ids=lambda layout: layout.__name__)
def test_unlabelled_test_images_are_said_to_be_left_out_and_what_can_be_done_with_them(layout) -> None:
    assert any("test images" in note and "Evaluate page" in note for note in read(layout()).notes)


@pytest.mark.parametrize(
    "layout", [*WITH_TEST, digit_recognizer, mnistasjpg], ids=lambda layout: layout.__name__
)
def test_what_is_in_an_archive_may_be_dropped_file_by_file(layout) -> None:
    files = {
        path: content.encode() if isinstance(content, str) else content for path, content in layout().items()
    }
    parts = read_parts(files)
    same(parts.train, TRAIN)
    assert (parts.test is None) == (layout in WITHOUT_TEST)
    assert "test" not in parts.train.name
    assert "t10k" not in parts.train.name
