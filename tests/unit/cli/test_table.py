"""Tables fit the terminal: columns give way, names are pinched, nothing overlaps."""

from __future__ import annotations

import pytest

from beatkit.cli.table import Column, Line, Row, Table, cells, cut, drawn, fit, pinched, wrapped

NAME = Column("NAME", "name", least=8, pinch=True)
LAST = Column("LAST", "last", give_way=2)
QUEUE = Column("QUEUE", "queue", give_way=1)


def table(*columns: Column, **texts: str) -> Table:
    return Table(columns, [Row(texts)])


def lines(shown: Table, width: int) -> list[str]:
    return [line.text for line in drawn([shown], width)]


def test_all_columns_stand_where_there_is_room() -> None:
    shown = table(NAME, LAST, QUEUE, NAME="billing.close_day", LAST="-", QUEUE="celery")
    assert lines(shown, 80) == [
        "NAME               LAST  QUEUE",
        "billing.close_day  -     celery",
    ]


def test_a_column_that_says_nothing_gives_way_first() -> None:
    shown = table(NAME, LAST, QUEUE, NAME="billing.close_day", LAST="-", QUEUE="celery")
    assert lines(shown, 28) == ["NAME               QUEUE", "billing.close_day  celery"]


def test_then_columns_give_way_in_their_order_and_names_are_pinched() -> None:
    shown = table(NAME, LAST, QUEUE, NAME="billing.close_day", LAST="Mon", QUEUE="celery")
    assert lines(shown, 24) == ["NAME        LAST  QUEUE", "bil…se_day  Mon   celery"]
    assert [column.title for column, _ in fit(shown, 18)] == ["NAME", "QUEUE"]
    assert [column.title for column, _ in fit(shown, 12)] == ["NAME"]


def test_what_may_not_shrink_keeps_its_width() -> None:
    assert lines(table(QUEUE, QUEUE="a_long_queue"), 5) == ["QUEUE", "a_long_queue"]


def test_numbers_stand_at_the_right() -> None:
    shown = Table(
        [Column("RUNS", "runs", right=True)], [Row({"RUNS": "5"}), Row({"RUNS": "1,234"})]
    )
    assert lines(shown, 80) == [" RUNS", "    5", "1,234"]


def test_the_last_column_may_wrap() -> None:
    shown = table(NAME, Column("TEXT", "text", least=20, wrap=True), NAME="a", TEXT="word " * 9)
    assert lines(shown, 28) == [
        "NAME  TEXT",
        "a     word word word word",
        "      word word word word",
        "      word",
    ]


def test_tables_stand_apart_and_have_titles() -> None:
    first, second = table(NAME, NAME="a"), Table([NAME], [], "Nothing")
    assert list(drawn([first, second], 80)) == [
        Line("NAME", "heading"),
        Line("a"),
        Line(""),
        Line("Nothing", "title"),
    ]


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("billing.close_day", 17, "billing.close_day"),
        ("billing.retry_failed_payments", 18, "billin…ed_payments"),
        ("abcdef", 3, "a…f"),
    ],
)
def test_names_are_pinched_so_that_their_ends_stay(text: str, width: int, short: str) -> None:
    assert pinched(text, width) == short
    assert cells(short) <= width


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("0 4 * * *", 9, "0 4 * * *"),
        ("0 4 * * mon-fri", 9, "0 4 * *…"),
        ("請求書送付", 7, "請求書…"),
    ],
)
def test_texts_are_cut_with_an_ellipsis(text: str, width: int, short: str) -> None:
    assert cut(text, width) == short


def test_wide_and_combining_letters_count_as_the_terminal_counts_them() -> None:
    assert (cells("請求"), cells("e\u0301"), cells("abc")) == (4, 1, 3)


def test_wrapped_lines_keep_their_indent() -> None:
    assert wrapped("  write one of these words", 20) == ["  write one of these", "  words"]
