import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { pureLibraries, pureRules } from './scripts/pure.mjs';

const typescript = ['{libs,services}/*/src/**/*.ts', '{test,bench}/**/*.ts'];
const javascript = ['**/*.{js,mjs,cjs}'];
const pure = [`libs/{${pureLibraries.join(',')}}/src/**/*.ts`];
const nodeGlobals = [
  'Buffer',
  'URL',
  'clearInterval',
  'clearTimeout',
  'fetch',
  'performance',
  'process',
  'setInterval',
  'setTimeout',
];
const specs = ['**/*.spec.ts', '**/contract.ts', '**/contract/*.ts'];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/coverage/**', '.joinleaf/**', 'test/fixtures/**'] },
  // The rules hold for everybody: a comment cannot switch one off.
  { linterOptions: { noInlineConfig: true } },
  js.configs.recommended,
  {
    files: typescript,
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/require-await': 'off', // A port is async; the adapter in memory need not wait.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Nest declares the options of its factories as classes, and means object literals.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      'max-lines-per-function': ['error', { max: 70, skipComments: true, skipBlankLines: true }],
      'max-lines': ['error', { max: 400, skipComments: true, skipBlankLines: true }],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what the door offers.' },
        { selector: 'ExportDefaultDeclaration', message: 'Use a named export.' },
        { selector: 'TSEnumDeclaration', message: 'Use an `as const` table.' },
      ],
    },
  },
  { files: pure, ignores: specs, rules: pureRules },
  { files: specs, rules: { 'max-lines-per-function': 'off', 'max-lines': 'off' } },
  { files: javascript, languageOptions: { globals: readonly(nodeGlobals) } },
  {
    files: ['**/*.cjs'],
    languageOptions: { globals: readonly(['require', 'module', '__dirname']) },
  },
);

function readonly(names) {
  return Object.fromEntries(names.map((name) => [name, 'readonly']));
}
