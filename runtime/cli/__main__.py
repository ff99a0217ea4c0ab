"""`python -m runtime.cli --supervised ROLE`, as the supervisor starts the roles: they end when it dies."""

import sys

from runtime.cli import main
from runtime.stopping import SUPERVISED, end_with_supervisor

if sys.argv[1:2] == [SUPERVISED]:
    del sys.argv[1]
    end_with_supervisor()

main()
