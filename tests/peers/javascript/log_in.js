// Logs a user in and out with openid-client, as an application does. COOKIE is the browser's, ALGORITHM
// the one that ID tokens have to be signed with.

import { request } from "node:https";

import * as oidc from "openid-client";

const [issuer, id, callback, after] = process.argv.slice(-4);
const { ALGORITHM: algorithm, COOKIE: cookie, SECRET: secret } = process.env;

// Navigates as the browser does, and gives where it is sent to.
const navigate = (url) =>
  new Promise((resolve, reject) => {
    const answered = (answer) => {
      answer.resume();
      const { location } = answer.headers;
      location ? resolve(location) : reject(new Error(`status ${answer.statusCode}`));
    };
    request(url, { headers: { accept: "text/html", cookie } }, answered).on("error", reject).end();
  });

const settings = { id_token_signed_response_alg: algorithm };
const config = await oidc.discovery(new URL(issuer), id, settings, oidc.ClientSecretBasic(secret));
// Without this, the library relies on TLS and does not verify signatures.
oidc.enableNonRepudiationChecks(config);
const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()];
const url = oidc.buildAuthorizationUrl(config, {
  redirect_uri: callback,
  scope: "openid profile groups offline_access",
  code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  state: expectedState,
  nonce: expectedNonce,
  max_age: "3600",
});
const checks = { pkceCodeVerifier, expectedState, expectedNonce, maxAge: 3600 };
const answer = new URL(await navigate(url));
const tokens = await oidc.authorizationCodeGrant(config, answer, checks);
const claims = tokens.claims();
const [header] = tokens.id_token.split(".");
console.log("signed", JSON.parse(Buffer.from(header, "base64url")).alg);
console.log("logged in", claims.preferred_username, claims.groups.join());

const user = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
console.log("userinfo", user.preferred_username);
const told = await oidc.tokenIntrospection(config, tokens.access_token);
console.log("introspection", told.active, told.sub === claims.sub);

const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
console.log("renewed", renewed.claims().sub === claims.sub);
await oidc.tokenRevocation(config, renewed.access_token);
console.log("revoked", (await oidc.tokenIntrospection(config, renewed.access_token)).active);

const out = oidc.buildEndSessionUrl(config, {
  id_token_hint: renewed.id_token,
  post_logout_redirect_uri: after,
});
console.log("logged out", (await navigate(out)) === after);
const ended = await oidc.tokenIntrospection(config, tokens.access_token);
console.log("ended", ended.active);

try {
  await oidc.authorizationCodeGrant(config, answer, checks);
} catch (refusal) {
  console.log("replayed", refusal.error);
}
