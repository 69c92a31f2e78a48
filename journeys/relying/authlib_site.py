"""A site by PyPI Authlib: told by one JSON line each on standard input, it answers likewise.

                                                       -> {"jwks": its public keys}
    {"issuer", "client_id", "redirect_uri", "scope", "profile", "order"?} -> {"url"}
    {"callback"}                    -> {"id_token": claims, "userinfo", "refreshed": userinfo}
    {"callback"}, after an order    -> {"id_token": claims, "signature", "certificate": base64}
"""

import base64
import json
import os
import sys

from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet

# The sandbox is on this computer, without TLS.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"


def hear():
    return json.loads(sys.stdin.readline())


def say(value):
    print(json.dumps(value), flush=True)


key = ECKey.generate_key("P-256", {"kid": "site-1", "alg": "ES256", "use": "sig"})
results = ECKey.generate_key("P-256", {"kid": "results-1", "use": "enc"})
say({"jwks": [one.as_dict(private=False) for one in (key, results)]})

told = hear()
site = OAuth2Session(
    told["client_id"],
    key,
    scope=told["scope"],
    redirect_uri=told["redirect_uri"],
    token_endpoint_auth_method="private_key_jwt",
    code_challenge_method="S256",
)
metadata = site.request(
    "GET", told["issuer"] + "/.well-known/openid-configuration", withhold_token=True
).json()
token_endpoint = metadata["token_endpoint"]
site.register_client_auth_method(PrivateKeyJWT(token_endpoint, alg="ES256"))
signatures = told["issuer"].removesuffix("/realms/main") + "/sign-transactions"


# What is to be signed is named by the server, before the visitor is sent.
ordered = {}
if "order" in told:
    site.fetch_token(token_endpoint, grant_type="client_credentials", scope="sign")
    answer = site.post(signatures, json=told["order"]).json()
    ordered = {"sign_transaction_id": answer["sign_transaction_id"]}
    site.token = None
verifier, nonce = generate_token(48), generate_token(32)
url, state = site.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **ordered
)
say({"url": url})

callback = hear()["callback"]
tokens = site.fetch_token(
    token_endpoint, authorization_response=callback, code_verifier=verifier, state=state
)
keys = site.request("GET", metadata["jwks_uri"], withhold_token=True).json()
token = jwt.decode(tokens["id_token"], KeySet.import_key_set(keys), algorithms=["ES256"])
claims = CodeIDToken(
    token.claims,
    token.header,
    {"iss": {"essential": True, "value": metadata["issuer"]}},
    {
        "nonce": nonce,
        "client_id": told["client_id"],
        "access_token": tokens["access_token"],
    },
)
claims.validate()
if "order" in told:
    result = site.get(f"{signatures}/{ordered['sign_transaction_id']}/result").json()
    opened = {
        name: base64.b64encode(
            jwe.decrypt_compact(result[f"{name}_jwe"], results).plaintext
        ).decode()
        for name in ("signature", "certificate")
    }
    say({"id_token": dict(claims), **opened})
    sys.exit()
userinfo = site.get(metadata["userinfo_endpoint"]).json()
site.refresh_token(token_endpoint, refresh_token=tokens["refresh_token"])
refreshed = site.get(metadata["userinfo_endpoint"]).json()
say({"id_token": dict(claims), "userinfo": userinfo, "refreshed": refreshed})
