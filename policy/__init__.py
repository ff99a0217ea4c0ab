"""The rule book as data: a support centre brings its own folder, no code."""
