"""May this run start, and how did it end?

What stands here today is how an `async def` task runs; see `coroutine`.
"""
