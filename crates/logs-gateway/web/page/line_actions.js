/** What can be done with a line: copied, linked to, looked around, unfolded. */

import { logUrl } from '../api/log_url.js';
import { readEvents } from '../api/request.js';
import { isNote } from '../model/row.js';
import { headOf, traceOf } from '../model/traces.js';
import { isMerged, unfiltered, writeView } from '../model/view.js';
import { withoutColours } from '../text/ansi.js';
import { fieldPattern } from '../text/json_line.js';
import { writeInstant } from '../text/time.js';
import { byId, element } from '../view/dom.js';
import { placeMenu } from '../view/menus.js';

/** @import { Line } from '../model/row.js' */
/** @import { Place } from '../model/view.js' */
/** @import { Field } from '../view/fields.js' */
/** @import { Viewer } from './viewer.js' */

export class LineActions {
  /** @param {Viewer} viewer @param {(pattern: string, excludes: boolean) => void} addPattern @param {(text: string) => void} tell */
  constructor(viewer, addPattern, tell) {
    this.viewer = viewer;
    this.addPattern = addPattern;
    this.tell = tell;
    this.menu = byId('line-menu', HTMLElement);
  }

  /** @param {number} key @param {DOMRect} at */
  open(key, at) {
    const row = this.viewer.row(key);
    if (isNote(row)) return;
    this.viewer.setCurrent(key);
    const item = (/** @type {string} */ text, /** @type {() => unknown} */ act) =>
      element('button', { type: 'button', click: () => (this.menu.hidePopover(), act()) }, text);
    const source = this.viewer.reader.sources.get(row.source);
    this.menu.replaceChildren(
      element('p', { class: 'fine' }, `${writeInstant(row.ms, row.ns)} · ${source.namespace}/${source.pod}/${source.container}`),
      item('Copy line (y)', () => this.copyLine(row)),
      item('Copy it with the lines that continue it', () => this.copyTrace(key)),
      item('Copy link (c)', () => this.copyLink(key)),
      item('Around this line, without filters (a)', () => this.around(key)),
      item(this.viewer.folding.isOpen(key) ? 'Fold (x)' : 'Unfold: all of it, its fields (x)', () => this.viewer.folding.toggle(key)),
      item('As it was written', () => this.viewer.folding.showRaw(key)),
    );
    this.menu.showPopover();
    placeMenu(this.menu, at);
    this.menu.querySelector('button')?.focus();
  }

  openCurrent() {
    const current = this.viewer.currentLine();
    if (!current) return;
    const row = this.viewer.list.rows.get(current.key);
    this.open(current.key, (row ?? this.viewer.pane).getBoundingClientRect());
  }

  /** @param {Line} line */
  copyLine(line) {
    return this.copy(withoutColours(line.text), 'line copied');
  }

  /** @param {number} key */
  copyTrace(key) {
    const { lines } = this.viewer.reader;
    const head = headOf(lines, key);
    const texts = [head, ...traceOf(lines, head)].map((part) => withoutColours(this.viewer.row(part).text));
    return this.copy(texts.join('\n'), texts.length === 1 ? 'line copied' : `${texts.length} lines copied`);
  }

  /** @param {number} key */
  async copyLink(key) {
    const place = await this.placeOf(key);
    if (!place) return;
    const url = new URL(writeView({ ...this.viewer.view, place }), location.href).href;
    await this.copy(url, 'link copied');
  }

  /** @param {number} key */
  async around(key) {
    const place = await this.placeOf(key);
    if (!place) return;
    const { grep } = this.viewer.view;
    const find = grep[grep.length - 1] ?? this.viewer.view.find;
    this.viewer.change({ ...unfiltered(this.viewer.view), from: '', to: '', find, place });
  }

  /**
   * The place of a line. Most lines do not keep their cursor; the gateway tells it again.
   *
   * @param {number} key
   * @returns {Promise<Place | null>}
   */
  async placeOf(key) {
    const { view, reader, source } = this.viewer;
    const row = this.viewer.row(key);
    if (isNote(row)) return null;
    if (isMerged(view)) return { kind: 'time', time: writeInstant(row.ms, row.ns) };
    if (row.cursor) return { kind: 'cursor', cursor: row.cursor };
    const known = reader.lines.cursorBefore(key);
    if (!known) return { kind: 'time', time: writeInstant(row.ms, row.ns) };
    let cursor = '';
    const url = logUrl(view, { after: known.line.cursor, limitLines: linesBetween(reader.lines, known.key, key) }, source);
    await readEvents(url, reader.aborter.signal, (events) => {
      for (const { name, data } of events) if (name === 'message') cursor = JSON.parse(data).cursor;
    }).catch(() => {});
    return cursor ? { kind: 'cursor', cursor } : { kind: 'time', time: writeInstant(row.ms, row.ns) };
  }

  /** Has the URL name the line that is looked at, unless that is the end: the page is left for a while. */
  keepPlace() {
    const { viewer } = this;
    const current = viewer.list.viewport.follows ? null : viewer.currentLine();
    if (!current) return;
    const { ms, ns, cursor } = current.line;
    const isExact = cursor !== '' && !isMerged(viewer.view);
    /** @type {Place} */
    const place = isExact ? { kind: 'cursor', cursor } : { kind: 'time', time: writeInstant(ms, ns) };
    history.replaceState(null, '', writeView({ ...viewer.view, place }));
  }

  /** @param {'include' | 'exclude' | 'pin'} action @param {Field} field */
  onField(action, { path, name, value }) {
    const { view } = this.viewer;
    if (action === 'pin') {
      const columns = view.columns.includes(path) ? view.columns.filter((other) => other !== path) : [...view.columns, path];
      this.viewer.view = { ...view, columns };
      history.replaceState(null, '', writeView(this.viewer.view));
      this.viewer.events.opened(this.viewer.view);
      this.viewer.list.rebuild();
    } else this.addPattern(fieldPattern(name, value), action === 'exclude');
  }

  /** @param {string} text @param {string} done */
  async copy(text, done) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      copyBySelection(text);
    }
    this.tell(done);
  }
}

/** @param {import('../model/lines.js').Lines} lines @param {number} from @param {number} to */
function linesBetween(lines, from, to) {
  let count = 0;
  for (let key = from + 1; key <= to; key += 1) if (!isNote(lines.row(key))) count += 1;
  return count;
}

/** The clipboard is closed to pages over plain HTTP, but for what is selected. @param {string} text */
function copyBySelection(text) {
  const field = element('textarea', { class: 'hidden' });
  /** @type {HTMLTextAreaElement} */ (field).value = text;
  document.body.append(field);
  /** @type {HTMLTextAreaElement} */ (field).select();
  document.execCommand('copy');
  field.remove();
}
