"""gunicorn's own log: its lines are written as ours are, see clinicpro/logs.py."""

from __future__ import annotations

from gunicorn.config import Config
from gunicorn.glogging import Logger

from clinicpro import logs


class ServerLog(Logger):
    """Named in the web server's command line; made before any request is read."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        logs.install()
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.JsonLines())
