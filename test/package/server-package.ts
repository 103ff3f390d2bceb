import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import rootManifest from '../../package.json' with { type: 'json' }
import serverManifest from '../../packages/server/package.json' with { type: 'json' }
import { filesBelow } from './contents.ts'
import { importsOf, packageOf } from './imports-of.ts'
import { command, root, type Packed } from './packed.ts'

/** What an operator gets, and what a checkout offers after its build. */
export function describeServerPackage(packed: () => Packed): void {
  suite('the server', () => {
    test('brings what it imports, and nothing else', async () => {
      const folder = join(root, 'packages', 'server')
      const imported = new Set<string>()
      const seen = new Set<string>()
      for (const file of await filesBelow(join(folder, 'dist'))) {
        for (const name of await importsOf(file, seen)) imported.add(packageOf(name))
      }
      const packages = [...imported].filter((name) => !isBuiltin(name))
      // The package through which its library is imported.
      packages.push('outright')
      assert.deepEqual(packages.toSorted(), Object.keys(serverManifest.dependencies).toSorted())
    })

    test('has the version of the guard, and the same jose', () => {
      assert.equal(serverManifest.version, rootManifest.version)
      assert.equal(serverManifest.dependencies.outright, rootManifest.version)
      assert.equal(rootManifest.peerDependencies['outright-server'], rootManifest.version)
      assert.equal(serverManifest.dependencies.jose, rootManifest.dependencies.jose)
    })

    test('runs beside the guard: the command, and the library under the names of the guard', async () => {
      const operator = join(packed().folder, 'operator')
      const modules = join(operator, 'node_modules')
      for (const name of ['outright', 'outright-server'] as const) {
        await mkdir(join(modules, name), { recursive: true })
        const parts = ['-xzf', packed().tarballs[name], '--strip-components=1', '-C']
        await command('tar', [...parts, join(modules, name)], { cwd: operator })
      }
      for (const name of Object.keys(serverManifest.dependencies)) {
        if (name === 'outright') continue
        await mkdir(dirname(join(modules, name)), { recursive: true })
        await symlink(join(root, 'node_modules', name), join(modules, name))
      }
      const node = (...args: string[]) => command(process.execPath, args, { cwd: operator })
      const { version } = rootManifest
      assert.equal(await node('node_modules/outright/bin/outright.js', '--version'), version)
      assert.equal(
        await node('node_modules/outright-server/dist/cli/main.js', '--version'),
        version,
      )
      const program = `
        import { serve } from 'outright'
        import { openSqliteStore } from 'outright/store'
        const running = await serve({ port: 0, data: './data', demo: true })
        const { status } = await fetch(running.url + '/readyz')
        await running.close()
        console.log(status, typeof openSqliteStore)
        process.exit()`
      await writeFile(join(operator, 'program.mjs'), program)
      assert.equal((await node('program.mjs')).split('\n').at(-1), '200 function')
    })
  })

  suite('the names', () => {
    test('resolve from the root of the checkout once it is built', async () => {
      const names = Object.keys(rootManifest.exports)
        .filter((name) => !name.endsWith('.json'))
        .map((name) => name.replace('.', 'outright'))
      const text = `
        import { createRequire } from 'node:module'
        const require = createRequire(process.cwd() + '/')
        for (const name of ${JSON.stringify(names)}) {
          const { default: _, ...module } = await import(name)
          console.log(name, Object.keys(module).join() === Object.keys(require(name)).sort().join())
        }`
      const out = await command(process.execPath, ['--input-type=module', '-e', text], {
        cwd: root,
      })
      assert.deepEqual(
        out.split('\n'),
        names.map((name) => `${name} true`),
      )
    })
  })
}
