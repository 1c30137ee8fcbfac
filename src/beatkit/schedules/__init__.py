"""When is it due?

Pure: integers in, integers out; no clock, no Celery, no I/O but the zone database.

    rules.py       a rule yields instants: intervals, fixed instants, unions, and their JSON
    cron.py        the rule behind a cron expression: a search on the wall clock, per span
    calendar.py    which days match, by the shape of each month
    zone.py        a time zone as spans of constant offset; tzfile.py reads the database
    sun.py         sunrise and its kin, through ephem
    dialect.py     the text of a cron expression; fields.py: of one field
    complaints.py  what is wrong with a text, and the nearest text that is right
    describe.py    plain English
    durations.py   numbers of seconds and timedeltas as milliseconds
    spread.py      stable hashes: `H`, `offset="hash"`, jitter

Celery's side:

    celery.py      the public names, binding, JSON; the classes are in interval.py (every),
                   crontab.py (cron), instants.py (at) and solar.py (solar)
    timetable.py   what all of them answer, to people and to Celery
    convert.py     Celery's own schedules, numbers and texts into ours
    foreign.py     what other tools would lose of a schedule

What is authoritative is the rule: a slot is a function of the definition alone, so any number
of beats that hold the same rule and the same zone data agree about every slot without
speaking to each other.
"""
