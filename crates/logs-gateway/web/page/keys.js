/** The keyboard. */

/**
 * @typedef {Record<string, () => unknown>} KeyMap By key, with `Ctrl-` before it if it is held.
 */

/**
 * Listens to keys, but for those that a field or a dialog takes.
 *
 * @param {KeyMap} everywhere
 * @param {KeyMap} onLog
 */
export function listenToKeys(everywhere, onLog) {
  addEventListener('keydown', (event) => {
    if (event.altKey || event.isComposing) return;
    const name = `${event.ctrlKey || event.metaKey ? 'Ctrl-' : ''}${event.key}`;
    const act = everywhere[name] ?? (isTaken(event) ? undefined : onLog[name]);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** @param {KeyboardEvent} event */
function isTaken(event) {
  const target = /** @type {Element} */ (event.target);
  if (document.querySelector('dialog[open]') || document.querySelector(':popover-open')) return true;
  if (target.matches('input, select, textarea')) return true;
  return target.matches('button, a, canvas') && ['Enter', ' '].includes(event.key);
}
