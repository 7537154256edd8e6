// Verifies the logout token in TOKEN with jose, by the published keys of its issuer, as section 2.6 of
// OpenID Connect Back-Channel Logout demands. Prints the algorithm.

import { createRemoteJWKSet, jwtVerify } from "jose";

const [issuer, audience] = process.argv.slice(-2);
const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
const { payload, protectedHeader } = await jwtVerify(process.env.TOKEN, keys, {
  issuer,
  audience,
  algorithms: metadata.id_token_signing_alg_values_supported,
  typ: "logout+jwt",
  requiredClaims: ["iat", "exp", "jti", "events"],
});
const event = payload.events["http://schemas.openid.net/event/backchannel-logout"];
const isLogout = event !== undefined && Object.keys(event).length === 0;
if (!isLogout || "nonce" in payload) throw new Error(JSON.stringify(payload));
console.log(protectedHeader.alg);
