"""Settings of the former status database, with its SQLite file in a directory of this run (`FORMER_DB_DIR`)."""

import os
from pathlib import Path

# Django settings extend the package's own, and Django reads all names of this module.
from platform_status_db.larastatus.settings import *  # noqa: F403

DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.sqlite3',
        'NAME': Path(os.environ['FORMER_DB_DIR']) / 'db.sqlite3',
        # it is written to by several threads
        'OPTIONS': {'timeout': 20},
    }
}
