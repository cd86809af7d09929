"""Settings of the published package on the database of the benchmark: no debugging, connections kept (both in its favour)."""
import os
from urllib.parse import unquote, urlsplit

from platform_status_db.larastatus.settings import *  # noqa: F401,F403

url = urlsplit(os.environ["DATABASE_URL"])
DEBUG = False
LOGGING_CONFIG = None
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": url.hostname,
        "PORT": url.port,
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "NAME": url.path[1:],
        "CONN_MAX_AGE": None,
    }
}
