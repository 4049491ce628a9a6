"""The settings as a text for an address, and any text read back."""

import re
from dataclasses import fields, replace
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dashboard.settings_link import (
    LONGEST,
    Settings,
    read_settings,
    setting_names,
    write_settings,
)
from mlcore import RECIPES, SplitSettings, settings_of
from mlcore.errors import DigitLabError

NAMES = setting_names()

OTHER_SPLITS: dict[str, Any] = {
    "split_dev_size": 0.25,
    "split_seed": 2**32 - 1,
    "split_stratify": True,
    "split_train_size": 40_000,
    "split_shuffle": False,
    "split_lost": 1,
    "split_old_shuffle": True,
}


def others(name: str) -> list[Any]:
    """Return values of a setting other than its default, from the ends of what it can be."""
    part, field = NAMES[name]
    if part == "split":
        return [OTHER_SPLITS[name]]
    about = settings_of(getattr(Settings(), part))[name]
    if about.choices is not None:
        found = list(about.choices())
    elif isinstance(field.default, bool):
        found = [True, False]
    elif isinstance(field.default, tuple):
        found = [(), (int(about.minimum or 0),), (int(about.maximum or 0), 7)]
    else:
        kind = int if "int" in str(field.type) else float
        found = [kind(about.minimum or 0), kind(about.maximum or 0)]
    found += [None] if about.none is not None else []
    if name == "kernel_size":
        found = [3]
    return [value for value in found if value != field.default]


def changed(name: str, value: Any) -> Settings:
    part, field = NAMES[name]
    settings = Settings()
    return replace(settings, **{part: replace(getattr(settings, part), **{field.name: value})})


def read(text: str, usual: Settings | None = None) -> tuple[Settings, tuple[str, ...]]:
    return read_settings(text, usual or Settings(), lambda split: True)


def test_every_field_of_every_part_has_one_name() -> None:
    parts = [getattr(Settings(), field.name) for field in fields(Settings)]
    assert len(NAMES) == sum(len(fields(part)) for part in parts)
    assert all(re.fullmatch(r"[a-z_]+", name) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_carried_at_both_ends_of_what_it_can_be(name: str) -> None:
    values = others(name)
    assert values
    for value in values:
        settings = changed(name, value)
        text = write_settings(settings, Settings())
        assert quote_plus(text) == text
        assert len(text.split("~")) == 2
        found, ignored = read(text)
        assert (found, ignored) == (settings, ())
        assert repr(found) == repr(settings)  # the type as well


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("base", ["standard", "tenths-of-a-second", "lab"])
def test_one_recipe_is_carried_as_what_differs_from_another(name: str, base: str) -> None:
    recipe, usual = RECIPES[name], RECIPES[base]
    ours = Settings(recipe.network, recipe.training, recipe.split or SplitSettings())
    theirs = Settings(usual.network, usual.training, usual.split or SplitSettings())
    text = write_settings(ours, theirs)
    assert read(text, theirs) == (ours, ())
    assert len(text) < LONGEST / 4


def test_a_recipe_is_read_where_no_setting_alone_could_be_changed_first() -> None:
    usual = RECIPES["tenths-of-a-second"]
    start = Settings(usual.network, usual.training)
    found, ignored = read("1~filters-16-32~drop_rare_pixels-none", start)
    assert (found.network.filters, found.network.drop_rare_pixels, ignored) == ((16, 32), None, ())


@pytest.mark.parametrize(
    "entry",
    [
        "learning_rate-1e9",
        "learning_rate-nan",
        "learning_rate-inf",
        "learning_rate-1e999",
        "learning_rate-",
        "learning_rate",
        "learning_rate--1",
        "learning_rate-none",
        "epochs-2.5",
        "epochs-99999",
        f"epochs-{'9' * 1500}",
        "epochs-none",
        "hidden_sizes-128--64",
        "hidden_sizes-(128,)",
        f"hidden_sizes-{'-'.join(['8'] * 33)}",
        "kernel_size-4",
        "activation-eval",
        "standardize-1",
        "standardize-none",
        "split_dev_size-none",
        "split_stratify-none",
        "dev_size-10",
        "wings-2",
        "network-none",
        "__class__-int",
        "",
    ],
)
def test_what_is_unknown_or_out_of_bounds_is_ignored_and_the_rest_is_used(entry: str) -> None:
    found, ignored = read(f"1~{entry}~momentum-0.5")
    assert ignored == (entry,)
    assert found == changed("momentum", 0.5)


def test_of_two_values_for_one_setting_the_first_is_used() -> None:
    found, ignored = read("1~epochs-3~epochs-4")
    assert (found.training.epochs, ignored) == (3, ("epochs-4",))


def test_a_text_of_another_version_or_of_endless_length_is_not_read() -> None:
    for text in ("2~epochs-3", "epochs-3", "1" * 5000, "1~epochs-3" + "~" * LONGEST):
        assert read(text) == (Settings(), (text,))


def test_a_split_that_the_data_cannot_have_is_ignored() -> None:
    def can_split(split: SplitSettings) -> bool:
        return split.dev_size + (split.train_size or 0) <= 60_000

    usual = Settings()
    found, ignored = read_settings("1~split_train_size-59500~split_dev_size-500", usual, can_split)
    assert (found.split.train_size, found.split.dev_size, ignored) == (59_500, 500, ())
    found, ignored = read_settings("1~split_train_size-60000~split_seed-3", usual, can_split)
    assert (found.split, ignored) == (SplitSettings(seed=3), ("split_train_size-60000",))


VALUES = st.one_of(
    st.text(max_size=30),
    st.floats().map(str),
    st.integers().map(str),
    st.sampled_from(["none", "yes", "no", "1-2-3", "relu", "[[[]]]", "{}", "0x10", "1_000", "٣"]),
)
ENTRIES = st.one_of(st.text(max_size=20), st.tuples(st.sampled_from(sorted(NAMES)), VALUES).map("-".join))


@example("1~split_dev_size-1e20")
@given(st.one_of(st.text(), st.lists(ENTRIES, max_size=20).map(lambda entries: "~".join(["1", *entries]))))
def test_any_text_gives_settings_within_bounds_that_a_link_carries_again(text: str) -> None:
    found, ignored = read(text)
    assert read(write_settings(found, Settings())) == (found, ())
    assert all(part in text for part in ignored)
    for part in (found.network, found.training):
        try:
            replace(part)
        except DigitLabError as error:  # pragma: no cover
            pytest.fail(str(error))
