"""How fast the rules are: ``make bench``, or ``python -m benchmarks``. Each module measures or shows one thing."""
