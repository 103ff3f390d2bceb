/**
 * How long a file may be, how a folder introduces itself, and what must not be left lying in the
 * code.
 */
import { posix } from 'node:path'
import { isSource, isTest, type TextFile } from './source.ts'

const sourceLimit = 400
const testLimit = 600

/** Functions have a limit too: oxlint's max-lines-per-function. */
export function fileSizes(files: readonly TextFile[]): string[] {
  return files
    .filter((file) => isSource(file) && /^(src|test|packages\/console)\//.test(file.path))
    .flatMap((file) => {
      const lines = file.text.split('\n').length - 1
      const limit = isTest(file) ? testLimit : sourceLimit
      return lines > limit
        ? [`${file.path} has ${lines} lines, over ${limit}: split it by verb`]
        : []
    })
}

/** The main file of every folder in src says, before anything else, what the folder owns. */
export function openingComments(files: readonly TextFile[]): string[] {
  const folders = Map.groupBy(
    files.filter((file) => isSource(file) && !isTest(file) && file.path.startsWith('src/')),
    (file) => posix.dirname(file.path),
  )
  return [...folders].flatMap(([folder, inside]) => {
    const names = ['index', posix.basename(folder), 'main', 'app']
    const main = names
      .map((name) => inside.find((file) => file.path === `${folder}/${name}.ts`))
      .find((file) => file !== undefined)
    // A folder without a main file is introduced by whichever file a reader opens: one must do it.
    const introduced = main ? opensWithComment(main) : inside.some(opensWithComment)
    if (introduced) return []
    const where = main?.path ?? `no file in ${folder}`
    return [`${where} ${main ? 'does not open' : 'opens'} with a comment on what ${folder} owns`]
  })
}

export function leftovers(files: readonly TextFile[]): string[] {
  const mark = /\b(TODO|FIXME|XXX)\b/
  return complainByLine(
    files.filter((file) => file.path.startsWith('src/')),
    (line) => {
      const found = mark.exec(line)
      return found ? `${found[1]}: finish it, or say in prose why it is as it is` : undefined
    },
  )
}

/** Nothing in the repository may depend on the machine or the network on which it was written. */
export function machineTraces(files: readonly TextFile[]): string[] {
  // Assembled, so that this file does not complain about itself.
  const path = new RegExp(
    String.raw`(?<![\w.:~/*-])/(?:${['work', 'root', 'home'].join('|')})/[\w.]`,
  )
  const registry = new RegExp(
    ['registry', String.raw`\.(npmjs|yarnpkg|npmmirror)\.`].join('') +
      '|' +
      ['npmjs', 'org'].join(String.raw`\.`),
  )
  return complainByLine(files, (line) => {
    if (path.test(line)) return 'an absolute path of one machine: use a relative one'
    if (registry.test(line)) return 'the name of a package registry: leave it to the user of npm'
    return undefined
  })
}

/**
 * The lock pins versions and hashes; where the packages come from is the business of the user who
 * installs.
 */
export function lockedAddresses(files: readonly TextFile[]): string[] {
  return complainByLine(
    files.filter((file) => file.path.endsWith('package-lock.json')),
    (line) =>
      /"resolved":\s*"(https?|git)/.test(line)
        ? 'a resolved address: run npm install with the .npmrc of this checkout'
        : undefined,
  )
}

/** A platform's optional package that the lock leaves out makes `npm ci` refuse the whole lock. */
export function lockedPlatforms(files: readonly TextFile[]): string[] {
  return files
    .filter((file) => file.path === 'package-lock.json')
    .flatMap((file) => {
      const { packages } = JSON.parse(file.text) as Lock
      const locked = new Set(
        Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')),
      )
      return Object.values(packages)
        .flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
        .filter((name) => !locked.has(name))
        .map((name) => `${file.path} has no entry for ${name}: run node tools/lock.mjs`)
    })
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >
}

function complainByLine(
  files: readonly TextFile[],
  judge: (line: string) => string | undefined,
): string[] {
  return files.flatMap((file) =>
    file.text.split('\n').flatMap((line, index) => {
      const complaint = judge(line)
      return complaint === undefined ? [] : [`${file.path}:${index + 1} ${complaint}`]
    }),
  )
}

function opensWithComment(file: TextFile): boolean {
  return file.text.replace(/^#!.*\n+/, '').startsWith('/*')
}
