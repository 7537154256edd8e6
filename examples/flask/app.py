"""GET /reports, for callers with the permission reports:read."""

import os

import requests
from flask import Blueprint, Flask, Response, g, request

sso = requests.Session()
sso.trust_env = False  # neither a proxy from the environment nor .netrc


def authorize(permission):
    """Returns the refusal, or None to let the request through."""
    url = f"{os.environ['SSO_URL']}/auth/validate?permission={permission}"
    token = {k: v.encode("latin-1") for k, v in request.headers if k == "Authorization"}
    try:  # 2 s: 0.5 s to connect, 1.5 s to wait for an answer
        answer = sso.post(url, headers=token, timeout=(0.5, 1.5), allow_redirects=False)
        if answer.status_code == 200:
            g.username = answer.json()["username"]
            return None
    except (requests.RequestException, LookupError, TypeError):
        return Response(status=503, headers={"Retry-After": "1"})
    if answer.status_code in (400, 401, 403):
        challenge = answer.headers.get("WWW-Authenticate", "Bearer")
        return Response(status=answer.status_code, headers={"WWW-Authenticate": challenge})
    return Response(status=503, headers={"Retry-After": answer.headers.get("Retry-After", "1")})


reports = Blueprint("reports", __name__)
reports.before_request(lambda: authorize("reports:read"))  # guards all of its routes


@reports.get("/reports")
def hello():
    return {"hello": g.username}


app = Flask(__name__)
app.register_blueprint(reports)
