"""pytest runs the FileCheck tests too: each file under test/filecheck is one test, run by lit."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TEST = Path(__file__).parent


@pytest.fixture(autouse=True, scope="session")
def empty_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither read nor fill the user's cache of builds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TASO_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write test/golden/*.expected.py anew"
    )


class LitFile(pytest.File):
    """A FileCheck test file."""

    def collect(self) -> Iterator[pytest.Item]:
        yield LitItem.from_parent(self, name="lit")


class LitItem(pytest.Item):
    """Runs lit on its file; what lit prints of a failure is the report."""

    def runtest(self) -> None:
        lit = "import sys; from lit.main import main; sys.exit(main())"
        # Tests run side by side, so lit must not share its file of test times.
        options = ["-v", "-j1", "--skip-test-time-recording"]
        run = subprocess.run(
            [sys.executable, "-c", lit, *options, str(self.path)],
            capture_output=True,
            text=True,
        )
        if run.returncode != 0:
            pytest.fail(run.stdout + run.stderr, pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, str(self.path.relative_to(TEST))


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    if file_path.suffix == ".mlir" and file_path.is_relative_to(TEST / "filecheck"):
        return LitFile.from_parent(parent, path=file_path)
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(TEST / "timing"):
            item.add_marker(pytest.mark.timing)
