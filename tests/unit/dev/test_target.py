"""TARGET: every form that finds an app, and every way that finds none."""

from __future__ import annotations

from pathlib import Path

import pytest
from celery import Celery

from beatkit.dev.target import TargetError, load
from tests.unit.dev.conftest import Write

APP = "from celery import Celery\napp = Celery('devshop', set_as_current=False)\n"


def refusal(target: str) -> str:
    with pytest.raises(TargetError) as caught:
        load(target)
    return str(caught.value)


@pytest.mark.parametrize(
    "target",
    ["devshop.py", "devshop", "devshop:app", "devshop.app", "devshop.py:app", "./devshop.py"],
)
def test_every_form_of_target_finds_the_app(write: Write, target: str) -> None:
    path = write("devshop.py", APP)
    found = load(target)
    assert isinstance(found.app, Celery)
    assert (found.name, found.file) == ("devshop:app", str(path))


@pytest.mark.parametrize(
    "target",
    ["devpkg/jobs.py", "devpkg.jobs", "devpkg.jobs:app", "devpkg.jobs.app", "devpkg/jobs.py:app"],
)
def test_a_file_in_a_package_is_imported_under_its_full_name(write: Write, target: str) -> None:
    write("devpkg/__init__.py", "")
    write("devpkg/jobs.py", APP)
    assert load(target).name == "devpkg.jobs:app"


@pytest.mark.parametrize("target", ["devproj", "devproj/", "devproj/__init__.py"])
def test_a_package_is_searched_for_its_celery_module(write: Write, target: str) -> None:
    write("devproj/__init__.py", "")
    write("devproj/celery.py", APP)
    assert load(target).name == "devproj.celery:app"


def test_a_file_elsewhere_is_imported_from_its_own_folder(write: Write) -> None:
    write("scripts/devhelper.py", "NAME = 'devshop'\n")
    write(
        "scripts/devtool.py",
        "import devhelper\nfrom celery import Celery\napp = Celery(devhelper.NAME)\n",
    )
    assert load("scripts/devtool.py").app.main == "devshop"


def test_the_app_may_be_called_anything_and_have_two_names(write: Write) -> None:
    write("devshop.py", APP.replace("app =", "worker = other ="))
    assert load("devshop").name == "devshop:worker"


def test_an_attribute_of_an_attribute_is_found(write: Write) -> None:
    write("devshop.py", APP + "class Holder:\n    inner = app\n")
    assert load("devshop:Holder.inner").name == "devshop:Holder.inner"


def test_a_flask_object_called_app_is_passed_over(write: Write) -> None:
    write(
        "devweb.py",
        "from flask import Flask\nfrom celery import Celery\n"
        "app = Flask('devweb')\ncelery_app = Celery('devweb')\n",
    )
    assert load("devweb").name == "devweb:celery_app"


def test_a_missing_file_is_named_with_the_nearest(write: Write, project: Path) -> None:
    write("devshop.py", APP)
    assert refusal("devshp.py") == (
        "There is no file 'devshp.py'\n"
        f"  looked for {project}/devshp.py\n"
        "  write the path of a file that exists, such as 'devshop.py'"
    )


def test_a_missing_file_in_an_empty_folder(project: Path) -> None:
    assert refusal("devshop.py") == (
        "There is no file 'devshop.py'\n"
        f"  looked for {project}/devshop.py\n"
        "  write the path of a file that exists"
    )


def test_a_folder_is_no_target(write: Write) -> None:
    write("jobs/devshop.py", APP)
    assert refusal("jobs/") == (
        "'jobs' is a folder, expected a file or a module\n"
        "  write the file that makes the Celery app, such as 'jobs/devshop.py'"
    )


@pytest.mark.parametrize("target", ["devjobs", ".", "./"])
def test_a_folder_is_no_target_however_it_is_written(
    write: Write, project: Path, target: str
) -> None:
    write("devjobs/devshop.py", APP)
    write("devshop.py", APP)
    name, such_as = (".", "devshop.py") if "." in target else ("devjobs", "devjobs/devshop.py")
    assert refusal(target) == (
        f"{name!r} is a folder, expected a file or a module\n"
        f"  write the file that makes the Celery app, such as {such_as!r}"
    )


@pytest.mark.parametrize("target", ["", ":app"])
def test_nothing_is_no_target(write: Write, target: str) -> None:
    write("devshop.py", APP)
    assert refusal(target) == (
        f"TARGET is {target!r}, expected a file or a module\n"
        "  write the file that makes the Celery app, such as 'devshop.py'"
    )


@pytest.mark.parametrize("decorator", ["app.task", "shared_task", "periodic(seconds=1)"])
def test_a_task_is_no_app(write: Write, decorator: str) -> None:
    head = "from celery import shared_task\nfrom beatkit import periodic\n" + APP
    write("devshop.py", f"{head}@{decorator}\ndef tick(): ...\n")
    assert refusal("devshop:tick") == (
        "'devshop:tick' is a task, not a Celery app\n  write devshop:app"
    )


def test_a_missing_module_is_named_with_the_nearest(write: Write, project: Path) -> None:
    write("devshop.py", APP)
    assert refusal("devshap") == (
        "There is no module 'devshap'\n"
        f"  looked in {project} and among the installed packages\n"
        "  did you mean 'devshop'?"
    )


def test_a_missing_module_with_nothing_near(project: Path) -> None:
    assert refusal("devnowhere.app") == (
        "There is no module 'devnowhere.app'\n"
        f"  looked in {project} and among the installed packages\n"
        "  write a module or a file, or start in the folder that holds it"
    )


def test_a_module_without_an_app(write: Write) -> None:
    write("devempty.py", "x = 1\n")
    assert refusal("devempty.py") == (
        "Module 'devempty' (devempty.py) holds no Celery app\n"
        "  make one in it, or name the module that does"
    )


def test_a_module_with_only_a_flask_object_called_app(write: Write) -> None:
    write("devweb.py", "from flask import Flask\napp = Flask('devweb')\n")
    assert refusal("devweb") == (
        "Module 'devweb' (devweb.py) holds no Celery app\n"
        "  its 'app' is a Flask object\n"
        "  make a Celery app beside it, such as celery_app = beatkit.make_app('shop')"
    )


def test_a_flask_object_that_carries_the_celery_app_as_flasks_pages_advise(write: Write) -> None:
    write(
        "devweb.py",
        "from flask import Flask\nfrom celery import Celery\n"
        "app = Flask('devweb')\napp.extensions['celery'] = Celery('devweb')\n",
    )
    advice = (
        "\n  it carries a Celery app; write below it: "
        'celery_app = app.extensions["celery"]; and run: beatkit dev devweb:celery_app'
    )
    assert refusal("devweb:app") == "'devweb:app' is a Flask object, not a Celery app" + advice
    assert refusal("devweb") == (
        "Module 'devweb' (devweb.py) holds no Celery app\n  its 'app' is a Flask object" + advice
    )


def test_two_apps(write: Write) -> None:
    write("devtwo.py", APP + "other = Celery('devother', set_as_current=False)\n")
    assert refusal("devtwo") == (
        "Module 'devtwo' (devtwo.py) holds 2 Celery apps: 'app' and 'other'\n"
        "  name the one to run: beatkit dev devtwo:app"
    )
    assert load("devtwo:other").app.main == "devother"


@pytest.mark.parametrize(
    ("variable", "kind"),
    [
        ("number", "3"),
        ("task", "a task"),
        ("function", "a function"),
        ("Class", "the class Class"),
        ("sys", "a module"),
        ("web", "a Flask object"),
    ],
)
def test_a_variable_that_is_no_app(write: Write, variable: str, kind: str) -> None:
    write(
        "devshop.py",
        APP + "import sys\nfrom flask import Flask\nnumber = 3\nweb = Flask('x')\n"
        "class Class: pass\ndef function(): pass\n@app.task(shared=False)\ndef task(): pass\n",
    )
    assert refusal(f"devshop:{variable}") == (
        f"'devshop:{variable}' is {kind}, not a Celery app\n  write devshop:app"
    )


def test_a_variable_that_is_not_there(write: Write) -> None:
    write("devshop.py", APP)
    assert refusal("devshop:ap") == (
        "Module 'devshop' (devshop.py) has no variable 'ap'\n  write devshop:app"
    )


def test_a_variable_that_is_not_there_in_a_module_without_an_app(write: Write) -> None:
    write("devempty.py", "")
    assert refusal("devempty:app") == (
        "Module 'devempty' (devempty.py) has no variable 'app'\n"
        "  the module holds no Celery app: name one that does"
    )


def test_an_import_error_inside_the_target_names_the_users_line(write: Write) -> None:
    write("devshop.py", "import devtasks\n" + APP)
    write("devtasks.py", "\nimport devnotinstalled\n")
    assert refusal("devshop.py") == (
        "'devshop' cannot be imported: "
        "ModuleNotFoundError: No module named 'devnotinstalled'\n"
        "  raised in devtasks.py, line 2: import devnotinstalled\n"
        "  mend it there: the app must be importable before anything can run"
    )


def test_an_error_deep_in_a_library_is_blamed_on_the_users_call(write: Write) -> None:
    write("devshop.py", "import json\njson.loads('{')\n" + APP)
    assert refusal("devshop") == (
        "'devshop' cannot be imported: JSONDecodeError: Expecting property name enclosed in "
        "double quotes: line 1 column 2 (char 1)\n"
        "  raised in devshop.py, line 2: json.loads('{')\n"
        "  mend it there: the app must be importable before anything can run"
    )


def test_a_syntax_error(write: Write) -> None:
    write("devshop.py", APP + "def broken(:\n    pass\n")
    assert refusal("devshop") == (
        "'devshop' cannot be imported: SyntaxError: invalid syntax\n"
        "  raised in devshop.py, line 3: def broken(:\n"
        "  mend it there: the app must be importable before anything can run"
    )


def test_a_module_that_ends_the_program(write: Write) -> None:
    write("devscript.py", "import sys\nsys.exit(3)\n")
    assert refusal("devscript") == (
        "'devscript' cannot be imported: it ends the program with SystemExit(3)\n"
        "  raised in devscript.py, line 2: sys.exit(3)\n"
        "  mend it there: the app must be importable before anything can run"
    )


def test_errors_of_beatkit_are_shown_as_they_are(write: Write) -> None:
    write(
        "devshop.py",
        "from beatkit.errors import DeclarationError\nraise DeclarationError('told\\n  in full')\n",
    )
    from beatkit.errors import DeclarationError

    with pytest.raises(DeclarationError, match=r"^told\n  in full$"):
        load("devshop")


def test_a_file_whose_name_another_module_has(write: Write) -> None:
    import json

    write("json.py", APP)
    assert refusal("json.py") == (
        "'json.py' cannot be imported as 'json': another module has that name\n"
        f"  it is {json.__file__}\n"
        "  give the file a name of its own"
    )
