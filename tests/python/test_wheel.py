"""The wheel carries its own libraries, and `pip install .` works in a clean environment."""

import pathlib
import shutil
import subprocess
import sys
import venv
import zipfile

import pytest

import toys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What any Linux that the wheel's tag names has; everything else has to be inside.
SYSTEM = {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2",
          "libpthread.so.0", "libdl.so.2", "librt.so.1"}


def run(*command, **options) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """As `pip install .` builds it, in an environment of the build's own."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT)
    (wheel,) = folder.glob("tokgraft-*.whl")
    return wheel


@pytest.mark.slow
@pytest.mark.whole
def test_installs_and_runs_in_a_clean_environment(wheel, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    bin_folder = tmp_path / "venv/bin"
    run(bin_folder / "pip", "install", "-q", wheel)
    toy = toys.byte_level_bpe(tmp_path / "tokenizer.json")
    assert run(bin_folder / "tokgraft", "--version", cwd=tmp_path).startswith("tokgraft ")
    count = run(bin_folder / "python", "-c",
                f"import tokgraft; print(tokgraft.load({str(toy)!r}).count('Hello'))", cwd=tmp_path)
    assert int(count) > 0


@pytest.mark.slow
@pytest.mark.whole
def test_repaired_wheel_needs_nothing_but_the_system(wheel, tmp_path):
    if shutil.which("readelf") is None:
        pytest.skip("readelf is not installed")
    pytest.importorskip("auditwheel")
    path = f"{pathlib.Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    run(sys.executable, "-m", "auditwheel", "repair", "-w", tmp_path, wheel, env={"PATH": path})
    (repaired,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(repaired).extractall(tmp_path / "unpacked")
    libraries = list((tmp_path / "unpacked").rglob("*.so*"))
    inside = {library.name for library in libraries}
    for library in libraries:
        dynamic = run("readelf", "-d", library)
        needed = {line.split("[")[1].rstrip("]") for line in dynamic.splitlines()
                  if "(NEEDED)" in line}
        assert needed <= inside | SYSTEM, f"{library.name}: {sorted(needed - inside - SYSTEM)}"


@pytest.mark.slow
@pytest.mark.whole
def test_wheel_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.startswith("tokgraft-")} == {"tokgraft"}
    assert "tokgraft/py.typed" in names and "tokgraft/_core.pyi" in names
