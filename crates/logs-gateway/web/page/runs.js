/** Earlier and later runs of a container, and its last restart. */

/** @import { PodList } from '../model/pod_list.js' */
/** @import { Viewer } from './viewer.js' */

export class Runs {
  /** @param {Viewer} viewer @param {PodList} pods @param {(text: string) => void} tell */
  constructor(viewer, pods, tell) {
    this.viewer = viewer;
    this.pods = pods;
    this.tell = tell;
  }

  get starts() {
    return this.pods.runStarts(this.viewer.view.targets);
  }

  /** To the begin of the run before or after the lines in sight. @param {1 | -1} step */
  go(step) {
    const inSight = this.viewer.inSight();
    if (!inSight) return;
    const { current, reader } = this.viewer;
    const at = current !== null && current < reader.lines.end ? this.viewer.row(current).ms || inSight[0] : inSight[0];
    const times = this.starts;
    const next = step > 0 ? times.find((time) => Date.parse(time) > at) : times.findLast((time) => Date.parse(time) < at);
    if (next) this.viewer.change({ place: { kind: 'time', time: next }, from: '', to: '' });
    else this.tell(step > 0 ? 'this is the last run' : 'no earlier run has logs');
  }

  /** To where the last run begins: the lines before it say why the one before ended. */
  goToRestart() {
    const last = this.pods.restarts(this.viewer.view.targets).at(-1);
    if (last) this.viewer.change({ place: { kind: 'time', time: last }, from: '', to: '', level: '', grep: [], exclude: [] });
  }

  get hasRestart() {
    return this.pods.restarts(this.viewer.view.targets).length > 0;
  }
}
