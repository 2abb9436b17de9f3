"""What gunicorn and the flask command load."""

from clinicpro import create_app, memory
from clinicpro.settings import Settings

app = create_app(Settings.from_env())
memory.settle()
