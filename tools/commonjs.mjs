/**
 * The guard and the client once more as CommonJS, for Jest and for projects that `require`.
 *
 * File by file, so that all entry points share their modules as the ES modules do. `jose` is an ES
 * module alone, which Jest cannot require: its code comes along as one file, with its license.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { filesBelow } from './files.mjs'
import { root } from './packages.mjs'

/** @param {string} folder Of the ES modules and their declarations; `cjs` below it is written. */
export async function writeCommonJs(folder) {
  const { build, transform } = await import('esbuild')
  const to = join(folder, 'cjs')
  const target = 'node20'
  for (const file of filesBelow(folder, '.d.ts')) {
    write(to, relative(folder, file), declarationOf(readFileSync(file, 'utf8')))
  }
  for (const file of filesBelow(folder, '.js')) {
    const own = relative(folder, file)
    const jose = relative(dirname(own), 'jose.js').replaceAll('\\', '/')
    const text = readFileSync(file, 'utf8').replaceAll(
      / from 'jose'/g,
      ` from '${jose.startsWith('.') ? jose : `./${jose}`}'`,
    )
    // `createRequire` takes the path of a file as well as its URL.
    const define = { 'import.meta.url': '__filename' }
    const { code } = await transform(text, { format: 'cjs', target, define, sourcefile: own })
    write(to, own, code)
  }
  const packageOfJose = join(root, 'node_modules', 'jose')
  await build({
    stdin: { contents: "export * from 'jose'", resolveDir: root },
    bundle: true,
    format: 'cjs',
    target,
    outfile: join(to, 'jose.js'),
  })
  copyFileSync(join(packageOfJose, 'LICENSE.md'), join(to, 'jose.LICENSE.md'))
  write(to, 'package.json', '{ "type": "commonjs", "sideEffects": false }\n')
}

/** A CommonJS declaration has to say that the types which it imports of `jose` are an ES module's. */
function declarationOf(text) {
  return text.replaceAll(
    /import (?:type )?\{([^}]+)\} from 'jose';/g,
    (_, names) =>
      `import type {${names.replaceAll('type ', '')}} from 'jose' with { 'resolution-mode': 'import' };`,
  )
}

function write(folder, path, text) {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
