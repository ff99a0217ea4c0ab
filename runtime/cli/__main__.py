"""`python -m runtime.cli ROLE`, as the supervisor starts the roles."""

from runtime.cli import main

main()
