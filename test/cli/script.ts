/**
 * Scripts of the command line: what a person types and what they see.
 *
 *     # a remark
 *     $ outright sessions list <<< input     runs a command, in front of it NAME=value if wanted
 *     > a line of standard output
 *     ! a line of standard error
 *     ? 3                                    the exit code, 0 where it is not given
 *     @ login first                          maria logs in; {{first}} is her session from then on
 *     @ type everyone                        a person at a terminal answers the next command so
 *
 * In an expected line `{{pattern}}` matches a pattern, `{{name=pattern}}` keeps what it matched,
 * and `{{name}}` is what was kept. `...` stands for any number of lines of standard output.
 */
import assert from 'node:assert/strict'

export interface Step {
  readonly line: number
  readonly kind: 'run' | 'login' | 'type'
  readonly text: string
  readonly out: readonly string[]
  readonly err: readonly string[]
  readonly code: number
}

/** Reads a script. */
export function parseScript(text: string): readonly Step[] {
  const steps: Step[] = []
  let current: { out: string[]; err: string[]; code: number } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const mark = line === '...' ? '>' : line.slice(0, 1)
    const rest = line === '...' ? line : line.slice(2)
    if (line === '' || mark === '#') continue
    const next = { out: [] as string[], err: [] as string[], code: 0 }
    if (mark === '$' || mark === '@') {
      const [word = '', ...words] = rest.split(' ')
      assert.ok(mark === '$' || word === 'login' || word === 'type', `line ${index + 1}: ${line}`)
      const kind = mark === '$' ? 'run' : (word as 'login' | 'type')
      current = next
      const step = { line: index + 1, kind, text: mark === '$' ? rest : words.join(' ') }
      // The arrays and the code are filled by the lines below.
      steps.push(Object.assign(current, step) as Step)
    } else {
      assert.ok(current, `line ${index + 1}: nothing was run yet`)
      if (mark === '>') current.out.push(rest)
      else if (mark === '!') current.err.push(rest)
      else if (mark === '?') current.code = Number(rest)
      else assert.fail(`line ${index + 1}: ${line}`)
    }
  }
  return steps
}

export interface CommandLine {
  readonly env: Readonly<Record<string, string>>
  readonly args: readonly string[]
  readonly input: string | undefined
}

/** Reads `NAME=value outright args… <<< input`; double quotes keep words together. */
export function parseCommandLine(text: string): CommandLine {
  const [command = '', ...after] = text.split(' <<< ')
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare)
  const env: Record<string, string> = {}
  let first = words.shift()
  for (; first !== undefined && first !== 'outright'; first = words.shift()) {
    const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(first) ?? []
    assert.ok(name, `"${text}" does not run outright`)
    env[name] = value
  }
  return {
    env,
    args: words.filter((word) => word !== undefined),
    input: after.length > 0 ? `${after.join(' <<< ')}\n` : undefined,
  }
}

/** Puts in what was kept. */
export function fillIn(text: string, kept: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => kept.get(name) ?? whole)
}

/** Compares what came with what was expected; keeps what the patterns name. */
export function assertLines(
  actual: string,
  expected: readonly string[],
  kept: Map<string, string>,
  where: string,
): void {
  const lines = actual === '' ? [] : actual.replace(/\n$/, '').split('\n')
  const shown = `${where}\n--- expected ---\n${expected.join('\n')}\n--- actual ---\n${actual}`
  let at = 0
  for (const [index, pattern] of expected.entries()) {
    if (pattern === '...') {
      const next = expected[index + 1]
      if (next === undefined) return
      while (at < lines.length && !matches(lines[at] ?? '', next, kept)) at++
      continue
    }
    assert.ok(at < lines.length && matches(lines[at] ?? '', pattern, kept), shown)
    at++
  }
  assert.equal(at, lines.length, shown)
}

function matches(line: string, pattern: string, kept: Map<string, string>): boolean {
  const names: string[] = []
  const parts = fillIn(pattern, kept).split(/\{\{(.+?)\}\}(?!\})/)
  const source = parts
    .map((part, index) => {
      if (index % 2 === 0) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
      const [, name, inner] = /^(?:(\w+)=)?(.+)$/.exec(part) ?? []
      if (name === undefined) return `(?:${inner ?? ''})`
      names.push(name)
      return `(?<${name}>${inner ?? ''})`
    })
    .join('')
  const match = new RegExp(`^${source}$`).exec(line)
  for (const name of names) {
    const value = match?.groups?.[name]
    if (value !== undefined) kept.set(name, value)
  }
  return match !== null
}
