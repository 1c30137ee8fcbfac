"""Pictures of a day of the schedule: what is in them (day.py), as SVG, as an HTML page."""
