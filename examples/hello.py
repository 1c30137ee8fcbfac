"""The smallest project: `beatkit dev examples/hello.py`, or `make demo`."""

from beatkit import make_app, periodic

app = make_app("hello")


@periodic(seconds=15, args=["hi"])
def hello(word: str) -> None:
    print(word)


@periodic(seconds=2)
def tick() -> None:
    print("tick")
