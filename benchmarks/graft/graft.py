"""The main job as one process: seconds and peak memory of grafting 8,000 pieces, no corpus.

SmolLM2-135M is the base model, Mistral's Tekken the donor. Every run writes to a fresh folder; the
figures are those of the operating system for the finished process.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import data  # noqa: E402


def run_once(program: str, budget: int) -> tuple[float, float]:
    model = data.DATA / "models" / "smollm2-135m"
    donor = data.DATA / "tokenizers" / "mistral_common" / "tekken_240911.json"
    data.need(model.is_dir(), "The model (models/smollm2-135m)")
    data.need(donor.is_file(), "The donor (tokenizers/mistral_common/tekken_240911.json)")
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "graft", str(model), "--donor", str(donor), "-o", f"{folder}/out",
                   "--budget", str(budget)]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: exit {process.returncode}")
        return seconds, usage.ru_maxrss / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="tokgraft")
    parser.add_argument("--budget", type=int, default=8000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    runs = [run_once(arguments.program, arguments.budget) for _ in range(arguments.runs)]
    print(f"graft of {arguments.budget:,} pieces, {arguments.runs} runs: "
          f"median {statistics.median(s for s, _ in runs):.1f} s "
          f"(min {min(s for s, _ in runs):.1f}, max {max(s for s, _ in runs):.1f}), "
          f"peak memory {max(m for _, m in runs):.2f} GB")


if __name__ == "__main__":
    main()
