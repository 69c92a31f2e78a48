"""What schemathesis needs to be told: bodies that are DER are sent as they are."""

import schemathesis


@schemathesis.serializer("application/ocsp-request", "application/timestamp-query")
def der(context, value):
    return value.encode() if isinstance(value, str) else bytes(value)
