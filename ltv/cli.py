"""The command line: reports from an order log. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ltv import __version__
from ltv.errors import LtvError, ParameterError
from ltv.pages import catalog

if TYPE_CHECKING:
    from ltv.pages.records import Record

FAILED, NOTHING_RUN, INTERRUPTED = 1, 2, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="ltv")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Cohort retention, customer lifetime value and CAC payback from an order log, as pages people can read.

    \b
    ltv report all                                   the reports on the sample log
    ltv report ltv --orders data/orders.csv          one report on your own
    ltv params payback                               what a report can be told
    """


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each parameter that all reports take."""
    for field in reversed(dataclasses.fields(catalog.Parameters)):
        shown = f" [default: {field.default}]" if field.default is not None else ""
        flag = "--" + field.name.replace("_", "-")
        command = click.option(flag, field.name, help=_sentence(catalog.describe(field)) + shown)(command)
    return command


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


@cli.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...|all")
@_common
@click.option("-p", "pairs", multiple=True, metavar="NAME=VALUE", help="Any other parameter; see `ltv params`.")
@click.option(
    "--out", default="reports", show_default=True, type=click.Path(file_okay=False), help="Folder of the pages."
)
@click.option("--jobs", "-j", type=click.IntRange(1), help="Reports made at once. [default: one per core]")
def report(names: Sequence[str], pairs: Sequence[str], out: str, jobs: int | None, **options: str | None) -> None:
    """Make reports: one page each in a folder, and an index.html that lists them.

    Ends with 0 when all were made, 1 when some failed (the last good page stays), 2 when nothing could be run.
    """
    from ltv.pages.batch import render_all

    chosen = catalog.reports() if "all" in names else list(dict.fromkeys(names))
    given = {name: value for name, value in options.items() if value is not None} | _pairs(pairs)
    checked = catalog.check_all(chosen, given)
    plan = {name: dataclasses.asdict(parameters) for name, parameters in checked.items()}
    with closing(_Progress(len(plan))) as progress:
        records = render_all(plan, Path(out), workers=jobs, done=progress)
    click.echo(_summary(records, Path(out)))
    if any(record.status == "failed" for record in records):
        sys.exit(FAILED)


@cli.command()
@click.argument("name")
def params(name: str) -> None:
    """What a report can be told: each parameter, its default and what it means."""
    fields = dataclasses.fields(catalog.parameters(name))
    click.echo(f"{name}: {(catalog.parameters(name).__doc__ or '').strip()}\n")
    rows = [
        (field.name, "" if field.default is None else str(field.default), catalog.describe(field)) for field in fields
    ]
    click.echo(_columns([("parameter", "default", "meaning"), *rows]))


def _pairs(pairs: Sequence[str]) -> dict[str, str]:
    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise ParameterError(f"-p takes name=value, not {', '.join(map(repr, wrong))}")
    return {name.strip(): value for name, _, value in (pair.partition("=") for pair in pairs)}


class _Progress:
    """One line of progress over the reports: a bar on a terminal, a line per report in a log."""

    def __init__(self, total: int) -> None:
        from tqdm import tqdm

        self.bar = tqdm(total=total, unit="report", disable=not sys.stderr.isatty(), leave=False)

    def __call__(self, record: Record) -> None:
        if self.bar.disable:
            click.echo(f"{record.name}: {record.status}, {record.seconds:.1f} s", err=True)
        self.bar.update()

    def close(self) -> None:
        self.bar.close()


def _summary(records: Sequence[Record], out: Path) -> str:
    rows = [("report", "status", "seconds", "page", "finding")]
    for record in records:
        page = str(out / record.file) if record.status == "done" else "-"
        rows.append((record.name, record.status, f"{record.seconds:.1f}", page, record.headline.get("text", "")))
    lines = [_columns(rows), ""]
    for record in records:
        if record.status == "failed":
            kept = f"\n  as far as it came: {out / record.failed_notebook}" if record.failed_notebook else ""
            lines.append(f"{record.name} failed: {record.error}{kept}")
    return "\n".join([*lines, f"all reports: {out / 'index.html'}"])


def _columns(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process: 0 all, 1 some failed, 2 nothing could be run, 130 interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        cli.main(words, prog_name="ltv", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(NOTHING_RUN)
    except LtvError as error:
        if "--debug" in words:
            raise
        click.echo(f"ltv: {error}", err=True)
        sys.exit(NOTHING_RUN)
    except (KeyboardInterrupt, click.Abort):
        click.echo("ltv: interrupted; finished reports stay", err=True)
        sys.exit(INTERRUPTED)
