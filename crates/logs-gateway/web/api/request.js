/** Requests to the gateway, with the cookie of this browser. */

import { EventParser } from './event_parser.js';

/** @import { Problem } from '../model/problems.js' */
/** @import { ServerEvent } from './event_parser.js' */

/** An answer that is no success, or none. */
export class Refusal extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/**
 * How long a stream may be silent, in milliseconds: the gateway sends something every 15 seconds.
 */
const SILENCE = 40_000;

/**
 * @param {string} url
 * @param {string} accept
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>} A success.
 */
export async function request(url, accept, signal) {
  let response;
  try {
    response = await fetch(url, { headers: { accept }, signal, cache: 'no-store' });
  } catch (error) {
    throw signal?.aborted ? error : new Refusal(noAnswer());
  }
  if (!response.ok) throw new Refusal(await problemOf(response));
  return response;
}

/** @returns {Problem} */
export function noAnswer() {
  return { status: 0, code: 'no_answer', detail: '', retryAfter: 0 };
}

/** @param {Response} response @returns {Promise<Problem>} */
async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  const faults = Array.isArray(body.errors) ? body.errors.map((/** @type {any} */ fault) => fault.detail) : [];
  const detail = body.code === 'bad_pattern' && faults.length > 0 ? faults.join('; ') : body.detail;
  return {
    status: response.status,
    code: String(body.code ?? ''),
    detail: String(detail ?? ''),
    retryAfter: Number(response.headers.get('retry-after')) || 0,
  };
}

/**
 * @param {string} url
 * @param {AbortSignal} [signal]
 */
export async function requestJson(url, signal) {
  return (await request(url, 'application/json', signal)).json();
}

/**
 * Reads a stream of events, handing out those of each part of the body together.
 *
 * @param {string} url
 * @param {AbortSignal} signal
 * @param {(events: ServerEvent[], id: string) => void} give
 * @param {() => void} [opened] Called when the gateway has accepted the request.
 */
export async function readEvents(url, signal, give, opened) {
  // The signal may outlive many requests, and must not keep what belongs to them.
  const aborter = new AbortController();
  const abort = () => aborter.abort();
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  try {
    await readBody(await request(url, 'text/event-stream', aborter.signal), aborter, give, opened);
  } catch (error) {
    throw signal.aborted || error instanceof Refusal ? error : new Refusal(noAnswer());
  } finally {
    signal.removeEventListener('abort', abort);
    abort();
  }
}

/**
 * @param {Response} response
 * @param {AbortController} aborter Aborts it, if it is silent for too long.
 * @param {(events: ServerEvent[], id: string) => void} give
 * @param {() => void} [opened]
 */
async function readBody(response, aborter, give, opened) {
  opened?.();
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  let watchdog = setTimeout(() => aborter.abort(), SILENCE);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(() => aborter.abort(), SILENCE);
      /** @type {ServerEvent[]} */
      const events = [];
      parser.push(decoder.decode(value, { stream: true }), (event) => events.push(event));
      give(events, parser.id);
    }
  } finally {
    clearTimeout(watchdog);
  }
}
