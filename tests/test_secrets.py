"""A password goes nowhere: a canary through addresses, drivers and reports, then a search through all that was written."""

import contextlib
import json
import sqlite3
from urllib.parse import quote, quote_plus

import pytest

import ltv
from ltv.cli import main
from ltv.errors import DataError, ParameterError
from ltv.inputs import addresses
from ltv.orders.proposal import check_orders
from ltv.pages import catalog
from ltv.pages.batch import Settings, run_batch
from ltv.pages.plan import Segment, read_plan
from ltv.pages.records import shared, shared_parameters
from ltv.secrets import Address, expand, hide, in_clear

CANARY = "ca/na#ry?7@%k l&'=\"9"
QUOTED = quote(CANARY, safe="")
COLUMNS = {"customer": "who", "date": "day", "amount": "paid"}
DRIVER = '''
"""A driver that tells everybody all it was given, as some do."""
from urllib.parse import quote

class Error(Exception):
    sqlstate = "28P01"

class adapt:
    Dumper = object

Connection = object

def connect(*given, **named):
    password = str(named.get("password"))
    raise Error(f"no: {given} {named} postgresql://ann:{password}@db/x {quote(password)} password={password!r}")
'''


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """In this process and in those it starts, the driver of Postgres is one that talks."""
    home = tmp_path / "drivers" / "psycopg"
    home.mkdir(parents=True)
    (home / "__init__.py").write_text(DRIVER)
    monkeypatch.syspath_prepend(home.parent)
    monkeypatch.setenv("PYTHONPATH", str(home.parent), prepend=":")
    return home


@pytest.fixture
def sqlite(tmp_path):
    path = tmp_path / "server" / "shop.sqlite"
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE orders (who TEXT, day TEXT, paid REAL, api_token TEXT)")
        days = [f"2024-{month:02}-{day:02}" for month in range(1, 7) for day in range(1, 28)]
        database.executemany(
            "INSERT INTO orders VALUES (?, ?, ?, ?)",
            [(f"c{i % 40}", day, 5 + i % 3, CANARY) for i, day in enumerate(days)],
        )
        database.commit()
    return path


SHAPES = {
    "whole, quoted": ("$LTV_A", {"LTV_A": f"postgresql://ann:{QUOTED}@localhost:5/shop"}),
    "whole, as it is": ("$LTV_B", {"LTV_B": f"postgresql://ann:{CANARY}@localhost:5/shop"}),
    "in braces": ("${LTV_B}", {"LTV_B": f"postgres://ann:{CANARY}@localhost/shop"}),
    "password alone": ("postgresql://ann:$LTV_P@localhost/shop", {"LTV_P": CANARY}),
    "in the query": ("postgresql://localhost/shop?user=ann&password=$LTV_P", {"LTV_P": CANARY}),
    "in the query, whole": ("$LTV_C", {"LTV_C": f"postgresql://localhost/shop?password={QUOTED}"}),
    "a token": ("$LTV_D", {"LTV_D": f"snowflake://ann@account/shop?token={QUOTED}"}),
    "a signature": ("$LTV_E", {"LTV_E": f"https://store.example/shop.duckdb?sv=1&sig={quote_plus(CANARY)}"}),
    "no URL": ("$LTV_F", {"LTV_F": f"host=localhost user=ann password='{CANARY}'"}),
    "no engine": ("$LTV_G", {"LTV_G": f"nosuch://ann:{QUOTED}@localhost/shop"}),
    "another's": ("$LTV_H", {"LTV_H": f"md:shop?motherduck_token={CANARY}"}),
    "a file": ("$LTV_I", {"LTV_I": f"duckdb:///nowhere.duckdb?key={QUOTED}"}),
}
SPELLED = {
    CANARY,
    QUOTED,
    quote(CANARY),
    quote_plus(CANARY),
    json.dumps(CANARY)[1:-1],
    repr(CANARY)[1:-1],
    "ca/na#",
    "ca%2Fna",
}


def leaks(text):
    return sorted(spelled for spelled in SPELLED if spelled in text)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_error_holds_the_canary(shape, driver, monkeypatch, capsys):
    on, environment = SHAPES[shape]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DataError) as caught:
        ltv.read_orders("orders", on=on, **COLUMNS)
    assert not leaks(str(caught.value) + caught.value.words)
    assert ("no: " in caught.value.words) == any(value.startswith("postgres") for value in (on, *environment.values()))
    with pytest.raises(SystemExit):
        main(["check", "orders", "--on", on])
    told = capsys.readouterr()
    assert not leaks(told.out + told.err)
    assert "ltv: orders" in told.err


def test_nothing_written_holds_the_canary(driver, sqlite, tmp_path, monkeypatch, capfd):
    out, kept = tmp_path / "out", tmp_path / "kept"
    monkeypatch.setenv("LTV_CACHE", str(kept))
    monkeypatch.setenv("LTV_FILE", str(sqlite))
    segments = []
    for i, (on, environment) in enumerate(SHAPES.values()):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        segments.append(Segment({"data_quality": {"orders": "orders", "on": on, **COLUMNS}}, f"s{i}", f"s{i}"))
    spelled = CANARY.replace("'", "''")
    query = f"SELECT who, day, paid FROM orders WHERE api_token = '{spelled}'"
    works = {"orders": query, "on": "$LTV_FILE", **COLUMNS}
    segments.append(Segment({"data_quality": works}, "works", "works"))
    segments.append(Segment({"data_quality": {**works, "amount": "nothing"}}, "fails", "fails"))
    run_batch(segments[:2], tmp_path / "out" / "sized", Settings(workers=1), least=1)
    records = run_batch(segments, out, Settings(workers=2))
    assert [record.status for record in records if record.folder == "works"] == ["done"]
    assert {record.status for record in records if record.folder != "works"} == {"failed"}
    written = [path for place in (out, kept) for path in place.rglob("*") if path.is_file()]
    assert len(list((out / "failed").rglob("*.ipynb"))) == len(SHAPES) + 1
    assert {path: found for path in written if (found := leaks(path.read_bytes().decode("latin-1")))} == {}
    told = capfd.readouterr()
    assert not leaks(told.out + told.err)
    page, index, manifest = (
        (out / name).read_text() for name in ("works/data_quality.html", "index.html", "manifest.json")
    )
    assert "api_token = ***" in page
    for text in (page, index, manifest):
        assert str(sqlite.parent) not in text
    assert "refused the user name or password" in index
    assert "ann" not in [word.strip("'\"@:") for word in manifest.split()]


@pytest.mark.parametrize(
    "on",
    ["postgresql://ann:pw@db/shop", "postgresql://ann:p/w#1@db/shop", "postgresql://db/shop?password=pw", "md:shop?motherduck_token=pw",
     "https://store/shop.duckdb?sv=1&sig=pw", "host=db user=ann password=pw", "snowflake://acct/db?private_key=pw",
     "bigquery://p/d?credentials=pw", "mysql://ann:pw$LTV_REST@db/shop", "trino://ann:pw@h:8080/c?session_token=$T"],
)  # fmt: skip
def test_an_address_with_its_secret_in_clear_is_refused_with_the_cure(on, tmp_path, capsys):
    with pytest.raises(DataError, match=r"export LTV_DB='…' .* --on '\$LTV_DB'") as caught:
        ltv.read_orders("orders", on=on, **COLUMNS)
    with pytest.raises(DataError) as checked:
        check_orders("orders", on=on)
    with pytest.raises(ParameterError, match=r"export LTV_DB=") as told:
        catalog.check("ltv", {"orders": "orders", "on": on})
    with pytest.raises(SystemExit):
        main(["report", "ltv", "--orders", "orders", "--on", on, "--out", str(tmp_path / "out")])
    said = capsys.readouterr()
    assert "pw" not in "".join([str(caught.value), str(checked.value), str(told.value), said.out, said.err])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "on",
    ["postgresql://ann@db/shop", "postgresql://db/shop?sslmode=require", "$LTV_DB", "postgresql://ann:${PW}@db/shop",
     "snowflake://acct/db?user=ann@corp.example&role=reader", "duckdb:///a/b.duckdb", "shop.duckdb"],
)  # fmt: skip
def test_an_address_without_a_secret_is_none_in_clear(on):
    assert not in_clear(on)


@pytest.mark.parametrize(
    "password", ["a/b", "a#b", "a?b", "a@b", "a%b", "a b", "a+b", "p@s:w/d?x", "%2F", "é€", CANARY]
)
def test_a_password_of_any_letters_reaches_the_driver_as_it_is(password, monkeypatch):
    monkeypatch.setenv("PW", password)
    given = []
    monkeypatch.setattr(addresses.ibis, "connect", lambda url: given.append(url) or ValueError())
    with contextlib.suppress(AttributeError, DataError):
        addresses.attach("postgresql://ann:$PW@db:5432/shop?sslmode=require")
    found = Address.of(given[0])
    assert (found.user, found.password, found.place, found.query) == (
        "ann",
        password,
        "db:5432/shop",
        "sslmode=require",
    )
    if "%" not in password:
        monkeypatch.setenv("URL", f"postgresql://ann:{password}@db:5432/shop?sslmode=require")
        assert Address.of(expand("$URL")) == found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ann:pw@db/shop", "postgresql://db/shop"),
        ("read mysql://ann:p/w@h/x failed", "read mysql://h/x failed"),
        ("s3://bucket/key?X-Amz-Signature=abc&x=1", "s3://bucket/key?X-Amz-Signature=***&x=1"),
        ("host=db password='a b' dbname=x", "host=db password=*** dbname=x"),
        ('{"api_key": "abc", "n": 1}', '{"api_key": ***, "n": 1}'),
        ("WHERE token = 'it''s' AND monkey = 'm'", "WHERE token = *** AND monkey = 'm'"),
        ("SELECT pgp_sym_decrypt(who, 'abc') FROM t", "SELECT pgp_sym_decrypt(who, ***) FROM t"),
        ("password=$PW", "password=$PW"),
        ("13% of new customers; Refunds? pass refunds=\"net\"", "13% of new customers; Refunds? pass refunds=\"net\""),
    ],
)  # fmt: skip
def test_credentials_are_taken_out_and_nothing_else(text, shown):
    assert hide(text) == shown


def test_what_is_shared_names_files_not_folders():
    assert shared("no /srv/a b.csv; 2024/01/31, and/or https://a/b/c") == "no a b.csv; 2024/01/31, and/or https://a/b/c"
    given = {
        "orders": "/srv/data/o.csv",
        "costs": "/srv/c.csv",
        "on": "$LTV_DB",
        "margin": 0.3,
        "columns": {"tax": "vat"},
    }
    assert shared_parameters(given) == {**given, "orders": "o.csv", "costs": "c.csv"}


@pytest.mark.parametrize(
    "on",
    ["postgresql://evil.example/$HOME", "postgresql://evil.example/x", "duckdb:///$HOME", "https://evil.example/x.db"],
)
def test_a_plan_does_not_say_which_server_is_asked(on, tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text(f'[parameters]\norders = "t"\non = "{on}"\n[[segment]]\ntitle = "a"\non = "{on}"\n')
    with pytest.raises(ParameterError, match=r"(?s)3 faults|2 faults.*a plan names a file, or a variable"):
        read_plan(plan)


def test_a_plan_runs_no_notebook_but_ours(tmp_path):
    (tmp_path / "evil.ipynb").write_text("{}")
    plan = tmp_path / "plan.toml"
    plan.write_text('reports = ["evil.ipynb"]\n')
    with pytest.raises(ParameterError, match="there is no report"):
        read_plan(plan).of()
