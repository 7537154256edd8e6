/** The log-in of this browser: how long it lasts, how it is renewed, where to log in. */

import { requestJson } from './request.js';

/**
 * @typedef {object} WhoAmI
 * @property {string} username
 * @property {string[]} permissions
 * @property {string} expires_at
 * @property {string} sso_url
 * @property {string} source
 * @property {{history: boolean, stream: boolean, labels: boolean, before: boolean}} offers
 * @property {Record<string, number>} limits
 */

/** When this tab last sent its user to the log-in, to notice a log-in that has no effect. */
const SENT = 'viewer.sent-to-log-in';
/** Back from a log-in within so long and still not logged in: it has no effect here. */
const ROUND_TRIP = 60_000;

export class Session {
  /** @param {string} sso The address of sso-service for browsers. */
  constructor(sso) {
    this.sso = sso;
  }

  /** @returns {Promise<WhoAmI>} */
  whoAmI() {
    return requestJson('/whoami');
  }

  /** Where a browser renews its session or logs in, and comes back to this view. */
  logInUrl() {
    return `${this.sso}/auth/refresh?return_to=${encodeURIComponent(location.href)}`;
  }

  get accountUrl() {
    return `${this.sso}/account`;
  }

  /** Whether this tab comes from a log-in that had no effect. */
  hasJustReturned() {
    try {
      return Date.now() - Number(sessionStorage.getItem(SENT) ?? 0) < ROUND_TRIP;
    } catch {
      return true;
    }
  }

  goToLogIn() {
    try {
      sessionStorage.setItem(SENT, String(Date.now()));
    } catch {
      // Without storage a page that finds no session says so instead of going again.
    }
    location.assign(this.logInUrl());
  }

  /**
   * Renews the session without leaving the page, which sso-service allows for origins in
   * SSO_ALLOWED_ORIGINS.
   *
   * @returns {Promise<boolean>} Whether it was renewed.
   */
  async renew() {
    try {
      const response = await fetch(`${this.sso}/auth/refresh`, { method: 'POST', credentials: 'include' });
      // 429: it was renewed within the last ten seconds, in another tab perhaps.
      return response.ok || response.status === 429;
    } catch {
      return false;
    }
  }
}
