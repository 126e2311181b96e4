"""The configuration file: everything wrong with it is told at once, each with its line."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.config import ConfigError, KioskConfig, Pad, read_config
from offline_cache.mirror_settings import ITEMS, PATRONS, SHORTEST_S, BadSettings, read_settings

GOOD = """\
# a comment
[kiosk]
id = "annen-1"
languages = ["nl", "en"]
[branch]
name = "Bibliotheek Annen"
[store]
url = "http://127.0.0.1:8702"
token_file = "secrets/kiosk.token"
deadline_s = 8
[journal]
path = "var/journal.db"
key_file = "secrets/journal.key"
[screen]
width = 1080
height = 1920
contrast = false
[visit]
idle_s = 45
warning_s = 20
[pass_reader]
driver = "pn532"
port = "dev/nfc"
[item_scanner]
driver = "serial"
port = "dev/scanner"
[receipt_printer]
driver = "network"
host = "127.0.0.1"
port = 9100
"""


def read(folder: Path, text: str) -> KioskConfig:
    (folder / "kiosk.toml").write_text(text, "utf-8")
    return read_config(folder / "kiosk.toml", ("en", "nl"))


def problems(folder: Path, text: str) -> list[tuple[int, str]]:
    """What is said of that file."""
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.problems)
    assert all(
        line == f"{folder / 'kiosk.toml'}:{one.line}: {one.text}"
        for line, one in zip(lines, caught.value.problems, strict=True)
    )
    return [(one.line, one.text) for one in caught.value.problems]


def test_a_good_file_is_read_whole(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    assert (config.kiosk.id, config.kiosk.languages) == ("annen-1", ("nl", "en"))
    assert (config.store.url, config.store.deadline_s) == ("http://127.0.0.1:8702", 8)
    assert (config.screen.width, config.screen.contrast, config.visit.idle_s) == (1080, False, 45)
    assert [(one.name, one.kind, one.driver) for one in config.devices] == [
        ("pass_reader", "pass_reader", "pn532"),
        ("item_scanner", "item_scanner", "serial"),
        ("receipt_printer", "receipt_printer", "network"),
    ]


def test_paths_are_seen_from_the_file_s_own_folder(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    assert config.path(config.journal.path) == tmp_path / "var/journal.db"
    assert config.devices[0].options["port"] == str(tmp_path / "dev/nfc")
    assert config.devices[2].options["port"] == 9100
    elsewhere = read(tmp_path, GOOD.replace('"dev/nfc"', '"/dev/ttyUSB0"'))
    assert elsewhere.devices[0].options["port"] == "/dev/ttyUSB0"


def test_what_may_be_left_out_has_a_default(tmp_path: Path) -> None:
    text = GOOD.replace("deadline_s = 8\n", "")
    short = text[: text.index("[screen]")]
    config = read(tmp_path, short)
    assert (config.store.deadline_s, config.screen.height, config.visit.warning_s) == (8, 1920, 20)
    assert config.devices == ()


def test_the_example_in_the_documents_is_in_order() -> None:
    example = Path(__file__).resolve().parents[2] / "docs" / "kiosk.example.toml"
    config = read_config(example, ("en", "nl"))
    assert config.kiosk.id
    assert config.touch is not None, "whoever copies it has the watchdog of the screen (docs/adr/0029)"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("[branch]", "[brnach]", 5, "unknown section [brnach]; did you mean 'branch'?"),
        ("[branch]", "[zzz]\n[branch]", 5, "unknown section [zzz]"),
        ('name = "B', 'nmae = 1\nname = "B', 6, "unknown key 'nmae' in [branch]; did you mean 'name'?"),
        ("idle_s", "idel_s", 19, "unknown key 'idel_s' in [visit]; did you mean 'idle_s'?"),
        ('name = "Bibliotheek Annen"\n', "", 5, "key 'name' is missing in [branch]"),
        ('"Bibliotheek Annen"', '""', 6, "'name' must be one line of text, not empty"),
        ('"Bibliotheek Annen"', '"A\\nB"', 6, "'name' must be one line of text, not empty"),
        ('"Bibliotheek Annen"', "3", 6, "'name' must be a text"),
        ('["nl", "en"]', '"nl"', 4, "'languages' must be a list of texts, not empty"),
        ('["nl", "en"]', "[]", 4, "'languages' must be a list of texts, not empty"),
        ('["nl", "en"]', '["nl", "fr"]', 4, "no texts for fr; there are texts for en, nl"),
        ('["nl", "en"]', '["nl", "nl"]', 4, "'languages' names one of them twice"),
        ('"annen-1"', '"annen 1"', 3, "'id' must be a short code of letters, digits, '-' and '_'"),
        ("deadline_s = 8", "deadline_s = 8.5", 10, "'deadline_s' must be a whole number"),
        ("deadline_s = 8", "deadline_s = true", 10, "'deadline_s' must be a whole number"),
        ("deadline_s = 8", "deadline_s = 0", 10, "'deadline_s' must be from 1 to 60 seconds"),
        ("http://127", "ftp://127", 8, "'url' must begin with http:// or https:// and name a host"),
        ("http://127.0.0.1:8702", "https://", 8, "'url' must begin with http:// or https:// and name a host"),
        ("http://127.0.0.1:8702", "http://[::1", 8, "'url' is no address"),
        ("8702", "87020", 8, "'url' is no address"),
        ("http://127", "http://me:secret@127", 8, "'url' must hold no password and no question"),
        ('"Bibliotheek Annen"', '"' + "Bieb " * 16 + '."', 6, "'name' must be at most 80 letters"),
        ("contrast = false", "contrast = 0", 17, "'contrast' must be true or false"),
        ("width = 1080", "width = 10", 15, "'width' must be from 480 to 7680 pixels"),
        ("height = 1920", "height = 19200", 16, "'height' must be from 480 to 7680 pixels"),
        ("warning_s = 20", "warning_s = 19", 20, "'warning_s' must be from 20 (WCAG 2.2.1) to 600 seconds"),
        ("idle_s = 45", "idle_s = 9", 19, "'idle_s' must be from 10 to 600 seconds"),
        (
            'driver = "pn532"',
            'driver = "pn523"',
            22,
            "[pass_reader] there is no driver 'pn523'; choose from acr122u, pcsc, pn532",
        ),
        ('driver = "pn532"\n', "", 21, "[pass_reader] must be a section with a driver"),
        ('port = "dev/nfc"', 'prot = "dev/nfc"', 23, "[pass_reader] there is no option 'prot'; did you mean 'port'?"),
        ('port = "dev/nfc"', 'port = "dev/nfc"\npoll_ms = 1', 24, "[pass_reader] poll_ms must be a whole number"),
        ('port = "dev/nfc"', 'port = "dev/n f"', 23, "[pass_reader] port must be the path of a device"),
        ("port = 9100", 'port = "9100"', 30, "[receipt_printer] port must be a whole number"),
        ('id = "annen-1"', 'id = "annen-1', 3, "not TOML: "),
        ("[branch]", "[kiosk]", 5, "not TOML: "),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    assert GOOD.count(old) >= 1
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert any(number == line and text.startswith(said) for number, text in found), found


def test_every_mistake_is_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = GOOD.replace("annen-1", "annen 1").replace("deadline_s = 8", "deadline_s = 80")
    text = text.replace("[visit]", "[vist]").replace("baud", "x").replace('"dev/scanner"', "7")
    found = problems(tmp_path, text.replace('[branch]\nname = "Bibliotheek Annen"\n', ""))
    assert [line for line, _ in found] == [0, 3, 8, 16, 24]
    assert found[0] == (0, "section [branch] is missing")


def test_a_value_of_the_file_is_not_repeated(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD.replace("http://127.0.0.1:8702", "http://me:hunter2@host/?x"))
    assert "hunter2" not in str(found)


@pytest.mark.parametrize("name", ["kiosk", "branch", "store", "journal", "screen", "pass_reader"])
def test_a_section_that_is_a_mere_value_is_told(tmp_path: Path, name: str) -> None:
    section = GOOD[GOOD.index(f"[{name}]") :]
    end = section.find("\n[", 1)
    text = f"{name} = 3\n" + GOOD.replace(section[: end + 1], "")
    assert any(line == 1 and f"[{name}] must be a section" in said for line, said in problems(tmp_path, text))


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    text = GOOD.replace("# a comment", "# a comment with a form feed: \u2028 and a separator")
    assert problems(tmp_path, text.replace("idle_s", "idel_s"))[0][0] == 19
    assert problems(tmp_path, GOOD.replace("\n", "\r\n").replace("idle_s", "idel_s"))[0][0] == 19


def test_a_screen_on_which_nothing_fits_is_told(tmp_path: Path) -> None:
    small = GOOD.replace("width = 1080", "width = 640").replace("height = 1920", "height = 480")
    ((_, text),) = problems(tmp_path, small)
    assert text == "the screen must be at least 800 by 480 pixels, or 480 by 800"
    read(tmp_path, small.replace("width = 640", "width = 800"))
    lower = small.replace("width = 640", "width = 479").replace("height = 480", "height = 479")
    assert [text for _, text in problems(tmp_path, lower)] == [
        f"'{side}' must be from 480 to 7680 pixels" for side in ("width", "height")
    ], "each side, at once"


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: FileNotFoundError"):
        read_config(tmp_path / "none.toml")
    (tmp_path / "kiosk.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read: UnicodeDecodeError"):
        read_config(tmp_path / "kiosk.toml")


LINES = GOOD.splitlines()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_is_written_into_the_file_is_read_or_told(tmp_path: Path, data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(lines) - 1))
        written = data.draw(
            st.text(max_size=12)
            | st.sampled_from(["x = 1", "[a.b]", "port = -1", "id = {}", 'url = "http://"', "[[store]]", 'a = """'])
            | st.sampled_from(LINES)
        )
        lines[place] = written
    told: list[int] = [0]
    try:
        read(tmp_path, "\n".join(lines))
    except ConfigError as fault:
        told = [one.line for one in fault.problems]
    except UnicodeEncodeError:
        return
    assert told
    assert all(0 <= line <= len(lines) + 12 * 4 for line in told)


MIRROR = """\
[mirror]
path = "var/mirror"
key_file = "/run/kiosk/mirror.key"
store_key_file = "secrets/store.pub"
"""


def test_a_mirror_is_left_out_or_whole(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD).mirror is None
    config = read(tmp_path, GOOD + MIRROR)
    assert config.mirror is not None
    assert (config.mirror.patrons, config.mirror.items, config.mirror.pull_seconds) == ("group", "group", 60)
    assert config.path(config.mirror.path) == tmp_path / "var/mirror"
    assert problems(tmp_path, GOOD + '[mirror]\npath = "var/mirror"\n') == [
        (GOOD.count("\n") + 1, "key 'key_file' is missing in [mirror]"),
        (GOOD.count("\n") + 1, "key 'store_key_file' is missing in [mirror]"),
    ]


def test_how_much_is_mirrored_and_how_often_is_checked_as_the_pull_checks_it(tmp_path: Path) -> None:
    text = GOOD + MIRROR + 'patrons = "branch"\nitems = "all"\npull_seconds = 4\n'
    first = (GOOD + MIRROR).count("\n") + 1
    assert problems(tmp_path, text) == [
        (first, "'patrons' must be one of group, institution"),
        (first + 1, "'items' must be one of group, institution, branch, none"),
        (first + 2, "'pull_seconds' must be from 5 to 3600 seconds"),
    ]
    with pytest.raises(BadSettings):
        read_settings(tmp_path / "kiosk.toml")
    for patrons in PATRONS:
        for items in ITEMS:
            chosen = f'patrons = "{patrons}"\nitems = "{items}"\npull_seconds = {SHORTEST_S}\n'
            config = read(tmp_path, GOOD + MIRROR + chosen)
            assert config.mirror is not None
            pulled = read_settings(tmp_path / "kiosk.toml")
            assert (pulled.patrons, pulled.items) == (config.mirror.patrons, config.mirror.items)
            assert pulled.path == config.path(config.mirror.path)
            assert pulled.pull_seconds == config.mirror.pull_seconds


def test_the_kiosks_of_a_branch_share_only_where_it_is_said_and_where_there_is_a_mirror(tmp_path: Path) -> None:
    sharing = '[sharing]\nlisten = "10.0.0.1:8710"\npeers = ["10.0.0.2:8710", "[fd00::2]:8710"]\n'
    assert read(tmp_path, GOOD + MIRROR + sharing).sharing is not None
    assert read(tmp_path, GOOD + MIRROR).sharing is None
    (alone,) = problems(tmp_path, GOOD + sharing)
    assert "needs a [mirror]" in alone[1]


@pytest.mark.parametrize(
    ("listen", "peer", "said"),
    [
        ("10.0.0.1", "10.0.0.2:8710", "'listen' must be host:port"),
        ("10.0.0.1:0", "10.0.0.2:8710", "'listen' must be host:port"),
        ("10.0.0.1:8710", "10.0.0.2", "'peers' must be host:port"),
        ("10.0.0.1:8710", "10.0.0.1:8710", "'peers' names this kiosk itself"),
    ],
)
def test_an_address_of_another_kiosk_is_checked(tmp_path: Path, listen: str, peer: str, said: str) -> None:
    text = f'[sharing]\nlisten = "{listen}"\npeers = ["{peer}"]\n'
    (found,) = problems(tmp_path, GOOD + MIRROR + text)
    assert said in found[1]


PAD = '[item_pad]\ndriver = "feig"\nport = "dev/pad"\n'


def test_what_a_branch_wants_of_its_pad_is_read_and_has_careful_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD + PAD).pad == Pad(failed_unlock="desk", all_tagged=True, passes=False)
    wanted = '[pad]\nfailed_unlock = "undo"\nall_tagged = false\npasses = true\n'
    assert read(tmp_path, GOOD + PAD + wanted).pad == Pad("undo", all_tagged=False, passes=True)


def test_a_pad_that_is_wanted_otherwise_than_it_can_be_is_told(tmp_path: Path) -> None:
    lines = (GOOD + PAD).count("\n")
    assert problems(tmp_path, GOOD + PAD + '[pad]\nfailed_unlock = "open"\n') == [
        (lines + 2, "'failed_unlock' must be one of desk, undo")
    ]
    assert problems(tmp_path, GOOD + "[pad]\npasses = true\n") == [
        (GOOD.count("\n") + 1, "[pad] needs an [item_pad]: without one nothing can be laid down")
    ]


def test_a_pad_alone_must_read_passes(tmp_path: Path) -> None:
    alone = GOOD[: GOOD.index("[pass_reader]")] + PAD
    [(line, text)] = problems(tmp_path, alone)
    assert line == alone.count("\n") - PAD.count("\n") + 1
    assert text.startswith("nothing reads passes")
    assert read(tmp_path, alone + "[pad]\npasses = true\n").pad.passes


def test_the_node_of_a_touch_screen_is_optional(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD).touch is None
    found = read(tmp_path, GOOD + '[touch]\ndevice = "/dev/input/event3"\n').touch
    assert found is not None
    assert found.device == "/dev/input/event3"
    assert problems(tmp_path, GOOD + "[touch]\n") == [(GOOD.count("\n") + 1, "key 'device' is missing in [touch]")]
