"""What pip installs holds the data that the tool needs."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest

from audit.resources import resource_dir
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = out.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.parametrize("folder", ["models", "rules", "samples"])
def test_every_data_file_is_in_the_wheel(wheel_names, folder):
    listed = subprocess.run(["git", "ls-files", folder], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert listed, "the checkout holds no such files"
    assert {f"audit/{name}" for name in listed} <= wheel_names


def test_the_wheel_holds_templates_and_migrations(wheel_names):
    assert any(n.startswith("audit/report/templates/") for n in wheel_names)
    assert any(n.startswith("audit/storage/migrations/versions/") for n in wheel_names)


@pytest.mark.parametrize("folder", ["models", "rules", "samples"])
def test_a_checkout_finds_its_data(folder):
    assert resource_dir(folder) == ROOT / folder
