"""Faults, built around the real program: what each leaves behind. `python -m tests.trials.faults`."""
