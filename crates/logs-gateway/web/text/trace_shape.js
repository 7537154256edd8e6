/**
 * What stack traces of several languages look like: which line goes on with one. Beside what the
 * gateway's rule for levels takes in (an indented line, `at `, `Caused by`, the exception of a
 * failure), tracebacks of Python end with a line that is not indented and may be chained, and Go
 * writes functions and goroutines without an indent.
 */

import { continues, isExceptionOf, levelNumber } from './level.js';

/**
 * @typedef {'plain' | 'python' | 'raised' | 'chained' | 'go'} TraceShape
 * `python` is in a traceback, `raised` behind its exception, `chained` before the traceback of another.
 */

const TRACEBACK = /Traceback \(most recent call last\):?\s*$/;
/** The exception that a traceback ends with, whatever its name. */
const RAISED = /^[A-Za-z_][\w.]*(?::|$)/;
const CHAINED = /^(?:During handling of the above exception, another exception occurred|The above exception was the direct cause of the following exception):$/;

const PANIC = /^(?:panic: |fatal error: |unexpected fault address |runtime: goroutine stack exceeds |SIG[A-Z]+: )/;
const GOROUTINE = /^goroutine \d+ .*\[.*\]:$/;
/** Functions with their arguments, what began the goroutine, signals, registers. */
const OF_PANIC = /^(?:$|[\w./%~-]+(?:\(\*?[\w.[\]…,]+\))?[\w.[\]…-]*\(.*\)$|created by \S|\[signal |\[originating from|\.\.\.|runtime: |runtime\.|exit status \d|PC=|r\w{1,5}\s+0x|[cfg]s\s+0x)/;
/** A function of a trace that a logger writes: `main.(*Server).serve`, `example.com/shop.Buy(...)`. */
const FRAME = /^[A-Za-z][\w./~-]*\.(?:\(\*?\w+\)\.)?[A-Za-z]\w*(?:\.func\d+(?:\.\d+)*)?(?:\(\S*\))?$/;

/** The least level of a failure. */
const FAILURE = levelNumber('warn');

/** The trace that a line begins, if it begins one. @param {string} text @returns {TraceShape} */
export function shapeOf(text) {
  if (TRACEBACK.test(text)) return 'python';
  return PANIC.test(text) || GOROUTINE.test(text) ? 'go' : 'plain';
}

/**
 * What becomes of a trace with the next line of its log; null if that is none of it.
 *
 * @param {TraceShape} shape
 * @param {number} level Of the first line of the trace.
 * @param {string} text
 * @returns {TraceShape | null}
 */
export function shapeWith(shape, level, text) {
  const ofPython = pythonWith(shape, text);
  if (ofPython) return ofPython;
  if (shape === 'go' && (OF_PANIC.test(text) || PANIC.test(text) || GOROUTINE.test(text))) return 'go';
  if (continues(text)) return shape;
  const isOver = shape === 'go' || shape === 'raised';
  if (!isOver && isExceptionOf(text, level)) return shapeOf(text);
  if (level >= FAILURE && GOROUTINE.test(text)) return 'go';
  return level >= FAILURE && FRAME.test(text) ? shape : null;
}

/** @param {TraceShape} shape @param {string} text @returns {TraceShape | null} */
function pythonWith(shape, text) {
  if (shape === 'python' && text !== '' && !continues(text)) return RAISED.test(text) ? 'raised' : null;
  if (shape === 'python' && text === '') return 'python';
  if (shape === 'raised' && text === '') return 'raised';
  if (shape === 'raised' && CHAINED.test(text)) return 'chained';
  if (shape === 'chained' && (text === '' || TRACEBACK.test(text))) return text === '' ? 'chained' : 'python';
  return null;
}
