"""GET /reports, for callers with the permission reports:read."""

import asyncio
import os
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPBearer
from pydantic import BaseModel

app = FastAPI()
# httpx follows no redirect. Without trust_env there is no proxy either.
sso = httpx.AsyncClient(base_url=os.environ["SSO_URL"], trust_env=False)
authorize_button = HTTPBearer(auto_error=False)  # in /docs; it checks nothing


class Caller(BaseModel):
    username: str


async def reader(request: Request, _=Depends(authorize_button)) -> Caller:
    token = [header for header in request.headers.raw if header[0] == b"authorization"]
    try:
        async with asyncio.timeout(2):
            answer = await sso.post("/auth/validate?permission=reports:read", headers=token)
        if answer.status_code == 200:
            return Caller.model_validate_json(answer.content)
    except (httpx.HTTPError, TimeoutError, ValueError):
        raise HTTPException(503, headers={"Retry-After": "1"}) from None
    if answer.status_code in (400, 401, 403):
        challenge = answer.headers.get("WWW-Authenticate", "Bearer")
        raise HTTPException(answer.status_code, headers={"WWW-Authenticate": challenge})
    raise HTTPException(503, headers={"Retry-After": answer.headers.get("Retry-After", "1")})


@app.get("/reports")
async def reports(caller: Annotated[Caller, Depends(reader)]):
    return {"hello": caller.username}
