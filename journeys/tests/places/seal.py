"""Judges a sealed PDF file by pyHanko, by what is in the file alone: hard about the seal's status.

seal.py FILE SEALS STAMPS TIME: the certificates (PEM) of the issuers of seals and of time-stamps, and the
time as of which to judge. Prints whether it is valid, what it covers, and what was changed later.
"""

import datetime
import sys

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

path, seals, stamps, at = sys.argv[1:]
reader = PdfFileReader(open(path, "rb"), strict=True)
at = datetime.datetime.fromisoformat(at.replace("Z", "+00:00"))
common = dict(moment=at, allow_fetching=False)
roots = [load_cert_from_pemder(seals)]
store = DocumentSecurityStore.read_dss(reader)
signer = store.as_validation_context(dict(trust_roots=roots, revocation_mode="hard-fail", **common))
stamps = ValidationContext(trust_roots=[load_cert_from_pemder(stamps)], **common)
usage = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"})
for signature in reader.embedded_signatures:
    status = validate_pdf_signature(signature, signer, stamps, key_usage_settings=usage)
    stamp = status.timestamp_validity
    print(status.bottom_line, status.modification_level.name, stamp and stamp.trusted)
