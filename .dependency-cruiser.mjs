// What may import what (docs/adr/0001). Each rule has a planted violation in tests/architecture/planted.ts that must be caught.

const TEST = '\\.test\\.ts$';
/** Type imports leave no code behind: they tie names, not behaviour. */
const TYPES = ['type-only'];

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const layers = [
  {
    name: 'domain-imports-only-kernel-and-xstate',
    comment: 'The rules of the business must be readable and testable without database, network or framework.',
    severity: 'error',
    from: { path: '^src/modules/([^/]+)/domain/', pathNot: TEST },
    to: { pathNot: ['^src/kernel/', '^src/modules/$1/domain/', 'node_modules/xstate/'] },
  },
  {
    name: 'application-imports-no-infrastructure-or-api',
    comment:
      'A use case talks to ports: what is behind them, and which door it was called through, may change under it.',
    severity: 'error',
    from: { path: '^src/modules/([^/]+)/application/', pathNot: TEST },
    to: { pathNot: ['^src/(kernel|platform)/', '^src/modules/$1/(domain|application)/'] },
  },
  {
    name: 'application-knows-platform-by-type-alone',
    comment: 'A use case that runs platform code cannot be tested without that platform.',
    severity: 'error',
    from: { path: '^src/modules/[^/]+/application/', pathNot: TEST },
    to: { path: '^src/platform/', dependencyTypesNot: TYPES },
  },
  {
    name: 'infrastructure-does-not-import-api',
    comment: 'Adapters are below the doors: one that knows them ties the store or the database to HTTP.',
    severity: 'error',
    from: { path: '^src/modules/[^/]+/infrastructure/', pathNot: TEST },
    to: { path: '^src/modules/[^/]+/api/' },
  },
  {
    name: 'only-composition-imports-infrastructure',
    comment: 'Whoever names an adapter chooses it. That choice is made once, where the configuration is known.',
    severity: 'error',
    from: {
      path: '^src/',
      pathNot: [
        TEST,
        '^src/container(/|\\.ts$)',
        '^src/modules/[^/]+/(module\\.ts|[a-z-]+-parts\\.ts|infrastructure/)',
      ],
    },
    to: { path: '^src/modules/[^/]+/infrastructure/' },
  },
];

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const borders = [
  {
    name: 'modules-do-not-import-each-other',
    comment:
      'A module states what it needs as a port of its own; the container hands it over. So each can be replaced alone.',
    severity: 'error',
    from: { path: '^src/modules/([^/]+)/', pathNot: TEST },
    to: { path: '^src/modules/', pathNot: '^src/modules/$1/' },
  },
  {
    name: 'kernel-imports-nothing',
    comment: 'Everything imports the kernel: what it imported, everything would import.',
    severity: 'error',
    from: { path: '^src/kernel/', pathNot: TEST },
    to: { pathNot: '^src/kernel/' },
  },
  {
    name: 'platform-imports-no-module',
    comment: 'The platform serves every module; one that knew a module could serve only that one.',
    severity: 'error',
    from: { path: '^src/platform/', pathNot: TEST },
    to: { path: '^src/modules/' },
  },
  {
    name: 'only-composition-reads-the-configuration',
    comment:
      'Parts are given their options. One that reads settings itself cannot be had twice with different ones, as in tests.',
    severity: 'error',
    from: { path: '^src/(kernel|platform|modules)/', pathNot: TEST },
    to: { path: '^src/(config/|(app|cli|container|main)\\.ts$)' },
  },
  {
    name: 'only-identity-makes-principals',
    comment: 'A principal is proof that somebody was authenticated. Made elsewhere, it would be a claim.',
    severity: 'error',
    from: { pathNot: [TEST, '^tests/', '^src/modules/identity/application/'] },
    to: { path: '^src/kernel/authenticated-principal\\.ts$' },
  },
];

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const outside = [
  {
    name: 'client-imports-only-type-AppRouter',
    comment: 'A client is built without this server’s code: it may know the types of its procedures, and nothing else.',
    severity: 'error',
    from: { path: '^(examples|src/client)/' },
    to: { path: '^src/', pathNot: ['^src/client/', '^src/container\\.ts$'] },
  },
  {
    name: 'client-runs-no-server-code',
    comment:
      'A value import of the router would bundle the server, its secrets’ names and its database driver into a client.',
    severity: 'error',
    from: { path: '^(examples|src/client)/' },
    to: { path: '^src/container\\.ts$', dependencyTypesNot: TYPES },
  },
  {
    name: 'source-imports-no-tests-or-tools',
    comment: 'What the server runs is in src alone: the image holds nothing else.',
    severity: 'error',
    from: { path: '^src/', pathNot: TEST },
    to: { path: '^(tests|bench|scripts|examples)/' },
  },
  {
    name: 'source-imports-no-dev-dependency',
    comment: 'The image is installed without them: the import would fail there and nowhere else.',
    severity: 'error',
    from: { path: '^src/', pathNot: TEST },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: TYPES },
  },
  {
    name: 'no-unresolvable',
    comment: 'A module that cannot be found is out of reach of every other rule.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true, pathNot: '^bun(:|$)' },
  },
  {
    name: 'no-circular',
    comment:
      'Files of a cycle cannot be tested or loaded one by one. A cycle that only types close leaves no trace at run time.',
    severity: 'error',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: TYPES } },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [...layers, ...borders, ...outside],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    builtInModules: { add: ['bun', 'bun:test', 'bun:ffi', 'bun:jsc', 'bun:sqlite'] },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'bun', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
