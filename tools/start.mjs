/**
 * `npm start`: from a bare checkout to a running demo server. Extra arguments after `--` go to
 * `outright serve`.
 */
import { ensureConsole } from './console.mjs'
import { ensurePackages, pinnedNode, say } from './packages.mjs'
import { run } from './run.mjs'

ensurePackages()
ensureConsole()
say('Starting the demo server.')
process.exitCode = await run(pinnedNode, [
  'src/cli/main.ts',
  'serve',
  '--demo',
  ...process.argv.slice(2),
])
