"""The command line: reports from an order log. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ltv import __version__
from ltv.errors import LtvError, ParameterError
from ltv.pages import catalog, environment
from ltv.pages.terminal import Progress, columns, planned, summary
from ltv.secrets import hide

if TYPE_CHECKING:
    from ltv.pages.plan import Plan
    from ltv.pages.records import Record

FAILED, NOTHING_RUN, INTERRUPTED, ENDED = 1, 2, 130, 143


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="ltv")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Cohort retention, customer lifetime value and CAC payback from an order log, as pages people can read.

    \b
    ltv report all                                   the reports on the sample log
    ltv report ltv --orders data/orders.csv          one report on your own
    ltv batch jobs.toml                              the reports of every segment, for a scheduler
    ltv params payback                               what a report can be told
    ltv check data/orders.csv                        what is in a file, and the command for it
    ltv compare                                      the families side by side, and a second opinion
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
    from ltv.pages.batch import Settings, Watch, render_all

    given = {name: value for name, value in options.items() if value is not None} | _pairs(pairs)
    chosen = catalog.runnable(given) if "all" in names else list(dict.fromkeys(names))
    if "all" in names and (left := catalog.without_amounts(given)):
        click.echo(f"left out: {', '.join(left)}: needs amounts (--amount)", err=True)
    checked = catalog.check_all(chosen, given)
    plan = {name: dataclasses.asdict(parameters) for name, parameters in checked.items()}
    with closing(Progress()) as progress:
        watch = Watch(progress.planned, progress.done)
        records = render_all(plan, Path(out), Settings(workers=jobs), watch)
    _end(records, Path(out))


@cli.command()
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[JOBS.TOML]")
@_common
@click.option("-p", "pairs", multiple=True, metavar="NAME=VALUE", help="Any other parameter; see `ltv params`.")
@click.option("--by", help="A segment for each combination of values in these columns, such as channel,country.")
@click.option(
    "--reports", help="The reports of each segment, such as retention,ltv. [default: all that have what they need]"
)
@click.option("--least", type=click.IntRange(1), help="Skip segments of fewer customers. [default: 1]")
@click.option("--only", multiple=True, metavar="PATTERN", help="Only the segments whose name or folder fits.")
@click.option("--resume", is_flag=True, help="Make only what is missing or stale.")
@click.option("--force", is_flag=True, help="Leave cached orders and fits aside.")
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
@click.option("--timeout", type=click.FloatRange(1), help="Stop a report after so many seconds.")
@click.option("--keep", type=click.IntRange(0), default=0, help="Keep the last N runs in runs/. [default: 0]")
@click.option("--json", "as_json", is_flag=True, help="Print the records of the run as JSON.")
@click.option(
    "--out", default="reports", show_default=True, type=click.Path(file_okay=False), help="Folder of the pages."
)
@click.option("--jobs", "-j", type=click.IntRange(1), help="Reports made at once. [default: cores and memory decide]")
def batch(file: Path | None, out: str, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Make the reports of many segments: a folder of pages each, and an index.html that lists them.

    Segments come from a TOML file, from the columns of --by, or both. Ends with 0 when all were made, 1 when some
    failed, 2 when nothing could be run, 130 when interrupted, 143 when told to end; --resume goes on from there.
    """
    from ltv.pages import batch as running

    settings = running.Settings(
        workers=options.pop("jobs"),
        seconds=options.pop("timeout"),
        **{name: options.pop(name) for name in ("resume", "force", "keep", "only")},
    )
    plan = _plan(file, **options)
    segments = running.segments_of(plan, settings)
    if dry_run:
        return click.echo(planned(running.preview(segments, Path(out), settings, least=plan.least)))
    with closing(Progress()) as progress:
        watch = running.Watch(progress.planned, progress.done)
        records = running.run_batch(segments, Path(out), settings, watch, least=plan.least)
    return _end(records, Path(out), as_json=as_json)


def _plan(
    file: Path | None,
    *,
    pairs: Sequence[str],
    by: str | None,
    reports: str | None,
    least: int | None,
    **options: str | None,
) -> Plan:
    """The plan of a file, or an empty one, with what the command line says on top."""
    from ltv.pages.plan import Plan, read_plan

    given = {name: value for name, value in options.items() if value is not None} | _pairs(pairs)
    plan = read_plan(file, given) if file else Plan(())
    changes: dict[str, Any] = {"parameters": {**plan.parameters, **given}}
    changes |= {"by": _words(by)} if by else {}
    changes |= {"reports": _words(reports)} if reports else {}
    changes |= {"least": least} if least else {}
    return dataclasses.replace(plan, **changes)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


@cli.command()
@click.option(
    "--out", default="data/demo", show_default=True, type=click.Path(file_okay=False), help="Folder of the files."
)
@click.option("--seed", default=0, show_default=True, help="Another seed is another shop.")
def demo(out: str, seed: int) -> None:
    """Write orders, costs and the truth of a made-up shop with five channels, to try every report on."""
    from ltv.simulate import DEMO, write_shop

    for name, path in write_shop(DEMO, Path(out), seed=seed).items():
        click.echo(f"{name}: {path}")


@cli.command()
@_common
@click.option(
    "-p", "pairs", multiple=True, metavar="NAME=VALUE", help="Any other parameter; see `ltv params backtest`."
)
@click.option("--most", type=click.FloatRange(0), default=0.10, show_default=True, help="Error allowed of the total.")
def backtest(pairs: Sequence[str], most: float, **options: str | None) -> None:
    """Grade past forecasts, as a gate: 0 they may be used, 1 they may not, 2 they could not be made.

    They may be used if the total of orders was off by no more than --most, the model is clearly ahead of every forecast
    made without one, and new cohorts are like old ones.
    """
    given = {name: value for name, value in options.items() if value is not None} | _pairs(pairs)
    told: Any = catalog.check("backtest", given)

    import ltv
    from ltv.pages.forms import spans

    log = _read(told)
    log.require_purchases("the back-test", billing=told.billing)
    test = ltv.backtest(log, at=told.holdout, horizons=spans(told.horizons), unit=told.unit)
    faults = test.faults(most=most)
    verdict = "The forecasts may not be used:" if faults else "The forecasts may be used."
    scores = test.scores.round(4).to_string()
    click.echo("\n\n".join([test.grade.text, test.reason, scores, test.widening().text, verdict]))
    click.echo("".join(f"  {fault}\n" for fault in faults), nl=False)
    if faults:
        sys.exit(FAILED)


@cli.command()
@_common
@click.option("--at", help="Last day the families may see. [default: the middle of the log]")
def compare(at: str | None, **options: str | None) -> None:
    """Which family? All of them fitted to the past and judged by what came; and what lifetimes makes of the same data."""
    told: Any = catalog.check("ltv", {name: value for name, value in options.items() if value is not None})

    from ltv.metrics.backtests.holdouts import hold_out, middle
    from ltv.metrics.backtests.outlooks import halfway
    from ltv.models import compare as judge
    from ltv.models import second_opinion

    log = _read(told)
    holdout = hold_out(log, at=at or middle(log), unit=told.unit)
    customers = holdout.customers
    click.echo(f"Fitted up to {holdout.at}, judged by the orders until {holdout.until} (time in {customers.unit}s).\n")
    given = halfway(customers)
    since = "" if given is None else f" to what was done after {given.window.rpartition(' ')[2]}, as reports fit them"
    click.echo(f"By their fits{since}:\n\n{judge(*holdout.pairs, holdout.span, given=given)!r}")
    click.echo("\nThe same data up to that day, all of it, by maximum likelihood, and a second opinion:\n")
    click.echo(second_opinion(customers.patterns, holdout.span).round(2).to_string())


def _read(told: Any) -> Any:
    """The log that the common parameters describe."""
    from ltv.orders import read_orders

    names = [field.name for field in dataclasses.fields(catalog.Parameters) if field.name != "orders"]
    return read_orders(told.orders, **{name: getattr(told, name) for name in names})


@cli.command()
@click.argument("source")
@click.option("--on", help="A connection URL or a DuckDB file that holds SOURCE, a table or a SELECT.")
@click.option("-p", "pairs", multiple=True, metavar="PART=COLUMN", help="A column that is meant, such as amount=net.")
def check(source: str, on: str | None, pairs: Sequence[str]) -> None:
    """What is in a file: its columns, its faults and signs of damage, and the command that reports on it.

    Ends with 0 when it can be read, 1 when something must be mended first.
    """
    from ltv.orders.proposal import check_orders

    given: dict[str, Any] = _pairs(pairs)
    formed: dict[str, Any] = {
        name: given[name] for name in ("margin", "policy", "currency", "time_zone", "until") if name in given
    }
    told = catalog.check("data_quality", formed)
    given |= {name: getattr(told, name) for name in formed}
    found = check_orders(source, **({"on": on} if on else {}), **given)
    click.echo(repr(found))
    if found.question:
        click.echo("\n" + found.question)
    click.echo("\n" + found.command())
    if found.faults:
        sys.exit(FAILED)


@cli.command()
@_common
@click.option("--horizon", default="12 months", show_default=True, help="Span the value covers.")
@click.option("--discount", default=0.10, show_default=True, help="Discount rate a year.")
@click.option(
    "--out", default="data/scores.parquet", show_default=True, help="CSV, Excel or Parquet file, by its ending."
)
@click.option("-p", "pairs", multiple=True, metavar="NAME=VALUE", help="Any other parameter; see `ltv params ltv`.")
def score(horizon: str, discount: float, out: str, pairs: Sequence[str], **options: str | None) -> None:
    """Write what every customer is worth: value and orders with intervals, P(order in 30 days), value if won back."""
    given = {name: value for name, value in options.items() if value is not None} | _pairs(pairs)
    told: Any = catalog.check("ltv", given | {"horizon": horizon, "discount": str(discount)})

    from ltv.metrics.lifetime_value.scoring import score_log
    from ltv.metrics.lifetime_value.writing import check_fits

    check_fits(out, 0)
    log = _read(told)
    log.require_purchases("scores", billing=told.billing)
    count = score_log(log, out, horizon=told.horizon, discount=told.discount)
    click.echo(f"{count:,} customers: {out}")


@cli.command()
@click.option("--customers", default=100_000, show_default=True, type=click.IntRange(1), help="How many customers.")
@click.option("--seed", default=0, show_default=True, help="Another seed is another shop.")
@click.option("--out", default="data/simulated", show_default=True, type=click.Path(file_okay=False), help="Folder.")
def simulate(customers: int, seed: int, out: str) -> None:
    """Write a made-up shop of any size like that of `ltv demo`: orders, hidden later orders, costs and the truth."""
    from ltv.simulate import DEMO, write_shop

    shop = dataclasses.replace(DEMO, customers=customers, beyond=365)
    for name, path in write_shop(shop, Path(out), seed=seed).items():
        click.echo(f"{name}: {path}")


@cli.command()
@click.argument("name")
def params(name: str) -> None:
    """What a report can be told: each parameter, its default and what it means."""
    fields = dataclasses.fields(catalog.parameters(name))
    click.echo(f"{name}: {(catalog.parameters(name).__doc__ or '').strip()}\n")
    rows = [
        (field.name, "" if field.default is None else str(field.default), catalog.describe(field)) for field in fields
    ]
    click.echo(columns([("parameter", "default", "meaning"), *rows]))


def _pairs(pairs: Sequence[str]) -> dict[str, str]:
    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise ParameterError(f"-p takes name=value, not {', '.join(map(repr, wrong))}")
    return {name.strip(): value for name, _, value in (pair.partition("=") for pair in pairs)}


def _end(records: Sequence[Record], out: Path, *, as_json: bool = False) -> None:
    """Say what was made, and end the process with 1 if something failed."""
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(record) for record in records], ensure_ascii=False, indent=1))
    else:
        click.echo(summary(records, out))
    if any(record.status == "failed" for record in records):
        sys.exit(FAILED)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process: 0 all, 1 some failed, 2 nothing could be run, 130 interrupted, 143 ended."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    environment.settle()
    try:
        with environment.told_to_end() as told:
            cli.main(words, prog_name="ltv", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(NOTHING_RUN)
    except (LtvError, OSError) as error:
        if "--debug" in words:
            raise
        said = getattr(error, "words", "")
        click.echo(hide(f"ltv: {error}") + (f"\n  the driver: {said}" if said else ""), err=True)
        sys.exit(NOTHING_RUN)
    except (KeyboardInterrupt, click.Abort):
        click.echo("ltv: interrupted; finished reports stay, and `ltv batch --resume` goes on from there", err=True)
        sys.exit(ENDED if told else INTERRUPTED)
