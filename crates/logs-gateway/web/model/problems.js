/** What went wrong, in a sentence, and the one thing to do about it. */

/**
 * @typedef {object} Problem An answer that is no success, or none at all (status 0).
 * @property {number} status
 * @property {string} code
 * @property {string} detail
 * @property {number} retryAfter In seconds; 0 if the answer does not say.
 *
 * @typedef {'log-in' | 'renew' | 'retry' | 'pods' | 'all-containers' | 'live' | 'filter' | ''} Remedy
 *
 * @typedef {object} Trouble
 * @property {string} text
 * @property {Remedy} remedy
 * @property {boolean} isTransient Whether it is tried again.
 */

/**
 * @param {Problem} problem
 * @returns {Trouble}
 */
export function troubleOf(problem) {
  const { status, code, detail } = problem;
  const final = (/** @type {string} */ text, /** @type {Remedy} */ remedy) => ({ text, remedy, isTransient: false });
  const transient = (/** @type {string} */ text) => ({ text, remedy: /** @type {Remedy} */ ('retry'), isTransient: true });
  if (status === 0) return transient('The gateway does not answer.');
  if (status === 401) return final('You are not logged in any more.', 'log-in');
  if (status === 403) return final(`You may not read this log. ${missing(detail)}`, 'pods');
  if (code === 'sso_unavailable') return transient('The log-in service does not answer.');
  if (code === 'too_many_streams') return transient('You have too many logs open; close another one.');
  if (status === 429 || status === 503) return transient(detail);
  if (status >= 500) return transient('The gateway failed.');
  if (code === 'container_required') return final(detail, 'all-containers');
  if (code === 'cursor_expired') return final('The lines at this place were deleted.', 'live');
  if (code === 'bad_cursor') return final('This link does not fit this log.', 'live');
  if (code === 'bad_pattern') return final(`The filter is no regular expression: ${detail.replace(/^is not a regular expression: /, '')}`, 'filter');
  if (status === 404) return final(detail || 'This log was not found.', 'pods');
  return final(detail || `The gateway refused the request (${status}).`, 'pods');
}

/** @param {string} detail */
function missing(detail) {
  const permission = /logs:read\S*[^\s.,`"']/.exec(detail);
  return permission ? `It needs the permission ${permission[0]}.` : '';
}

/**
 * Why a stream ended, by the reason that the gateway gives.
 *
 * @param {string} reason
 * @returns {Trouble}
 */
export function endOf(reason) {
  const final = (/** @type {string} */ text, /** @type {Remedy} */ remedy) => ({ text, remedy, isTransient: false });
  const transient = (/** @type {string} */ text) => ({ text, remedy: /** @type {Remedy} */ ('retry'), isTransient: true });
  switch (reason) {
    case 'complete':
    case 'limit':
      return final('', '');
    case 'container_exit':
      return final('The container ended, and so does its log.', '');
    case 'expired':
      return final('Your log-in ended. Log in again; you come back to this line.', 'log-in');
    case 'revoked':
      return final('Your session was ended, by you or by an administrator.', 'log-in');
    case 'forbidden':
      return final('You may no longer read this log.', 'pods');
    case 'unavailable':
      return transient('The log-in service did not answer for too long.');
    case 'shutdown':
      return transient('The gateway restarts.');
    case 'gap':
      return transient('Lines were lost while they were read.');
    default:
      return transient('The log could not be read on.');
  }
}
