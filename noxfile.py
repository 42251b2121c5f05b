"""Every task of this project, one session each: `nox -l` lists them, `nox -s NAME` runs one."""

import os
import re
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

import nox

nox.needs_version = ">=2026.4.10"
nox.options.sessions = ["tests"]
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
# A Python that is not here is skipped with a line that says so, and in CI it is an error (nox's own
# default where the variable CI is set). `--download-python auto` overrides this for one run.
nox.options.download_python = "never"

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
OLDEST_PYTHON = (3, 11)
MATRIX = [("3.11", "5.2"), ("3.12", "6.0"), ("3.13", "6.1")]
EXTRA_TESTS = {
    "toolbar": ("debug_toolbar", ["tests/integrations/test_debug_toolbar.py"]),
    "structlog": ("structlog", ["tests/integrations/test_structlog.py"]),
    "otel": ("opentelemetry", ["tests/integrations/opentelemetry"]),
}
EXTRA_MODULES = [module for module, _ in EXTRA_TESTS.values()]
# A part of the tests, for the many environments that the wheel is installed in.
INSTALLED_TESTS = [f"tests/unit/test_{name}.py" for name in ("package", "recorder", "report")]
# The browser tests import Playwright, so here they are not even collected; those of the backends
# start servers and workers, and have sessions of their own.
FAST_TESTS = (
    *("-m", "not browser and not benchmark"),
    *("--ignore=tests/browser", "--ignore=tests/backends", "--ignore=tests/pytester"),
)


def offer_pyenv_interpreters() -> None:
    """Put pyenv's interpreters of the matrix at the end of PATH.

    Neither uv nor virtualenv looks into pyenv's folder, and pyenv's shims answer only for versions
    that are switched on. At the end, since nothing that PATH finds already may change.
    """
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for wanted, _ in MATRIX:
        patches = {
            int(folder.name.removeprefix(f"{wanted}.")): folder / "bin"
            for folder in versions.glob(f"{wanted}.*")
            if re.fullmatch(r"\d+\.\d+\.\d+", folder.name)
        }
        if patches:
            os.environ["PATH"] += f"{os.pathsep}{patches[max(patches)]}"


offer_pyenv_interpreters()


def group(*names: str) -> tuple[str, ...]:
    """Return the requirements of these dependency groups."""
    return nox.project.dependency_groups(PYPROJECT, *names)


def install(session: nox.Session, *requirements: str) -> None:
    """Install in one go, so that the resolver sees all requirements together."""
    if not session.python and sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        session.error(
            f"signalscope needs Python 3.11 or later, and nox runs on {found} here. "
            f"Run it with a later one: python3.13 -m nox -s {session.name}"
        )
    session.install(*requirements)


def find_chromium(session: nox.Session) -> str:
    """Return the path of a Chromium; end the session with the remedy if there is none."""
    named = os.environ.get("SIGNALSCOPE_CHROMIUM")
    candidates = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    path = next(filter(None, map(shutil.which, candidates)), None)
    if path is None:
        session.error(
            f"No Chromium found (looked for {', '.join(candidates)}). On Debian: "
            "apt-get install -y --no-install-recommends chromium fonts-dejavu-core. "
            "One that is elsewhere: set SIGNALSCOPE_CHROMIUM to its path"
        )
    return path


def find_postgresql(session: nox.Session) -> Path:
    """Return the folder of PostgreSQL's programs; end the session with the remedy if none."""
    named = os.environ.get("SIGNALSCOPE_PG_BIN")
    on_path = shutil.which("pg_ctl")
    # Debian keeps them off PATH, a folder for each major version.
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda at: int(at.parent.name))
    folders = [Path(named)] if named else [*([Path(on_path).parent] if on_path else []), *debian]
    folder = next((each for each in reversed(folders) if (each / "initdb").exists()), None)
    if folder is None:
        session.error(
            "No PostgreSQL found. On Debian: apt-get install -y --no-install-recommends "
            "postgresql. One that is elsewhere: set SIGNALSCOPE_PG_BIN to the folder of its pg_ctl"
        )
    return folder


@contextmanager
def postgresql_cluster(session: nox.Session) -> Iterator[str]:
    """Run a PostgreSQL of its own, without a port, and yield the folder of its socket."""
    programs = find_postgresql(session)
    # It refuses to run as root, whom CI's containers have; Debian's package brings a user for it.
    other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="signalscope-pg-") as folder:
        data = Path(folder) / "data"
        if other:
            shutil.chown(folder, "postgres")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        control = [*other, str(programs / "pg_ctl"), "-D", str(data), "-w", "-s"]
        session.run(
            *(*other, str(programs / "initdb"), "-D", str(data), "-A", "trust", "-E", "UTF8"),
            *("-U", "signalscope", "--no-sync"),
            external=True,
            silent=True,
        )
        try:
            session.run(*control, "-l", f"{folder}/log", "-o", options, "start", external=True)
            yield folder
        finally:
            session.run(*control, "-m", "immediate", "stop", external=True, success_codes=[0, 1])


def install_npm_packages(session: nox.Session) -> None:
    """Install what package.json pins, with the Node.js of the session's own environment."""
    # Exact versions without dependencies: a lock file would only add where they were fetched from.
    quiet = ["--no-audit", "--no-fund", "--no-package-lock"]
    session.run("npm", "install", "--ignore-scripts", *quiet, silent=True)


def tracked_files(session: nox.Session) -> list[str]:
    """Return the checkout's files that git would take."""
    listing = session.run_install(
        "git", "ls-files", "-co", "--exclude-standard", external=True, silent=True, log=False
    )
    return [name for name in (listing or "").splitlines() if (ROOT / name).is_file()]


@nox.session
def demo(session: nox.Session) -> None:
    """Serve the bookstore; with `-- --check`, play its scenarios without a server."""
    sends_traces = any(argument.startswith("--otlp") for argument in session.posargs)
    groups = [
        "demo",
        *(["demo-otlp"] if sends_traces else []),
        *(["postgresql"] if os.environ.get("DATABASE_URL") else []),
    ]
    install(session, "-e", ".[all]", *group(*groups))
    session.run("python", "-m", "demo_bookstore", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, with all extras."""
    install(session, "-e", ".[all]", *group("test", "logs", "sdk", "demo"))
    session.run("python", "-m", "pytest", *FAST_TESTS, *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the same and print the lines that no test reaches; it takes three times as long."""
    install(session, "-e", ".[all]", *group("test", "logs", "sdk", "demo"))
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *FAST_TESTS, *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session
@nox.parametrize(("python", "django"), [nox.param(py, dj, id=f"django-{dj}") for py, dj in MATRIX])
def matrix(session: nox.Session, django: str) -> None:
    """Run the tests on each supported pair of Python and Django."""
    groups = group("test", "logs", "sdk", "demo")
    install(session, "-e", ".[all]", f"Django~={django}.0", *groups)
    session.run("python", "-m", "pytest", *FAST_TESTS, *session.posargs)


@nox.session
@nox.parametrize(("python", "django"), [nox.param(py, dj, id=f"django-{dj}") for py, dj in MATRIX])
def django_suite(session: nox.Session, django: str) -> None:
    """Run Django's own tests without us and recorded; each must have the same outcome."""
    install(session, "-e", ".", f"Django~={django}.0", "pip")
    session.run("python", "-m", "tests.fidelity.django_suite", *session.posargs)


@nox.session
def suites(session: nox.Session) -> None:
    """Run Django's and other packages' tests without us and recorded; `-- --only NAME`."""
    # Its environments and downloads stay in .nox for the next run; each suite has one for itself.
    install(session, "uv")
    folder = session.create_tmp()
    session.run("python", "-m", "tests.fidelity.at_large", folder, *session.posargs)


@nox.session(reuse_venv=False)
def no_extras(session: nox.Session) -> None:
    """Run the tests with Django alone: no toolbar, no structlog, no OpenTelemetry."""
    install(session, "-e", ".", *group("test"))
    absent = "import importlib.util as u, sys; sys.exit(any(map(u.find_spec, sys.argv[1:])))"
    session.run("python", "-c", absent, *EXTRA_MODULES)
    session.run("python", "-m", "pytest", *FAST_TESTS, *session.posargs)


@nox.session(python=MATRIX[0][0], venv_backend="uv", reuse_venv=False)
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest release of everything that pyproject.toml asks for."""
    install(session, "--resolution=lowest-direct", "-e", ".[all]", *group("test", "sdk"))
    session.run("python", "-m", "pytest", *FAST_TESTS, *session.posargs)


@nox.session
@nox.parametrize(("python", "django"), [nox.param(py, dj, id=f"django-{dj}") for py, dj in MATRIX])
def beside(session: nox.Session, django: str) -> None:
    """Run the tests beside Sentry, OpenTelemetry, the toolbar's own panel and two of its peers."""
    install(session, "-e", ".[all]", f"Django~={django}.0", *group("test", "beside"))
    modules = ["sentry_sdk", "opentelemetry.instrumentation.django", "debug_toolbar"]
    modules += ["kaleidoscope", "orbit"]
    session.run("python", "-c", "import " + ", ".join(modules))
    session.run("python", "-m", "pytest", "tests/fidelity/test_beside.py", *session.posargs)


@nox.session
def bounded(session: nox.Session) -> None:
    """Send a million times within one recording; memory must stay flat."""
    install(session, "-e", ".[all]", *group("test"))
    session.env.setdefault("SIGNALSCOPE_SENDS", "1000000")
    session.run("python", "-m", "pytest", "tests/fidelity/test_bounded.py", *session.posargs)


@nox.session
def plugins(session: nox.Session) -> None:
    """Try the pytest plugin and the test runner on projects of their own, beside other plugins."""
    install(session, "-e", ".", *group("test", "pytest-plugins"))
    targets = session.posargs or ["tests/pytester"]
    # Of pytest-asyncio, which asks for it; pytest takes every warning for an error here.
    scope = ["-o", "asyncio_default_fixture_loop_scope=function"]
    session.run("python", "-m", "pytest", *scope, *targets)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Feed the readers of files with damage for a minute; `-- -max_total_time=N` for longer."""
    install(session, "-e", ".", *group("fuzz"))
    options = session.posargs or ["-max_total_time=60"]
    inputs = f"-artifact_prefix={session.create_tmp()}/"  # of what failed
    session.run(
        "python", "-m", "tests.faults.fuzz", "-max_len=400", "-verbosity=0", inputs, *options
    )


@nox.session
def bench(session: nox.Session) -> None:
    """Print what Signalscope costs beside Django alone, Sentry and live spans; `-- --quick`."""
    install(session, "-e", ".[all]", *group("bench", "test"))
    session.run("python", "-m", "tests.benchmarks", *session.posargs)


@nox.session
def postgresql(session: nox.Session) -> None:
    """Run the tests on a PostgreSQL that lives as long as the session."""
    find_postgresql(session)
    install(session, "-e", ".[all]", *group("test", "postgresql", "demo"))
    targets = session.posargs or ["tests/postgresql", "tests/functional", "tests/unit"]
    with postgresql_cluster(session) as folder:
        session.env["SIGNALSCOPE_POSTGRESQL"] = folder
        session.run("python", "-m", "pytest", *FAST_TESTS, *targets)


@nox.session
def traces(session: nox.Session) -> None:
    """Send traces by OpenTelemetry's exporters, from whole programs too, and look at what came."""
    install(session, "-e", ".[all]", *group("test", "traces"))
    targets = session.posargs or ["tests/backends"]
    session.run("python", "-m", "pytest", "--ignore=tests/backends/test_mlflow.py", *targets)


@nox.session
def traces_postgresql(session: nox.Session) -> None:
    """The same from a request down to the statements of a PostgreSQL."""
    find_postgresql(session)
    install(session, "-e", ".[all]", *group("test", "traces", "postgresql"))
    with postgresql_cluster(session) as folder:
        session.env["SIGNALSCOPE_POSTGRESQL"] = folder
        target = "tests/backends/test_processes.py"
        session.run("python", "-m", "pytest", target, "-k", "postgresql", *session.posargs)


@nox.session
def backend(session: nox.Session) -> None:
    """Send traces to MLflow and read them back; with `-- --screenshot`, a picture of one."""
    install(session, "-e", ".[all]", *group("test", "backend"))
    wanted = list(session.posargs)
    if "--screenshot" in wanted:
        wanted.remove("--screenshot")
        session.env["SIGNALSCOPE_CHROMIUM"] = find_chromium(session)
        session.env["SIGNALSCOPE_SCREENSHOT"] = str(ROOT / "docs/images/waterfall-mlflow.png")
    session.run("python", "-m", "pytest", "tests/backends/test_mlflow.py", *wanted)


@nox.session
def soak(session: nox.Session) -> None:
    """Soak servers of the bookstore, beside the same without us; `-- --minutes N` (2) of load."""
    install(session, "-e", ".[all]", *group("soak"))
    session.run("python", "-m", "tests.soak", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Run the tests that drive a real Chromium."""
    chromium = find_chromium(session)
    install(session, "-e", ".[all]", *group("test", "browser", "demo"))
    install_npm_packages(session)
    session.env["SIGNALSCOPE_CHROMIUM"] = chromium
    session.run("python", "-m", "pytest", "-m", "browser", *session.posargs)


@nox.session
def screenshots(session: nox.Session) -> None:
    """Make the pictures in docs/images anew."""
    take_pictures(session, *session.posargs)


def take_pictures(session: nox.Session, *folder: str) -> None:
    """Take the pictures of the panel, into docs/images or another folder."""
    chromium = find_chromium(session)
    install(session, "-e", ".[all]", *group("test", "browser"))
    session.env["SIGNALSCOPE_CHROMIUM"] = chromium
    session.run("python", "tests/browser/screenshots.py", *folder)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, templates, scripts, spelling and changelog; `-- --fix` mends what it can."""
    install(session, *group("lint"))
    fix = "--fix" in session.posargs
    files = tracked_files(session)
    texts = [name for name in files if not name.endswith((".png", ".ico", ".gz"))]
    templates = [name for name in files if "/templates/" in name and name.endswith(".html")]

    def check(tool: str, *options: str, on: list[str], mends: bool = False) -> None:
        if not on:
            return
        session.log(" ".join([tool, *options, f"({len(on)} files)"]))
        # A tool that had to mend something says so by its exit code; with --fix that is no fault.
        codes = [0, 1] if mends and fix else [0]
        session.run(tool, *options, *on, log=False, success_codes=codes)

    session.run("ruff", "check", *(["--fix"] if fix else []), ".")
    session.run("ruff", "format", *([] if fix else ["--check"]), ".")
    djade = ["--target-version", "5.2", *([] if fix else ["--check"])]
    check("djade", *djade, on=templates, mends=True)
    check("trailing-whitespace-fixer", on=texts, mends=True)
    check("end-of-file-fixer", on=texts, mends=True)
    check("check-merge-conflict", "--assume-in-merge", on=texts)
    install_npm_packages(session)
    session.run(
        "npx",
        "--no-install",
        "biome",
        "check",
        "--error-on-warnings",
        *(["--write"] if fix else []),
    )
    check("check-added-large-files", "--enforce-all", on=files)
    check("check-case-conflict", on=files)
    check("check-toml", on=[name for name in files if name.endswith(".toml")])
    check("check-yaml", on=[name for name in files if name.endswith((".yaml", ".yml"))])
    check("codespell", on=texts)
    session.run("towncrier", "build", "--draft", "--version", "next", silent=True)


@nox.session
def types(session: nox.Session) -> None:
    """Check the library with mypy, and what its users' type checkers see with pyright."""
    install(session, "-e", ".[all]", *group("test", "sdk", "types"))
    session.run("mypy", *session.posargs)
    if Path("tests/typing").is_dir():
        install(session, *group("types-public"))
        session.run("pyright")
        # Outside the checkout, where the package is what is installed. Below 100 %, it fails.
        with session.chdir(session.create_tmp()):
            session.run("pyright", "--verifytypes", "signalscope", "--ignoreexternal", silent=True)


@nox.session
def architecture(session: nox.Session) -> None:
    """Check the contracts on who may import whom."""
    install(session, "-e", ".[all]", *group("architecture"))
    session.run("lint-imports", "--no-cache", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the docs, warnings as errors, and run their examples; `-- --screenshots`."""
    install(session, "-e", ".[all]", *group("docs"))
    for builder in ["html", "doctest"]:
        session.run(
            *("sphinx-build", "--nitpicky", "--fail-on-warning", "--keep-going", "--fresh-env"),
            *("--quiet", "--builder", builder, "docs", f"docs/_build/{builder}"),
        )
    if "--screenshots" in session.posargs:
        # Into the pages alone: the checkout's pictures are chosen by eye, and committed.
        shown = ROOT / "docs/_build/html/_images"
        with tempfile.TemporaryDirectory(prefix="signalscope-pictures-") as folder:
            take_pictures(session, folder)
            taken = sorted(Path(folder).iterdir())
            if unused := [each.name for each in taken if not (shown / each.name).exists()]:
                session.error(f"No page shows {', '.join(unused)}.")
            for each in taken:
                shutil.copy(each, shown)
    session.log("The start page: docs/_build/html/index.html")


@nox.session(reuse_venv=False)
def wheel(session: nox.Session) -> None:
    """Build sdist and wheel, check them, and test what was built outside the checkout."""
    install(session, *group("build"))
    with tempfile.TemporaryDirectory(prefix="signalscope-wheel-") as folder:
        outside = Path(folder)
        dist = outside / "dist"
        session.env.setdefault("SIGNALSCOPE_REPOSITORY", "https://example.org/owner/name")
        session.run("python", "-m", "build", "--outdir", str(dist), ".")
        (built,) = dist.glob("*.whl")
        check_build_is_reproducible(session, dist, outside / "again")
        check_index_page(session, built)
        session.run("twine", "check", "--strict", *map(str, sorted(dist.iterdir())))
        session.run("check-wheel-contents", str(built))
        check_wheel_is_complete(session, built)

        # The tests go along, the library stays behind: only the wheel can answer the import.
        work = outside / "work"
        work.mkdir()
        for name in ["tests", "demo_bookstore"]:
            if Path(name).is_dir():
                shutil.copytree(name, work / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy("pyproject.toml", work)
        with session.chdir(work):
            python = environment_of(session, outside / "env", built, extra="all")
            targets = session.posargs or ["tests/unit"]
            session.run(python, "-m", "pytest", *FAST_TESTS, *targets, external=True)
            for version, django in MATRIX:
                check_each_extra(session, built, outside / version, version, django)
        check_sdist_plays(session, next(dist.glob("*.tar.gz")), outside / "sdist")


def environment_of(
    session: nox.Session,
    folder: Path,
    built: Path,
    *,
    extra: str,
    on: tuple[str, str] | None = None,
) -> str:
    """Make an environment with the wheel and one of its extras; return its Python.

    `on` are the versions of Python and Django, by default what is at hand.
    """
    python, django = on or ("", "")
    chosen = ["--python", python] if python else []
    session.run("python", "-m", "uv", "venv", "--quiet", *chosen, str(folder))
    program = str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")
    wanted = f"django-signalscope{f'[{extra}]' if extra else ''} @ {built.as_uri()}"
    session.run(
        *("python", "-m", "uv", "pip", "install", "--quiet", "--python", program, wanted),
        *([f"Django~={django}.0"] if django else []),
        *group("test", *(["sdk"] if extra == "otel" else [])),
    )
    where = "import sys, signalscope; sys.exit(sys.prefix not in signalscope.__file__)"
    session.run(program, "-c", where, external=True)
    return program


def check_each_extra(
    session: nox.Session, built: Path, folder: Path, version: str, django: str
) -> None:
    """Install the wheel with none of its extras and with each alone; test what that gives."""
    if shutil.which(f"python{version}") is None:
        say = session.error if os.environ.get("CI") else session.warn
        say(f"Python {version} is not installed, so the wheel is not tried on it.")
        return
    for extra, (module, tests) in {"": ("", INSTALLED_TESTS), **EXTRA_TESTS}.items():
        name = extra or "none"
        session.log(f"Python {version}, Django {django}, extras: {name}")
        python = environment_of(session, folder / name, built, extra=extra, on=(version, django))
        # What is asked for is there, and nothing came along with it.
        present = "import importlib.util as u, sys; print(*filter(u.find_spec, sys.argv[1:]))"
        found = session.run(python, "-c", present, *EXTRA_MODULES, external=True, silent=True)
        if str(found).split() != [module] * bool(module):
            session.error(f"With the extra {name!r} there is: {found}")
        session.run(python, "-m", "pytest", *FAST_TESTS, "-q", *tests, external=True)


def check_build_is_reproducible(session: nox.Session, dist: Path, folder: Path) -> None:
    """Build again from a copy, made later and elsewhere; it must be the same, byte for byte."""
    copied = folder / "copied"
    for name in tracked_files(session):
        target = copied / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(name, target)
    session.run("python", "-m", "build", "--outdir", str(folder / "dist"), str(copied), silent=True)
    for first in sorted(dist.iterdir()):
        if first.read_bytes() != (folder / "dist" / first.name).read_bytes():
            session.error(f"{first.name} is another when it is built again.")
    session.log("Built twice, the archives are the same to the byte.")


def check_index_page(session: nox.Session, built: Path) -> None:
    """End the session with an error if the package index showed a link that leads nowhere."""
    with zipfile.ZipFile(built) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        page = message_from_bytes(archive.read(name))
    links = re.findall(r"\]\(([^)]+)\)", str(page.get_payload()))
    links += [each.partition(", ")[2] for each in page.get_all("Project-URL", [])]
    lost = [each for each in links if not each.startswith(("https://", "#"))]
    if lost or not page["Project-URL"]:
        session.error(
            f"On the package index these lead nowhere: {', '.join(lost) or 'no addresses'}."
        )
    session.log(f"The package index can follow all {len(links)} links.")


def check_sdist_plays(session: nox.Session, built: Path, outside: Path) -> None:
    """Play the bookstore's scenarios in the sdist's own tree, with nothing else at hand."""
    with tarfile.open(built) as archive:
        archive.extractall(outside, filter="data")
    (tree,) = outside.iterdir()
    session.run("python", "-m", "virtualenv", "--quiet", str(outside / "env"))
    python = str(outside / "env" / ("Scripts" if os.name == "nt" else "bin") / "python")
    with session.chdir(tree):
        session.run(python, "-m", "pip", "install", "-qq", ".[all]", *group("demo"), external=True)
        session.run(python, "-m", "demo_bookstore", "--check", external=True, silent=True)


def check_wheel_is_complete(session: nox.Session, built: Path) -> None:
    """End the session with an error unless the wheel holds every file of the package."""
    source = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "signalscope").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(built) as archive:
        packed = {name for name in archive.namelist() if name.startswith("signalscope/")}
    if missing := sorted(source - packed):
        session.error(f"The wheel lacks {', '.join(missing)}.")
    if surplus := sorted(packed - source):
        session.error(f"The wheel holds {', '.join(surplus)}, which the checkout does not.")
    session.log(f"All {len(source)} files of the package are in the wheel.")
