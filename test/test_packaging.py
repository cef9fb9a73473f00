"""The package list, the folders and the links say the same, and importing taso is light."""

import os
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
PACKAGES: list[str] = SETUPTOOLS["packages"]
FOLDERS: dict[str, str] = SETUPTOOLS["package-dir"]
LINKED = {name: folder for name, folder in FOLDERS.items() if name != "taso"}


def test_listed_packages_are_the_folders_with_an_init() -> None:
    found = {"taso"}
    for name, folder in LINKED.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            found.add(".".join([name, *init.parent.relative_to(ROOT / folder).parts]))
    assert sorted(PACKAGES) == sorted(found)


@pytest.mark.parametrize("folder", LINKED.values())
def test_every_folder_with_modules_is_a_package(folder: str) -> None:
    for module in (ROOT / folder).rglob("*.py"):
        assert (module.parent / "__init__.py").exists(), f"{module.parent} has no __init__.py"


def test_every_link_is_relative_and_points_at_its_folder() -> None:
    links = {
        path.name: path.readlink() for path in (ROOT / "src/taso").iterdir() if path.is_symlink()
    }
    assert links == {folder: Path("../..") / folder for folder in LINKED.values()}


def test_pyright_and_ruff_name_every_link() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    links = {f"src/taso/{folder}" for folder in LINKED.values()}
    assert links < set(tools["pyright"]["include"])
    assert links < set(tools["ruff"]["extend-exclude"])


@pytest.mark.parametrize("package", PACKAGES)
def test_import_needs_no_torch(package: str, tmp_path: Path) -> None:
    code = f"import sys, {package}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_public_names_resolve() -> None:
    import taso

    for name in taso.__all__:
        assert getattr(taso, name) is not None
        assert name in dir(taso)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = taso.nothing


@pytest.mark.parametrize(
    ("group", "name"),
    [("console_scripts", "taso"), ("console_scripts", "taso-opt"), ("xdsl.universe", "taso")],
)
def test_entry_points_load(group: str, name: str) -> None:
    [entry] = entry_points(group=group, name=name)
    assert entry.load() is not None


def test_scripts_are_beside_this_python() -> None:
    for script in ("taso", "taso-opt", "filecheck"):
        assert os.access(Path(sys.executable).with_name(script), os.X_OK)


def test_installed_version_is_the_source_version() -> None:
    from importlib.metadata import version

    import taso

    assert version("taso") == taso.__version__
