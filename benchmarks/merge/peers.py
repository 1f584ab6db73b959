"""The environment that the peers run in, and one run of one of them as a process."""

import collections
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
# trimbed says that it needs Python 3.12, for the syntax of these lines only.
TRIMBED = "trimbed==0.0.4"
OLDER_SYNTAX = [
    ("config.py", r"^type (\w+) = ", r"\1 = "),
    ("presets.py", r"^type (\w+) = (.*)", r'\1 = "\2"'),
    ("verify.py", r"^type (\w+) = (.*)", r'\1 = "\2"'),
    ("backends/__init__.py", r"^(def \w+)\[\w+: \w+\[\w+\]\]\(", r"\1("),
]

Run = collections.namedtuple("Run", "seconds cpu_seconds megabytes error")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def environment(folder: pathlib.Path) -> pathlib.Path:
    """Python with every peer, made in `folder` once for each state of the requirements."""
    python = folder / "bin" / "python"
    wanted = REQUIREMENTS.read_text() + TRIMBED + repr(OLDER_SYNTAX)
    stamp = folder / hashlib.sha256(wanted.encode()).hexdigest()[:16]
    if stamp.exists():
        return python
    say(f"installing the peers into {folder} (1.6 GB)")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    # The CPU build where an index has it; else what everybody gets.
    subprocess.run([*install, "torch==2.13.0+cpu"], capture_output=True)
    subprocess.run([*install, "-r", REQUIREMENTS], check=True)
    subprocess.run([*install, "--no-deps", "--ignore-requires-python", TRIMBED], check=True)
    package = next(folder.glob("lib/python*/site-packages/trimbed"))
    for file, old, new in OLDER_SYNTAX if sys.version_info < (3, 12) else []:
        path = package / file
        path.write_text(re.sub(old, new, path.read_text(), flags=re.M))
    stamp.touch()
    return python


def run(command: list[str], limit: float, log: pathlib.Path, output: pathlib.Path | None = None) -> Run:
    """Runs a command: its seconds, peak memory, and why there is no result ("" where there is).

    A small process starts it: Linux counts as a program's own the memory of whoever started it.
    """
    job = {"command": list(map(str, command)), "limit": limit, "log": str(log), "output": str(output or log)}
    started = subprocess.run([sys.executable, __file__, json.dumps(job)], capture_output=True, check=True)
    return Run(*json.loads(started.stdout))


def start(command: list[str], limit: float, log: str, output: str) -> Run:
    env = {**os.environ, "PYTHONPATH": str(HERE), "TOKENIZERS_PARALLELISM": "true", "HF_HUB_OFFLINE": "1"}
    begin = time.perf_counter()
    with open(log, "w") as errors, open(output, "a" if output == log else "w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=errors, stdin=subprocess.DEVNULL, env=env,
                                   start_new_session=True)
        late = threading.Event()

        def stop() -> None:
            late.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(limit, stop)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    error = ""
    if late.is_set():
        error = f"stopped after {limit:.0f} s"
    elif process.returncode < 0:
        error = f"died of {signal.Signals(-process.returncode).name}"
    elif process.returncode > 0:
        error = last_line(pathlib.Path(log))
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3, error)


def last_line(log: pathlib.Path) -> str:
    """What a traceback ends with, or the last thing that was said."""
    lines = [l.strip() for l in log.read_text(errors="replace").splitlines() if l.strip()]
    errors = [l for l in lines if re.match(r"[\w.]*(Error|Exception|error)\b.*:", l)]
    text = re.sub(r"^(\w+\.)*(?=\w+:)| \(/.*", "", (errors or lines or ["failed"])[-1])
    return text if len(text) <= 90 else text[:87] + "..."


if __name__ == "__main__":
    print(json.dumps(start(**json.loads(sys.argv[1]))))
