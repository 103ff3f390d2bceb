/**
 * The part of the import table that oxlint can hold while you type: derived, so that the two cannot
 * drift.
 */
import { table } from './imports.ts'

export interface LintOverride {
  readonly files: readonly string[]
  readonly rules: Readonly<Record<string, unknown>>
}

const everyFolder = Object.keys(table).filter((folder) => folder !== '')

/** One override for each folder that may not import everything, in the order of the table. */
export function lintOverrides(): LintOverride[] {
  return everyFolder.flatMap((folder) => {
    const patterns = patternsFor(folder)
    return patterns.length === 0
      ? []
      : [
          {
            files: [`src/${folder}/**/*.ts`],
            rules: { 'no-restricted-imports': ['error', { patterns }] },
          },
        ]
  })
}

function patternsFor(folder: string): { regex: string; message: string }[] {
  const row = table[folder]
  if (!row || row.folders === 'all') return []
  const allowed = [folder, ...row.folders]
  const others = everyFolder.filter((other) => !allowed.includes(other))
  const patterns = [
    {
      regex: String.raw`^(\.\./)+(${others.join('|')})/`,
      message: `${folder} may import ${row.folders.join(', ') || 'no other folder'}`,
    },
  ]
  if (!row.node && folder !== 'guard') {
    patterns.push({ regex: '^node:', message: `${folder} does no I/O and knows no runtime` })
  }
  return patterns
}
