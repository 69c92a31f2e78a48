"""What schemathesis needs to be told: bodies that are DER are sent as they are; who is known by name."""

import json
import os

import schemathesis

KNOWN = json.loads(os.environ.get("KNOWN", "{}"))


@schemathesis.serializer("application/ocsp-request", "application/timestamp-query")
def der(context, value):
    return value.encode() if isinstance(value, str) else bytes(value)


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    known = {name: value for name, value in KNOWN.items() if name in (path_parameters or {})}
    return {**(path_parameters or {}), **known}
