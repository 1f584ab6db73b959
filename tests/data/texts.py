"""Plain text from the documentation packages: one paragraph a line, the same on every run."""

import html.parser
import pathlib
from collections.abc import Iterable, Iterator

_BLOCKS = frozenset(
    "blockquote body br caption dd div dl dt h1 h2 h3 h4 h5 h6 hr html li ol p pre section table td"
    " th title tr ul".split())
_SKIPPED = frozenset("aside button footer head header nav noscript script style".split())


class _Paragraphs(html.parser.HTMLParser):
    """Collects the text of each block element, white space joined to single spaces."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[str] = []
        self._parts: list[str] = []
        self._skipping = 0

    def _end_paragraph(self) -> None:
        text = " ".join("".join(self._parts).split())
        self._parts.clear()
        if text:
            self.paragraphs.append(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _SKIPPED:
            self._skipping += 1
        if tag in _BLOCKS:
            self._end_paragraph()

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipping = max(0, self._skipping - 1)
        if tag in _BLOCKS:
            self._end_paragraph()

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        if tag in _BLOCKS:
            self._end_paragraph()

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._parts.append(data)

    def close(self) -> None:
        super().close()
        self._end_paragraph()


def paragraphs(page: pathlib.Path) -> list[str]:
    parser = _Paragraphs()
    parser.feed(page.read_text(encoding="utf-8"))
    parser.close()
    return parser.paragraphs


def help_lines(root: pathlib.Path) -> list[str]:
    """Every different paragraph of an unpacked libreoffice-help package, in order of file name."""
    pages = sorted(root.glob("usr/share/libreoffice/help/*/text/**/*.html"))
    lines = dict.fromkeys(line for page in pages for line in paragraphs(page))
    return list(lines)


def reference_rows(roots: dict[str, pathlib.Path]) -> list[tuple[str, ...]]:
    """Paragraphs of the Debian Reference that are the same paragraph in every language.

    The translations share one structure, so the n-th block of a chapter is the same everywhere;
    chapters that differ in their number of blocks are left out, and so are paragraphs that some
    translation left in English (commands, names, untranslated text).
    """
    english = roots["en"]
    chapters = sorted(page.name.split(".")[0] for page in _pages(english))
    rows: list[tuple[str, ...]] = []
    for chapter in chapters:
        columns = [
            paragraphs(root / "usr/share/debian-reference" / f"{chapter}.{language}.html")
            for language, root in roots.items()
        ]
        if len({len(column) for column in columns}) == 1:
            rows.extend(zip(*columns, strict=True))
    source = list(roots).index("en")
    return [
        row for row in rows
        if all(text != row[source] for i, text in enumerate(row) if i != source)
    ]


def _pages(root: pathlib.Path) -> Iterable[pathlib.Path]:
    folder = root / "usr/share/debian-reference"
    return [*folder.glob("ch[0-9][0-9].en.html"), *folder.glob("pr[0-9][0-9].en.html")]


def code_lines(folder: pathlib.Path, pattern: str, limit: int) -> Iterator[str]:
    """Lines of the files under `folder`, in order of name, up to about `limit` bytes."""
    size = 0
    for file in sorted(folder.glob(pattern)):
        try:
            text = file.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        if not file.is_file() or "\0" in text:
            continue
        for line in text.split("\n"):
            yield line
        size += len(text.encode())
        if size >= limit:
            return
