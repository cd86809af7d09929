"""What schemathesis does not know of itself: certificates in PEM as bodies and answers, and our formats of text."""

import os
import uuid
from urllib.parse import quote

import schemathesis
from hypothesis import strategies as st

# as the schemas say; formats replace their patterns
NAMES = st.text(st.characters(exclude_categories=['Cc', 'Cs']), min_size=1, max_size=200).filter(
    lambda text: text.strip() == text and text not in ('.', '..')
)

# as the document has it
EXAMPLE_KEY = '0199f2f6-1b4d-7e52-a3c1-7d6f5e4c3b21'

schemathesis.openapi.format('path-name', NAMES)
schemathesis.openapi.format('barcode', NAMES)


@schemathesis.serializer('application/x-pem-file')
def pem_body(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode(errors='replace')


@schemathesis.deserializer('application/x-pem-file')
def pem_answer(ctx, response):
    return response.text


@schemathesis.hook
def filter_query(ctx, query):
    """Node refuses a request whose head is over 16 KiB (431) before any operation sees it."""
    return sum(len(quote(str(value), errors='replace')) for value in (query or {}).values()) < 12_000


@schemathesis.hook
def before_call(ctx, case, **kwargs):
    """Most requests go without a condition and a key, or with a condition that holds: one that is made up never does,
    and hides all that lies behind it."""
    if case.operation.path == '/api/keys/{id}' and case.path_parameters.get('id') == os.environ['FUZZ_KEY_ID']:
        # its own key: it would find it, and lock itself out
        case.path_parameters['id'] = str(uuid.uuid4())
    if str((case.query or {}).get('min_revision')).isdigit():
        # a revision that the lab does not have yet is waited for, and then the documented response is a 503
        del case.query['min_revision']
    if case.meta is None or not case.headers:
        return
    if any(where.name == 'HEADER' and made.mode.is_negative for where, made in case.meta.components.items()):
        # a key that was used before would bring the answer of that time, whatever the other headers say
        if case.headers.get('Idempotency-Key') == EXAMPLE_KEY:
            del case.headers['Idempotency-Key']
        return
    for name in ('If-Match', 'If-None-Match', 'Idempotency-Key'):
        value = case.headers.get(name)
        # by its text, so that a seed leads to the same requests
        chance = 0 if value is None else sum(str(value).encode(errors='replace')) % 8
        if chance > 3 and name == 'If-Match':
            case.headers[name] = '*'
        elif chance > 0 or (value is not None and not case.meta.generation.mode.is_positive):
            del case.headers[name]
