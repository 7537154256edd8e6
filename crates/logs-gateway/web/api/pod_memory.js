/** What a tab that joins the stream of pods gets first: all pods that there are. */

export class PodMemory {
  constructor() {
    /** The last record of each pod. @type {Map<string, string>} */
    this.pods = new Map();
    this.isSynced = false;
  }

  /** @param {string} record `name`, a tab, and the data. */
  keep(record) {
    if (record.startsWith('synced\t')) this.isSynced = true;
    if (!record.startsWith('pod\t')) return;
    const { event, namespace, pod } = JSON.parse(record.slice(4));
    if (event === 'removed') this.pods.delete(`${namespace}/${pod}`);
    else this.pods.set(`${namespace}/${pod}`, record);
  }

  /** The gateway tells all pods again. */
  reopen() {
    this.pods.clear();
    this.isSynced = false;
  }

  all() {
    const records = ['reset\ttrue', ...this.pods.values()];
    return this.isSynced ? [...records, 'synced\ttrue'] : records;
  }

  after() {
    return this.all();
  }
}
