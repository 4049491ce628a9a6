"""The files in `deploy/` agree with the app: addresses, limits, timeouts, what an image holds.

They are read here: no proxy and no engine is needed. tests/e2e/test_content_policy.py tries the proxy's
policy in a browser.
"""

import re
import tomllib
from pathlib import Path

import pytest
import streamlit.config
from streamlit.web.server.starlette import starlette_routes, starlette_server_config, starlette_websocket

from dashboard.budget import VARIABLE
from dashboard.server.hosting import MOST_DESCRIPTORS
from tests.house import ROOT

CONTAINERFILE, UNIT, PROXY = (
    (ROOT / "deploy" / name).read_text("utf-8")
    for name in ("Containerfile", "digitlab.service", "nginx.conf")
)
GUIDE = (ROOT / "docs" / "how-to" / "host.md").read_text("utf-8")
SERVER = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["server"]
UPLOADS = f"/{starlette_routes.BASE_ROUTE_UPLOAD_FILE}/"
STREAM = f"= /{starlette_websocket._ROUTE_WEBSOCKET_STREAM}"
COMMANDS = {
    "unit": re.findall(r"^ExecStart=\S+ (.*)", UNIT, re.MULTILINE)[0],
    "container": " ".join(re.findall(r'"([^"]*)"', CONTAINERFILE[CONTAINERFILE.rindex("\nCMD") :])),
}


def directives(text: str) -> list[tuple[str, str]]:
    """Return the directives of a part of nginx.conf, with their values.

    >>> directives('listen 80; # one\\nadd_header X "a; b" always;')
    [('listen', '80'), ('add_header', 'X "a; b" always')]
    """
    text = re.sub(r"#.*", "", text)
    return re.findall(r'([a-z_0-9]+)\s+((?:"[^"]*"|[^;{}"])+);', text)


def locations() -> dict[str, list[tuple[str, str]]]:
    """Return the directives of each location in nginx.conf."""
    return {
        place: directives(block)
        for place, block in re.findall(r"location ([^{]+?) \{(.*?)\n {4}\}", PROXY, flags=re.DOTALL)
    }


def options(command: str) -> dict[str, str]:
    """Return the options that a command gives Streamlit."""
    return dict(re.findall(r"--([\w.]+)=(\S+)", command))


def unit_settings(name: str) -> list[str]:
    """Return the values of a setting in the unit, in order."""
    return re.findall(rf"^{name}=(.*)", UNIT, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_app_is_started_with_options_that_streamlit_knows(command: str) -> None:
    assert re.match(r"(\S*streamlit )?run app\.py ", command)
    for name in options(command):
        assert name in streamlit.config._config_options_template


def test_all_speak_of_the_same_port() -> None:
    ports = {options(command)["server.port"] for command in COMMANDS.values()}
    ports |= set(re.findall(r"127\.0\.0\.1:(\d+)", PROXY + CONTAINERFILE + GUIDE))
    ports |= set(re.findall(r"^EXPOSE (\d+)", CONTAINERFILE, re.MULTILINE))
    assert ports == {"8501"}


def test_all_ask_for_health_where_the_server_tells_it() -> None:
    asked = re.findall(r"/_stcore/health\b", CONTAINERFILE + GUIDE)
    assert asked
    assert {*asked} == {f"/{starlette_routes.ROUTE_HEALTH}"}


def test_the_proxy_takes_files_as_large_as_the_app_does() -> None:
    assert ("client_max_body_size", f"{SERVER['maxUploadSize']}m") in locations()[UPLOADS]
    assert f"{SERVER['maxUploadSize']} MB" in GUIDE


def test_a_session_through_the_proxy_outlives_three_silent_turns() -> None:
    allowed = dict(locations()[STREAM])["proxy_read_timeout"]
    assert int(allowed.removesuffix("s")) > 3 * starlette_server_config.DEFAULT_WEBSOCKET_PING_INTERVAL
    assert ("proxy_set_header", "Upgrade $http_upgrade") in locations()[STREAM]


def test_no_location_loses_the_headers_that_hold_for_all() -> None:
    # A location that sets one header inherits none of that kind.
    wanted = {
        value
        for name, value in directives(PROXY)
        if name == "proxy_set_header" and "$http_upgrade" not in value
    }
    wanted -= {'Connection ""', "Connection $connection_upgrade"}
    assert len(wanted) == 3
    for place, found in locations().items():
        assert "add_header" not in dict(found), place
        own = {value for name, value in found if name == "proxy_set_header"}
        assert not own or wanted <= own, place


def test_the_proxy_says_what_browsers_must_know() -> None:
    said = " ".join(value for name, value in directives(PROXY) if name == "add_header")
    for part in ("frame-ancestors 'none'", "X-Content-Type-Options nosniff", "Referrer-Policy", "max-age="):
        assert part in said
    assert ("proxy_cookie_flags", "~ secure samesite=lax") in directives(PROXY)


def test_a_visitor_cannot_choose_the_address_that_the_app_sees() -> None:
    forwarded = {value for name, value in directives(PROXY) if value.startswith("X-Forwarded-For")}
    assert forwarded == {"X-Forwarded-For $remote_addr"}


def test_no_request_is_logged_with_the_id_of_a_run() -> None:
    assert {value for name, value in directives(PROXY) if name == "access_log"} == {"off"}


def test_the_server_may_open_what_it_asks_for() -> None:
    assert unit_settings("LimitNOFILE") == [str(MOST_DESCRIPTORS)]
    assert f"nofile={MOST_DESCRIPTORS}:{MOST_DESCRIPTORS}" in GUIDE
    assert f"LimitNOFILE={MOST_DESCRIPTORS}" in GUIDE


def test_the_unit_lies_where_the_guide_puts_the_app() -> None:
    folder = unit_settings("WorkingDirectory")[0]
    assert f" {folder}\n" in GUIDE
    assert unit_settings("ExecStart")[0].startswith(f"{folder}/.venv/bin/streamlit ")


def test_the_variable_for_memory_is_the_one_that_the_app_reads() -> None:
    assert f"Environment={VARIABLE}=" in GUIDE


def test_the_image_holds_all_that_the_app_needs_and_runs_without_rights() -> None:
    copied = {
        name
        for line in re.findall(r"^COPY (?!--)(.*) \S+$", CONTAINERFILE, re.MULTILINE)
        for name in line.split()
    }
    needed = {"app.py", ".streamlit", "requirements.txt", "constraints.txt", "pages", "dashboard", "mlcore"}
    needed |= {name for name in ("data", "models", "locale") if any((ROOT / name).rglob("*.[nmgc]*[zo]"))}
    assert needed <= copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert re.findall(r"^USER (\d+)$", CONTAINERFILE, re.MULTILINE) == re.findall(
        r"--uid (\d+)", CONTAINERFILE
    )


def test_every_file_for_a_server_is_told_of() -> None:
    for file in (ROOT / "deploy").iterdir():
        assert f"deploy/{file.name}" in GUIDE


def test_a_limit_of_the_proxy_that_differs_is_found() -> None:
    planted = directives(Path(ROOT / "deploy" / "nginx.conf").read_text("utf-8").replace("150m", "10m"))
    assert ("client_max_body_size", f"{SERVER['maxUploadSize']}m") not in planted
