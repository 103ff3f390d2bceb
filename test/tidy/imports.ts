/**
 * Which folder of src may know which: the table of ARCHITECTURE.md, as data, and the rule that
 * holds it.
 */
import { posix } from 'node:path'
import {
  folderOf,
  isNode,
  isSource,
  isTest,
  lineOf,
  nodesOf,
  type SyntaxNode,
  type TextFile,
} from './source.ts'

interface Row {
  /** Other folders of src. Type-only imports count: they are knowledge too. */
  readonly folders: readonly string[] | 'all'
  /** Packages from npm. `all` where the table does not care. */
  readonly packages: readonly string[] | 'all'
  /** Whether `node:` modules may be used. */
  readonly node: boolean
}

export const table: Readonly<Record<string, Row>> = {
  domain: { folders: [], packages: [], node: false },
  protocol: { folders: ['domain'], packages: [], node: false },
  verifier: { folders: ['domain', 'protocol'], packages: ['jose'], node: false },
  settings: { folders: [], packages: ['typebox'], node: false },
  ports: { folders: ['domain'], packages: 'all', node: true },
  core: { folders: ['domain', 'ports', 'verifier', 'protocol'], packages: 'all', node: true },
  stores: { folders: ['domain', 'ports'], packages: 'all', node: true },
  feed: { folders: ['domain', 'ports', 'protocol', 'verifier'], packages: 'all', node: true },
  issuers: {
    folders: ['domain', 'ports', 'protocol', 'verifier', 'receivers'],
    packages: ['jose', 'oauth4webapi'],
    node: true,
  },
  receivers: { folders: ['domain', 'ports', 'protocol', 'settings'], packages: 'all', node: true },
  guard: { folders: ['protocol', 'verifier'], packages: ['jose'], node: false },
  client: { folders: ['protocol'], packages: [], node: false },
  http: {
    folders: ['domain', 'ports', 'core', 'protocol', 'verifier', 'settings', 'feed'],
    packages: 'all',
    node: true,
  },
  server: { folders: 'all', packages: 'all', node: true },
  canary: {
    folders: ['domain', 'ports', 'client', 'protocol', 'settings'],
    packages: 'all',
    node: true,
  },
  cli: {
    folders: ['domain', 'client', 'protocol', 'settings', 'canary', 'server'],
    packages: 'all',
    node: true,
  },
  testing: {
    folders: [
      'domain',
      'settings',
      'ports',
      'core',
      'verifier',
      'protocol',
      'stores',
      'feed',
      'receivers',
      'issuers',
      'guard',
      'client',
      'http',
    ],
    packages: 'all',
    node: true,
  },
  // src/index.ts: what the package exports.
  '': { folders: 'all', packages: 'all', node: true },
}

/**
 * What the adapters of the guard may add: the frameworks they adapt to, and Node for the one named
 * after it; its types for what ends connections. (`test/package` sees that only types are.)
 */
const adapterPackages = ['express', 'fastify', 'hono']
const nodeAdapters = ['src/guard/adapters/node.ts', 'src/guard/adapters/ending.ts']

/** What the core is made of. A surface that needs something of it needs a verb. */
const coreInsides =
  /^src\/(?:core\/(?:dependencies|key-ring|wrapped-keys)|ports\/(?:cut|delivery))\.ts$/

/** Complaints about imports that run against the table, in the order of the files. */
export function importDirections(files: readonly TextFile[]): string[] {
  return files
    .filter((file) => isSource(file) && !isTest(file) && folderOf(file.path) !== undefined)
    .flatMap((file) =>
      importsOf(file).flatMap(({ specifier, line }) => {
        const complaint = judge(file.path, specifier)
        return complaint === undefined ? [] : [`${file.path}:${line} ${complaint}`]
      }),
    )
}

function judge(path: string, specifier: string): string | undefined {
  const folder = folderOf(path) ?? ''
  const row = table[folder]
  if (!row) return `src/${folder} is not in the import table: add a row in test/tidy/imports.ts`
  if (specifier.startsWith('.')) return judgeRelative(path, folder, row, specifier)
  if (specifier.startsWith('node:')) {
    return row.node || nodeAdapters.includes(path)
      ? undefined
      : `${folder} may not use ${specifier}`
  }
  return judgePackage(path, folder, row, specifier)
}

function judgeRelative(path: string, folder: string, row: Row, specifier: string) {
  const target = posix.join(posix.dirname(path), specifier)
  const other = folderOf(target)
  if (other === undefined) {
    return row.folders === 'all'
      ? undefined
      : `${folder} may not import from outside src: ${target}`
  }
  if (folder === 'http' && coreInsides.test(target)) {
    return `http may not import ${target}: surfaces know the core's verbs alone`
  }
  const surface = surfaceOf(path)
  const otherSurface = surfaceOf(target)
  if (surface && otherSurface && surface !== otherSurface) {
    return `${surface} may not import ${otherSurface}: share through src/http`
  }
  if (other === folder || row.folders === 'all' || row.folders.includes(other)) return undefined
  return `${folder} may not import ${other === '' ? target : other}`
}

function judgePackage(path: string, folder: string, row: Row, specifier: string) {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  if (row.packages === 'all' || row.packages.includes(name)) return undefined
  if (path.startsWith('src/guard/adapters/') && adapterPackages.includes(name)) return undefined
  return `${folder} may not use the package ${name}`
}

/** The folder or the single file below src/http/dialects or src/http/surfaces. */
function surfaceOf(path: string): string | undefined {
  return /^src\/http\/((?:dialects|surfaces)\/[^/]+?)(?:\/|\.ts$)/.exec(path)?.[1]
}

/** Static, type-only, re-exporting and dynamic imports, and `import('…').T` in types. */
function importsOf(file: TextFile): { specifier: string; line: number }[] {
  return nodesOf(file).flatMap((node) => {
    const specifier = specifierOf(node)
    return specifier === undefined ? [] : [{ specifier, line: lineOf(file, node.start) }]
  })
}

function specifierOf(node: SyntaxNode): string | undefined {
  const imports = /^(Import(Declaration|Expression)|Export(All|Named)Declaration|TSImportType)$/
  if (!imports.test(node.type)) return undefined
  const source = node['source']
  return isNode(source) && typeof source['value'] === 'string' ? source['value'] : undefined
}
