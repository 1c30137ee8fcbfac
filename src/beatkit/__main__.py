"""`python -m beatkit`: the program `beatkit`, by the Python that it is installed in."""

from beatkit.cli.program import run

if __name__ == "__main__":
    run()
