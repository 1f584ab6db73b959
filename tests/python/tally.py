"""The closing line of ./dev test: what both test runners counted, from their JUnit files."""

import sys
import xml.etree.ElementTree as tree


def counted(path: str) -> dict[str, int]:
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0, "disabled": 0}
    for suite in tree.parse(path).getroot().iter("testsuite"):
        for name in counts:
            counts[name] += int(suite.get(name) or 0)
    return counts


def main() -> int:
    total = failed = skipped = 0
    for path in sys.argv[1:]:
        try:
            counts = counted(path)
        except (OSError, tree.ParseError) as error:  # a runner that did not get that far
            print(f"{path}: {error}", file=sys.stderr)
            failed += 1
            total += 1
            continue
        total += counts["tests"]
        failed += counts["failures"] + counts["errors"]
        skipped += counts["skipped"] + counts["disabled"]
    passed = total - failed - skipped
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
