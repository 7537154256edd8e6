// Verifies the JWT in TOKEN with jose, by the published keys of its issuer.

import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const [issuer, audience] = process.argv.slice(-2);
const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
try {
  const { payload } = await jwtVerify(process.env.TOKEN, keys, {
    issuer,
    audience,
    algorithms: metadata.id_token_signing_alg_values_supported,
    typ: "at+jwt",
    requiredClaims: ["exp", "iat", "jti", "sub", "client_id"],
  });
  console.log(metadata.issuer === issuer, payload.preferred_username, payload.scope);
} catch (refusal) {
  if (!(refusal instanceof errors.JOSEError)) throw refusal;
  console.error(refusal.code);
  process.exitCode = 1;
}
