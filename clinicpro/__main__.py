"""python -m clinicpro up · demo · worker · decoder: each a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

USAGE = "usage: python -m clinicpro up | demo | worker | decoder [SOCKET]\n"


def main(arguments: list[str]) -> int:
    """Run the process that is asked for; what it needs is imported only then."""
    match arguments:
        case ["up"]:
            from clinicpro.up.start import up

            return up()
        case ["demo"]:
            from clinicpro.up.demo import demo

            return demo()
        case ["seed-demo"]:
            from clinicpro.settings import Settings
            from clinicpro.up.demo import seed

            seed(Settings.from_env())
            return 0
        case ["worker"]:
            from clinicpro.settings import Settings
            from clinicpro.worker import run

            run(Settings.from_env())
            return 0
        case ["decoder", socket]:
            from clinicpro.imaging.decoder import serve

            serve(Path(socket))
            return 0
        case ["decoder"]:
            from clinicpro.settings import Settings

            return main(["decoder", str(Settings.from_env().decoder_socket)])
    sys.stderr.write(USAGE)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
