"""Logs a user in and out with Authlib, as an application does. COOKIE is the browser's, ALGORITHM
the one that ID tokens have to be signed with."""

import os
import sys
import warnings

import httpx

warnings.filterwarnings("ignore")
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

issuer, client_id, callback, after = sys.argv[1:]
metadata = httpx.get(f"{issuer}/.well-known/openid-configuration").json()


def navigate(url):
    """Navigates as the browser does, and gives where it is sent to."""
    answer = httpx.get(url, headers={"accept": "text/html", "cookie": os.environ["COOKIE"]})
    return answer.headers["location"]


def introspect(token):
    answer = client.introspect_token(metadata["introspection_endpoint"], token=token)
    return answer.json()["active"]


client = OAuth2Client(
    client_id,
    os.environ["SECRET"],
    scope="openid profile groups offline_access",
    redirect_uri=callback,
    code_challenge_method="S256",
)
verifier, nonce = generate_token(48), generate_token()
url, state = client.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
)
answer = navigate(url)
exchange = dict(authorization_response=answer, state=state, code_verifier=verifier)
tokens = client.fetch_token(metadata["token_endpoint"], **exchange)
keys = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).json())
assert os.environ["ALGORITHM"] in metadata["id_token_signing_alg_values_supported"]
read = jwt.decode(tokens["id_token"], keys, [os.environ["ALGORITHM"]])
print("signed", read.header["alg"])
options = {"iss": {"value": metadata["issuer"]}, "aud": {"value": client_id}}
params = {"nonce": nonce, "client_id": client_id, "access_token": tokens["access_token"]}
claims = CodeIDToken(read.claims, read.header, options, params)
claims.validate()
print("logged in", claims["preferred_username"], ",".join(claims["groups"]))

access = tokens["access_token"]
print("userinfo", client.get(metadata["userinfo_endpoint"]).json()["preferred_username"])
print("introspection", introspect(access), "true")
renewed = client.refresh_token(metadata["token_endpoint"])
print("renewed", "true" if renewed["id_token"] else "false")
client.revoke_token(metadata["revocation_endpoint"], token=renewed["access_token"])
print("revoked", introspect(renewed["access_token"]))

out = httpx.URL(
    metadata["end_session_endpoint"],
    params={"id_token_hint": renewed["id_token"], "post_logout_redirect_uri": after},
)
print("logged out", navigate(out) == after)
print("ended", introspect(access))
try:
    client.fetch_token(metadata["token_endpoint"], **exchange)
except OAuthError as refusal:
    print("replayed", refusal.error)
