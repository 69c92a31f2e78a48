"""Signs with the card in the reader, by pyHanko, by OpenSSL, and by hand, through OpenSC alone.

sign.py TOKEN PIN TIME FOLDER: writes signer.pem, order.xml, order.jws, order.pdf, pyhanko.p7s into the
folder, all but the PDF file over the file `order` in it; and with `openssl` behind it openssl.p7m and
openssl.p7s. TIME is the signing time, as far as a program lets it be chosen.
"""

import asyncio
import base64
import hashlib
import json
import os
import subprocess
import sys
from datetime import datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

from asn1crypto.algos import SignedDigestAlgorithm
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko_certvalidator.registry import SimpleCertificateStore

token, pin, time, folder = sys.argv[1:5]
with_openssl = "openssl" in sys.argv[5:]
time = datetime.fromisoformat(time.replace("Z", "+00:00"))
folder = Path(folder)
content = (folder / "order").read_bytes()
OPENSC = "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, **options)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr.decode()}")
    return done.stdout


def pkcs11(*arguments, data=b""):
    (folder / "in").write_bytes(data)
    login = ["--token-label", token, "--login", "--pin", pin]
    run("pkcs11-tool", *login, *arguments, "--input-file", folder / "in", "--output-file", folder / "out")
    return (folder / "out").read_bytes()


def sign(data):
    return pkcs11("--sign", "--mechanism", "SHA256-RSA-PKCS", data=data)


def text(data):
    return base64.b64encode(data).decode()


# The certificate for signatures is behind their password.
password = ["--verify-pin", "--auth-id", "2", "--pin", pin]
said = run("pkcs15-tool", *password, "--read-certificate", "02")
certificate = run("openssl", "x509", "-outform", "DER", input=said)
(folder / "signer.pem").write_bytes(run("openssl", "x509", input=said))


class Card(signers.Signer):
    """pyHanko's signer with the key in the card."""

    async def async_sign_raw(self, data, digest_algorithm, dry_run=False):
        return bytes(256) if dry_run else sign(data)


card = Card(
    signing_cert=load_cert_from_pemder(folder / "signer.pem"),
    cert_registry=SimpleCertificateStore(),
    signature_mechanism=SignedDigestAlgorithm({"algorithm": "sha256_rsa"}),
)


async def cms():
    digest = hashlib.sha256(content).digest()
    settings = PdfCMSSignedAttributes(signing_time=time)
    signed = await card.signed_attrs(digest, "sha256", attr_settings=settings, use_pades=False)
    return (await card.async_sign_prescribed_attributes("sha256", signed)).dump()


(folder / "pyhanko.p7s").write_bytes(asyncio.run(cms()))

PAGE = b"""%PDF-1.7
1 0 obj
<< /Type /Catalog /Pages 2 0 R >>
endobj
2 0 obj
<< /Type /Pages /Kids [3 0 R] /Count 1 >>
endobj
3 0 obj
<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Resources << >> >>
endobj
xref
0 4
0000000000 65535 f 
0000000009 00000 n 
0000000058 00000 n 
0000000115 00000 n 
trailer
<< /Size 4 /Root 1 0 R >>
startxref
203
%%EOF
"""
meta = signers.PdfSignatureMetadata(
    field_name="Seal", subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256"
)
out = BytesIO()
signers.PdfSigner(meta, signer=card).sign_pdf(IncrementalPdfFileWriter(BytesIO(PAGE)), output=out)
(folder / "order.pdf").write_bytes(out.getvalue())


def url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


header = json.dumps({"alg": "RS256", "x5c": [text(certificate)]}).encode()
signed = f"{url(header)}.{url(content)}"
(folder / "order.jws").write_text(f"{signed}.{url(sign(signed.encode()))}")

# Written as canonical XML writes it, so that what is signed can be read here.
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
order = f'<order xmlns="urn:order"><item>{content.decode().strip()}</item></order>'
digest = text(hashlib.sha256(order.encode()).digest())
info = (
    f'<CanonicalizationMethod Algorithm="{C14N}"></CanonicalizationMethod>'
    '<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></SignatureMethod>'
    f'<Reference URI=""><Transforms><Transform Algorithm="{DSIG}enveloped-signature"></Transform>'
    f'<Transform Algorithm="{C14N}"></Transform></Transforms><DigestMethod Algorithm="{SHA256}"></DigestMethod>'
    f"<DigestValue>{digest}</DigestValue></Reference></SignedInfo>"
)
value = text(sign(f'<SignedInfo xmlns="{DSIG}">{info}'.encode()))
signature = (
    f'<Signature xmlns="{DSIG}"><SignedInfo>{info}<SignatureValue>{value}</SignatureValue>'
    f"<KeyInfo><X509Data><X509Certificate>{text(certificate)}</X509Certificate></X509Data></KeyInfo></Signature>"
)
(folder / "order.xml").write_text(order.replace("</order>", f"{signature}</order>"))

if with_openssl:
    key = f"pkcs11:token={quote(token)};type=private;pin-value={pin}"
    for name, more in [("openssl.p7m", ["-nodetach"]), ("openssl.p7s", [])]:
        command = ["openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256", *more]
        command += ["-engine", "pkcs11", "-keyform", "engine", "-inkey", key, "-outform", "DER"]
        command += ["-in", folder / "order", "-signer", folder / "signer.pem", "-out", folder / name]
        # The card asks for the password at each signature; without a terminal it is read from the input.
        module = {**os.environ, "PKCS11_MODULE_PATH": OPENSC}
        run(*command, env=module, input=f"{pin}\n".encode(), start_new_session=True)
