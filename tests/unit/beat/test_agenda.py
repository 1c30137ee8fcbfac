"""Which entry is due next."""

from hypothesis import given
from hypothesis import strategies as st

from beatkit.beat.agenda import Agenda


def test_the_earliest_comes_first_and_no_more_than_asked():
    agenda = Agenda([(30, "c"), (10, "a"), (20, "b")])
    assert agenda.take(until_ms=25, limit=1) == ["a"]
    assert agenda.take(until_ms=25, limit=9) == ["b"]
    assert agenda.take(until_ms=25, limit=9) == []
    assert agenda.first() == 30


def test_an_entry_put_again_is_due_only_at_its_new_instant():
    agenda = Agenda([(10, "a")])
    agenda.put("a", 50)
    assert agenda.take(until_ms=49, limit=9) == []
    assert agenda.take(until_ms=50, limit=9) == ["a"]


def test_an_entry_put_back_to_an_instant_it_once_had_is_taken_once():
    agenda = Agenda([(10, "a")])
    agenda.put("a", 50)
    agenda.put("a", 10)
    assert agenda.take(until_ms=99, limit=9) == ["a"]
    assert len(agenda) == 0


def test_a_dropped_entry_is_never_due():
    agenda = Agenda([(10, "a"), (20, "b")])
    agenda.drop("a")
    agenda.drop("a")
    assert agenda.first() == 20
    assert "a" not in agenda


Step = st.tuples(st.sampled_from("abcd"), st.one_of(st.none(), st.integers(0, 20)))


@given(st.lists(st.one_of(Step, st.integers(0, 20))))
def test_it_answers_as_a_sorted_dictionary_would(steps):
    agenda, model = Agenda(), {}
    for step in steps:
        if isinstance(step, int):
            due = sorted((at, name) for name, at in model.items() if at <= step)
            taken = agenda.take(until_ms=step, limit=99)
            assert taken == [name for _, name in due]
            for name in taken:
                del model[name]
        elif step[1] is None:
            agenda.drop(step[0])
            model.pop(step[0], None)
        else:
            agenda.put(*step)
            model[step[0]] = step[1]
        assert agenda.first() == min(model.values(), default=None)
        assert len(agenda) == len(model)


def test_putting_entries_again_does_not_grow_it():
    agenda = Agenda()
    for at in range(10_000):
        agenda.put("a", at)
    assert len(agenda._heap) < 100


def test_asking_a_hundred_thousand_entries_looks_at_one_of_them():
    class Instant(int):
        compared = 0

        def __lt__(self, other):
            Instant.compared += 1
            return int.__lt__(self, other)

        def __ne__(self, other):
            Instant.compared += 1
            return int.__ne__(self, other)

    agenda = Agenda((Instant(at), f"entry-{at}") for at in range(100_000))
    Instant.compared = 0
    for _ in range(100):
        agenda.first()
    assert Instant.compared == 100
