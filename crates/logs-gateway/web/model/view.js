/**
 * A view: which logs, which of their lines, and the place in them. The URL holds all of it.
 *
 * @typedef {object} Target
 * @property {string} namespace
 * @property {string} pod
 * @property {string} container `*` for all.
 *
 * @typedef {{kind: 'end'} | {kind: 'begin'} | {kind: 'cursor', cursor: string} | {kind: 'time', time: string}} Place
 *
 * @typedef {object} View
 * @property {Target[]} targets
 * @property {string[]} grep
 * @property {string[]} exclude
 * @property {string} level The least level, or empty.
 * @property {string} stream `Stdout`, `Stderr` or empty.
 * @property {string} from A time, or a duration before now such as `15m`, or empty.
 * @property {string} to A time, or empty.
 * @property {string[]} columns Fields of JSON lines.
 * @property {string} find What `n` and `N` search without hiding other lines, or empty.
 * @property {Place} place
 */

import { literalPattern } from '../text/json_line.js';

/** @type {View} */
export const EMPTY_VIEW = {
  targets: [],
  grep: [],
  exclude: [],
  level: '',
  stream: '',
  from: '',
  to: '',
  columns: [],
  find: '',
  place: { kind: 'end' },
};

const DURATION = /^\d+(?:s|m|h|d)$/;

/** @param {string} from */
export function isDuration(from) {
  return DURATION.test(from);
}

/**
 * @param {string} search With its `?`.
 * @param {string} hash With its `#`.
 * @returns {View}
 */
export function parseView(search, hash) {
  const query = new URLSearchParams(search);
  const text = (/** @type {string} */ name) => query.get(name) ?? '';
  return {
    targets: query.getAll('pod').map(parseTarget).filter((target) => target.pod !== ''),
    grep: query.getAll('grep').filter(Boolean),
    exclude: query.getAll('exclude').filter(Boolean),
    level: text('level'),
    stream: text('stream'),
    from: text('from'),
    to: text('to'),
    columns: text('cols').split(',').filter(Boolean),
    find: text('find'),
    place: parsePlace(hash),
  };
}

/** @param {string} text `namespace/pod/container`, the container optional. @returns {Target} */
function parseTarget(text) {
  const [namespace = '', pod = '', container = ''] = text.split('/');
  return { namespace, pod, container: container || '*' };
}

/** @param {string} hash @returns {Place} */
function parsePlace(hash) {
  const [kind, value = ''] = hash.replace(/^#/, '').split('=');
  if (kind === 'begin') return { kind: 'begin' };
  if (kind === 'c' && value) return { kind: 'cursor', cursor: decoded(value) };
  if (kind === 't' && Date.parse(decoded(value))) return { kind: 'time', time: decoded(value) };
  return { kind: 'end' };
}

/** A part of a link; as it stands if a program has cut it. @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The part of the URL behind its path.
 *
 * @param {View} view
 */
export function writeView(view) {
  const query = new URLSearchParams();
  view.targets.forEach((target) => query.append('pod', writeTarget(target)));
  view.grep.forEach((pattern) => query.append('grep', pattern));
  view.exclude.forEach((pattern) => query.append('exclude', pattern));
  const { level, stream, from, to, find } = view;
  for (const [name, value] of Object.entries({ level, stream, from, to, find })) {
    if (value) query.set(name, value);
  }
  if (view.columns.length > 0) query.set('cols', view.columns.join(','));
  // Slashes, colons and commas need no escape in a query, and a name is easier to read with them.
  const text = query.toString().replace(/%2F/g, '/').replace(/%3A/g, ':').replace(/%2C/g, ',');
  return `${text && '?'}${text}${writePlace(view.place)}`;
}

/** @param {Target} target */
export function writeTarget({ namespace, pod, container }) {
  return container === '*' ? `${namespace}/${pod}` : `${namespace}/${pod}/${container}`;
}

/** @param {Place} place */
function writePlace(place) {
  switch (place.kind) {
    case 'cursor':
      return `#c=${encodeURIComponent(place.cursor)}`;
    case 'time':
      return `#t=${encodeURIComponent(place.time).replace(/%3A/g, ':')}`;
    case 'begin':
      return '#begin';
    default:
      return '';
  }
}

/** Whether lines are chosen by anything but time. @param {View} view */
export function isFiltered(view) {
  return view.grep.length + view.exclude.length > 0 || view.level !== '' || view.stream !== '';
}

/** The same logs and times with all lines. @param {View} view @returns {View} */
export function unfiltered(view) {
  return { ...view, grep: [], exclude: [], level: '', stream: '' };
}

/**
 * The patterns of a view that was refused for one of them, with bad ones as plain text. If a browser
 * takes them all, it is the one that was added last.
 *
 * @param {View} view
 * @returns {Pick<View, 'grep' | 'exclude'>}
 */
export function withoutBadPatterns({ grep, exclude }) {
  const literal = (/** @type {string} */ pattern) => literalPattern(pattern.replace(/^\(\?i\)/, ''));
  const isBad = (/** @type {string} */ pattern) => !isPattern(pattern.replace(/^\(\?i\)/, ''));
  if ([...grep, ...exclude].some(isBad)) {
    const mended = (/** @type {string[]} */ list) => list.map((pattern) => (isBad(pattern) ? literal(pattern) : pattern));
    return { grep: mended(grep), exclude: mended(exclude) };
  }
  return { grep: [...grep.slice(0, -1), ...grep.slice(-1).map(literal)], exclude };
}

/** @param {string} pattern */
function isPattern(pattern) {
  try {
    return Boolean(new RegExp(pattern));
  } catch {
    return false;
  }
}

/** Whether several logs are merged, so that a cursor of a line is one of its own log only. @param {View} view */
export function isMerged(view) {
  return view.targets.length > 1 || view.targets.some(({ pod, namespace, container }) => container === '*' || /[*?]/.test(pod + namespace));
}

/**
 * Whether a line belongs to one of the targets: several namespaces and pods are requested as all
 * pairs of them.
 *
 * @param {Target[]} targets
 * @param {Target} log
 */
export function isTargeted(targets, log) {
  return targets.some(
    (target) =>
      matches(target.namespace, log.namespace) &&
      matches(target.pod, log.pod) &&
      (target.container === '*' || target.container === log.container),
  );
}

/** @param {string} glob @param {string} name */
function matches(glob, name) {
  if (!/[*?]/.test(glob)) return glob === name;
  const pattern = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.');
  return new RegExp(`^${pattern}$`).test(name);
}

/**
 * A view as views whose logs can be requested without others: of the pods of one namespace, with one
 * of their containers or all.
 *
 * @param {View} view
 * @returns {View[]}
 */
export function exactParts(view) {
  /** @type {Map<string, Target[]>} */
  const parts = new Map();
  for (const target of view.targets) {
    const isCovered = view.targets.some((other) => other !== target && other.container === '*' && isTargeted([other], { ...target, container: '' }) && target.container !== '*');
    if (isCovered) continue;
    const key = `${target.namespace}/${target.container}`;
    parts.set(key, [...(parts.get(key) ?? []), target]);
  }
  return [...parts.values()].map((targets) => ({ ...view, targets }));
}

/** Names a view for a list of recent ones. @param {View} view */
export function viewTitle(view) {
  const names = view.targets.map(writeTarget).join(', ');
  const filters = [
    ...view.grep.map((pattern) => `/${pattern}/`),
    ...view.exclude.map((pattern) => `not /${pattern}/`),
    view.level && `level ≥ ${view.level}`,
    view.stream,
  ].filter(Boolean);
  return filters.length > 0 ? `${names} · ${filters.join(' · ')}` : names;
}
