import tseslint from 'typescript-eslint';

// Only what Biome cannot see without types: lost promises and switches that forget a case.
export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/*.mjs', '**/*.cjs', '**/*.js', '**/vite.config.ts', 'coverage/**'] },
  {
    files: ['packages/**/*.ts', 'services/**/*.{ts,tsx}', 'loadtest/**/*.ts', 'deploy/**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'off' },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
);
