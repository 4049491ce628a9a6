"""Of runs that differ in their seed alone, mean and range are told; of others nothing is."""

from dataclasses import replace

from dashboard.runs_page.seeds import seed_words
from tests.dashboard.runs_page.test_parallel_chart import named, run


def test_runs_that_differ_in_their_seed_alone_are_told_together() -> None:
    runs = named(run(0.9, seed=1), run(0.93, seed=2), run(0.8, seed=1, epochs=3), run(0.96, seed=3))
    (words,) = seed_words(runs)
    assert words.startswith("`Run 1`, `Run 2`, `Run 4` differ in their seed alone: 93.00 % dev accuracy")
    assert "from 90.00 % to 96.00 %" in words


def test_runs_on_other_images_unfinished_ones_and_forks_are_left_out() -> None:
    first, second = run(0.9, seed=1), run(0.93, seed=2)
    other_data = replace(second, data=replace(second.data, fingerprint="other"))
    for other in (
        other_data,
        replace(second, dev_files=("other", "", "")),
        replace(second, state="stopped"),
        replace(second, is_plain=False),
        run(None, seed=2),
    ):
        assert seed_words(named(first, other)) == []
