/** Copies selections that reach over rows which are not on the page. */

import { selectedText } from '../model/selection.js';
import { withoutColours } from '../text/ansi.js';

/** @import { SelectionEdge } from '../model/selection.js' */
/** @import { Viewer } from './viewer.js' */

/** @param {Viewer} viewer */
export function copySelections(viewer) {
  document.addEventListener('copy', (event) => {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed) return;
    const one = edge(viewer, selection.anchorNode, selection.anchorOffset);
    const other = edge(viewer, selection.focusNode, selection.focusOffset);
    if (!one || !other || one.key === other.key) return;
    const shown = (/** @type {number} */ key) => shownText(viewer, key);
    const whole = (/** @type {number} */ key) => wholeText(viewer, key);
    event.clipboardData?.setData('text/plain', selectedText(one, other, shown, whole));
    event.preventDefault();
  });
}

/**
 * What a row shows, without the level that is put before the line.
 *
 * @param {Viewer} viewer
 * @param {number} key
 */
function shownText(viewer, key) {
  const text = viewer.list.rows.get(key)?.querySelector('.text, .note-text');
  return text?.textContent?.slice(tagOf(text).length) ?? wholeText(viewer, key);
}

/**
 * The text of a row as it was written but for its colours, with the stack trace that it stands for,
 * folded or not; null for a line of a trace.
 *
 * @param {Viewer} viewer
 * @param {number} key
 */
function wholeText(viewer, key) {
  if (viewer.folding.rowOf(key) !== key) return null;
  return [viewer.row(key), ...viewer.folding.traceOf(key)].map(({ text }) => withoutColours(text)).join('\n');
}

/** The level that is put before a line that does not show it. @param {Element} text */
function tagOf(text) {
  const [first] = text.children;
  return (first?.matches('.level-tag') && first.textContent) || '';
}

/**
 * @param {Viewer} viewer
 * @param {Node | null} node
 * @param {number} offset
 * @returns {SelectionEdge | null}
 */
function edge(viewer, node, offset) {
  const key = viewer.list.keyOf(node);
  const text = key === null ? null : viewer.list.rows.get(key)?.querySelector('.text, .note-text');
  if (key === null || !text || !node) return null;
  const range = document.createRange();
  range.setStart(text, 0);
  const isInside = text.contains(node);
  if (isInside) range.setEnd(node, offset);
  return { key, offset: isInside ? Math.max(0, range.toString().length - tagOf(text).length) : 0 };
}
