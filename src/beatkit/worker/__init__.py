"""May this run start, and how did it end?

What stands here today is how an `async def` task runs (`coroutine`) and how a task comes by
its Slot (`slot`).
"""
