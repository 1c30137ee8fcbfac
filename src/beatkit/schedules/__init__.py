"""When is it due?

    rules.py      a rule yields instants: intervals, fixed instants, unions, and their JSON
    cron.py       the rule behind a cron expression: a search on the wall clock, per span
    calendar.py   which days match, by the shape of each month
    dialect.py    the text of a cron expression, and what is wrong with it
    fields.py     the text of one field
    zone.py       a time zone as spans of constant offset; tzfile.py reads the database
    sun.py        sunrise and its kin, through ephem
    spread.py     stable hashes: `H`, `offset="hash"`, jitter
    describe.py   plain English
    celery.py     every(), cron(), at(), solar(): Celery's schedules, each holding a rule
    convert.py    Celery's own schedules, numbers and texts into ours

All but the last two are pure: integers in, integers out, no clock, no I/O but the zone
database, no Celery. What is authoritative is the rule: a slot is a function of the
definition alone, so any number of beats that hold the same rule and the same zone data
agree about every slot without speaking to each other.
"""
