"""Who is a customer: ids that are one but for their writing, an address of many people, order numbers taken for customers."""

import unicodedata

import pandas as pd
import pytest

import ltv

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}


def read(rows, **policy):
    frame = pd.DataFrame(rows, columns=["who", "when", "paid"])
    return ltv.read_orders(frame, **COLUMNS, policy=ltv.Policy(**policy))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@x.com", "Ann@X.com"),
        ("ann lee", " ann lee "),
        ("ann lee", "ann\u00a0lee"),
        ("ann lee", "ann  lee"),
        ("ann", "ann\u200b"),
        ("ann", "\ufeffann"),
        ("josé", unicodedata.normalize("NFD", "josé")),
    ],
    ids=["case", "around", "no-break", "double", "zero width", "mark", "accent"],
)
def test_ids_that_differ_in_their_writing_are_said_and_made_one_by_the_policy(one, other):
    rows = [(one, "2024-01-01", 1), (other, "2024-01-02", 2), ("bob", "2024-01-03", 3)]
    kept = read(rows)
    assert kept.size["customers"] == 3
    assert [sign[:38] for sign in kept.signs] == ["1 customers would merge with another o"]
    tidied = read(rows, ids="tidy")
    assert (tidied.size["customers"], tidied.size["revenue"], tidied.signs) == (2, 6, ())
    assert read(rows, ids="tidy", leave_out=[other]).size["customers"] == 1


def test_different_names_stay_apart():
    assert read([("ann", "2024-01-01", 1), ("änn", "2024-01-02", 2)], ids="tidy").size["customers"] == 2
    assert read([("ann", "2024-01-01", 1), ("änn", "2024-01-02", 2)]).signs == ()


def log(customers, till):
    rows = [(f"c{i}", f"2024-01-{1 + day:02d}", 1) for i in range(customers) for day in (i % 20, 20 + i % 5)]
    return rows + [("till@shop.com", f"2024-01-{1 + i % 28:02d}", 1) for i in range(till)]


def test_a_customer_with_a_tenth_of_all_rows_is_a_sign_without_its_id_and_left_out_by_the_policy():
    kept = read(log(100, 30))
    (sign,) = [sign for sign in kept.signs if "is no one person" in sign]
    assert sign.startswith("One customer holds 13% of all rows")
    assert "till@shop.com" not in sign
    out = read(log(100, 30), shared="leave out")
    assert out.audit.loc["shared address", ["rows", "customers", "money"]].tolist() == [30, 1, 30]
    assert out.size["customers"] == 100
    assert not any("no one person" in sign for sign in out.signs)
    for few in (log(100, 22), log(98, 60)):
        assert not any("no one person" in sign for sign in read(few).signs)


@pytest.mark.parametrize(("second", "said"), [(0, True), (1, False)])
def test_a_log_where_every_customer_has_one_order_asks_whether_they_are_orders(second, said):
    rows = [(f"o{i}", f"2024-01-{1 + i % 28:02d}", 1) for i in range(60)] + [("o0", "2024-01-30", 1)] * second
    found = [sign for sign in read(rows).signs if sign.startswith("Every customer has one order")]
    assert found == (
        ['Every customer has one order: is "who" the number of the order, and the customer in another column?'] * said
    )
