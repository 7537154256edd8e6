/** Takes server-sent events apart (WHATWG HTML, section 9.2.6). */

/**
 * @typedef {object} ServerEvent
 * @property {string} name `message` for a line.
 * @property {string} data Lines of data are joined by newlines.
 * @property {string} id The last id so far, of an event or of none.
 */

export class EventParser {
  constructor() {
    this.rest = '';
    this.name = '';
    this.data = '';
    this.hasData = false;
    /** The id of the last event, where to go on after a break. */
    this.id = '';
    this.pendingId = '';
  }

  /**
   * @param {string} text The next part of the body, cut anywhere.
   * @param {(event: ServerEvent) => void} give
   */
  push(text, give) {
    const whole = this.rest === '' ? text : this.rest + text;
    let from = 0;
    for (;;) {
      const end = whole.indexOf('\n', from);
      if (end < 0) break;
      const last = whole.charCodeAt(end - 1) === 13 && end > from ? end - 1 : end;
      this.line(whole, from, last, give);
      from = end + 1;
    }
    this.rest = whole.slice(from);
  }

  /**
   * @param {string} whole
   * @param {number} from
   * @param {number} end
   * @param {(event: ServerEvent) => void} give
   */
  line(whole, from, end, give) {
    if (from === end) {
      this.dispatch(give);
      return;
    }
    const colon = whole.indexOf(':', from);
    if (colon === from) return;
    const isValued = colon > 0 && colon < end;
    const field = whole.slice(from, isValued ? colon : end);
    const begin = isValued ? colon + (whole.charCodeAt(colon + 1) === 32 ? 2 : 1) : end;
    const value = whole.slice(begin, end);
    if (field === 'data') {
      this.data = this.hasData ? `${this.data}\n${value}` : value;
      this.hasData = true;
    } else if (field === 'event') this.name = value;
    else if (field === 'id') this.pendingId = value;
  }

  /** @param {(event: ServerEvent) => void} give */
  dispatch(give) {
    this.id = this.pendingId;
    if (this.hasData) give({ name: this.name || 'message', data: this.data, id: this.id });
    this.name = '';
    this.data = '';
    this.hasData = false;
  }
}
