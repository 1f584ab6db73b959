"""One self-contained HTML page about a model directory that tokgraft wrote.

    tokgraft.report("grafted", out="report.html")      # tokgraft report grafted -o report.html

Everything on the page comes from the files in the directory; nothing is computed anew and nothing
is loaded from anywhere: no scripts, no fonts, no images, charts as inline SVG. All text of tokens
and corpora is escaped.
"""

import argparse
import collections
import html
import json
import os
import pathlib
import sys
import tempfile
import unicodedata

from tokgraft._core import ConflictError, Error, FormatError, NotFoundError

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2733; max-width: 62rem; margin: 2rem auto;
       padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p.quiet, td.quiet { color: #5c6b7a; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .7rem .25rem 0; vertical-align: top;
         border-bottom: 1px solid #e3e8ed; }
th { color: #5c6b7a; font-weight: 500; } td.n, th.n { text-align: right; white-space: nowrap; }
code { font-size: .88em; overflow-wrap: anywhere; }
.facts { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.2rem 0; padding: 0; }
.facts div { flex: 1 1 9rem; border: 1px solid #e3e8ed; border-radius: 6px; padding: .6rem .8rem; }
.facts b { display: block; font-size: 1.35rem; font-weight: 600; }
.warning { color: #9a5b00; } .error { color: #b3261e; }
svg text { font: 13px system-ui, sans-serif; fill: #1c2733; }
"""
_BEFORE, _AFTER = "#b4c0cc", "#2f6fb5"
_MARK = "#b3261e"
_LINES = ["#2f6fb5", "#9a5b00", "#3a7d44", "#7b4ea3", "#5c6b7a", "#b3261e"]
_SHOWN = 200  # added tokens in the table


def _text(value: object) -> str:
    return html.escape(str(value))


def _count(value: int) -> str:
    return f"{value:,}"


def _table(head: list[str], rows: list[list[str]], numbers: set[int]) -> str:
    """Cells are HTML; `numbers` are the columns aligned to the right."""
    def row(cells, tag):
        return "<tr>" + "".join(f"<{tag}{' class=n' if i in numbers else ''}>{cell}</{tag}>"
                                for i, cell in enumerate(cells)) + "</tr>"
    return ("<table>" + row(map(_text, head), "th") + "".join(row(r, "td") for r in rows)
            + "</table>")


def _bars(groups: list[tuple[str, list[tuple[float, str, str]]]]) -> str:
    """Horizontal bars; a group is a name and its (value, label, colour) each."""
    top = max((value for _, bars in groups for value, _, _ in bars), default=0) or 1
    y, out = 4, []
    for name, bars in groups:
        out.append(f'<text x="190" y="{y + 9 * len(bars) + 4}" text-anchor="end">{_text(name)}</text>')
        for value, label, colour in bars:
            width = max(1.0, 520 * value / top)
            out.append(f'<rect x="200" y="{y}" width="{width:.1f}" height="15" fill="{colour}"/>'
                       f'<text x="{206 + width:.1f}" y="{y + 12}">{_text(label)}</text>')
            y += 18
        y += 8
    return f'<svg viewBox="0 0 840 {y}" width="100%" role="img">{"".join(out)}</svg>'


def _lines(lines: list[tuple[str, list[tuple[float, float]], str]], unit: str,
           mark: float | None) -> str:
    """Curves over the number of new ids; a line is a name, its points and its colour. `mark`: a
    vertical line there."""
    points = [point for _, line, _ in lines for point in line]
    right = max(x for x, _ in points) or 1
    low, high = min(y for _, y in points), max(y for _, y in points)
    height = (high - low) or 1

    def at(x: float, y: float) -> tuple[float, float]:
        return 80 + 620 * x / right, 220 - 190 * (y - low) / height

    out = []
    for value in (low, high):
        _, y = at(0, value)
        out.append(f'<path d="M80 {y:.1f}H700" stroke="#e3e8ed"/>'
                   f'<text x="72" y="{y + 4:.1f}" text-anchor="end">{value:.2f}</text>')
    for value in (0, right):
        x, _ = at(value, low)
        out.append(f'<text x="{x:.1f}" y="240" text-anchor="middle">{_count(round(value))}</text>')
    out.append(f'<text x="390" y="240" text-anchor="middle">new ids</text>'
               f'<text x="72" y="14" text-anchor="end">{_text(unit)}</text>')
    if mark is not None:
        x, _ = at(mark, low)
        out.append(f'<path d="M{x:.1f} 24V220" stroke="{_MARK}" stroke-dasharray="4 3"/>'
                   f'<text x="{x:.1f}" y="14" text-anchor="middle">{_count(round(mark))}</text>')
    for name, line, colour in lines:
        spots = [at(x, y) for x, y in line]
        out.append(f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in spots)}" fill="none" '
                   f'stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in spots]
        x, y = spots[-1]
        out.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}">{_text(name)}</text>')
    return f'<svg viewBox="0 0 840 250" width="100%" role="img">{"".join(out)}</svg>'


def _curve(budget: dict | None, curve: dict | None) -> str:
    curve = budget["curve"] if budget else curve
    if curve is None:
        return "<p class=quiet>Not measured: neither a curve nor a budget of auto was asked for.</p>"
    text = ("text that the pieces were not chosen on" if curve["held_out"]
            else "the text that the pieces were chosen on")
    mark = budget["budget"] if budget else None
    chart = _lines([(name, [(p["ids"], p["bytes_per_token"]) for p in corpus["points"]],
                     _LINES[i % len(_LINES)]) for i, (name, corpus) in enumerate(curve["corpora"].items())],
                   "bytes per token", mark)
    body = f"<p class=quiet>Bytes per token by new ids, on {text}.</p>{chart}"
    if not budget:
        names = list(curve["corpora"])
        points = [corpus["points"] for corpus in curve["corpora"].values()]
        rows = [[_count(at[0]["ids"]), *(f"{p['bytes_per_token']:.3f}" for p in at),
                 _count(sum(p["tokens"] for p in at)), _count(sum(p["tokens_saved"] for p in at))]
                for at in zip(*points, strict=True)]
        return body + _table(["new ids", *names, "tokens", "saved"], rows, set(range(len(names) + 3)))
    rows = [[_count(p["ids"]), _count(p["tokens"]), f"{p['compute']:.4f}", f"{p['memory']:.4f}",
             f"<b>{p['cost']:.4f}</b>" if p["ids"] == mark else f"{p['cost']:.4f}"]
            for p in budget["points"]]
    weight, model = budget["memory_weight"], budget["model"]
    power = "" if weight == 1 else f" ^ {weight:g}"
    return (body + f"<p>{_count(budget['budget'])} new ids cost least: compute × memory{power}, of a model with "
            f"{_count(model['body_parameters'])} parameters beside {_count(model['rows'])} "
            f"{'tied' if model['tied'] else 'untied'} rows of {_count(model['hidden_size'])}.</p>"
            + _lines([("cost", [(p["ids"], p["cost"]) for p in budget["points"]], _AFTER)],
                     "cost, base 1", mark)
            + _table(["new ids", "tokens", "compute", "memory", "cost"], rows, {0, 1, 2, 3, 4}))


def _section(title: str, body: str) -> str:
    return f"<h2>{_text(title)}</h2>\n{body}\n"


def _efficiency(efficiency: dict | None) -> str:
    if not efficiency:
        return "<p class=quiet>Not measured: no corpus was given.</p>"
    before, after = efficiency["before"]["corpora"], efficiency["after"]["corpora"]
    rows, groups = [], []
    for name, old in before.items():
        new = after[name]
        saved = 1 - new["tokens"] / old["tokens"] if old["tokens"] else 0
        rows.append([_text(name), _count(old["bytes"]), _count(old["tokens"]), _count(new["tokens"]),
                     f"{saved:.1%}", f"{old['tokens_per_word']:.2f}", f"{new['tokens_per_word']:.2f}",
                     "<br>".join(map(_text, new["diagnosis"]))])
        groups.append((name, [(r["bytes_per_token"], f"{r['bytes_per_token']:.2f}", colour)
                              for r, colour in ((old, _BEFORE), (new, _AFTER))]))
    return ("<p class=quiet>Bytes per token, before (grey) and after (blue); longer is better.</p>"
            + _bars(groups)
            + _table(["corpus", "bytes", "tokens before", "after", "saved", "tokens/word before",
                      "after", "what is left to gain"], rows, {1, 2, 3, 4, 5, 6}))


def _conflicts(conflicts: dict | None) -> str:
    if conflicts is None:
        return "<p class=quiet>conflicts.json is not in the directory.</p>"
    rows = []
    for finding in conflicts["findings"]:
        severity = _text(finding["severity"])
        examples = "".join(f"<br><code>{_text(e)}</code>" for e in finding["examples"][:3])
        rows.append([_text(finding["code"]), f"<span class={severity}>{severity}</span>",
                     _count(finding["count"]), _text(finding["message"]) + examples,
                     _text(finding["action"])])
    clean = [code for code, count in conflicts["counts"].items() if not count]
    return (_table(["code", "severity", "ids", "what is so", "what was done"], rows, {2})
            + f"<p class=quiet>Looked for and not found: {_text(', '.join(clean) or 'nothing')}.</p>")


def _rows(init: dict) -> str:
    parts = [("input" if init["output_rows"] or not init["output"] else "input and output", init["rows"])]
    if init["output_rows"]:
        parts.append(("output", init["output_rows"]))
    table = _table(["matrix", "rows made by", "rows"],
                   [[_text(matrix), _text(origin), _count(count)]
                    for matrix, counts in parts for origin, count in counts.items()], {2})
    norms = _table(["tensor", "norm of old rows", "of new rows"],
                   [[f"<code>{_text(tensor)}</code>", f"{n['old_rows']:.4g}", f"{n['new_rows']:.4g}"]
                    for tensor, n in init["norms"].items()], {1, 2})
    warnings = "".join(f"<p class=warning>{_text(w)}</p>" for w in init["warnings"])
    chosen = [[_text(c["role"]), f"<code>{_text(s['method'])}</code>",
               "yes" if s["method"] == c["chosen"] else "", f"{s['left']:.1%}", f"{s['cosine']:.3f}"]
              for c in init.get("automatic", []) for s in c["scores"]]
    trial = ("<p>What auto chose by: old tokens hidden from each method, and the share of the squares "
             "of their rows that it left.</p>" + _table(["rows", "method", "chosen", "left", "cosine"],
                          chosen, {3, 4})
             if chosen else "")
    return f"{table}<p></p>{norms}{trial}{warnings}"


def _kind(text: str) -> str:
    """The script that most characters of a token name, by Unicode's names."""
    names = collections.Counter(unicodedata.name(c, "other").split()[0].split("-")[0].lower()
                                for c in text if c.isalpha())
    return names.most_common(1)[0][0] if names else "no letters"


def _added(id_map: dict | None) -> str:
    if id_map is None:
        return "<p class=quiet>id_map.json is not in the directory.</p>"
    added = id_map["added"]
    kinds = collections.Counter(_kind(piece["text"]) for piece in added)
    chart = _bars([(kind, [(count, _count(count), _AFTER)]) for kind, count in kinds.most_common(12)])
    rows = [[_count(p["id"]), f"<code>{_text(p['text'])}</code>", f"<code>{_text(p['bytes'])}</code>",
             _text("helper" if p["donor_id"] is None else p["donor_id"]),
             f"<code>{_text(p['witness'])}</code>"] for p in added[:_SHOWN]]
    rest = f"<p class=quiet>The first {_SHOWN} of {_count(len(added))}; id_map.json has all.</p>"
    return (chart + _table(["id", "text", "bytes", "donor's id", "a text that contains it"], rows, {0})
            + (rest if len(added) > _SHOWN else ""))


def _files(manifest: dict) -> str:
    return "".join(
        f"<h3>{title}</h3>" + _table(
            ["file", "bytes", "SHA-256"],
            [[f"<code>{_text(f['path'])}</code>", _count(f["size_bytes"]),
              f"<code>{_text(f['sha256'])}</code>"] for f in manifest[key]], {1})
        for key, title in (("inputs", "Inputs"), ("outputs", "Outputs")))


def _page(manifest: dict, found: dict[str, dict | None]) -> str:
    init, id_map = found["init_report.json"], found["id_map.json"]
    certificate = found["certificate.json"]
    sizes = manifest["sizes"]
    facts = [(f"{_count(sizes['old_tokens'])} → {_count(sizes['new_tokens'])}", "token ids"),
             (f"{_count(sizes['old_rows'])} → {_count(sizes['new_rows'])}", "rows, padding included"),
             (manifest["method"], "method of the new rows")]
    if id_map:
        facts.insert(0, (_count(len(id_map["added"])), "tokens added"))
    if certificate:
        proved = "proved" if certificate["proved"] else "measured"
        facts.append((certificate["level"], f"certificate for old text, {proved}"))
    title = f"tokgraft: {pathlib.PurePath(manifest['model']).name}"
    body = [f"<h1>{_text(title)}</h1><p class=quiet>{_text(manifest['model'])}, "
            f"tokgraft {_text(manifest['tokgraft_version'])}: <code>{_text(manifest['command'])}</code></p>",
            "<div class=facts>" + "".join(f"<div><b>{_text(v)}</b>{_text(what)}</div>"
                                          for v, what in facts) + "</div>",
            _section("Efficiency", _efficiency(found["efficiency.json"])),
            _section("How many pieces", _curve(found["budget.json"], found["curve.json"]))]
    if certificate:
        checked = certificate["checked_bytes"]
        body.append(_section("Old text", f"<p>{_text(certificate['level'])}: {_text(certificate['reason'])}.</p>"
                             + (f"<p>Checked on {_count(checked)} bytes: {_count(certificate['new_cuts'])} "
                                f"new cuts.</p>" if checked else "")))
    body += [_section("Conflicts", _conflicts(found["conflicts.json"])),
             _section("Rows", _rows(init) if init else "<p class=quiet>init_report.json is not in the directory.</p>"),
             _section("Added tokens", _added(id_map)), _section("Files", _files(manifest))]
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
            f"<style>{_STYLE}</style></head><body>\n" + "".join(body) + "</body></html>\n")


def _write(path: pathlib.Path, page: str, force: bool) -> None:
    if path.exists() and not force:
        raise ConflictError(f"{path}: exists already; choose another name, or force replacement (--force, force=True)")
    handle, temporary = tempfile.mkstemp(prefix=path.name, suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def report(directory: str | os.PathLike, *, out: str | os.PathLike | None = None,
           force: bool = False) -> str:
    """The page about `directory`, which `graft` or `init` wrote; written to the file `out` if given.

    A lost or broken tokgraft.json is an error; a part whose file is missing says so on the page.
    """
    folder = pathlib.Path(directory)
    found: dict[str, dict | None] = {}
    for name in ("tokgraft.json", "efficiency.json", "certificate.json", "conflicts.json",
                 "init_report.json", "id_map.json", "budget.json", "curve.json"):
        try:
            found[name] = json.loads((folder / name).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            found[name] = None
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{folder / name}: {error}; write the directory again") from None
    manifest = found["tokgraft.json"]
    if manifest is None:
        raise NotFoundError(f"{folder}: has no tokgraft.json; name a directory that graft or init wrote")
    try:
        page = _page(manifest, found)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise FormatError(f"{folder}: its reports are not as this tokgraft writes them "
                          f"({type(error).__name__}: {error}); write the directory again") from None
    if out is not None:
        try:
            _write(pathlib.Path(out), page, force)
        except FileNotFoundError:
            raise NotFoundError(f"{out}: its directory does not exist; create it first") from None
        except OSError as error:
            raise Error(f"{out}: cannot be written: {error.strerror}") from None
    return page


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        "tokgraft report", description="One self-contained HTML page about what graft or init wrote")
    parser.add_argument("directory", metavar="OUT", help="A directory that tokgraft wrote")
    parser.add_argument("-o", "--out", metavar="FILE", help="The page; without it, on standard output")
    parser.add_argument("--force", action="store_true", help="Replace an existing file")
    options = parser.parse_args(arguments)
    try:
        page = report(options.directory, out=options.out, force=options.force)
    except Error as error:
        print("tokgraft: error:", str(error).replace("\n", " "), file=sys.stderr)
        return 1
    if options.out is None:
        sys.stdout.buffer.write(page.encode())
    return 0
