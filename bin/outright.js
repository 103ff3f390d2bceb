#!/usr/bin/env node
/**
 * `outright` where the guard is installed: hands over to the server's package, which has the
 * command, or says how to get it.
 */
import { readFileSync } from 'node:fs'

const command = locate('outright-server/command')
if (command === undefined) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const line = ['outright', ...process.argv.slice(2, 3)].join(' ')
  process.stderr.write(
    `outright: cannot run "${line}": the server and its command are a package of their own. ` +
      `Install it: npm install outright-server@${version}\n`,
  )
  process.exitCode = 1
} else {
  await import(command)
}

/** Undefined where the package is not installed. */
function locate(specifier) {
  try {
    return import.meta.resolve(specifier)
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}
