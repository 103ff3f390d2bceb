/** Calls that are kept out of most of the code, each with what to use instead. */
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

interface Ban {
  readonly name: string
  readonly instead: string
  readonly matches: (node: SyntaxNode) => boolean
  readonly allowed: (file: TextFile) => boolean
}

const time = {
  instead: 'take a Clock from src/ports as a parameter',
  // The folders that touch the world, and the files that implement a clock.
  allowed: (file: TextFile) =>
    inFolders(file, ['server', 'testing', 'cli']) || /(^|[/-])clock[^/]*$/.test(file.path),
}

const bans: readonly Ban[] = [
  { name: 'Date.now', matches: (node) => isMember(node, 'Date', 'now'), ...time },
  { name: 'new Date()', matches: isDateOfNow, ...time },
  { name: 'performance.now', matches: (node) => isMember(node, 'performance', 'now'), ...time },
  { name: 'process.hrtime', matches: (node) => isMember(node, 'process', 'hrtime'), ...time },
  {
    name: 'console',
    instead: 'take a Log from src/ports as a parameter',
    matches: (node) => isMember(node, 'console'),
    allowed: (file) => inFolders(file, ['cli']),
  },
  {
    name: 'Math.random',
    instead: 'take a Random from src/ports as a parameter',
    matches: (node) => isMember(node, 'Math', 'random'),
    allowed: (file) => inFolders(file, ['testing']),
  },
]

/** Complaints about src; tests, benches, examples and tools may do as they like. */
export function bannedCalls(files: readonly TextFile[]): string[] {
  return files
    .filter((file) => isSource(file) && !isTest(file) && folderOf(file.path) !== undefined)
    .flatMap((file) => {
      const active = bans.filter((ban) => !ban.allowed(file))
      return nodesOf(file).flatMap((node) =>
        active
          .filter((ban) => ban.matches(node))
          .map((ban) => `${file.path}:${lineOf(file, node.start)} ${ban.name}: ${ban.instead}`),
      )
    })
}

function inFolders(file: TextFile, folders: readonly string[]): boolean {
  return folders.includes(folderOf(file.path) ?? '')
}

/** `object.property` or `globalThis.object.property`; any property where none is named. */
function isMember(node: SyntaxNode, object: string, property?: string): boolean {
  if (node.type !== 'MemberExpression') return false
  const named = nameOf(node['property'])
  if (property !== undefined && named !== property) return false
  return (
    nameOf(node['object']) === object ||
    (isNode(node['object']) && isMember(node['object'], 'globalThis', object))
  )
}

function isDateOfNow(node: SyntaxNode): boolean {
  if (node.type !== 'NewExpression' && node.type !== 'CallExpression') return false
  if (nameOf(node['callee']) !== 'Date') return false
  return (
    node.type === 'CallExpression' ||
    (Array.isArray(node['arguments']) && node['arguments'].length === 0)
  )
}

/** The name of an identifier, or the value of a string in `object['property']`. */
function nameOf(value: unknown): unknown {
  if (!isNode(value)) return undefined
  if (value.type === 'Identifier') return value['name']
  return value.type === 'Literal' ? value['value'] : undefined
}
