"""Files made to harm: the server stays, other visitors are served, and who brought them reads a sentence.

Each test does to the real app what was seen to end it, or to hold others up.
"""

import gzip
import io
import re
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import psutil
import pytest
from playwright.sync_api import FilePayload

from mlcore import load_dataset
from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.server import AppServer
from tests.e2e.steps import Visitor
from tests.e2e.wire import bring_own, new_cookie, open_tab
from tests.mlcore.datasets.readers import data_files as make
from tests.waiting import PATIENCE, wait_until

MEGABYTE = 1_000_000
BUDGET = 280  # MB, as on a server of 700
DIGITS = load_dataset("digits-8x8")
TABLE = make.csv(DIGITS.images[:200], DIGITS.labels[:200]).encode()
ENDLESS = gzip.compress(TABLE) + gzip.compress(b" \n" * 500_000) * 950


def zeros(count: int, side: int, labels: np.ndarray) -> bytes:
    """Return an .npz of images that are all paper but for one dot each in the first block."""
    images = np.zeros((1, side, side), np.uint8)
    images[0, 1, 1] = 255
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        with packed.open("X.npy", "w") as member:
            header = {"descr": "|u1", "fortran_order": False, "shape": (count, side, side)}
            np.lib.format.write_array_header_1_0(member, header)
            member.write(images.tobytes())
            left = (count - 1) * side * side
            while left:
                left -= member.write(bytes(min(left, MEGABYTE)))
        with packed.open("y.npy", "w") as member:
            np.save(member, labels)
    return file.getvalue()


def pictures(count: int, side: int) -> bytes:
    large = make.picture(np.zeros((side, side), np.uint8))
    return make.archive({f"{k % 2}/{k}.png": large for k in range(count)})


@cache
def large() -> bytes:
    """Return an archive of 100 MB of images, packed a thousandfold."""
    return zeros(125_000, 28, np.arange(125_000, dtype=np.uint8) % 2)


BOMBS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "tiny images": (
        "tiny.npz",
        lambda: zeros(12_500_000, 4, np.zeros(1, np.uint8)),
        "12,500,000 images; at most 500,000",
    ),
    "endless labels": (
        "labels.npz",
        lambda: make.npz(X=DIGITS.images[:4], y=np.array(["a" * 5_000_000, "b", "c", "d"])),
        "labels of up to 5,000,000 letters; at most 100",
    ),
    "large pictures": ("pictures.zip", lambda: pictures(60, 5000), "million pixels together; at most 1,000"),
    "a cell of a million digits": (
        "cell.csv",
        lambda: TABLE.replace(b",0", b"," + b"1" * 900_000 + b"x", 1),
        "is not a number",
    ),
}


@pytest.fixture
def small_server() -> Iterator[AppServer]:
    """The app with as much memory for its visitors as it has in a container of 700 MB."""
    # Uploads wait for memory for a minute: on a busy machine those before take longer than eight seconds.
    environment = {"DIGITLAB_MEMORY_MB": str(BUDGET), "DIGITLAB_UPLOAD_WAIT_SECONDS": "60"}
    with AppServer(environment=environment) as server:
        yield server
        server.check_end()


def begin(visitor: Visitor) -> Visitor:
    visitor.open("/data", "60,000")
    visitor.main.get_by_text("Your own").click()
    expect(visitor.main.locator("input[type=file]")).to_be_attached()
    return visitor


def bring(visitor: Visitor, name: str, content: bytes) -> None:
    payload = FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
    visitor.main.locator("input[type=file]").set_input_files([payload])


def in_use(visitor: Visitor, name: str) -> None:
    expect(visitor.main.get_by_role("heading", name=name, exact=True)).to_be_visible()


def readers(server: AppServer) -> list[psutil.Process]:
    """Return the processes that read files at the moment."""
    found = []
    for process in server.workers():
        try:
            if "dashboard.reading.process" in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def bring_zeros(server: AppServer) -> str:
    """Bring an archive of zeros as a program does, and return what the page says then."""
    cookie = new_cookie(server.address)
    with open_tab(server.address, cookie) as tab:
        bring_own(tab, server.address, cookie, "zeros.npz", large())
        return " ".join(part.body for kind in ("heading", "alert") for part in tab.page.elements(kind))


def test_archives_of_zeros_take_no_more_than_the_budget_and_others_go_on(
    small_server: AppServer, new_visitor: NewVisitor
) -> None:
    assert len(large()) < 150_000
    other = begin(new_visitor(server=small_server))
    before = small_server.memory()
    with ThreadPoolExecutor(4) as attackers:
        attacks = [attackers.submit(bring_zeros, small_server) for _number in range(4)]
        wait_until(lambda: readers(small_server))
        bring(other, "honest.csv", TABLE)
        in_use(other, "honest")
    for attack in attacks:
        assert re.search("`zeros`|MB left for its visitors", attack.result())
    wait_until(lambda: not readers(small_server))
    assert small_server.memory() - before < (BUDGET + 100) * MEGABYTE


def test_what_there_is_no_room_for_can_be_tried_again(new_visitor: NewVisitor) -> None:
    environment = {"DIGITLAB_MEMORY_MB": "60", "DIGITLAB_UPLOAD_WAIT_SECONDS": "2"}
    with AppServer(environment=environment) as server:
        visitor = begin(new_visitor(server=server))
        bring(visitor, "zeros.npz", large())
        visitor.see(re.compile("takes about .* MB of memory, and the server has .* left"))
        visitor.press("Try again")
        visitor.see(re.compile("Waiting for free memory on the server"))
        visitor.see(re.compile("takes about .* MB of memory"))
        expect(visitor.main.get_by_role("button", name=re.compile("^Remove"))).to_have_count(1)


@pytest.mark.parametrize("kind", BOMBS)
def test_a_file_that_unpacks_to_too_much_gives_a_sentence(kind: str, visitor: Visitor) -> None:
    name, content, sentence = BOMBS[kind]
    begin(visitor)
    bring(visitor, name, content())
    visitor.see(re.compile(sentence))
    visitor.main.get_by_role("button", name=re.compile("^Remove")).click()
    expect(visitor.main.get_by_role("alert")).to_have_count(0)
    bring(visitor, "honest.csv", TABLE)
    in_use(visitor, "honest")


def test_files_that_take_long_hold_nobody_up(fresh_server: AppServer, new_visitor: NewVisitor) -> None:
    other = begin(new_visitor(server=fresh_server))
    slow = [begin(new_visitor(server=fresh_server)) for _number in range(3)]
    for visitor in slow:
        bring(visitor, "endless.csv.gz", ENDLESS)
        visitor.see(re.compile("^(Reading|Waiting)"))
    for process in readers(fresh_server):
        process.suspend()  # they have not been read when the other one comes, however fast the machine
    bring(other, "honest.csv", TABLE)
    in_use(other, "honest")


@pytest.fixture(scope="module")
def reading_server() -> Iterator[AppServer]:
    """The app for those tests that leave no reading behind."""
    with AppServer() as server:
        yield server
        server.check_end()


@pytest.mark.parametrize("how", ["another page", "the file is taken back", "the tab is closed"])
def test_a_reading_that_nobody_waits_for_is_ended(
    how: str, reading_server: AppServer, new_visitor: NewVisitor
) -> None:
    visitor = begin(new_visitor(server=reading_server))
    bring(visitor, "endless.csv.gz", ENDLESS)
    found: list[psutil.Process] = []
    wait_until(lambda: found.extend(readers(reading_server)) or found)
    process = found[0]
    process.suspend()  # it does not end by itself
    if how == "another page":
        visitor.menu().filter(has_text="Home").first.click()
    elif how == "the file is taken back":
        visitor.main.get_by_role("button", name=re.compile("^Remove")).click()
    else:
        visitor.page.close()
    wait_until(lambda: not process.is_running())
    assert not readers(reading_server)


def test_uploads_that_nobody_asked_for_take_no_memory_and_have_an_end(
    small_server: AppServer, new_visitor: NewVisitor
) -> None:
    visitor = begin(new_visitor(server=small_server))
    with visitor.page.expect_request(lambda request: request.method == "PUT") as sent:
        bring(visitor, "wrong.pdf", b"no table")
    visitor.see(re.compile("nothing that can be used in wrong.pdf"))
    address, token = sent.value.url.rsplit("/", 1)[0], sent.value.headers["x-xsrftoken"]
    before = small_server.memory()

    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in visitor.context.cookies())
    head, foot = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n', b"\r\n--x--\r\n"
    body = head + bytes(120 * MEGABYTE) + foot

    def put(number: int) -> int:
        headers = {"X-Xsrftoken": token, "Cookie": cookies, "Content-Type": "multipart/form-data; boundary=x"}
        request = urllib.request.Request(f"{address}/more-{number}", body, headers, method="PUT")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert [put(number) for number in range(4)] == [204, 204, 204, 413]
    assert small_server.memory() - before < 60 * MEGABYTE
    uploads = sorted(small_server.temporary_files.glob("digit-lab-*/uploads/*"))
    assert sum(path.stat().st_size for path in uploads) < 420 * MEGABYTE
