"""What the console shows to be copied for Authlib, run: told by one JSON line each on standard input, it
answers likewise.

                                            -> {"jwks": its public keys}
    {"snippet": what the console shows}     -> {"url"}
    {"callback"}                            -> {"id_token": claims}
"""

import json
import os
import sys

from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet


def hear():
    return json.loads(sys.stdin.readline())


def say(value):
    print(json.dumps(value), flush=True)


private_key = ECKey.generate_key("P-256", {"kid": "site-1", "alg": "ES256", "use": "sig"})
say({"jwks": [private_key.as_dict(private=False)]})

names = {
    "os": os,
    "OAuth2Session": OAuth2Session,
    "PrivateKeyJWT": PrivateKeyJWT,
    "private_key": private_key,
}
exec(hear()["snippet"], names)
site, token_endpoint = names["site"], names["token_endpoint"]
metadata = site.request(
    "GET", names["issuer"] + "/.well-known/openid-configuration", withhold_token=True
).json()
assert metadata["token_endpoint"] == token_endpoint
verifier, nonce = generate_token(48), generate_token(32)
url, state = site.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
)
say({"url": url})

tokens = site.fetch_token(
    token_endpoint,
    authorization_response=hear()["callback"],
    code_verifier=verifier,
    state=state,
)
keys = site.request("GET", metadata["jwks_uri"], withhold_token=True).json()
token = jwt.decode(tokens["id_token"], KeySet.import_key_set(keys), algorithms=["ES256"])
assert token.claims["nonce"] == nonce
say({"id_token": token.claims})
