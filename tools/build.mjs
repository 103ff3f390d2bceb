/** `npm run build`: dist/ as it is published. Compiles src/ and copies what tsc leaves behind. */
import { chmodSync, cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildConsole } from './console.mjs'
import { ensurePackages, fail, root, say } from './packages.mjs'
import { run } from './run.mjs'

const from = join(root, 'src')
const to = join(root, 'dist')

ensurePackages()
rmSync(to, { recursive: true, force: true })
say('Compiling src/ to dist/.')
const code = await run('tsc', ['-p', 'tsconfig.build.json'])
if (code !== 0) fail(`Cannot build: tsc ended with ${code}.`)
// Static files that the code reads beside itself (SQL, HTML, style sheets).
cpSync(from, to, {
  recursive: true,
  filter: (path) => !path.endsWith('.ts') || path.endsWith('.d.ts'),
})
const main = join(to, 'cli', 'main.js')
if (existsSync(main)) chmodSync(main, 0o755)
buildConsole()
