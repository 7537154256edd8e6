// A provider of OpenID Connect (oidc-provider), and a browser that logs in by it. Argument: the origin
// of the sso-service. Prints the issuer, then for each log-in where it ended and the session token.
import { createServer, get } from 'node:http';
import { get as getByTls } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';

import { Provider } from 'oidc-provider';

const [sso] = process.argv.slice(-1);
const ACCOUNT = { sub: 'account-1', preferred_username: 'ada.lovelace', groups: ['dev'], email: 'ada@example.org', email_verified: true };
let provider;

const server = createServer(async (request, response) => {
  if (!request.url.startsWith('/interaction/')) return provider.callback()(request, response);
  // Its user logs in at once.
  await provider.interactionFinished(request, response, { login: { accountId: ACCOUNT.sub } });
});
await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
const issuer = `http://127.0.0.1:${server.address().port}`;
provider = new Provider(issuer, {
  clients: [{ client_id: 'logs', client_secret: process.env.SECRET, redirect_uris: [`${sso}/auth/oidc/callback`] }],
  claims: { openid: ['sub'], profile: ['preferred_username', 'groups'], email: ['email', 'email_verified'] },
  cookies: { keys: ['a key of this test'] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_, accountId) => ({ accountId, claims: () => ACCOUNT }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  loadExistingGrant: async ({ oidc }) => {
    const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope('openid profile email');
    await grant.save();
    return grant;
  },
});
console.log(issuer);

/** A navigation: unlike `fetch`, this does not say that a script asks. */
const open = (url, headers) => new Promise((answered, failed) => {
  const ask = url.startsWith('https:') ? getByTls : get;
  ask(url, { headers }, (answer) => { answer.resume(); answered(answer); }).on('error', failed);
});

/** Follows redirects as a browser does, with the cookies of each origin. */
async function logIn() {
  const cookies = new Map();
  let url = `${sso}/auth/oidc/start`;
  for (let step = 0; step < 12; step += 1) {
    const { origin } = new URL(url);
    const jar = cookies.get(origin) ?? new Map();
    cookies.set(origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await open(url, { cookie, accept: 'text/html' });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      jar.set(name, value);
    }
    const { location } = answer.headers;
    const own = cookies.get(sso);
    const token = own?.get('__Host-session_id') ?? own?.get('session_id') ?? 'none';
    if (!location) return `${answer.statusCode} ${new URL(url).pathname} ${token}`;
    url = new URL(location, url).href;
  }
  return 'too many redirects';
}

while (!(await fetch(`${sso}/login`).catch(() => null))?.ok) await pause(50);
for (let nth = 0; nth < 2; nth += 1) console.log(await logIn());
process.exit(0);
