"""What reading the store's values costs whoever only reads them."""

from __future__ import annotations

import subprocess
import sys


def test_the_contract_and_its_values_load_neither_redis_nor_celery() -> None:
    heavy = "{'redis', 'celery', 'kombu', 'sqlite3', 'pydantic'}"
    program = f"import sys, beatkit.store; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"
