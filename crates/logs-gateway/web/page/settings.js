/** The settings of this browser, in their menu. */

import { STAMP_MODES } from '../text/time.js';
import { byId } from '../view/dom.js';

/** @import { LocalStore, Settings } from '../model/local_store.js' */
/** @import { StampMode } from '../text/time.js' */

export class SettingsMenu {
  /** @param {LocalStore} store @param {(settings: Settings) => void} changed */
  constructor(store, changed) {
    this.store = store;
    this.changed = changed;
    const isPhone = matchMedia('(max-width: 640px)').matches;
    this.settings = store.settings({ wrap: isPhone, stamps: 'local', scheme: 'system', density: true, fold: true });
    this.wrap = byId('set-wrap', HTMLInputElement);
    this.density = byId('set-density', HTMLInputElement);
    this.fold = byId('set-fold', HTMLInputElement);
    this.stamps = byId('set-stamps', HTMLSelectElement);
    this.scheme = byId('set-scheme', HTMLSelectElement);
    this.dark = matchMedia('(prefers-color-scheme: dark)');
    this.dark.addEventListener('change', () => this.paint());
    this.wrap.addEventListener('change', () => this.set({ wrap: this.wrap.checked }));
    this.density.addEventListener('change', () => this.set({ density: this.density.checked }));
    this.fold.addEventListener('change', () => this.set({ fold: this.fold.checked }));
    this.stamps.addEventListener('change', () => this.set({ stamps: /** @type {StampMode} */ (this.stamps.value) }));
    this.scheme.addEventListener('change', () => this.set({ scheme: /** @type {Settings['scheme']} */ (this.scheme.value) }));
    this.paint();
  }

  /** @param {Partial<Settings>} changes */
  set(changes) {
    this.settings = { ...this.settings, ...changes };
    this.store.keepSettings(this.settings);
    this.paint();
    this.changed(this.settings);
  }

  nextStamps() {
    const next = (STAMP_MODES.indexOf(this.settings.stamps) + 1) % STAMP_MODES.length;
    this.set({ stamps: STAMP_MODES[next] });
  }

  paint() {
    const { wrap, density, fold, stamps, scheme } = this.settings;
    this.wrap.checked = wrap;
    this.density.checked = density;
    this.fold.checked = fold;
    this.stamps.value = stamps;
    this.scheme.value = scheme;
    const isDark = scheme === 'dark' || (scheme === 'system' && this.dark.matches);
    document.documentElement.classList.toggle('dark', isDark);
  }
}
