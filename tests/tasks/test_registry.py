"""The plugins in these tests are real distributions: a .dist-info and a module in a folder on the path."""

from __future__ import annotations

import json
import subprocess
import sys
from operator import attrgetter
from textwrap import dedent

import pytest

from adaptkit.errors import TaskError
from adaptkit.task import CONTRACT_VERSION
from adaptkit.tasks import registry
from adaptkit.tasks.registry import available, load, missing

GOOD = """
    from adaptkit import Metric, Task

    PARTS = dict(
        name="good",
        columns={"text": "a text", "label": "a class"},
        head="sequence-classification",
        encode=lambda rows, tokenizer, labels, max_length: [],
        decode=lambda outputs, examples, labels: [],
        metric=Metric(name="score", direction="maximize", compute=lambda predictions, rows: None),
        collator=lambda tokenizer, pad_to_multiple_of: None,
    )

    def make(*, size: int = 3) -> Task:
        return Task(**PARTS)
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution with one module, and tasks given as ``name = module:factory``."""

    def installed(distribution, code, *tasks, version="1.0"):
        folder = tmp_path / f"{distribution}-{version}"
        information = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        (information / "entry_points.txt").write_text("\n".join(["[adaptkit.tasks]", *tasks]))
        module = distribution.replace("-", "_")
        (folder / f"{module}.py").write_text(dedent(code))
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, module, raising=False)
        return folder

    return installed


def listing_of(name):
    (listing,) = [one for one in available() if one.name == name]
    return listing


def test_a_listing_shows_the_metadata(install):
    install("shop-good", GOOD, "good = shop_good:make", version="2.5")
    listing = listing_of("good")
    assert (listing.distribution, listing.version, listing.value) == ("shop-good", "2.5", "shop_good:make")
    assert not listing.duplicate
    assert listing.full_name == "shop-good:good"


def test_a_task_has_the_name_of_its_entry_point(install):
    install("shop-good", GOOD, "excellent = shop_good:make")
    assert load("excellent").name == "excellent"


def test_listing_imports_no_plugin(install, tmp_path):
    trace = tmp_path / "imported"
    install("shop-trace", f"open({str(trace)!r}, 'w').close()\n" + dedent(GOOD), "trace = shop_trace:make")
    assert listing_of("trace")
    assert not trace.exists()
    load("trace")
    assert trace.exists()


def test_listing_imports_no_heavy_library():
    code = (
        "import sys; from adaptkit.tasks.registry import available; available(); "
        "sys.exit(bool({'torch', 'transformers', 'numpy', 'adaptkit_ner'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_distribution_found_twice_is_listed_once(install):
    install("shop-good", GOOD, "good = shop_good:old", version="1.0")
    install("shop_good", GOOD, "good = shop_good:make", version="2.0")
    assert (listing_of("good").version, listing_of("good").duplicate) == ("2.0", False)


def test_unreadable_metadata_of_a_package_affects_no_task(install):
    install("shop-good", GOOD, "good = shop_good:make")
    install("shop-garbage", "", "this is no entry point")
    folder = install("shop-binary", "")
    (folder / "shop_binary-1.0.dist-info" / "entry_points.txt").write_bytes(
        b"[adaptkit.tasks]\n\xff\xfe = \xff"
    )
    assert load("good").name == "good"


def test_loading_gives_the_task_with_its_options(install):
    install("shop-good", GOOD, "good = shop_good:make")
    assert load("good").options == {"size": 3}, "the default that was in force"
    assert load("good", {"size": "7"}).options == {"size": 7}
    assert load("shop-good:good").name == load("Shop_Good:good").name == "good"


def test_a_factory_may_record_the_values_of_its_defaults(install):
    made = "Task(**PARTS, options={'size': size, 'unit': 'words'})"
    install("shop-good", GOOD.replace("Task(**PARTS)", made), "good = shop_good:make")
    assert load("good").options == {"size": 3}, "without what is no argument of the factory"
    assert load("good", {"size": "7"}).options == {"size": 7}


@pytest.mark.parametrize("listing", available(), ids=attrgetter("name"))
def test_the_recorded_options_make_the_same_task(listing):
    task = load(listing.full_name)
    saved = json.loads(json.dumps(dict(task.options)))
    assert load(listing.full_name, saved).options == task.options


@pytest.mark.parametrize(("name", "step"), [("goood", "Correct"), ("shop:good", "Correct"), ("", "Install")])
def test_an_unknown_task_is_refused_with_similar_names(install, name, step):
    install("shop-good", GOOD, "good = shop_good:make")
    with pytest.raises(TaskError, match=rf"'{name}'.*{step}.*`adaptkit tasks`") as caught:
        load(name)
    assert caught.value.code == "unknown-task"
    assert "'good'" in caught.value.expected
    assert ("pip install" in caught.value.next_step) == (step == "Install")


def test_without_any_plugin_the_next_step_is_to_install_one(monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    assert available() == []
    with pytest.raises(TaskError, match=r"'ner'.*pip install adaptkit-ner`\.$") as caught:
        load("ner")
    assert caught.value.code == "unknown-task"


def test_a_name_in_two_distributions_needs_the_full_name(install):
    install("shop-one", GOOD, "good = shop_one:make", version="1.1")
    install(
        "shop-two", GOOD.replace('"a text"', '"from two"'), "good = shop_two:make", "other = shop_two:make"
    )
    assert [(one.distribution, one.duplicate) for one in available() if one.name == "good"] == [
        ("shop-one", True),
        ("shop-two", True),
    ]
    with pytest.raises(TaskError, match=r"shop-one 1.1 and shop-two 1.0") as caught:
        load("good")
    assert caught.value.code == "ambiguous-task"
    assert caught.value.expected == "'shop-one:good' or 'shop-two:good'"
    assert load("shop-two:good").columns["text"] == load("other").columns["text"] == "from two"
    assert load("shop-one:good").columns["text"] == "a text"


FAILING = {
    "import raises": ("raise RuntimeError('no licence')", "cannot be imported: RuntimeError: no licence"),
    "import exits": ("import sys; sys.exit(3)", r"cannot be imported: it called sys.exit\(3\)"),
    "syntax error": ("def make(:", "cannot be imported: SyntaxError"),
    "missing library": (
        "import no_such_library",
        "cannot be imported: ModuleNotFoundError: No module named 'no_such_library'",
    ),
    "no such factory": ("", "cannot be imported: AttributeError"),
    "no function": ("make = 7", "is of type int, not a function"),
    "call raises": ("def make(): raise OSError('gone')", "failed .*: OSError: gone"),
    "call exits": ("def make(): raise SystemExit", r"failed .*: it called sys.exit\(None\)"),
    "no task": ("def make(): return {}", "returned {}, not a Task"),
    "unreadable annotation": (
        "def make(*, x: 'Nowhere' = 1): pass",
        "has options that cannot be read: NameError",
    ),
}


@pytest.mark.parametrize(("code", "message"), FAILING.values(), ids=FAILING)
def test_a_failing_plugin_is_named_and_affects_no_other(install, code, message):
    install("shop-good", GOOD, "good = shop_good:make")
    install("shop-bad", code, "bad = shop_bad:make", version="0.3")
    pattern = rf"^the task 'bad' of shop-bad 0.3 \(shop_bad:make\) {message}"
    with pytest.raises(TaskError, match=pattern) as caught:
        load("bad")
    assert caught.value.code == "broken-plugin"
    assert load("good").name == "good"


@pytest.mark.parametrize(
    "code", ["print('hello')\n" + dedent(GOOD), GOOD.replace("return Task", "print('hello'); return Task")]
)
def test_a_plugins_output_goes_to_standard_error(install, code, capsys):
    install("shop-loud", code, "loud = shop_loud:make")
    assert load("loud").name == "loud"
    assert capsys.readouterr() == ("", "hello\n")


def test_loading_a_task_imports_no_other_plugin(install):
    install("shop-other", GOOD, "other = shop_other:make")
    install("shop-good", GOOD, "good = shop_good:make")
    assert not missing(listing_of("other"))
    assert load("good").name == "good"
    assert "shop_other" not in sys.modules
    assert load("other").name == "other"
    assert "shop_other" in sys.modules


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        ("shop_gone:make", "the module 'shop_gone' does not exist; reinstall shop-here"),
        ("shop_gone.inner.most:make", "the module 'shop_gone' does not exist"),
        ("shop_here", "its entry point 'shop_here' is not of the form module:factory"),
        ("7up:make", "its entry point '7up:make' is not"),
        (": make", "is not of the form module:factory"),
    ],
)
def test_a_task_that_cannot_exist_is_found_without_an_import(install, point, reason):
    install("shop-here", "raise SystemExit", f"here = {point}")
    assert reason in missing(listing_of("here"))
    with pytest.raises(TaskError, match=r"the task 'here' of shop-here 1\.0"):
        load("here")


@pytest.mark.parametrize("point", ["shop_here:make", "shop_here:things.make", "shop_here.inner:make"])
def test_other_problems_are_found_only_by_loading(install, point):
    install("shop-here", "raise SystemExit", f"here = {point}")
    assert missing(listing_of("here")) is None


def test_an_interrupt_is_not_the_plugins_failure(install):
    install("shop-bad", "raise KeyboardInterrupt", "bad = shop_bad:make")
    with pytest.raises(KeyboardInterrupt):
        load("bad")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("del PARTS['decode']", "failed .* required keyword-only argument: 'decode'"),
        (
            "PARTS.update(merge_windows=1, parse_text=2)",
            "merge_windows is 1, expected a callable; parse_text is 2, expected a callable",
        ),
    ],
)
def test_a_missing_or_mistyped_part_is_named(install, change, message):
    install("shop-bad", dedent(GOOD) + change, "bad = shop_bad:make")
    with pytest.raises(TaskError, match=f"the task 'bad' of shop-bad 1.0 .*{message}") as caught:
        load("bad")
    assert caught.value.code == "broken-plugin"


@pytest.mark.parametrize(
    ("contract", "upgrade"), [(CONTRACT_VERSION + 1, "adaptkit"), (CONTRACT_VERSION - 1, "shop-bad")]
)
def test_another_contract_is_refused_with_what_to_upgrade(install, contract, upgrade):
    install("shop-bad", dedent(GOOD) + f"PARTS['contract'] = {contract}", "bad = shop_bad:make")
    with pytest.raises(TaskError, match=f"contract {contract}.* `pip install --upgrade {upgrade}`") as caught:
        load("bad")
    assert caught.value.code == "other-contract"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"colour": "red"}, r"unknown option 'colour'. Expected size \(int, default 3\)"),
        ({"size": "big"}, r"option 'size' cannot be 'big'. Expected size \(int, default 3\)"),
    ],
)
def test_the_error_for_a_bad_option_lists_the_options(install, options, message):
    install("shop-good", GOOD, "good = shop_good:make")
    with pytest.raises(TaskError, match=message) as caught:
        load("good", options)
    assert caught.value.code == "bad-option"


def test_an_option_for_a_task_without_options_is_refused(install):
    install("shop-good", GOOD.replace("*, size: int = 3", ""), "good = shop_good:make")
    with pytest.raises(TaskError, match="Leave out --option") as caught:
        load("good", {"size": "2"})
    assert caught.value.code == "bad-option"


def test_a_missing_required_option_is_an_error(install):
    install("shop-good", GOOD.replace("size: int = 3", "size: int"), "good = shop_good:make")
    with pytest.raises(TaskError, match=r"option 'size' is missing. Expected size \(int, required\)"):
        load("good")
    assert load("good", {"size": 2}).options == {"size": 2}


def test_the_entry_point_group_is_the_documented_one():
    assert registry.TASKS.group == "adaptkit.tasks"
