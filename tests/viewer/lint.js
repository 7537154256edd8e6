// Lints the modules of the viewer, whose folder is the argument. Log text must never become markup or
// code. Prints what it finds, and fails if that is anything.
import js from '@eslint/js';
import { ESLint } from 'eslint';

/** What a page and a worker have, as far as the modules use it. */
const GLOBALS = [
  'AbortController', 'Blob', 'CanvasRenderingContext2D', 'Element', 'HTMLAnchorElement', 'HTMLButtonElement',
  'HTMLCanvasElement', 'HTMLDialogElement', 'HTMLElement', 'HTMLFormElement', 'HTMLInputElement',
  'HTMLSelectElement', 'MessageChannel', 'Node', 'ResizeObserver', 'Response', 'SharedWorker', 'TextDecoder',
  'TransformStream', 'URL', 'URLSearchParams', 'addEventListener', 'atob', 'clearTimeout', 'devicePixelRatio',
  'document', 'fetch', 'getComputedStyle', 'history', 'innerHeight', 'innerWidth', 'localStorage', 'location',
  'matchMedia', 'navigator', 'performance', 'requestAnimationFrame', 'self', 'sessionStorage', 'setInterval', 'setTimeout',
];

const MARKUP = ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'srcdoc'];

const config = [
  js.configs.recommended,
  {
    languageOptions: {
      ecmaVersion: 2024,
      globals: Object.fromEntries(GLOBALS.map((name) => [name, 'readonly'])),
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', 300],
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-restricted-properties': ['error', ...MARKUP.map((property) => ({ property, message: 'Log text must not become markup.' }))],
    },
  },
];

const eslint = new ESLint({ cwd: process.argv.at(-1), overrideConfigFile: true, overrideConfig: config });
const results = await eslint.lintFiles(['**/*.js']);
const formatter = await eslint.loadFormatter('stylish');
const report = await formatter.format(results);
console.log(report || `${results.length} files`);
process.exitCode = results.some(({ errorCount, warningCount }) => errorCount + warningCount > 0) ? 1 : 0;
