/**
 * What stack traces of several languages look like: which line goes on with one. Beside what the
 * gateway's rule for levels takes in (an indented line, `at `, `Caused by`, the exception of a
 * failure), tracebacks of Python end with a line that is not indented and may be chained, and Go
 * writes functions and goroutines without an indent.
 *
 * A line may have a megabyte, so each pattern takes time in proportion to it, or is used on short
 * lines alone.
 */

import { continues, isExceptionOf, levelNumber } from './level.js';

/**
 * @typedef {'plain' | 'python' | 'traced' | 'raised' | 'chained' | 'go' | 'goroutine'} TraceShape
 * `python` is at the begin of a traceback, `traced` behind lines of it, `raised` behind its exception,
 * `chained` before the traceback of another; `go` is in a panic outside of its goroutines.
 */

/** The longest line that may be a frame, in UTF-16 units. */
const LONGEST_FRAME = 1000;

const TRACEBACK = /Traceback \(most recent call last\):?\s*$/;
/** The exception that a traceback ends with, whatever its name; a line of Python's logger is none. */
const RAISED = /^(?!(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):)[A-Za-z_][\w.]*(?::|$)/;
const CHAINED = /^(?:During handling of the above exception, another exception occurred|The above exception was the direct cause of the following exception):$/;

/** Signals that Go does not survive; others are what services tell of in their own words. */
const PANIC = /^(?:panic: |fatal error: |unexpected fault address |runtime: goroutine stack exceeds |SIG(?:SEGV|BUS|FPE|ABRT|QUIT|ILL|TRAP): )/;
const GOROUTINE = /^goroutine \d+ [^[\]]*\[[^[\]]*\]:$/;
/** What else stands before frames, without a goroutine of its own. */
const RUNTIME_STACK = 'runtime stack:';
/** A function with the words of memory that it was called with: `main.(*Cart).find(0xc000012345, {0x4?, ...})`. */
const FUNCTION = /^(?=panic\(|[\w/%~-]+\.)[\w./%~-]+(?:\(\*[\w.[\]]+\)\.[\w.[\]-]+|\[[\w.[\]-]*)?\([\da-fx{}?,. _]*\)$/;
const BELOW_FUNCTIONS = /^(?:created by \S+(?: in goroutine \d+)?|\.\.\.(?:additional|\d+) frames elided\.\.\.)$/;
/** What stands around goroutines: signals, registers, how the process ended. */
const OF_PANIC = /^(?:$|\[signal |\[originating from|runtime: |exit status \d|PC=|r\w{1,5}\s+0x|[cfg]s\s+0x)/;
/** A function of a trace that a logger writes: `main.(*Server).serve`, `example.com/shop.Buy(...)`. */
const FRAME = /^(?=[^/(]*[/(]|main\.|runtime\.)[A-Za-z][\w./~-]*\.(?:\(\*?\w+\)\.)?[A-Za-z]\w*(?:\.func\d+(?:\.\d+)*)?(?:\(\S*\))?$/;

/** The least level of a failure. */
const FAILURE = levelNumber('warn');

/** The trace that a line begins, if it begins one. @param {string} text @returns {TraceShape} */
export function shapeOf(text) {
  if (TRACEBACK.test(text)) return 'python';
  if (PANIC.test(text)) return 'go';
  return GOROUTINE.test(text) ? 'goroutine' : 'plain';
}

/**
 * What becomes of a trace with the next line of its log; null if that is none of it.
 *
 * @param {TraceShape} shape
 * @param {number} level Of the first line of the trace.
 * @param {{ text: string, level: number }} line
 * @returns {TraceShape | null}
 */
export function shapeWith(shape, level, { text, level: own }) {
  const ofLanguage = pythonWith(shape, text) ?? goWith(shape, text, own);
  if (ofLanguage) return ofLanguage;
  if (continues(text)) return shape === 'python' ? 'traced' : shape;
  if (level < FAILURE || ['raised', 'go', 'goroutine'].includes(shape)) return null;
  if (isExceptionOf(text, level)) return shapeOf(text);
  if (GOROUTINE.test(text)) return 'goroutine';
  return text.length <= LONGEST_FRAME && FRAME.test(text) ? shape : null;
}

/** @param {TraceShape} shape @param {string} text @returns {TraceShape | null} */
function pythonWith(shape, text) {
  const isBlank = text === '';
  if (isBlank && ['python', 'traced', 'raised', 'chained'].includes(shape)) return shape;
  if (shape === 'traced' && !continues(text)) return RAISED.test(text) ? 'raised' : null;
  if (shape === 'raised' && CHAINED.test(text)) return 'chained';
  if (shape === 'chained' && TRACEBACK.test(text)) return 'python';
  return null;
}

/** @param {TraceShape} shape @param {string} text @param {number} own The level of the line. @returns {TraceShape | null} */
function goWith(shape, text, own) {
  if (shape !== 'go' && shape !== 'goroutine') return null;
  if (GOROUTINE.test(text) || text === RUNTIME_STACK) return 'goroutine';
  if (shape === 'goroutine' && text.length <= LONGEST_FRAME && (FUNCTION.test(text) || BELOW_FUNCTIONS.test(text))) return 'goroutine';
  const isFatal = shape === 'go' && text.startsWith('fatal error: ');
  return isFatal || (own === 0 && OF_PANIC.test(text)) ? 'go' : null;
}
