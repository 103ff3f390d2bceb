/**
 * The files that the house rules look at, parsed once. Rules are functions from these to a list of
 * complaints, so each can also be fed a planted violation.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'

export interface TextFile {
  /** Relative to the checkout, with forward slashes. */
  readonly path: string
  readonly text: string
}

/** A node of the syntax tree; what a rule needs beyond the type it reads by name. */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}

/** By name or path. What is built may be built anew by another test meanwhile. */
const skippedFolders = new Set([
  'node_modules',
  'dist',
  'packages/server/console',
  'data',
  'coverage',
  '.git',
])
const textEndings =
  /\.(ts|tsx|mjs|js|json|md|yml|yaml|sql|html|css|sh|conf|txt)$|(^|\/)(run|\.npmrc|LICENSE)$/

/** Every text file below `folder` of the checkout at `root`. */
export function readTexts(root: string, folder = ''): TextFile[] {
  const files: TextFile[] = []
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) {
      if (skippedFolders.has(entry.name) || skippedFolders.has(path)) continue
      files.push(...readTexts(root, path))
    } else if (entry.isFile() && textEndings.test(path)) {
      files.push({ path, text: readFileSync(join(root, path), 'utf8') })
    }
  }
  return files
}

export function isSource(file: TextFile): boolean {
  return /\.tsx?$/.test(file.path)
}

export function isTest(file: TextFile): boolean {
  return /\.test\.tsx?$/.test(file.path)
}

/**
 * `src/http/app.ts` is in `http`; a file directly in src is in the folder ''. Undefined outside
 * src.
 */
export function folderOf(path: string): string | undefined {
  const match = /^src\/(?:([^/]+)\/)?[^]*$/.exec(path)
  return match ? (match[1] ?? '') : undefined
}

/** The syntax tree, all nodes in one list. */
export function nodesOf(file: TextFile): SyntaxNode[] {
  const found: SyntaxNode[] = []
  collect(parseSync(file.path, file.text).program, found)
  return found
}

export function lineOf(file: TextFile, offset: number): number {
  return file.text.slice(0, offset).split('\n').length
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

function collect(value: unknown, found: SyntaxNode[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found)
  } else if (isNode(value)) {
    found.push(value)
    for (const field of Object.values(value)) collect(field, found)
  }
}
