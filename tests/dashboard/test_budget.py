"""One budget for all that visitors hold: room is granted, refused with a sentence, and given back.

These are the tests of `dashboard.budget`.
"""

from pathlib import Path

import pytest

from dashboard.budget import SPARE, VARIABLE, Budget, NoRoom, bytes_available


def budget(limit: int | None = 100, available: int | None = None) -> Budget:
    return Budget(limit, lambda: available)


def test_what_is_reserved_is_taken_until_it_is_released() -> None:
    books = budget(100)
    with books.reserve(60) as room:
        assert (books.taken, books.left) == (60, 40)
        room.resize(90)
        assert books.left == 10
    room.release()
    assert (books.taken, books.left) == (0, 100)


def test_what_does_not_fit_is_refused_and_changes_nothing() -> None:
    books = budget(100_000_000)
    room = books.reserve(60_000_000)
    with pytest.raises(NoRoom, match=r"takes about 50 MB .* has 40 MB left"):
        books.reserve(50_000_000)
    with pytest.raises(NoRoom):
        room.resize(101_000_000)
    assert books.taken == 60_000_000


def test_room_goes_back_when_its_holder_is_gone() -> None:
    class Holder:
        pass

    books, holder = budget(100), Holder()
    books.reserve(70).until_gone(holder)
    assert books.taken == 70
    del holder
    assert books.taken == 0


def test_what_only_waits_to_be_collected_is_in_nobodys_way() -> None:
    class Holder:
        pass

    books, holder = budget(100), Holder()
    holder.itself = holder  # type: ignore[attr-defined]
    books.reserve(70).until_gone(holder)
    del holder
    assert books.reserve(60).amount == books.taken == 60


def test_the_machine_has_the_last_word() -> None:
    books = budget(10 * SPARE, available=SPARE + 5)
    assert books.left == 5
    with pytest.raises(NoRoom):
        books.reserve(6)
    assert budget(None).left is None


def test_a_setting_says_how_large_the_budget_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "300")
    assert Budget.of_machine().limit == 300_000_000
    monkeypatch.setenv(VARIABLE, "")
    limit = Budget.of_machine().limit
    assert limit is None or limit > 0


def lay_out(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


MACHINE = {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable: 8000 kB\n"}


def test_a_container_of_the_first_kind_is_found_by_its_path(tmp_path: Path) -> None:
    group = "sys/fs/cgroup/memory/box/7/memory."
    lay_out(
        tmp_path,
        MACHINE
        | {
            "proc/self/cgroup": "5:cpu:/\n4:memory:/box/7\n0::/\n",
            f"{group}limit_in_bytes": "700000",
            f"{group}usage_in_bytes": "300000",
            f"{group}stat": "cache 9\ntotal_inactive_file 100000\n",
        },
    )
    assert bytes_available(tmp_path) == 500_000


def test_a_container_of_the_second_kind_is_bound_by_the_groups_above_it(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        MACHINE
        | {
            "proc/self/cgroup": "0::/slice/unit\n",
            "sys/fs/cgroup/slice/unit/memory.max": "max",
            "sys/fs/cgroup/slice/unit/memory.current": "5",
            "sys/fs/cgroup/slice/memory.max": "600000",
            "sys/fs/cgroup/slice/memory.current": "200000",
        },
    )
    assert bytes_available(tmp_path) == 400_000


def test_a_path_that_only_the_host_sees_leaves_the_groups_root(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        MACHINE
        | {
            "proc/self/cgroup": "0::/system.slice/docker-1.scope\n",
            "sys/fs/cgroup/memory.max": "500000",
            "sys/fs/cgroup/memory.current": "100000",
        },
    )
    assert bytes_available(tmp_path) == 400_000


def test_without_a_container_the_machine_counts(tmp_path: Path) -> None:
    lay_out(tmp_path, MACHINE | {"proc/self/cgroup": "4:memory:/\n"})
    assert bytes_available(tmp_path) == 8000 * 1024
