"""Settings of Platform Status DB. Its SQLite file is in the directory `FORMER_DB_DIR`."""

import os
from pathlib import Path

# Django settings extend the package's own, and Django reads all names of this module.
from platform_status_db.larastatus.settings import *  # noqa: F403 (Django expects all settings as names of this module)

DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.sqlite3',
        'NAME': Path(os.environ['FORMER_DB_DIR']) / 'db.sqlite3',
        # several threads write to it
        'OPTIONS': {'timeout': 20},
    }
}
