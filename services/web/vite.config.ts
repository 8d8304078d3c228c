import { defaultClientConditions, defineConfig } from 'vite';

/** The page is static: one HTML file and hashed assets, served by the standalone process. Nothing is inlined, so that its CSP can be strict. */
export default defineConfig({
  resolve: { conditions: ['carillon-source', ...defaultClientConditions] },
  build: {
    cssTarget: 'chrome123',
    outDir: 'dist/page',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    // Libraries say `use client` for servers that render; there is none here.
    rolldownOptions: { onwarn: (warning, warn) => void (warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning)) },
  },
});
