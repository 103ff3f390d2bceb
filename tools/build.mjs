/**
 * `npm run build`: the two packages as they are published, both compiled from src/.
 *
 *     dist/                  outright: the guard, its adapters and the client, as ES modules and as CommonJS
 *     packages/server/dist/  outright-server: the server, its stores and the command
 *     packages/server/console/  the pages that it serves at /console
 *
 * Each holds what its entry points reach and nothing else. From the root of the checkout their
 * names resolve afterwards.
 */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { writeCommonJs } from './commonjs.mjs'
import { copyConsole, ensureConsole } from './console.mjs'
import { filesBelow, removeUnreached } from './files.mjs'
import { ensurePackages, fail, root, say } from './packages.mjs'
import { run } from './run.mjs'

const server = join(root, 'packages', 'server')

ensurePackages()
await compile(root, 'tsconfig.build.json')
await writeCommonJs(join(root, 'dist'))
await compile(server, 'tsconfig.json')
copyPageScripts()
writeServerNames()
copyFileSync(join(root, 'LICENSE'), join(server, 'LICENSE'))
chmodSync(join(server, 'dist', 'cli', 'main.js'), 0o755)
// Built anew only where it is old: servers of this checkout may be reading it.
ensureConsole()
copyConsole(join(server, 'console'))

/** Compiles what a configuration names as entry points, and keeps what they reach. */
async function compile(home, name) {
  const folder = join(home, 'dist')
  const configuration = join(home, name)
  rmSync(folder, { recursive: true, force: true })
  say(`Compiling to ${relative(root, folder)}.`)
  const code = await run('tsc', ['-p', configuration])
  if (code !== 0) fail(`Cannot build: tsc ended with ${code}.`)
  // Declarations name the sources that they were made from, which are not beside them.
  for (const file of filesBelow(folder, '.d.ts')) {
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replaceAll(/(['"]\.{1,2}\/[^'"\n]+)\.ts(?=['"])/g, '$1.js'))
  }
  const { files } = JSON.parse(readFileSync(configuration, 'utf8'))
  const entries = files.map((file) => file.replace(/^.*?src\//, '').replace(/\.ts$/, '.js'))
  removeUnreached(
    folder,
    entries.map((entry) => join(folder, entry)),
  )
}

/** Scripts of pages are served as they are written. */
function copyPageScripts() {
  const sources = join(root, 'src')
  for (const file of filesBelow(sources, '.js')) {
    const copy = join(server, 'dist', relative(sources, file))
    mkdirSync(dirname(copy), { recursive: true })
    copyFileSync(file, copy)
  }
}

/** `outright` and `outright/store` mean the server's library wherever that is installed. */
function writeServerNames() {
  for (const [file, name] of [
    ['index', 'outright-server'],
    ['store', 'outright-server/store'],
  ]) {
    const module = `export * from '${name}'\n`
    // The server's Node can require an ES module.
    const common = `module.exports = require('${name}')\n`
    for (const [path, text] of [
      [`${file}.js`, module],
      [`${file}.d.ts`, module],
      [`cjs/${file}.js`, common],
      [`cjs/${file}.d.ts`, module],
    ]) {
      writeFileSync(join(root, 'dist', path), text)
    }
  }
}
