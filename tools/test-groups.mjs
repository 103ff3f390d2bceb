/**
 * Several test files in one process.
 *
 * A process of its own costs each file a second of a core: the server's modules are loaded anew,
 * and what they do runs slowly until the engine has compiled it. So files share processes. Each is
 * one test there, with its own tests in it: it is imported when its turn comes, and is over, with
 * its `after` hooks, before the next begins.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './packages.mjs'

/** Enough to share the start, few enough that two cores end at about the same time. */
const maxFiles = 6

/**
 * What Node's runner is to run: files that import the test files below `folders`.
 *
 * @param {readonly string[]} folders Relative to the root of the checkout. The first is run first:
 *   what takes long belongs there, or one core waits for the other at the end.
 * @param {string} temporary Where the files are written.
 * @returns {string[]}
 */
export function groupTests(folders, temporary) {
  return folders.flatMap((folder, turn) =>
    deal(testsBelow(folder)).map((group, at) => {
      // The runner sorts by name what it is given.
      const name = `${String(turn)}-${String(at).padStart(3, '0')}.test.mjs`
      return writeGroup(group, join(temporary, name))
    }),
  )
}

/**
 * Deals files out like cards. Neighbours in the alphabet are about the same thing and take about as
 * long: they go to different groups.
 */
function deal(files) {
  const count = Math.ceil(files.length / maxFiles)
  return Array.from({ length: count }, (_, group) =>
    files.filter((_file, at) => at % count === group),
  )
}

/** Writes a test file that runs others. */
function writeGroup(files, path) {
  const tests = files.map((file) => {
    const url = pathToFileURL(join(root, file)).href
    return `test(${JSON.stringify(file)}, () => import(${JSON.stringify(url)}))\n`
  })
  writeFileSync(path, `import { test } from 'node:test'\n${tests.join('')}`)
  return path
}

/** @param {string} folder Relative to the root of the checkout, as the result is. */
export function testsBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .sort()
}
