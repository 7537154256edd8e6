/** Copies selections that reach over rows which are not on the page. */

import { selectedText } from '../model/selection.js';

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
    event.clipboardData?.setData('text/plain', selectedText(one, other, shown));
    event.preventDefault();
  });
}

/**
 * The text of a row, with the stack trace that it stands for, folded or not; null for a line of a trace.
 *
 * @param {Viewer} viewer
 * @param {number} key
 */
function shownText(viewer, key) {
  if (viewer.folding.rowOf(key) !== key) return null;
  const shown = viewer.list.rows.get(key)?.querySelector('.text, .note-text')?.textContent;
  if (typeof shown === 'string' && viewer.folding.unfolded.has(key)) return shown;
  return [shown ?? viewer.row(key).text, ...viewer.folding.traceOf(key).map((line) => line.text)].join('\n');
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
  return { key, offset: isInside ? range.toString().length : 0 };
}
