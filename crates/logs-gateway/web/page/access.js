/** The log-in as the page sees it: who reads, until when, and what to do when it ends. */

import { Refusal } from '../api/request.js';
import { troubleOf } from '../model/problems.js';
import { byId } from '../view/dom.js';
import { label } from '../text/time.js';

/** @import { Session, WhoAmI } from '../api/session.js' */
/** @import { Trouble } from '../model/problems.js' */

/** How often it is tried again while it is unknown who reads, in milliseconds. */
const RETRY = 3000;

/**
 * @typedef {object} AccessEvents
 * @property {(who: WhoAmI) => void} known
 * @property {(trouble: Trouble | null) => void} unknown
 * @property {() => void} renewed
 * @property {() => void} leaving The browser is about to be sent to the log-in.
 */

export class Access {
  /** @param {Session} session @param {AccessEvents} events */
  constructor(session, events) {
    this.session = session;
    this.events = events;
    /** @type {WhoAmI | null} */
    this.who = null;
    this.expiresAt = 0;
    byId('renew', HTMLButtonElement).addEventListener('click', () => void this.renew());
    const links = /** @type {const} */ ({ account: '/account', 'log-out': '/logout' });
    for (const [id, path] of Object.entries(links)) {
      byId(id, HTMLAnchorElement).href = this.session.sso + path;
    }
  }

  /** Finds out who reads. Without a session the browser is sent to the log-in, once. */
  async begin() {
    for (;;) {
      try {
        this.take(await this.session.whoAmI());
        return;
      } catch (error) {
        const problem = error instanceof Refusal ? error.problem : { status: 0, code: '', detail: '', retryAfter: 0 };
        if (problem.status === 401) {
          this.withoutSession();
          return;
        }
        this.events.unknown(troubleOf(problem));
        if (!troubleOf(problem).isTransient) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
  }

  withoutSession() {
    if (this.session.hasJustReturned()) {
      this.events.unknown({ text: 'This address gets no session from your log-in. Its operator can allow it: SSO_RETURN_HOSTS of sso-service has to name this host.', remedy: 'log-in', isTransient: false });
    } else {
      this.events.unknown({ text: 'Log in to read logs.', remedy: 'log-in', isTransient: false });
      this.goToLogIn();
    }
  }

  /** Sends the browser to the log-in, from which it comes back to this view. */
  goToLogIn() {
    this.events.leaving();
    this.session.goToLogIn();
  }

  /** @param {WhoAmI} who */
  take(who) {
    this.who = who;
    this.expiresAt = Date.parse(who.expires_at);
    byId('user', HTMLElement).textContent = `${who.username} ▾`;
    byId('user-words', HTMLElement).textContent = `${who.username}, logged in until ${label(this.expiresAt, 'local', Date.now())}`;
    this.events.unknown(null);
    this.events.known(who);
  }

  /** @param {{state: string, expires_at: string}} record */
  warned({ state, expires_at }) {
    if (state === 'expiring') this.expiresAt = Date.parse(expires_at);
  }

  /** Renews the session here if that is allowed, else by way of sso-service. */
  async renew() {
    if (await this.session.renew()) await this.check();
    else this.goToLogIn();
  }

  /** Goes on if the browser has a session again, perhaps by a log-in in another tab. */
  async check() {
    const who = await this.session.whoAmI().catch(() => null);
    if (!who) return;
    // What is on the page is not for other users.
    if (this.who && this.who.username !== who.username) location.reload();
    this.take(who);
    this.events.renewed();
  }
}
