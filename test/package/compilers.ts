import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { before, suite, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { addConsumers, command, consumers, root, type Packed } from './packed.ts'
import { typed } from './programs.ts'

/** What this file uses of `publint`. */
interface Publint {
  publint(options: {
    readonly pack: { readonly tarball: ArrayBuffer }
    readonly strict: boolean
  }): Promise<{ readonly messages: readonly unknown[] }>
}

/** What this file uses of `@arethetypeswrong/core`. */
interface AreTheTypesWrong {
  createPackageFromTarballData(data: Uint8Array): object
  checkPackage(contents: object): Promise<{
    readonly problems: readonly { readonly kind: string; readonly resolutionKind?: string }[]
  }>
}

/** One row a way in which TypeScript finds modules, and the compiler that still has it. */
const ways = [
  { name: 'node10', module: 'commonjs', type: 'commonjs', compiler: 'older' },
  { name: 'node16', module: 'node16', type: 'commonjs', compiler: 'older' },
  { name: 'node16', module: 'node16', type: 'module', compiler: 'older' },
  { name: 'bundler', module: 'esnext', type: 'module', compiler: 'older' },
  { name: 'nodenext', module: 'nodenext', type: 'commonjs', compiler: 'own' },
  { name: 'nodenext', module: 'nodenext', type: 'module', compiler: 'own' },
  { name: 'bundler', module: 'esnext', type: 'module', compiler: 'own' },
] as const

/** What tools that read packages say of them, and TypeScript in every way of resolving. */
export function describeCompilers(packed: () => Packed): void {
  suite('tools that read packages', () => {
    before(() => addConsumers(packed().project))

    test('publint finds nothing in either, however strict', async () => {
      const tool = await ofConsumers<Publint>('publint')
      const { tarballs } = packed()
      for (const tarball of [tarballs.outright, tarballs['outright-server']]) {
        const { buffer } = new Uint8Array(await readFile(tarball))
        const { messages } = await tool.publint({ pack: { tarball: buffer }, strict: true })
        assert.deepEqual(messages, [], basename(tarball))
      }
    })

    test('"are the types wrong" finds nothing in the guard, nor in the server for those who import it', async () => {
      const attw = await ofConsumers<AreTheTypesWrong>('@arethetypeswrong/core')
      const problems = async (tarball: string) => {
        const data = new Uint8Array(await readFile(tarball))
        return (await attw.checkPackage(attw.createPackageFromTarballData(data))).problems
      }
      assert.deepEqual(await problems(packed().tarballs.outright), [])
      // The server is an ES module alone: its Node can require one, and it is from after node10.
      const ofServer = (await problems(packed().tarballs['outright-server'])).filter(
        ({ kind, resolutionKind }) =>
          kind !== 'CJSResolvesToESM' && !(kind === 'NoResolution' && resolutionKind === 'node10'),
      )
      assert.deepEqual(ofServer, [])
    })

    for (const { name, module, type, compiler } of ways) {
      test(`TypeScript ${compiler === 'own' ? '7' : '5.9'} compiles strictly by "${name}" in a project of type ${type}`, async () => {
        const { project } = packed()
        await writeFile(join(project, 'package.json'), JSON.stringify({ type }))
        await writeFile(join(project, 'consumer.ts'), typed)
        const compilerOptions = {
          module,
          moduleResolution: name,
          target: 'es2022',
          lib: ['es2023', 'dom'],
          types: ['node'],
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          esModuleInterop: true,
          skipLibCheck: true,
          noEmit: true,
        }
        const configuration = join(project, `tsconfig.json`)
        await writeFile(configuration, JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
        const compilers = compiler === 'own' ? join(root, 'node_modules') : modulesOfConsumers
        const tsc = join(compilers, 'typescript', 'bin', 'tsc')
        assert.equal(
          await command(process.execPath, [tsc, '-p', configuration], { cwd: project }),
          '',
        )
      })
    }
  })
}

const modulesOfConsumers = join(consumers, 'node_modules')

async function ofConsumers<Module>(name: string): Promise<Module> {
  const path = createRequire(join(consumers, 'package.json')).resolve(name)
  return (await import(pathToFileURL(path).href)) as Module
}
