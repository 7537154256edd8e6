"""Verifies the JWT in TOKEN with PyJWT, by the published keys of its issuer."""

import json
import os
import sys
import urllib.request

import jwt

issuer, audience = sys.argv[1:]
with urllib.request.urlopen(f"{issuer}/.well-known/oauth-authorization-server") as answer:
    metadata = json.load(answer)
token = os.environ["TOKEN"]
try:
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
    claims = jwt.decode(
        token,
        key.key,
        algorithms=["ES256"],
        audience=audience,
        issuer=issuer,
        options={"require": ["exp", "iat", "jti", "sub", "client_id"]},
    )
except jwt.PyJWTError as refusal:
    sys.exit(type(refusal).__name__)
print(metadata["issuer"] == issuer, claims["preferred_username"], claims["scope"])
