// A gateway for unit tests that gives the answers it is told to.
import { afterEach } from 'node:test';

const realFetch = globalThis.fetch;
const realRandom = Math.random;
afterEach(() => {
  globalThis.fetch = realFetch;
  Math.random = realRandom;
});

/** A gateway that gives these answers in turn, then holds. Notes what it was asked. */
export function gateway(answers) {
  const asked = [];
  const bodies = [];
  globalThis.fetch = async (url, { signal }) => {
    asked.push(String(url));
    const answer = answers.shift() ?? { open: '' };
    if (answer.status) return new Response(JSON.stringify(answer.problem), { status: answer.status, headers: answer.headers });
    const body = new ReadableStream({
      start(controller) {
        if (answer.text ?? answer.open) controller.enqueue(new TextEncoder().encode(answer.text ?? answer.open));
        if (answer.text !== undefined) controller.close();
        bodies.push(controller);
        signal.addEventListener('abort', () => {
          try {
            controller.error(signal.reason);
          } catch {
            // It is closed.
          }
        });
      },
    });
    return new Response(body);
  };
  return { asked, bodies };
}

/** A stream whose records and states are noted; `until` waits for one of them. */
export function listener() {
  const records = [];
  const states = [];
  let waiting = [];
  const check = () => {
    waiting = waiting.filter(({ condition, resolve }) => !condition() || resolve());
  };
  return {
    records,
    states,
    sink: {
      records: (some) => (records.push(...some), check()),
      state: (state) => (states.push(state), check()),
    },
    until: (condition) => new Promise((resolve) => (condition() ? resolve() : waiting.push({ condition, resolve }))),
  };
}

export const line = (nth) => `id: c${nth}\ndata: {"n":${nth},"cursor":"c${nth}"}\n\n`;

/** After the callbacks of what has happened. */
export const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
