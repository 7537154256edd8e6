/** Downloads of logs, as text. */

import { logUrl } from '../api/log_url.js';
import { request, Refusal } from '../api/request.js';
import { ChosenText } from '../model/chosen_text.js';
import { troubleOf } from '../model/problems.js';
import { EMPTY_VIEW } from '../model/view.js';
import { size } from '../text/quantity.js';
import { byId, element } from '../view/dom.js';

/** @import { View } from '../model/view.js' */
/** @import { Viewer } from './viewer.js' */

export class Downloads {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.words = byId('download-words', HTMLElement);
    byId('download-shown', HTMLButtonElement).addEventListener('click', () => void this.run(viewer.view));
    byId('download-all', HTMLButtonElement).addEventListener('click', () => {
      void this.run({ ...EMPTY_VIEW, targets: viewer.view.targets });
    });
  }

  /** @param {View} view */
  async run(view) {
    if (view.targets.length === 0) return;
    try {
      this.words.textContent = 'downloading…';
      const url = logUrl(view, { timestamps: true, download: true }, this.viewer.source);
      const response = await request(url, 'text/plain');
      const body = /** @type {ReadableStream<Uint8Array>} */ (response.body);
      const blob = await new Response(this.counted(view.targets.length > 1 ? chosen(body, view) : body)).blob();
      save(blob, fileName(view));
      this.words.textContent = `${size(blob.size)} downloaded.`;
    } catch (error) {
      const why = error instanceof Refusal ? troubleOf(error.problem).text : '';
      this.words.textContent = `The download broke off. ${why}`;
    }
  }

  /** Says how far it is. @param {ReadableStream<Uint8Array>} body */
  counted(body) {
    let bytes = 0;
    const counter = new TransformStream({
      transform: (/** @type {Uint8Array} */ part, controller) => {
        bytes += part.length;
        this.words.textContent = `downloading, ${size(bytes)} so far…`;
        controller.enqueue(part);
      },
    });
    return body.pipeThrough(counter);
  }
}

/** The lines of the logs that were chosen: others come as well. @param {ReadableStream<Uint8Array>} body @param {View} view */
function chosen(body, { targets }) {
  const text = new ChosenText(targets);
  const chooser = new TransformStream({
    transform: (/** @type {Uint8Array} */ part, controller) => controller.enqueue(text.push(part)),
  });
  return body.pipeThrough(chooser);
}

/** @param {View} view */
function fileName({ targets }) {
  const [{ namespace, pod }] = targets;
  return targets.length === 1 ? `${namespace}_${pod}.log` : `${targets.length}_logs.log`;
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const url = URL.createObjectURL(blob);
  element('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
