"""Lints everything in a folder with pkilint: a line for each finding, `file TAB code TAB severity`.

OCSP responses are linted, and so are the responders' certificates in them.
"""

import contextlib
import csv
import io
import pathlib
import sys
import tempfile

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from pkilint.bin import lint_crl, lint_ocsp_response, lint_pkix_cert


def lint(name, linter, file, options=()):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        linter.main(["lint", *options, "--severity", "ALL", "--format", "CSV", str(file)])
    rows = csv.DictReader(io.StringIO(said.getvalue()))
    # Without a heading nothing was linted: pkilint has said why.
    if rows.fieldnames is None:
        sys.exit(f"{name}: not linted")
    for row in rows:
        print(name, row["code"], row["severity"], sep="\t")


def responders(file):
    for certificate in ocsp.load_der_ocsp_response(file.read_bytes()).certificates:
        with tempfile.NamedTemporaryFile(suffix=".pem") as copy:
            copy.write(certificate.public_bytes(Encoding.PEM))
            copy.flush()
            yield copy.name


for file in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    if file.suffix == ".pem":
        lint(file.name, lint_pkix_cert, file)
    elif file.suffix == ".crl":
        kind = "ARL" if file.name.startswith("crl-ca-") else "CRL"
        lint(file.name, lint_crl, file, ["--type", kind, "--profile", "PKIX"])
    elif file.suffix == ".der":
        lint(file.name, lint_ocsp_response, file)
        for responder in responders(file):
            lint(f"{file.name}#responder", lint_pkix_cert, responder)
    else:
        continue
    print(file.name, "linted", "", sep="\t")
