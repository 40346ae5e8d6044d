import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import { importDirection } from './scripts/lint/importDirection.mjs';

const carmic = { rules: { 'import-direction': importDirection } };

/** Files that a tool reads, and that therefore have to export a default. */
const toolFiles = ['**/*.config.{ts,mjs,js}', 'scripts/summaryReporter.mjs'];

export default tseslint.config(
  { ignores: ['**/node_modules/', '**/dist/', 'data/', 'clips/', 'coverage/', 'docs/'] },
  js.configs.recommended,
  tseslint.configs.strict,
  tseslint.configs.stylistic,
  svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.node } },
    plugins: { carmic },
    rules: {
      curly: ['error', 'all'],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
      'no-throw-literal': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'max-lines': ['error', { max: 450, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of strings.' },
        { selector: 'Decorator', message: 'No decorators.' },
      ],
      'no-restricted-properties': [
        'error',
        ...['mock', 'doMock'].map((property) => ({
          object: 'vi',
          property,
          message: 'Test files share modules: a mock would reach the next file.',
        })),
      ],
      'carmic/import-direction': ['error', { root: import.meta.dirname }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none', ignoreRestSiblings: true },
      ],
    },
  },
  {
    files: [
      'server/**/*.ts',
      'captions/**/*.ts',
      'gpu-agent/**/*.ts',
      'start/**/*.ts',
      'scripts/**/*.ts',
      'test/**/*.ts',
      'vitest.config.ts',
    ],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false, attributes: false, properties: false } }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
    },
  },
  {
    files: ['console/**/*.{ts,js,svelte}'],
    languageOptions: { globals: { ...globals.browser } },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'] } },
    rules: {
      // A router that is a package of its own knows its links; `href` here is never SvelteKit's.
      'svelte/no-navigation-without-resolve': 'off',
      // Props are one `let` even when only some are bound; a Set that nothing renders from need not be reactive.
      'prefer-const': 'off',
      'svelte/prefer-svelte-reactivity': 'off',
      'svelte/no-unused-svelte-ignore': 'off',
    },
  },
  { files: toolFiles, rules: { 'no-restricted-exports': 'off' } },
  { files: ['scripts/**', 'start/*.mjs'], rules: { 'no-console': 'off' } },
);
