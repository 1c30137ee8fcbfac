"""One file per web framework, each independent of the others and of beatkit's core.

Nothing here is needed to use beatkit with a framework: `make_app` reads Flask's and
Django's settings by itself. What a framework's habits ask for beyond that is here.
Django needs nothing beyond that, so it has no file.
"""
