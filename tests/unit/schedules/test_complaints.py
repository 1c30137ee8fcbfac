"""The whole text of each error about a cron expression."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from beatkit.errors import ScheduleError
from beatkit.schedules.celery import cron


def complaint(*texts: object, **options: object) -> str:
    with pytest.raises(ScheduleError) as caught:
        cron(*texts, **options)
    return str(caught.value)


def test_an_hour_out_of_range_is_shown_with_a_caret_and_the_nearest_form() -> None:
    assert complaint("0 25 * * *") == (
        "hour is 25 in cron '0 25 * * *', expected 0-23\n"
        "  0 25 * * *\n"
        "    ^^\n"
        "  write '23', or another hour from 0 to 23"
    )


def test_hour_24_is_taken_for_midnight() -> None:
    assert complaint("0 24 * * *").endswith("\n  write '0', or another hour from 0 to 23")


def test_the_caret_stands_under_the_culprit_of_a_list_after_tabs_and_blanks() -> None:
    assert complaint("0\t4  1,40-50 * *") == (
        "day of month is 40 in cron '0\\t4  1,40-50 * *', expected 1-31\n"
        "  0 4  1,40-50 * *\n"
        "         ^^\n"
        "  write '31', or another day of month from 1 to 31"
    )


def test_the_first_of_six_fields_is_the_second() -> None:
    assert complaint("99 0 4 * * *") == (
        "second is 99 in cron '99 0 4 * * *', expected 0-59\n"
        "  99 0 4 * * *\n"
        "  ^^\n"
        "  write '59', or another second from 0 to 59"
    )


def test_a_name_in_the_wrong_field_is_sent_to_its_own() -> None:
    assert complaint("* * * Mon *") == (
        "month is 'Mon' in cron '* * * Mon *', expected 1-12 or jan-dec\n"
        "  * * * Mon *\n"
        "        ^^^\n"
        "  write it in the weekday field: it is no month"
    )


def test_a_full_name_is_shortened() -> None:
    assert complaint("* * * * sunday") == (
        "weekday is 'sunday' in cron '* * * * sunday', expected 0-7 or sun-sat\n"
        "  * * * * sunday\n"
        "          ^^^^^^\n"
        "  write 'sun', or another weekday from 0 to 7 or sun to sat"
    )


def test_a_step_of_zero_is_named_a_step() -> None:
    assert complaint("*/0 * * * *") == (
        "step is 0 in cron '*/0 * * * *', expected 1 to 9999\n"
        "  */0 * * * *\n"
        "    ^\n"
        "  write 1, or leave the step out"
    )


def test_a_sixth_weekday_of_a_month_is_refused() -> None:
    assert complaint("0 0 * * MON#6") == (
        "the number after # is 6 in cron '0 0 * * MON#6', expected 1-5: a month has no more\n"
        "  0 0 * * MON#6\n"
        "              ^\n"
        "  write a number from 1 to 5, or L in place of # and the number for the last one"
    )


def test_l_alone_is_no_weekday() -> None:
    assert complaint("0 0 * * L") == (
        "weekday is 'L' in cron '0 0 * * L', expected a weekday before the L\n"
        "  0 0 * * L\n"
        "          ^\n"
        "  write '5L' for the last Friday of the month, or L in the day of month field"
    )


def test_a_comma_too_many_is_pointed_at() -> None:
    assert complaint("1,,5 * * * *") == (
        "minute is '' in cron '1,,5 * * * *', expected 0-59\n"
        "  1,,5 * * * *\n"
        "    ^\n"
        "  take a comma away"
    )


def test_a_no_break_space_is_named() -> None:
    assert complaint("* * * * *\u00a0*") == (
        "weekday is '*\\xa0*' in cron '* * * * *\\xa0*', expected 0-7 or sun-sat\n"
        "  * * * * * *\n"
        "          ^^^\n"
        "  write plain digits, letters and blanks: '\\xa0' is none of them"
    )


def test_a_zone_before_the_text_belongs_beside_it() -> None:
    assert complaint("TZ=UTC 0 4 * * *").endswith(
        "\n  give the zone beside the text: cron('0 4 * * *', timezone='Europe/Berlin')"
    )


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("*/5-7 * * * *", "*/5"),
        ("*/15/2 * * * *", "*/15"),
        ("1-30/5/2 * * * *", "1-30/5"),
        ("1-5-9 * * * *", "1-5"),
        ("1--5 * * * *", "1-5"),
        ("*5 * * * *", "*/5"),
        ("/5 * * * *", "*/5"),
        ("*/ * * * *", "*"),
        ("** * * * *", "*"),
        ("5* * * * *", "5"),
        ("+5 * * * *", "5"),
        ("1- * * * *", "1"),
        ("H(5 * * * *", "H"),
        ("* * ? * *", "*"),
        ("* * L-3 * *", "L"),
        ("* * * 13 *", "12"),
        ("* * * * 8", "7"),
        ("*/-5 * * * *", "*/5"),
        ("0-60 * * * *", "59"),
        ("0,30,60 * * * *", "0"),
        ("0000 * * * *", "0"),
        ("0;30 * * * *", "0,30"),
        ("0~30 * * * *", "H(0-30)"),
        ("R * * * *", "H"),
        ("* * last * *", "L"),
        ("* * l-w * *", "LW"),
        ("* * * * mo", "mon"),
        ("* * * * mon;fri", "mon,fri"),
        ("* * * * weekdays", "mon-fri"),
        ("* * * * L5", "5L"),
        ("* * * * fri#last", "friL"),
        ("* * * * 5#2#3", "5#2"),
    ],
)
def test_the_nearest_valid_form_is_offered(text: str, near: str) -> None:
    assert f"\n  write {near!r}, or another " in complaint(text)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("0 0 5#2 * *", "write it in the weekday field: it is no day of month"),
        ("0 4 * * *\n", "take '\\n' out: blanks and tabs separate fields"),
        ("\n 4 * * *", "take '\\n' out: blanks and tabs separate fields"),
        ("0 4 * * * /usr/bin/shop", "leave the command out: the entry names the task"),
        ("0 0 12 * * ? 2030", "leave the year out: fields end with the weekday, and at(...) runs"),
        ("04:30", "write '30 4 * * *' for that time of each day"),
        ("daily at 4:05", "write '5 4 * * *' for that time of each day"),
        ("every 5 minutes", "write an interval in the place of cron: every(minutes=5)"),
        ("4pm", "write for example '0 4 * * *', each day at 04:00"),
        ("60 4", "write for example '0 4 * * *', each day at 04:00"),
    ],
)
def test_what_was_meant_is_recognised(text: str, advice: str) -> None:
    assert f"\n  {advice}" in complaint(text)


def test_too_few_fields_are_filled_up() -> None:
    assert complaint("0 4 * *") == (
        "cron '0 4 * *' has 4 fields, expected 5 (minute, hour, day of month, month, weekday)"
        " or 6 (a second before them)\n"
        "  write '0 4 * * *' if each is meant"
    )


@pytest.mark.parametrize(("text", "count"), [("", "0 fields"), ("0 0 4 * * * * x", "8 fields")])
def test_another_number_of_fields_is_counted(text: str, count: str) -> None:
    assert complaint(text) == (
        f"cron {text!r} has {count}, expected 5 (minute, hour, day of month, month, weekday)"
        " or 6 (a second before them)\n"
        "  write for example '0 4 * * *', each day at 04:00"
    )


def test_reboot_is_no_time() -> None:
    assert complaint("@reboot") == (
        "cron '@reboot' is no alias that beatkit knows\n"
        "  slots come from the clock, not from a start: write one of"
        " @hourly @daily @midnight @weekly @monthly @yearly @annually"
    )


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("@dayly", "write '@daily'"),
        ("@every 5m", "write an interval beside cron, not in it: every(minutes=5)"),
    ],
)
def test_an_unknown_alias_has_a_near_one_or_another_way(text: str, advice: str) -> None:
    assert complaint(text) == f"cron {text!r} is no alias that beatkit knows\n  {advice}"


def test_a_blank_of_another_kind_between_fields_is_pointed_at() -> None:
    assert complaint("0\u00a04 * * *") == (
        "cron '0\\xa04 * * *' has '\\xa0', expected blanks or tabs between its fields\n"
        "  0 4 * * *\n"
        "   ^\n"
        "  write '0 4 * * *'"
    )


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (
            "0 4 * * * 2027",
            "leave the year out: fields end with the weekday, and at(...) runs once",
        ),
        ("'0 4 * * *'", "leave out the quotes that stand in the text itself"),
    ],
)
def test_a_usual_slip_has_advice_of_its_own(text: str, advice: str) -> None:
    assert complaint(text).splitlines()[-1] == f"  {advice}"


def test_a_day_that_its_months_never_have_is_refused() -> None:
    assert complaint("0 0 31 2,4 *") == (
        "cron '0 0 31 2,4 *' never fires: no month of '2,4' has a day '31'\n"
        "  0 0 31 2,4 *\n"
        "      ^^^^^^\n"
        "  write a day that the month has; L is its last"
    )


def test_days_that_never_meet_are_refused() -> None:
    assert complaint("0 0 1-7 * 5L", days="and") == (
        "cron '0 0 1-7 * 5L' never fires:"
        " in no month of '*' does day '1-7' meet weekday '5L'\n"
        "  0 0 1-7 * 5L\n"
        "      ^^^^^\n"
        "  write a day that the month has; L is its last"
    )


@pytest.mark.parametrize("value", [None, 5, b"0 4 * * *", ["0 4 * * *"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    assert complaint(value) == (
        f"cron is {value!r}, expected a text of five fields\n  write for example '0 4 * * *'"
    )


def test_cron_wants_an_expression() -> None:
    assert complaint() == "cron() has no expression\n  write for example cron('0 4 * * *')"


def test_an_unknown_zone_is_refused_with_the_nearest_name() -> None:
    assert complaint("0 4 * * *", timezone="europe/berlim") == (
        "timezone is 'europe/berlim', expected the name of a zone in the IANA time zone database\n"
        "  write 'Europe/Berlin'"
    )


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "", "Nowhere", "Europe", "UTC+2", "tzdata.zi"]
)
def test_a_name_that_is_no_zone_is_refused(name: str) -> None:
    for text in ("0 4 * * *", "H 4 * * *"):
        assert complaint(text, timezone=name).startswith(
            f"timezone is {name!r}, expected the name of a zone"
        )


@pytest.mark.parametrize("name", ["CEST", "PDT", "BST", "AEST"])
def test_an_abbreviation_is_not_answered_with_another_one(name: str) -> None:
    assert complaint("0 4 * * *", timezone=name) == (
        f"timezone is {name!r}, expected the name of a zone in the IANA time zone database\n"
        "  write a name such as 'Europe/Berlin'"
    )


def test_a_zone_object_is_asked_for_its_name() -> None:
    assert complaint("0 4 * * *", timezone=ZoneInfo("Europe/Berlin")) == (
        "timezone is zoneinfo.ZoneInfo(key='Europe/Berlin'), expected the name of a zone in the"
        " IANA time zone database\n"
        "  write 'Europe/Berlin'"
    )


@pytest.mark.parametrize(
    ("option", "expected"),
    [("gap", "'run' or 'skip'"), ("fold", "'first' or 'both'"), ("days", "'or' or 'and'")],
)
def test_an_unknown_option_is_refused(option: str, expected: str) -> None:
    first = expected.split(" ")[0]
    assert complaint("0 4 * * *", **{option: "twice"}) == (
        f"{option} is 'twice', expected {expected}\n  write {option}={first}"
    )


@given(
    some.one_of(
        some.text(max_size=40),
        some.text("0123456789*/-,#()LWHlwhabcdeMONjan \t", max_size=40),
        some.lists(
            some.text("0123456789*/-,#()LWHMON", min_size=1, max_size=6), min_size=5, max_size=6
        ).map(" ".join),
    )
)
def test_any_text_is_an_expression_or_an_error_with_a_remedy(text: str) -> None:
    try:
        cron(text)
    except ScheduleError as error:
        lines = str(error).splitlines()
        assert repr(text) in lines[0]
        assert lines[-1].startswith("  ")
        if len(lines) == 4:
            assert len(lines[2]) <= max(len(lines[1]), 3)
            assert set(lines[2]) == {" ", "^"}
            culprit = text[lines[2].index("^") - 2 :][: lines[2].count("^")]
            assert culprit.strip(" \t") == culprit


@pytest.mark.parametrize(
    "text", ["9" * 5000, f"*/{'9' * 5000}", f"{'9' * 5000}L", f"H/{'9' * 5000}"]
)
def test_a_number_of_5000_digits_is_refused_like_any_other(text: str) -> None:
    for place in range(5):
        fields = ["*"] * 5
        fields[place] = text
        assert complaint(" ".join(fields)).count("\n") == 3
    assert "expected 1-5" in complaint(f"* * * * MON#{'1' * 5000}")
