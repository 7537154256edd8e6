// GET /reports, for callers with the permission reports:read.

import express from "express";

const requires = (permission) => async (req, res, next) => {
  const url = `${process.env.SSO_URL}/auth/validate?permission=${encodeURIComponent(permission)}`;
  const headers = (req.headersDistinct.authorization ?? []).map((token) => ["authorization", token]);
  let answer;
  try {
    const signal = AbortSignal.timeout(2000);
    answer = await fetch(url, { method: "POST", headers, redirect: "error", signal });
    const body = await answer.text();
    if (answer.status === 200) req.caller = JSON.parse(body);
  } catch {
    return res.set("Retry-After", "1").sendStatus(503);
  }
  if (req.caller?.username) return next();
  if ([400, 401, 403].includes(answer.status)) {
    const challenge = answer.headers.get("www-authenticate") ?? "Bearer";
    return res.set("WWW-Authenticate", challenge).sendStatus(answer.status);
  }
  return res.set("Retry-After", answer.headers.get("retry-after") ?? "1").sendStatus(503);
};

const app = express();

app.get("/reports", requires("reports:read"), (req, res) => {
  res.json({ hello: req.caller.username });
});

const server = app.listen(process.env.PORT ?? 8080, "127.0.0.1", (error) => {
  if (error) throw error;
  console.log(`http://127.0.0.1:${server.address().port}`);
});
