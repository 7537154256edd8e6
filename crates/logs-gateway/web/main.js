/** Wires the page. */

import { Session } from './api/session.js';
import { Streams } from './api/streams.js';
import { LocalStore } from './model/local_store.js';
import { PodList } from './model/pod_list.js';
import { isNote } from './model/row.js';
import { EMPTY_VIEW, parseView, viewTitle, writeView } from './model/view.js';
import { Access } from './page/access.js';
import { copySelections } from './page/copying.js';
import { Downloads } from './page/downloads.js';
import { Filters } from './page/filters.js';
import { Finding } from './page/finding.js';
import { listenToKeys } from './page/keys.js';
import { LineActions } from './page/line_actions.js';
import { Runs } from './page/runs.js';
import { emptyText, matchesOf } from './page/searching.js';
import { SettingsMenu } from './page/settings.js';
import { clicked, listenToButtons, shortcuts } from './page/shortcuts.js';
import { Viewer } from './page/viewer.js';
import { Volumes } from './page/volumes.js';
import { counted } from './text/quantity.js';
import { writeInstant } from './text/time.js';
import { DensityBar } from './view/density_bar.js';
import { byId } from './view/dom.js';
import { placeMenus } from './view/menus.js';
import { Picker } from './view/picker.js';
import { StatusLine } from './view/status_line.js';

/** @import { Remedy, Trouble } from './model/problems.js' */
/** @import { WhoAmI } from './api/session.js' */
/** @import { View } from './model/view.js' */

/** How long a word about something that was done stays, in milliseconds. */
const TOLD = 4000;

class Page {
  constructor() {
    this.store = new LocalStore(storage());
    this.menu = new SettingsMenu(this.store, () => this.settingsChanged());
    this.streams = new Streams();
    this.pods = new PodList();
    this.told = '';
    /** @type {Trouble | null} */
    this.trouble = null;
    const pane = byId('list', HTMLElement);
    this.viewer = new Viewer(pane, this.streams, this.menu.settings, {
      opened: (view) => this.opened(view),
      changed: () => this.changed(),
      written: (rows) => rows.forEach((row) => !isNote(row) && this.volumes.density?.addLine(row.ms, row.level)),
      auth: (record) => this.access.warned(record),
      fieldAction: (action, field) => this.actions.onField(action, field),
    });
    const change = (/** @type {Partial<View>} */ changes, /** @type {'push' | 'replace'} */ url = 'push') => this.viewer.change(changes, url);
    const tell = (/** @type {string} */ text) => this.tell(text);
    this.filters = new Filters(change, (ms) => this.viewer.jumpTo(ms));
    this.actions = new LineActions(this.viewer, (pattern, excludes) => this.filters.addPattern(pattern, excludes), tell);
    this.finding = new Finding(this.viewer, tell);
    this.runs = new Runs(this.viewer, this.pods, tell);
    this.bar = new DensityBar({
      jump: (ms) => {
        pane.focus();
        this.viewer.jumpTo(ms);
      },
      step: (ms) => this.viewer.jumpTo(ms),
      choose: (from, to) => change({ from: writeInstant(from), to: writeInstant(to) }),
    });
    this.volumes = new Volumes(() => this.changed());
    this.empty = byId('empty', HTMLElement);
    this.status = new StatusLine((remedy) => this.remedy(remedy));
    this.picker = new Picker(this.pods, {
      picked: (targets) => void this.viewer.open({ ...EMPTY_VIEW, targets }, 'push'),
      recent: () => this.store.recent(),
    });
    this.access = new Access(new Session(document.documentElement.dataset.sso ?? ''), {
      known: (who) => this.known(who),
      unknown: (trouble) => this.unknown(trouble),
      renewed: () => this.retry(),
      leaving: () => this.actions.keepPlace(),
    });
    new Downloads(this.viewer);
    this.togglePause = () => {
      const { reader } = this.viewer;
      if (reader.held) reader.resume();
      else if (reader.stream) reader.pause();
    };
    this.isOpen = false;
    /** For which view lines were counted. @type {View | null} */
    this.counted = null;
    copySelections(this.viewer);
    placeMenus();
    this.listen(pane);
  }

  begin() {
    this.viewer.use(this.menu.settings);
    this.filters.show(parseView(location.search, location.hash), this.menu.settings);
    this.changed();
    setInterval(() => {
      this.viewer.tick();
      this.changed();
    }, 1000);
    void this.access.begin();
  }

  /** The log-in is known. @param {WhoAmI} who */
  known(who) {
    this.viewer.source = { ...who.offers, user: who.username };
    byId('stream', HTMLElement).hidden = !who.offers.stream;
    if (this.isOpen) return;
    this.isOpen = true;
    if (who.limits.pods_per_stream > 1) this.picker.allowMerging(who.limits.pods_per_stream);
    this.openFromUrl();
    this.streams.subscribe(
      { kind: 'pods', url: '/pods?', user: who.username, after: '' },
      {
        records: (records) => this.podsChanged(records),
        state: (state) => {
          this.picker.trouble = state.trouble?.text ?? '';
          if (this.picker.isOpen) this.picker.draw();
        },
      },
    );
  }

  /** @param {Trouble | null} trouble */
  unknown(trouble) {
    this.trouble = trouble;
    this.picker.trouble = trouble?.text ?? '';
    byId('picker-log-in', HTMLElement).hidden = trouble?.remedy !== 'log-in';
    if (trouble && !this.picker.isOpen) this.picker.show([]);
    else if (this.picker.isOpen) this.picker.draw();
    this.changed();
  }

  openFromUrl() {
    const view = parseView(location.search, location.hash);
    void this.viewer.open(view, 'keep');
    if (view.targets.length === 0) this.picker.show([]);
    else this.picker.close();
  }

  /** @param {string[]} records */
  podsChanged(records) {
    for (const record of records) {
      const tab = record.indexOf('\t');
      this.pods.take(record.slice(0, tab), record.slice(tab + 1));
    }
    this.picker.refresh();
    this.changed();
    this.count();
  }

  /** @param {View} view */
  opened(view) {
    this.filters.show(view, this.menu.settings);
    if (view.targets.length > 0) this.store.visit({ url: writeView({ ...view, place: { kind: 'end' } }), title: viewTitle(view) });
    this.count();
  }

  /** Counts the lines of the view over time, once it is known since when there are any. */
  count() {
    const { view } = this.viewer;
    const isShown = this.menu.settings.density && view.targets.length > 0;
    byId('density', HTMLElement).hidden = !isShown;
    const isCounted = isSameCount(this.counted, view) && !this.volumes.density?.isTooFine;
    if (!isShown || !this.pods.isSynced || isCounted) return;
    this.counted = view;
    void this.volumes.read(view, this.pods.extent(view.targets), this.viewer.source);
  }

  settingsChanged() {
    this.viewer.use(this.menu.settings);
    this.filters.show(this.viewer.view, this.menu.settings);
    this.count();
    this.changed();
  }

  changed() {
    const { viewer, volumes } = this;
    const { reader, list } = viewer;
    const now = Date.now();
    this.bar.show(volumes.density, this.menu.settings.stamps);
    this.bar.mark(viewer.inSight(), list.viewport.follows);
    const hasView = viewer.view.targets.length > 0;
    this.status.show({
      isOpen: hasView,
      stream: reader.stream,
      held: reader.held?.length ?? -1,
      told: this.told,
      activity: reader.activity,
      trouble: this.trouble ?? viewer.trouble,
      lines: reader.lines.count,
      matches: matchesOf(volumes, this.menu.settings.stamps, now),
      lost: reader.following.lostNodes,
      logs: Math.max(reader.following.logs, viewer.view.targets.length),
      newest: reader.lines.lastLine()?.ms ?? 0,
      expiresAt: this.access.expiresAt,
    });
    byId('matches', HTMLElement).hidden = viewer.view.grep.length === 0 && viewer.view.find === '';
    byId('line-actions', HTMLElement).hidden = viewer.current === null;
    const pill = byId('pill', HTMLElement);
    pill.hidden = !hasView || list.viewport.follows || list.viewport.most === 0;
    pill.textContent = viewer.unseen > 0 ? `▾ ${counted(viewer.unseen, 'new line')}` : '▾ newest';
    byId('pause', HTMLElement).setAttribute('aria-pressed', String(reader.held !== null));
    byId('crash', HTMLElement).hidden = !this.runs.hasRestart;
    const empty = emptyText(viewer, this.pods, volumes, now);
    this.empty.hidden = empty === '';
    if (this.empty.textContent !== empty) this.empty.textContent = empty;
    volumes.refresh(now);
  }

  /** Says for a moment what was done. @param {string} text */
  tell(text) {
    this.told = text;
    this.changed();
    setTimeout(() => {
      if (this.told === text) this.told = '';
      this.changed();
    }, TOLD);
  }

  /** @param {Remedy} remedy */
  remedy(remedy) {
    const { viewer } = this;
    if (remedy === 'log-in') this.access.goToLogIn();
    else if (remedy === 'renew') void this.access.renew();
    else if (remedy === 'retry') this.retry();
    else if (remedy === 'pods') this.picker.show(viewer.view.targets);
    else if (remedy === 'live') viewer.change({});
    else if (remedy === 'filter') this.filters.takeLiterally();
    else if (remedy === 'all-containers') viewer.change({ targets: viewer.view.targets.map((target) => ({ ...target, container: '*' })) });
  }

  retry() {
    this.streams.reopen();
    this.viewer.retry();
  }



  /** @param {HTMLElement} pane */
  listen(pane) {
    const { viewer } = this;
    const click = (/** @type {string} */ id, /** @type {() => unknown} */ act) => byId(id, HTMLElement).addEventListener('click', act);
    click('pods', () => this.picker.show(viewer.view.targets));
    click('picker-log-in', () => this.access.goToLogIn());
    listenToButtons(this);
    const look = () => void (!document.hidden && this.status.remedy === 'log-in' && this.access.check());
    document.addEventListener('visibilitychange', look);
    addEventListener('focus', look);
    pane.addEventListener('click', (event) => clicked(this, event));
    addEventListener('popstate', () => this.openFromUrl());
    listenToKeys({ 'Ctrl-k': () => this.picker.show(viewer.view.targets) }, shortcuts(this));
  }
}

/** Whether two views choose the same lines. @param {View | null} one @param {View} other */
function isSameCount(one, other) {
  const plain = (/** @type {View} */ view) => writeView({ ...view, columns: [], find: '', place: { kind: 'end' } });
  return one !== null && plain(one) === plain(other);
}

/** A browser may refuse it. */
function storage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

new Page().begin();
