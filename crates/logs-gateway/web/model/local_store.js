/** What this browser remembers: settings and recent views. */

/** @import { StampMode } from '../text/time.js' */

/**
 * @typedef {object} Settings
 * @property {boolean} wrap
 * @property {StampMode} stamps
 * @property {'system' | 'light' | 'dark'} scheme
 * @property {boolean} density Whether the bar is shown.
 * @property {boolean} fold Whether stack traces are folded.
 *
 * @typedef {{url: string, title: string}} RecentView
 */

const SETTINGS = 'viewer.settings';
const RECENT = 'viewer.recent';
const MAX_RECENT = 8;

/** A browser may refuse storage: then nothing is remembered. */
export class LocalStore {
  /** @param {Pick<Storage, 'getItem' | 'setItem'> | null} storage */
  constructor(storage) {
    this.storage = storage;
  }

  /** @param {Settings} defaults @returns {Settings} */
  settings(defaults) {
    const stored = this.read(SETTINGS);
    if (stored === null || typeof stored !== 'object' || Array.isArray(stored)) return defaults;
    return { ...defaults, ...stored };
  }

  /** @param {Settings} settings */
  keepSettings(settings) {
    this.write(SETTINGS, settings);
  }

  /** The last first. @returns {RecentView[]} */
  recent() {
    const stored = this.read(RECENT);
    return Array.isArray(stored) ? stored.filter((view) => typeof view?.url === 'string') : [];
  }

  /** @param {RecentView} view */
  visit(view) {
    const others = this.recent().filter((other) => other.url !== view.url);
    this.write(RECENT, [view, ...others].slice(0, MAX_RECENT));
  }

  /** @param {string} name */
  read(name) {
    try {
      return JSON.parse(this.storage?.getItem(name) ?? 'null');
    } catch {
      return null;
    }
  }

  /** @param {string} name @param {unknown} value */
  write(name, value) {
    try {
      this.storage?.setItem(name, JSON.stringify(value));
    } catch {
      // The storage is full or refused.
    }
  }
}
