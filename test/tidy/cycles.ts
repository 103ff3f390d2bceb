/** No two files of src need each other to be loaded. Imports of types alone are erased. */
import { posix } from 'node:path'
import { isSource, isTest, nodesOf, type SyntaxNode, type TextFile } from './source.ts'

/** One complaint for each file from which an import leads back to it. */
export function importCycles(files: readonly TextFile[]): string[] {
  const sources = files.filter((file) => file.path.startsWith('src/') && isSource(file))
  const graph = new Map(
    sources.filter((file) => !isTest(file)).map((file) => [file.path, loadedBy(file)]),
  )
  const complaints: string[] = []
  const seen = new Set<string>()
  for (const path of graph.keys()) visit(path, [])
  return complaints

  function visit(path: string, way: readonly string[]): void {
    const start = way.indexOf(path)
    if (start >= 0) complaints.push(`${path} is loaded by itself: ${way.slice(start).join(' → ')}`)
    if (seen.has(path)) return
    seen.add(path)
    for (const next of graph.get(path) ?? []) visit(next, [...way, path])
  }
}

function loadedBy(file: TextFile): readonly string[] {
  return nodesOf(file).flatMap((node) => {
    const specifier = loadedAtOnce(node)
    return specifier?.startsWith('.') === true
      ? [posix.join(posix.dirname(file.path), specifier)]
      : []
  })
}

interface Declaration {
  readonly source?: { readonly value?: unknown } | null
  readonly importKind?: string
  readonly exportKind?: string
  readonly specifiers?: readonly { readonly importKind?: string; readonly exportKind?: string }[]
}

function loadedAtOnce(node: SyntaxNode): string | undefined {
  if (!/^(ImportDeclaration|Export(All|Named)Declaration)$/.test(node.type)) return undefined
  const { source, specifiers = [], ...kind } = node as Declaration
  const isType = (one: Pick<Declaration, 'importKind' | 'exportKind'>): boolean =>
    one.importKind === 'type' || one.exportKind === 'type'
  if (isType(kind) || (specifiers.length > 0 && specifiers.every(isType))) return undefined
  return typeof source?.value === 'string' ? source.value : undefined
}
