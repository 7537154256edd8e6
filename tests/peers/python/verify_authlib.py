"""Verifies the JWT in TOKEN with Authlib, as an access token of RFC 9068."""

import json
import os
import sys
import urllib.request

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.jwk import KeySet


def fetch(url):
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


class Validator(JWTBearerTokenValidator):
    def get_jwks(self):
        return KeySet.import_key_set(fetch(metadata["jwks_uri"]))


issuer, audience = sys.argv[1:]
metadata = AuthorizationServerMetadata(fetch(f"{issuer}/.well-known/oauth-authorization-server"))
metadata.validate()
validator = Validator(issuer, audience)
try:
    claims = validator.authenticate_token(os.environ["TOKEN"])
    validator.validate_token(claims, ["logs:read:team-a/*"], None, roles=["user"])
except OAuth2Error as refusal:
    sys.exit(refusal.error)
print(metadata["issuer"] == issuer, claims["preferred_username"], claims["scope"])
